"""“It may stay, because …”: what a check found, and a person answers for. The gate before delivery."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from copydesk.accounts.models import User
from copydesk.db import Base, BigIntId, CreatedAt
from copydesk.documents import access, chain, text
from copydesk.documents.conversation import threads
from copydesk.documents.delivery.checks import Finding, Mode, Subject, run
from copydesk.documents.delivery.modes import modes
from copydesk.documents.errors import ChecksFailed, NothingToWaive, WaiverNotFound
from copydesk.documents.models import Document
from copydesk.documents.workflow import Act

REASON_MAX = 500


class Waiver(Base):
    """Holds while the check finds exactly the same."""

    __tablename__ = "check_waivers"
    __table_args__ = (
        CheckConstraint("btrim(reason) <> ''", "reason"),
        CheckConstraint("(taken_back_at IS NULL) = (taken_back_by_id IS NULL)", "taken_back"),
        Index("ix_check_waivers_document", "document_id", "id"),
    )

    id: Mapped[BigIntId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"))
    revision_number: Mapped[int]  # the text in which it was found
    check: Mapped[str] = mapped_column(String(40))
    words: Mapped[str] = mapped_column(Text)  # what was found
    fingerprint: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    taken_back_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    taken_back_at: Mapped[dt.datetime | None]

    person: Mapped[User] = relationship(foreign_keys=[person_id], lazy="joined", innerjoin=True)


@dataclass(frozen=True)
class Standing:
    """A finding, how strictly it is taken, and the waiver that lets it pass."""

    finding: Finding
    mode: Mode
    waiver: Waiver | None

    @property
    def holds(self) -> bool:
        return self.mode is Mode.HOLD and self.waiver is None

    @property
    def anchor(self) -> str:
        """Where the page shows it."""
        return f"check-{self.finding.check}"


def standing(session: Session, document: Document) -> list[Standing]:
    """What the checks find in the text as it is saved."""
    head = chain.revision(session, document, document.text_number) if document.text_number else None
    if head is None:
        return []
    strict = modes(session)
    query = select(Waiver).where(Waiver.document_id == document.id, Waiver.taken_back_at.is_(None))
    kept = {one.fingerprint: one for one in session.scalars(query.order_by(Waiver.id))}
    asked = document.most_words, must_keep_lines(document)
    subject = Subject(head.body, document.brief, *asked, threads.open_words(session, document))
    return [Standing(one, strict[one.check], kept.get(one.fingerprint)) for one in run(subject, strict)]


def must_keep_lines(document: Document) -> list[str]:
    return [line for line in map(str.strip, document.must_keep.split("\n")) if line]


def everything(session: Session, document_id: uuid.UUID) -> Sequence[Waiver]:
    """Every waiver, also those that were taken back, oldest first."""
    return session.scalars(select(Waiver).where(Waiver.document_id == document_id).order_by(Waiver.id)).all()


def require(session: Session, document: Document) -> None:
    """The gate.

    Raises:
        ChecksFailed: a check that holds found something that nobody has waived.
    """
    held = [one for one in standing(session, document) if one.holds]
    if held:
        more = f", and {len(held) - 1} more" if len(held) > 1 else ""
        raise ChecksFailed(f"{held[0].finding.words}{more}. Please mend it, or say why it may stay.", held[0].anchor)


def waive(session: Session, document_id: uuid.UUID, actor: User, *, fingerprint: str, reason: str) -> Waiver:
    """The editor answers for what a check found.

    Raises:
        NothingToWaive: it finds something else by now, or nothing.
    """
    document = access.lock_for(session, document_id, Act.WAIVE_CHECK, actor)
    reason = text.required("reason", text.clean_line(reason), name="reason", most=REASON_MAX)
    found = next((one for one in standing(session, document) if one.finding.fingerprint == fingerprint), None)
    if found is None or found.waiver is not None:
        raise NothingToWaive
    made = Waiver(
        document_id=document.id,
        revision_number=document.text_number,
        check=found.finding.check,
        words=found.finding.words,
        fingerprint=fingerprint,
        reason=reason,
        person_id=actor.id,
    )
    session.add(made)
    _record(session, Act.WAIVE_CHECK, document, actor, made, reason)
    session.refresh(made)
    return made


def take_back(session: Session, document_id: uuid.UUID, actor: User, waiver_id: int) -> Waiver:
    """The check counts again; that it was waived stays on record.

    Raises:
        WaiverNotFound: it is another document's, or was taken back already.
    """
    document = access.lock_for(session, document_id, Act.TAKE_BACK_WAIVER, actor)
    made = session.get(Waiver, waiver_id)
    if made is None or made.document_id != document.id or made.taken_back_at is not None:
        raise WaiverNotFound
    made.taken_back_by_id, made.taken_back_at = actor.id, func.clock_timestamp()
    _record(session, Act.TAKE_BACK_WAIVER, document, actor, made, None)
    session.refresh(made)
    return made


def _record(session: Session, act: Act, document: Document, actor: User, made: Waiver, reason: str | None) -> None:
    what: dict[str, object] = {"check": made.check, "revision": document.text_number, "fingerprint": made.fingerprint}
    access.record(session, act, document, actor, before=document.state, note=reason, extra=({}, what))

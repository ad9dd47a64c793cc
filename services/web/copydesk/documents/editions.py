"""What readers have of a document: its editions, one after the other, and the page on which they are read."""

import datetime as dt
import re
import secrets
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from enum import StrEnum

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text, UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from copydesk.accounts.models import User
from copydesk.db import Base, BigIntId, CreatedAt, Words, one_of
from copydesk.documents.models import Change, Document
from copydesk.documents.signoff.tables import ReviewStatement

SLUG_WORDS = 60  # characters of the title that stand in an address


class EditionState(StrEnum):
    SCHEDULED = "scheduled"  # waits for its time
    LIVE = "live"  # this is what readers have
    REPLACED = "replaced"  # by a later edition; it can still be read
    RETRACTED = "retracted"  # taken back; the page says so
    CANCELLED = "cancelled"  # it never went out


WENT_OUT = (EditionState.LIVE, EditionState.REPLACED, EditionState.RETRACTED)


class Edition(Base):
    """One revision, frozen for readers. Never changed afterwards but in `state`, times, and who stands for it."""

    __tablename__ = "editions"
    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        CheckConstraint(one_of("state", EditionState), "state"),
        CheckConstraint(one_of("change", Change), "change"),
        CheckConstraint("number > 0", "number"),
        CheckConstraint("machine_share BETWEEN 0 AND 100", "machine_share"),
        CheckConstraint("(change IS NULL) = (note IS NULL)", "note"),
        CheckConstraint("responsible_id IS NOT NULL OR emergency IS NOT NULL", "responsible"),
        CheckConstraint("(confirmed_by_id IS NULL) = (confirmed_at IS NULL)", "confirmed"),
        CheckConstraint("(state = 'retracted') = (retraction IS NOT NULL)", "retraction"),
        CheckConstraint("public_at IS NULL OR public_at >= live_at", "public_after_live"),
        Index(
            "uq_editions_current",
            "document_id",
            unique=True,
            postgresql_where="state IN ('live', 'retracted')",
        ),
        Index("uq_editions_scheduled", "document_id", unique=True, postgresql_where="state = 'scheduled'"),
        Index("ix_editions_due", "live_at", postgresql_where="state = 'scheduled'"),
        Index("ix_editions_public", "public_at", "id", postgresql_where="state = 'live'"),
    )

    id: Mapped[BigIntId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"))
    number: Mapped[int]
    revision_number: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))  # that revision's
    state: Mapped[EditionState] = mapped_column(Words(EditionState))
    change: Mapped[Change | None] = mapped_column(Words(Change))  # none: it is the first
    note: Mapped[str | None] = mapped_column(Text)  # what changed, for readers
    live_at: Mapped[dt.datetime]  # from then on whoever has the link can read it
    public_at: Mapped[dt.datetime | None]  # from then on everyone; none: only with the link
    responsible_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # who signed it
    signed_at: Mapped[dt.datetime | None]
    # What was stated with the signature, or by who stood for an emergency; none: nobody did, or before there were any.
    statement_id: Mapped[int | None] = mapped_column(ForeignKey("review_statements.id"))
    emergency: Mapped[str | None] = mapped_column(Text)  # why it went out unsigned
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # the second person of an emergency
    confirmed_at: Mapped[dt.datetime | None]
    label: Mapped[list[str]] = mapped_column(
        ARRAY(Text)
    )  # why readers are told that a machine wrote it; none: they aren't
    machine_share: Mapped[int]  # percent of its characters that the machine wrote
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # who had revised it
    published_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    retraction: Mapped[str | None] = mapped_column(Text)  # the public note
    ended_at: Mapped[dt.datetime | None]  # when it was replaced, retracted, cancelled

    responsible: Mapped[User | None] = relationship(foreign_keys=[responsible_id], lazy="joined")
    confirmed_by: Mapped[User | None] = relationship(foreign_keys=[confirmed_by_id], lazy="joined")
    editor: Mapped[User | None] = relationship(foreign_keys=[editor_id], lazy="joined")
    statement: Mapped[ReviewStatement | None] = relationship(lazy="joined")
    document: Mapped[Document] = relationship(lazy="select")

    @property
    def unconfirmed(self) -> bool:
        """Was it published in an emergency, and has nobody else stood for it since?"""
        return self.emergency is not None and self.confirmed_by_id is None

    @property
    def answers_for_it(self) -> tuple[str, str] | None:
        """Name, and role or organization, of the person with editorial responsibility; none: nobody took it."""
        if self.statement is not None:
            return self.statement.responsible_name, self.statement.responsible_role
        person = self.responsible or self.confirmed_by
        return None if person is None else (person.name, person.organization)

    @property
    def signer(self) -> User | None:
        return self.responsible or self.confirmed_by

    def is_public(self, now: dt.datetime) -> bool:
        return self.public_at is not None and self.public_at <= now


class PublicPage(Base):
    """Where a document is read: one address for all its editions, and the key that opens it before it is public."""

    __tablename__ = "public_pages"

    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    key: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[CreatedAt]


def of(session: Session, document_id: uuid.UUID) -> Sequence[Edition]:
    """All that were ever set, oldest first."""
    query = select(Edition).where(Edition.document_id == document_id)
    return session.scalars(query.order_by(Edition.number)).all()


def current(session: Session, document_id: uuid.UUID) -> Edition | None:
    """What readers have, or had before it was retracted."""
    return _one(session, document_id, EditionState.LIVE, EditionState.RETRACTED)


def scheduled(session: Session, document_id: uuid.UUID) -> Edition | None:
    return _one(session, document_id, EditionState.SCHEDULED)


def page_of(session: Session, document: Document) -> PublicPage:
    """Its page; made when it is first needed, and from then on at the same address."""
    page = session.get(PublicPage, document.id)
    if page is None:
        page = PublicPage(document_id=document.id, slug=slug(document.title), key=secrets.token_urlsafe(24))
        session.add(page)
        session.flush()
    return page


def slug(title: str) -> str:
    """The words of a title as they can stand in an address, and a few letters that no other page has."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain)[:SLUG_WORDS].strip("-")
    return "-".join(filter(None, (words, secrets.token_hex(4))))


def cancel_scheduled(session: Session, document: Document) -> Edition | None:
    """What waits for its time does not go out."""
    edition = scheduled(session, document.id)
    if edition is not None:
        edition.state, edition.ended_at = EditionState.CANCELLED, now(session)
        session.flush()
    return edition


def now(session: Session) -> dt.datetime:
    """The database's clock: one for every process."""
    return session.scalars(select(func.clock_timestamp(type_=DateTime(timezone=True)))).one()


def went_out(session: Session, *, limit: int | None, offset: int = 0) -> Sequence[Edition]:
    """All that readers ever had, the last one first; each with its document."""
    query = select(Edition).where(Edition.state.in_(WENT_OUT)).options(joinedload(Edition.document))
    return session.scalars(query.order_by(Edition.live_at.desc(), Edition.id.desc()).limit(limit).offset(offset)).all()


def public_pages(session: Session, *, limit: int) -> Sequence[tuple[Edition, PublicPage]]:
    """What everyone can read now, retracted texts too, the last change first."""
    query = select(Edition, PublicPage).join(PublicPage, PublicPage.document_id == Edition.document_id)
    query = query.where(
        Edition.state.in_((EditionState.LIVE, EditionState.RETRACTED)), Edition.public_at <= func.clock_timestamp()
    )
    changed = func.coalesce(Edition.ended_at, Edition.public_at)
    query = query.options(joinedload(Edition.document)).order_by(changed.desc(), Edition.id.desc()).limit(limit)
    return [(edition, page) for edition, page in session.execute(query)]


def of_several(session: Session, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Edition]]:
    """What went out of each of these documents, newest first."""
    query = select(Edition).where(Edition.document_id.in_(list(ids)), Edition.state.in_(WENT_OUT))
    found: dict[uuid.UUID, list[Edition]] = {}
    for one in session.scalars(query.order_by(Edition.number.desc())):
        found.setdefault(one.document_id, []).append(one)
    return found


def _one(session: Session, document_id: uuid.UUID, *states: EditionState) -> Edition | None:
    query = select(Edition).where(Edition.document_id == document_id, Edition.state.in_(states))
    return session.scalars(query).one_or_none()

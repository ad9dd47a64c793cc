"""Paragraphs that the machine wrote and a person left as they are, on purpose and with a reason.

While nearly the whole text is the machine's, each paragraph that nobody touched needs such a review before delivery.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from copydesk.accounts.models import User
from copydesk.config import settings
from copydesk.db import Base, BigIntId, CreatedAt
from copydesk.documents import access, authorship, chain, text
from copydesk.documents.authorship import Span
from copydesk.documents.errors import NoSuchParagraph, NothingToReview, ReviewNotFound, UnreadMachineText
from copydesk.documents.models import Document, Revision
from copydesk.documents.paragraphs import Paragraph, ParagraphState, machine_share, paragraphs
from copydesk.documents.workflow import Act

QUICK_REASONS = ("It says what the brief says", "I checked it against a source", "It carries no fact")
REASON_MAX = 500

# Who wrote the text as it stands. The rooms above know more than the revisions do: see `autodocs.authors`.
SpansOf = Callable[[Session, Document], Sequence[Span]]


class ParagraphReview(Base):
    """“Reviewed unchanged, because …”: holds for a paragraph as long as its words are those of `text_sha256`."""

    __tablename__ = "paragraph_reviews"
    __table_args__ = (
        CheckConstraint('0 <= start AND start < "end"', "place"),
        CheckConstraint("btrim(reason) <> ''", "reason"),
        CheckConstraint("(taken_back_at IS NULL) = (taken_back_by_id IS NULL)", "taken_back"),
        Index("ix_paragraph_reviews_document", "document_id", "id"),
    )

    id: Mapped[BigIntId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"))
    revision_number: Mapped[int]  # the text in which it was read
    start: Mapped[int]
    end: Mapped[int]
    text_sha256: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    taken_back_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    taken_back_at: Mapped[dt.datetime | None]

    reviewer: Mapped[User] = relationship(foreign_keys=[reviewer_id], lazy="joined", innerjoin=True)


@dataclass(frozen=True)
class Gate:
    """May the text go out, as far as the machine's share goes? `unread`: the paragraphs that nobody touched."""

    level: Literal["open", "warn", "hold"]
    share: int  # the machine's, in whole percent
    unread: Sequence[Paragraph]


def of(session: Session, document: Document, head: Revision, spans: Sequence[Span]) -> list[Paragraph]:
    """The paragraphs of the text as it stands."""
    return paragraphs(head.body, spans, chain.revisions(session, document.id), standing(session, document))


def standing(session: Session, document: Document) -> Sequence[ParagraphReview]:
    """Every review that was not taken back, oldest first."""
    query = select(ParagraphReview).where(
        ParagraphReview.document_id == document.id, ParagraphReview.taken_back_at.is_(None)
    )
    return session.scalars(query.order_by(ParagraphReview.id)).all()


def everything(session: Session, document_id: uuid.UUID) -> Sequence[ParagraphReview]:
    """Every review, also those that were taken back, oldest first."""
    query = select(ParagraphReview).where(ParagraphReview.document_id == document_id)
    return session.scalars(query.order_by(ParagraphReview.id)).all()


def by_revisions(session: Session, document: Document) -> Sequence[Span]:
    """Who wrote the text, as far as the revisions alone tell."""
    return authorship.spans(chain.revisions(session, document.id))


def review(
    session: Session,
    document_id: uuid.UUID,
    actor: User,
    *,
    sha256: str,
    reason: str,
    spans_of: SpansOf = by_revisions,
) -> ParagraphReview:
    """The editor read the paragraph with these words and leaves it as it is.

    Raises:
        NoSuchParagraph: the saved text has no such words.
        NothingToReview: it is not as the machine wrote it.
    """
    document = access.lock_for(session, document_id, Act.REVIEW_PARAGRAPH, actor)
    reason = text.required("reason", text.clean_line(reason), name="reason", most=REASON_MAX)
    head = chain.revision(session, document, document.text_number)
    found = of(session, document, head, spans_of(session, document)) if head else []
    here = next((one for one in found if one.sha256 == sha256), None)
    if head is None or here is None:
        raise NoSuchParagraph
    if all(one.state is not ParagraphState.UNREAD for one in found if one.sha256 == sha256):
        raise NothingToReview
    made = ParagraphReview(
        document_id=document.id,
        revision_number=head.number,
        start=here.start,
        end=here.end,
        text_sha256=sha256,
        reason=reason,
        reviewer_id=actor.id,
    )
    session.add(made)
    _record(session, Act.REVIEW_PARAGRAPH, document, actor, here.number, sha256, reason)
    session.refresh(made)
    return made


def take_back(session: Session, document_id: uuid.UUID, actor: User, review_id: int) -> ParagraphReview:
    """The paragraph counts as unread again; that it was reviewed stays on record.

    Raises:
        ReviewNotFound: it is another document's, or was taken back already.
    """
    document = access.lock_for(session, document_id, Act.TAKE_BACK_REVIEW, actor)
    made = session.get(ParagraphReview, review_id)
    if made is None or made.document_id != document.id or made.taken_back_at is not None:
        raise ReviewNotFound
    made.taken_back_by_id, made.taken_back_at = actor.id, func.clock_timestamp()
    _record(session, Act.TAKE_BACK_REVIEW, document, actor, None, made.text_sha256, None)
    session.refresh(made)
    return made


def gate(found: Sequence[Paragraph], spans: Sequence[Span]) -> Gate:
    """How a text with these paragraphs stands before its delivery, by the desk's two settings."""
    share = machine_share(spans)
    unread = [one for one in found if one.state is ParagraphState.UNREAD]
    level: Literal["open", "warn", "hold"] = "open"
    if unread and share >= settings().machine_share_warn:
        level = "hold" if share >= settings().machine_share_hold else "warn"
    return Gate(level, round(share), unread)


def require(session: Session, document: Document, spans: Sequence[Span]) -> Gate:
    """The check before delivery, on the text as it was just saved.

    Raises:
        UnreadMachineText: nearly all of it is the machine's, and nobody touched or reviewed some of its paragraphs.
    """
    head = chain.revision(session, document, document.text_number)
    found = of(session, document, head, spans) if head else []
    standing_now = gate(found, spans)
    if standing_now.level == "hold":
        raise UnreadMachineText(_held(standing_now), standing_now.unread[0].anchor)
    return standing_now


def warning(standing_now: Gate) -> str:
    """What to say of a text that may go, though much of it is as the machine wrote it."""
    count = len(standing_now.unread)
    what = "One paragraph is as it wrote it" if count == 1 else f"{count} paragraphs are as it wrote them"
    return f"{standing_now.share} % of this text is the machine’s. {what}, and the record says so."


def _held(standing_now: Gate) -> str:
    first = standing_now.unread[0]
    others = len(standing_now.unread) - 1
    more = f", and {others} more like it" if others else ""
    return (
        f"{standing_now.share} % of this text is the machine’s, and nobody has touched paragraph {first.number}, "
        f"“{first.opening}”{more}. Change it, or read it and say why it may stay; then deliver."
    )


def _record(
    session: Session, act: Act, document: Document, actor: User, number: int | None, sha256: str, reason: str | None
) -> None:
    place: dict[str, object] = {"revision": document.text_number, "paragraph": number, "sha256": sha256}
    access.record(session, act, document, actor, before=document.state, note=reason, extra=({}, place))

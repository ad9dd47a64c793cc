"""Changes that are proposed, and accepted or refused later: what they are, and where the open ones stand now.

The verbs are in `suggesting`. Who proposed a change is set by the server.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from copydesk.accounts.models import User
from copydesk.db import Base, BigIntId, CreatedAt, Words, one_of
from copydesk.documents.errors import OpenSuggestions, SuggestionsBeforeSigning
from copydesk.documents.models import Document, Revision
from copydesk.documents.textdiff import places
from copydesk.documents.textdiff.places import Place


class SuggestionState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"  # it is in the text, in the revision `revision_number`
    REFUSED = "refused"
    TAKEN_BACK = "taken back"  # by whoever had made it


class Suggestion(Base):
    """Characters `start` to `end` (exclusive) of the text revision `base_number` should become `replacement`."""

    __tablename__ = "suggestions"
    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        CheckConstraint(one_of("state", SuggestionState), "state"),
        CheckConstraint('0 <= start AND start <= "end"', "place"),
        CheckConstraint("start < \"end\" OR replacement <> ''", "changes_something"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", "decided_at"),
        CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", "decided_by"),
        CheckConstraint("(state = 'accepted') = (revision_number IS NOT NULL)", "accepted_is_in_the_text"),
        Index("ix_suggestions_open", "document_id", "number", postgresql_where=text("state = 'open'")),
    )

    id: Mapped[BigIntId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"))
    number: Mapped[int]
    base_number: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    replacement: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    state: Mapped[SuggestionState] = mapped_column(Words(SuggestionState), default=SuggestionState.OPEN)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[dt.datetime | None]
    revision_number: Mapped[int | None]
    created_at: Mapped[CreatedAt]

    author: Mapped[User] = relationship(foreign_keys=[author_id], lazy="joined", innerjoin=True)
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])


@dataclass(frozen=True)
class Placed:
    """An open suggestion in the text as it stands; without a place, its words are gone and it can only be refused."""

    suggestion: Suggestion
    words: str  # what it would take away, as it stood when it was proposed
    place: Place | None
    text: str  # in which `place` is; the text it was proposed for, where there is none


def open_ones(session: Session, document: Document) -> Sequence[Suggestion]:
    """The open suggestions, oldest first."""
    query = select(Suggestion).where(Suggestion.document_id == document.id, Suggestion.state == SuggestionState.OPEN)
    return session.scalars(query.order_by(Suggestion.number)).all()


def version(session: Session, document: Document) -> str:
    """Changes whenever a suggestion is made or decided on: how many there were ever, and how many are open."""
    waiting = func.count().filter(Suggestion.state == SuggestionState.OPEN)
    ever, now = session.execute(select(func.count(), waiting).where(Suggestion.document_id == document.id)).one()
    return f"{ever}-{now}"


def placed(session: Session, document: Document, only: Sequence[Suggestion] | None = None) -> list[Placed]:
    """The open suggestions (or `only` these) in the order of the text, those without a place last: two queries."""
    found = open_ones(session, document) if only is None else only
    if not found:
        return []
    texts = _texts(session, document, min(one.base_number for one in found))
    bodies = {one.number: one.body for one in texts}
    now = places.forward(texts, [Place(one.base_number, one.start, one.end) for one in found])
    several = [
        Placed(
            one, bodies[one.base_number][one.start : one.end], place, bodies[place.base if place else one.base_number]
        )
        for one, place in zip(found, now, strict=True)
    ]
    return sorted(several, key=_order)


def stand(session: Session, document: Document, asked: Sequence[Place]) -> list[Place | None]:
    """Where these places stand in the text as it is."""
    return places.forward(_texts(session, document, min((one.base for one in asked), default=0)), asked)


def refuse_open(session: Session, document: Document) -> None:
    """Delivery waits until every suggestion was decided on.

    Raises:
        OpenSuggestions: with how many there are, and the number of the first one in the text.
    """
    if waiting := placed(session, document):
        raise OpenSuggestions(len(waiting), waiting[0].suggestion.number)


def refuse_signing(session: Session, document: Document) -> None:
    """Nobody signs a text for which changes are still proposed.

    Raises:
        SuggestionsBeforeSigning: there are some.
    """
    if open_ones(session, document):
        raise SuggestionsBeforeSigning


def _texts(session: Session, document: Document, since: int) -> Sequence[Revision]:
    query = select(Revision).where(Revision.document_id == document.id, Revision.number >= since)
    return session.scalars(query.order_by(Revision.number)).all()


def _order(one: Placed) -> tuple[bool, int, int, int]:
    place = one.place or Place(0, 0, 0)
    return one.place is None, place.start, place.end, one.suggestion.number

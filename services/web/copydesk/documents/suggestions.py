"""Changes that are proposed, and accepted or refused later. Who proposed them is set by the server."""

import datetime as dt
import uuid
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from copydesk.accounts.models import User
from copydesk.db import Base, BigIntId, CreatedAt, Words, one_of


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

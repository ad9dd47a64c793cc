"""Paragraphs that the machine wrote and a person left as they are, on purpose and with a reason."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from copydesk.accounts.models import User
from copydesk.db import Base, BigIntId, CreatedAt


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

"""A thread of comments, anchored to words of a text or about all of it; its comments; whom they mention."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from copydesk.accounts.models import User
from copydesk.db import Base, BigIntId, CreatedAt


class CommentThread(Base):
    """About characters `start` to `end` (exclusive) of the text revision `base_number`; without them: about all of it.

    `editors_only`: the sponsor never sees it. Ids are the desk's, not the document's: a gap in them tells nothing.
    """

    __tablename__ = "comment_threads"
    __table_args__ = (
        CheckConstraint(
            "(base_number IS NULL AND start IS NULL AND \"end\" IS NULL AND quote = '') OR "
            "(base_number > 0 AND 0 <= start AND start < \"end\" AND quote <> '')",
            "place",
        ),
        CheckConstraint("(resolved_at IS NULL) = (resolved_by_id IS NULL)", "resolved"),
        CheckConstraint("(placed_number IS NULL) = (base_number IS NULL)", "placed"),
        Index("ix_comment_threads_document", "document_id", "id"),
        Index("ix_comment_threads_open", "document_id", "id", postgresql_where=text("resolved_at IS NULL")),
    )

    id: Mapped[BigIntId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"))
    base_number: Mapped[int | None]
    start: Mapped[int | None]
    end: Mapped[int | None]
    quote: Mapped[str] = mapped_column(Text, default="")  # the words as they stood
    # Which pieces of the words stand where in the text `placed_number`; see `following`.
    placed_number: Mapped[int | None]
    pieces: Mapped[list[list[int]]] = mapped_column(JSONB, default=list)
    editors_only: Mapped[bool] = mapped_column(default=False)
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    resolved_at: Mapped[dt.datetime | None]
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())  # by any act in it
    created_at: Mapped[CreatedAt]

    comments: Mapped[list["Comment"]] = relationship(order_by="Comment.id", back_populates="thread", lazy="selectin")
    resolved_by: Mapped[User | None] = relationship(foreign_keys=[resolved_by_id], lazy="joined")

    @property
    def stands(self) -> bool:
        """Is anything left of it? A thread of which every word was taken back is not there for anyone."""
        return any(one.taken_back_at is None for one in self.comments)


class Comment(Base):
    """What one person said once. Taken back, its words are gone from the desk, and that there was something stays."""

    __tablename__ = "comments"
    __table_args__ = (
        CheckConstraint("(btrim(words) = '') = (taken_back_at IS NOT NULL)", "words"),
        Index("ix_comments_thread", "thread_id", "id"),
    )

    id: Mapped[BigIntId]
    thread_id: Mapped[int] = mapped_column(ForeignKey("comment_threads.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    words: Mapped[str] = mapped_column(Text)
    edited_at: Mapped[dt.datetime | None]
    taken_back_at: Mapped[dt.datetime | None]
    created_at: Mapped[CreatedAt]

    thread: Mapped[CommentThread] = relationship(back_populates="comments")
    author: Mapped[User] = relationship(lazy="joined", innerjoin=True)
    mentions: Mapped[list[User]] = relationship(secondary="comment_mentions", lazy="selectin", order_by=User.id)


class CommentMention(Base):
    """Whom a comment calls by name; each is told once."""

    __tablename__ = "comment_mentions"
    __table_args__ = (Index("ix_comment_mentions_person", "person_id", "comment_id"),)

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)

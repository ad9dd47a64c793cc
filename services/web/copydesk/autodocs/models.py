"""One attempt of the machine to write a text from a brief."""

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from copydesk.db import Base, BigIntId, CreatedAt, Words, one_of


class DraftState(StrEnum):
    QUEUED = "queued"  # waits for a worker, or for the engine to come back
    WRITING = "writing"  # a worker streams words into it
    DONE = "done"  # became a revision of the document
    FAILED = "failed"  # could not be written; `reason` says why
    CANCELLED = "cancelled"  # a person stopped it


LIVE = (DraftState.QUEUED, DraftState.WRITING)


class Autodoc(Base):
    """A draft with all that is needed to write it again: weights, prompt as tokens, sampling, seed, output tokens.

    `attempt` is a fence: a worker may only write while the number is the one it claimed with, so that a worker
    that was thought dead can't write into a draft that another has taken over.
    """

    __tablename__ = "autodocs"
    __table_args__ = (
        CheckConstraint(one_of("state", DraftState), "state"),
        CheckConstraint("(state = 'failed') = (reason IS NOT NULL)", "failed_has_reason"),
        CheckConstraint("state <> 'done' OR (text <> '' AND model_sha256 IS NOT NULL)", "done_has_text"),
        CheckConstraint("(state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", "finished_at"),
        UniqueConstraint("document_id", "number"),
        Index(
            "uq_autodocs_one_live",
            "document_id",
            unique=True,
            postgresql_where=text("state IN ('queued', 'writing')"),
        ),
    )

    id: Mapped[BigIntId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"))
    number: Mapped[int]
    requested_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    state: Mapped[DraftState] = mapped_column(Words(DraftState), default=DraftState.QUEUED)
    attempt: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    job_id: Mapped[int | None] = mapped_column(BigInteger)
    waiting_since: Mapped[dt.datetime | None]  # the engine has not answered since then
    reason: Mapped[str | None] = mapped_column(Text)

    # What the model read
    brief: Mapped[str] = mapped_column(Text)
    read_from_char: Mapped[int] = mapped_column(default=0)  # 0: all of it
    prompt_tokens: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))

    # How it wrote
    sampling: Mapped[dict[str, Any]] = mapped_column(JSONB)
    seed: Mapped[int] = mapped_column(BigInteger)
    model: Mapped[str] = mapped_column(String(128))
    model_sha256: Mapped[str | None] = mapped_column(String(64))
    engine: Mapped[str | None] = mapped_column(String(128))

    # What it wrote
    text: Mapped[str] = mapped_column(Text, default="")
    trimmed: Mapped[str] = mapped_column(Text, default="")  # cut off the end; kept for the record
    output_tokens: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    tokens_written: Mapped[int] = mapped_column(default=0)
    tokens_target: Mapped[int]

    created_at: Mapped[CreatedAt]
    started_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def seconds(self) -> float | None:
        """How long the writing took."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

"""What the machine wrote, or tried to: whole drafts, words for a passage, and drafts written again to compare."""

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
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
    DONE = "done"  # written; it is the text now, or one of several to choose from
    FAILED = "failed"  # could not be written; `reason` says why
    CANCELLED = "cancelled"  # a person stopped it


class DraftKind(StrEnum):
    WHOLE = "whole"  # a text from a brief
    SPAN = "span"  # other words for a passage of the text
    CONTINUATION = "continuation"  # words that could go on from where the editor's cursor stands


LIVE = (DraftState.QUEUED, DraftState.WRITING)
_PLACE = ("span_start", "span_end", "base_number")


class Autodoc(Base):
    """A draft with all that is needed to write it again: weights, prompt as tokens, sampling, seed, output tokens.

    `attempt` is a fence: a worker may only write while the number is the one it claimed with, so that a worker
    that was thought dead can't write into a draft that another has taken over.
    """

    __tablename__ = "autodocs"
    __table_args__ = (
        CheckConstraint(one_of("state", DraftState), "state"),
        CheckConstraint("(state = 'failed') = (reason IS NOT NULL)", "failed_has_reason"),
        # Another server's weights are not known to us.
        CheckConstraint(
            "state <> 'done' OR (text <> '' AND (model_sha256 IS NOT NULL OR model ~ '^https?://'))", "done_has_text"
        ),
        CheckConstraint("(state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", "finished_at"),
        CheckConstraint(one_of("kind", DraftKind), "kind"),
        CheckConstraint(
            f"(kind <> 'whole' AND {' AND '.join(f'{name} IS NOT NULL' for name in _PLACE)} AND 0 <= span_start"
            f" AND span_start <= span_end) OR (kind = 'whole' AND {' AND '.join(f'{name} IS NULL' for name in _PLACE)}"
            " AND score IS NULL)",
            "span",
        ),
        CheckConstraint("request > 0 AND choice >= 0", "request"),
        CheckConstraint(
            "token_logprobs IS NULL OR octet_length(token_logprobs) = 2 * cardinality(output_tokens)", "token_logprobs"
        ),
        UniqueConstraint("document_id", "number"),
        UniqueConstraint("document_id", "request", "choice"),
        Index(
            "uq_autodocs_live_choice",
            "document_id",
            "kind",
            "choice",
            unique=True,
            postgresql_where=text("state IN ('queued', 'writing')"),
        ),
        Index("ix_autodocs_live", "created_at", "id", postgresql_where=text("state IN ('queued', 'writing')")),
        # With all that the queue's figures are made of, so that they are read from the index alone.
        Index("ix_autodocs_finished", "state", "finished_at", postgresql_include=["created_at", "started_at"]),
        Index("ix_autodocs_model", "model", "document_id"),
    )

    id: Mapped[BigIntId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"))
    number: Mapped[int]
    kind: Mapped[DraftKind] = mapped_column(Words(DraftKind), default=DraftKind.WHOLE)
    request: Mapped[int]  # which asking within the document; its drafts lie side by side
    choice: Mapped[int] = mapped_column(default=0)  # which of them, from 0
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
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)  # what the person chose, see `DraftOptions`
    template: Mapped[str | None] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text, default="")
    include_prefix: Mapped[bool] = mapped_column(default=True)
    truncate: Mapped[str] = mapped_column(Text, default="")
    prompt_tokens: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    keep: Mapped[int] = mapped_column(default=0)  # of these, at the beginning: they stay in a window that slides

    # Words for a passage: characters `span_start` to `span_end` (exclusive) of the text revision `base_number`
    span_start: Mapped[int | None]
    span_end: Mapped[int | None]
    base_number: Mapped[int | None]
    score: Mapped[float | None] = mapped_column(REAL)  # mean log-probability of what follows the passage
    # The text as the editor had it, where it was not saved yet; none: that of `base_number`
    unsaved_text: Mapped[str | None] = mapped_column(Text)

    # How it wrote
    sampling: Mapped[dict[str, Any]] = mapped_column(JSONB)
    seed: Mapped[int] = mapped_column(BigInteger)
    model: Mapped[str] = mapped_column(String(300))  # a folder, or another server: https://host/v1#model
    model_sha256: Mapped[str | None] = mapped_column(String(64))
    engine: Mapped[str | None] = mapped_column(String(128))

    # What it wrote
    text: Mapped[str] = mapped_column(Text, default="")
    trimmed: Mapped[str] = mapped_column(Text, default="")  # cut off the end; kept for the record
    output_tokens: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    token_logprobs: Mapped[bytes | None] = mapped_column(LargeBinary)  # one each, see `autodocs.probabilities`
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


class Acceptance(Base):
    """A person took the machine's words, or the first of them, into an unsaved text."""

    __tablename__ = "acceptances"
    __table_args__ = (
        CheckConstraint("characters > 0", "characters"),
        UniqueConstraint("autodoc_id"),
        Index("ix_acceptances_document", "document_id", "id"),
    )

    id: Mapped[BigIntId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"))
    autodoc_id: Mapped[int] = mapped_column(ForeignKey("autodocs.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    characters: Mapped[int]  # of the draft's text, from its beginning
    created_at: Mapped[CreatedAt]


class ReplayState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"  # compared; `identical` says how it went
    FAILED = "failed"  # could not be written again; `reason` says why


LIVE_REPLAY = (ReplayState.QUEUED, ReplayState.RUNNING)


class Replay(Base):
    """A draft written again from what was kept of it, and compared with it token by token."""

    __tablename__ = "replays"
    __table_args__ = (
        CheckConstraint(one_of("state", ReplayState), "state"),
        CheckConstraint("(state = 'failed') = (reason IS NOT NULL)", "failed_has_reason"),
        CheckConstraint("(state = 'done') = (identical IS NOT NULL)", "done_is_compared"),
        CheckConstraint("(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", "finished_at"),
        CheckConstraint("(identical IS FALSE) = (first_difference IS NOT NULL)", "first_difference"),
        Index("ix_replays_autodoc", "autodoc_id", "id"),
        Index(
            "uq_replays_one_live",
            "autodoc_id",
            unique=True,
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
    )

    id: Mapped[BigIntId]
    autodoc_id: Mapped[int] = mapped_column(ForeignKey("autodocs.id"))
    requested_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    state: Mapped[ReplayState] = mapped_column(Words(ReplayState), default=ReplayState.QUEUED)
    job_id: Mapped[int | None] = mapped_column(BigInteger)
    identical: Mapped[bool | None]
    first_difference: Mapped[int | None]  # the character of the model's words, from 0
    first_token: Mapped[int | None]  # and the token
    expected: Mapped[str] = mapped_column(Text, default="")  # a few words around it
    got: Mapped[str] = mapped_column(Text, default="")
    engine: Mapped[str | None] = mapped_column(String(128))
    model_sha256: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[dt.datetime | None]

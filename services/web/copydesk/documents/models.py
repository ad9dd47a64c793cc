"""A document, and its revisions: append-only, each chained to the one before by its hash."""

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from copydesk.accounts.models import User
from copydesk.db import Base, BigIntId, CreatedAt, Words, one_of


class State(StrEnum):
    DRAFTING = "drafting"  # the machine writes, or will when its turn comes
    DRAFT_FAILED = "draft_failed"  # it could not, or was told to stop
    CHOOSING = "choosing"  # several drafts lie side by side; the sponsor picks one
    UNASSIGNED = "unassigned"  # there is a draft and no editor
    EDITING = "editing"  # the editor revises
    QUESTION = "question"  # the editor asked something, and the sponsor has to answer
    SIGNOFF = "signoff"  # the sponsor reads what was delivered
    APPROVED = "approved"  # signed, bound to one revision
    PUBLISHED = "published"  # readers have it, or will at a time that is set
    RETRACTED = "retracted"  # readers had it; its page says that it was taken back
    WITHDRAWN = "withdrawn"  # given up; everything is kept


class Kind(StrEnum):
    BRIEF = "brief"  # what the sponsor asked for
    MACHINE = "machine"  # what the model wrote
    HUMAN = "human"  # what a person wrote
    TOOL = "tool"  # what a rule without a model changed: quotes, dashes, spaces, house spellings


class Change(StrEnum):
    """Why there is another edition."""

    CORRECTION = "correction"  # something was wrong
    UPDATE = "update"  # something is new


class Document(Base):
    """One text on its way from brief to print."""

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint(one_of("state", State), "state"),
        CheckConstraint("state <> 'unassigned' OR editor_id IS NULL", "unassigned_has_no_editor"),
        CheckConstraint(
            "state NOT IN ('editing', 'question', 'signoff') OR editor_id IS NOT NULL", "editing_has_editor"
        ),
        CheckConstraint("state <> 'approved' OR signed_sha256 IS NOT NULL", "approved_is_signed"),
        CheckConstraint("signed_sha256 IS NULL OR state IN ('approved', 'published', 'retracted')", "signed_is_final"),
        CheckConstraint("state NOT IN ('published', 'retracted') OR edition > 0", "published_has_edition"),
        CheckConstraint("state <> 'withdrawn' OR edition = 0", "withdrawn_was_not_published"),
        CheckConstraint(one_of("reopened_for", Change), "reopened_for"),
        CheckConstraint(
            "(reopened_for IS NOT NULL) = (edition > 0 AND state NOT IN ('published', 'retracted'))", "reopened"
        ),
        CheckConstraint("(signed_sha256 IS NULL) = (signed_by_id IS NULL)", "signed_by"),
        CheckConstraint(
            "state IN ('drafting', 'draft_failed', 'choosing', 'withdrawn') OR text_number > 0", "has_text"
        ),
        CheckConstraint("btrim(title) <> ''", "title"),
        CheckConstraint("text_number <= head_number", "text_number"),
        CheckConstraint("most_words > 0", "most_words"),
        CheckConstraint("clock_stopped_at IS NULL OR state = 'question'", "clock_stopped"),
        Index("ix_documents_sponsor", "sponsor_id", "updated_at", "id"),
        Index("ix_documents_editor", "editor_id", "updated_at", "id"),
        Index("ix_documents_updated", "updated_at", "id"),
        Index("ix_documents_state", "state", "updated_at", "id"),
        Index("ix_documents_sponsor_state", "sponsor_id", "state", "updated_at", "id"),
        Index("ix_documents_editor_state", "editor_id", "state", "updated_at", "id"),
        Index("ix_documents_due_order", text("coalesce(due_at, 'infinity'::timestamp with time zone)"), "id"),
        Index("ix_documents_entered", "state", "entered_at", "id"),
        Index("ix_documents_due", "due_at", "id", postgresql_where=text("due_at IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    title: Mapped[str] = mapped_column(String(400))
    brief: Mapped[str] = mapped_column(Text)
    state: Mapped[State] = mapped_column(Words(State))
    entered_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())  # since when in this state
    round: Mapped[int] = mapped_column(default=1)
    sponsor_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    head_number: Mapped[int] = mapped_column(default=0)  # the last revision of any kind
    text_number: Mapped[int] = mapped_column(default=0)  # the last revision that is the text itself; 0: none yet
    sampling: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)  # how drafts are asked for; see autodocs
    must_keep: Mapped[str] = mapped_column(Text, default="")  # lines that have to stand in the text
    most_words: Mapped[int | None]  # the brief's limit on the text's length; none: as long as it takes
    edition: Mapped[int] = mapped_column(default=0)  # the one that readers have, or had; 0: none yet. See `publishing`
    reopened_for: Mapped[Change | None] = mapped_column(Words(Change))  # what the next edition will be
    signed_sha256: Mapped[str | None] = mapped_column(String(64))
    signed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    signed_at: Mapped[dt.datetime | None]
    due_at: Mapped[dt.datetime | None]  # when the editor should deliver; see `deadlines`
    clock_stopped_at: Mapped[dt.datetime | None]  # since when a question waits: that time is not the editor's
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())

    sponsor: Mapped[User] = relationship(foreign_keys=[sponsor_id], lazy="joined", innerjoin=True)
    editor: Mapped[User | None] = relationship(foreign_keys=[editor_id], lazy="joined")
    signed_by: Mapped[User | None] = relationship(foreign_keys=[signed_by_id])
    revisions: Mapped[list["Revision"]] = relationship(
        back_populates="document", order_by="Revision.number", lazy="select", cascade="save-update"
    )


class Revision(Base):
    """One version. The database refuses to update or delete a row (see the migration)."""

    __tablename__ = "revisions"
    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        CheckConstraint(one_of("kind", Kind), "kind"),
        CheckConstraint("number > 0", "number"),
        CheckConstraint("(kind = 'machine') = (author_id IS NULL)", "author"),
        CheckConstraint("(kind = 'machine') = (autodoc_id IS NOT NULL)", "autodoc"),
        CheckConstraint("(number = 1) = (parent_sha256 IS NULL)", "parent"),
        CheckConstraint("(kind = 'tool') = (tool IS NOT NULL)", "tool"),
        CheckConstraint(
            "(span_start IS NULL AND span_end IS NULL) OR "
            "(kind IN ('machine', 'human') AND 0 <= span_start AND span_start <= span_end)",
            "span",
        ),
        CheckConstraint("accepted_by_id IS NULL OR (kind = 'human' AND span_start IS NOT NULL)", "accepted"),
        CheckConstraint("merged_from IS NULL OR (kind = 'human' AND merged_from < number)", "merged_from"),
    )

    id: Mapped[BigIntId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"))
    number: Mapped[int]
    kind: Mapped[Kind] = mapped_column(Words(Kind))
    round: Mapped[int]
    title: Mapped[str] = mapped_column(String(400))
    body: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # Which machine draft; no foreign key, because autodocs stand above documents.
    autodoc_id: Mapped[int | None] = mapped_column(BigInteger)
    # Which characters of the text before it were replaced, and nothing else; none: it is a whole text of its own.
    span_start: Mapped[int | None]
    span_end: Mapped[int | None]
    # Whose hand took over what `author` had proposed; none: the author did.
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # The text that the author had before them when somebody else's was saved; the two were merged into this one.
    merged_from: Mapped[int | None]
    tool: Mapped[str | None] = mapped_column(String(64))  # which one changed it; `author` is who let it
    parent_sha256: Mapped[str | None] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[dt.datetime]

    document: Mapped[Document] = relationship(back_populates="revisions")
    author: Mapped[User | None] = relationship(foreign_keys=[author_id], lazy="joined")
    accepted_by: Mapped[User | None] = relationship(foreign_keys=[accepted_by_id])

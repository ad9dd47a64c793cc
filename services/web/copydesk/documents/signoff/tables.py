"""What is kept of a sign-off: decisions on changes, the statement with a signature, links to sign by."""

import datetime as dt
import uuid
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from copydesk.accounts.models import User
from copydesk.db import Base, BigIntId, CreatedAt, Words, one_of
from copydesk.documents.models import Document


class Part(StrEnum):
    """Of a version: where a change is."""

    TITLE = "title"
    TEXT = "text"


class Sort(StrEnum):
    """Of a change: what it is about."""

    WORDS = "words"
    FORMATTING = "formatting"
    MOVED = "moved"


class Verdict(StrEnum):
    """The sponsor's, on one change."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # with a reason; the editor has it as a to-do


class Answer(StrEnum):
    """The editor's, to a refusal."""

    DONE = "done"
    STAYS = "stays"  # with a reason


class ChangeDecision(Base):
    """What the sponsor decided on one change between two versions. It changes no word."""

    __tablename__ = "change_decisions"
    __table_args__ = (
        UniqueConstraint(
            "document_id", "base_number", "revision_number", "fingerprint", name="uq_change_decisions_change"
        ),
        CheckConstraint(one_of("part", Part), "part"),
        CheckConstraint(one_of("sort", Sort), "sort"),
        CheckConstraint(one_of("verdict", Verdict), "verdict"),
        CheckConstraint(one_of("answer", Answer), "answer"),
        CheckConstraint("verdict <> 'refused' OR (reason IS NOT NULL AND btrim(reason) <> '')", "reason"),
        CheckConstraint("answer <> 'stays' OR (answer_reason IS NOT NULL AND btrim(answer_reason) <> '')", "stays"),
        CheckConstraint("(answer IS NULL) = (answered_by_id IS NULL)", "answered_by"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", "answered_at"),
        CheckConstraint("base_number < revision_number", "versions"),
        CheckConstraint("old_start <= old_end AND new_start <= new_end", "place"),
    )

    id: Mapped[BigIntId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"))
    base_number: Mapped[int]  # the version before …
    revision_number: Mapped[int]  # … and the one that was delivered
    part: Mapped[Part] = mapped_column(Words(Part))
    sort: Mapped[Sort] = mapped_column(Words(Sort))
    fingerprint: Mapped[str] = mapped_column(String(64))  # of places and words: which of their changes it is
    old_start: Mapped[int]
    old_end: Mapped[int]
    new_start: Mapped[int]
    new_end: Mapped[int]
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)
    verdict: Mapped[Verdict] = mapped_column(Words(Verdict))
    reason: Mapped[str | None] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[CreatedAt]
    answer: Mapped[Answer | None] = mapped_column(Words(Answer))
    answer_reason: Mapped[str | None] = mapped_column(Text)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[dt.datetime | None]
    settled_at: Mapped[dt.datetime | None]  # when a text was signed in which nothing was refused any more

    person: Mapped[User] = relationship(foreign_keys=[person_id], lazy="joined", innerjoin=True)
    answered_by: Mapped[User | None] = relationship(foreign_keys=[answered_by_id], lazy="joined")


class ReviewStatement(Base):
    """What a person stated with their signature. The database refuses to update or delete a row (see the migration)."""

    __tablename__ = "review_statements"
    __table_args__ = (
        CheckConstraint("btrim(responsible_name) <> ''", "responsible_name"),
        Index("ix_review_statements_document", "document_id", "id"),
    )

    id: Mapped[BigIntId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"))
    revision_number: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))  # that revision's
    wording: Mapped[str] = mapped_column(Text)  # as it stood above the button
    examined: Mapped[str] = mapped_column(Text)  # the signer's own words on what was examined, or nothing
    signer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    responsible_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # none: it is nobody of the desk
    responsible_name: Mapped[str] = mapped_column(String(120))
    responsible_role: Mapped[str] = mapped_column(String(160))
    by_link: Mapped[bool]  # by the link of a letter, without logging in
    created_at: Mapped[CreatedAt]

    signer: Mapped[User] = relationship(foreign_keys=[signer_id], lazy="joined", innerjoin=True)

    @property
    def says_reviewed(self) -> bool:
        """Does it name what was examined? The one sentence of before there were statements did not."""
        return "\n" in self.wording


class SignLink(Base):
    """A link in a letter by which one person can sign one version, once. Only the hash of its secret is kept."""

    __tablename__ = "sign_links"
    __table_args__ = (Index("ix_sign_links_document", "document_id", "id"),)

    id: Mapped[BigIntId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    sha256: Mapped[str] = mapped_column(String(64))  # of the version that it is about
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]

    document: Mapped[Document] = relationship(lazy="joined", innerjoin=True)
    person: Mapped[User] = relationship(lazy="joined", innerjoin=True)

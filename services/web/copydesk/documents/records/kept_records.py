"""Records of documents that were deleted: the record outlives its document."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, delete, false, func, or_, select, true
from sqlalchemy.orm import Mapped, Session, defer, mapped_column, relationship

from copydesk.accounts.models import Role, User
from copydesk.db import Base
from copydesk.documents.asking.attachments import Attachment
from copydesk.documents.attribution_cache import Attribution
from copydesk.documents.bulk.models import BulkItem
from copydesk.documents.conversation.models import Comment, CommentMention, CommentThread
from copydesk.documents.delivery.waivers import Waiver
from copydesk.documents.editions import Edition, PublicPage
from copydesk.documents.errors import DocumentNotFound
from copydesk.documents.figures.effort import Effort
from copydesk.documents.models import Document, Revision
from copydesk.documents.presence import LastSeen, Presence, TimeAtWork
from copydesk.documents.reviews import ParagraphReview
from copydesk.documents.signoff.tables import ChangeDecision, ReviewStatement, SignLink
from copydesk.documents.suggestions import Suggestion
from copydesk.documents.unsent import Unsent


class KeptRecord(Base):
    """The last record of a deleted document, as its people would have downloaded it."""

    __tablename__ = "kept_records"
    __table_args__ = (Index("ix_kept_records_deleted", "deleted_at", "document_id"),)

    document_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(400))
    sponsor_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    record: Mapped[str] = mapped_column(Text)  # JSON, byte for byte
    sha256: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    deleted_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    deleted_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())

    sponsor: Mapped[User] = relationship(foreign_keys=[sponsor_id], lazy="joined", innerjoin=True)
    deleted_by: Mapped[User] = relationship(foreign_keys=[deleted_by_id], lazy="joined", innerjoin=True)


def visible_to(user: User) -> ColumnElement[bool]:
    """What this person may see: an admin all, others the records of what was theirs."""
    if not user.is_approved:
        return false()
    if user.role is Role.ADMIN:
        return true()
    return or_(KeptRecord.sponsor_id == user.id, KeptRecord.editor_id == user.id)


def get(session: Session, document_id: uuid.UUID, user: User) -> KeptRecord:
    """The kept record, if this person may see it.

    Raises:
        DocumentNotFound: there is none, or it is not theirs: a stranger can't tell which.
    """
    query = select(KeptRecord).where(KeptRecord.document_id == document_id, visible_to(user))
    kept = session.scalars(query).one_or_none()
    if kept is None:
        raise DocumentNotFound
    return kept


def newest(session: Session, *, limit: int, offset: int = 0) -> Sequence[KeptRecord]:
    """Without the records themselves, the last deleted first."""
    query = select(KeptRecord).options(defer(KeptRecord.record))
    query = query.order_by(KeptRecord.deleted_at.desc(), KeptRecord.document_id)
    return session.scalars(query.limit(limit).offset(offset)).all()


def keep(session: Session, document: Document, actor: User, *, record: bytes, reason: str) -> KeptRecord:
    """Put the record away; from now on the database lets the document's revisions be deleted."""
    kept = KeptRecord(
        document_id=document.id,
        title=document.title,
        sponsor_id=document.sponsor_id,
        editor_id=document.editor_id,
        record=record.decode(),
        sha256=hashlib.sha256(record).hexdigest(),
        reason=reason,
        deleted_by_id=actor.id,
    )
    session.add(kept)
    session.flush()
    return kept


def remove(session: Session, document: Document) -> None:
    """Every row of this room that belongs to the document, and the document itself."""
    numbers = select(Revision.id).where(Revision.document_id == document.id)
    for of_revision in (Attribution, Effort):
        session.execute(delete(of_revision).where(of_revision.revision_id.in_(numbers)))
    threads = select(CommentThread.id).where(CommentThread.document_id == document.id)
    said = select(Comment.id).where(Comment.thread_id.in_(threads))
    session.execute(delete(CommentMention).where(CommentMention.comment_id.in_(said)))
    session.execute(delete(Comment).where(Comment.thread_id.in_(threads)))
    for table in (
        BulkItem,
        CommentThread,
        Unsent,
        Presence,
        LastSeen,
        TimeAtWork,
        Suggestion,
        ParagraphReview,
        Waiver,
        Attachment,
        Edition,
        ChangeDecision,
        ReviewStatement,
        SignLink,
        PublicPage,
        Revision,
    ):
        session.execute(delete(table).where(table.document_id == document.id))
    session.execute(delete(Document).where(Document.id == document.id))
    session.expire_all()

"""Reading the conversation: who sees which thread, where each stands, how many are open."""

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, Status, User
from copydesk.audit.log import AuditEvent
from copydesk.documents.conversation.models import Comment, CommentThread
from copydesk.documents.errors import CommentNotFound
from copydesk.documents.models import Document

OPENING = 100  # characters of a comment that the check before delivery quotes
HIDDEN = "editors_only"  # the mark of an audit event that the sponsor never sees


def sees_all(person: User) -> bool:
    """Does this person see comments for editors only, on the documents that are theirs to see?"""
    return person.role is not Role.SPONSOR


def visible(session: Session, document: Document, person: User) -> Sequence[CommentThread]:
    """The threads that this person sees, oldest first, with what was said."""
    query = select(CommentThread).where(CommentThread.document_id == document.id, _seen_by(person))
    query = query.order_by(CommentThread.id).execution_options(populate_existing=True)
    return [one for one in session.scalars(query) if one.stands]


def get(session: Session, document: Document, person: User, thread_id: int) -> CommentThread:
    """Raises:
    CommentNotFound: there is none, or this person does not see it: they can't tell which.
    """
    query = select(CommentThread).where(CommentThread.id == thread_id, CommentThread.document_id == document.id)
    found = session.scalars(query.where(_seen_by(person)).execution_options(populate_existing=True)).one_or_none()
    if found is None or not found.stands:
        raise CommentNotFound
    return found


def comment(session: Session, document: Document, person: User, comment_id: int) -> Comment:
    """Raises:
    CommentNotFound: there is none, it was taken back, or this person does not see it.
    """
    found = session.get(Comment, comment_id, populate_existing=True)
    if found is None or found.taken_back_at is not None:
        raise CommentNotFound
    get(session, document, person, found.thread_id)
    return found


def version(session: Session, document: Document, person: User) -> str:
    """Changes whenever somebody says or does something in a thread that this person sees."""
    query = select(func.count(), func.max(CommentThread.changed_at))
    count, last = session.execute(query.where(CommentThread.document_id == document.id, _seen_by(person))).one()
    return f"{count}-{last.timestamp():.6f}" if count else "0"


def place(thread: CommentThread) -> tuple[int, int] | None:
    """From where to where the words of an open thread reach in the text as it is; None: they are gone, or it is about
    all of the text."""
    return (thread.pieces[0][0], thread.pieces[-1][1]) if thread.pieces else None


def open_words(session: Session, document: Document) -> list[str]:
    """How each open thread begins, for the check before delivery: those that the sponsor sees, too."""
    query = select(CommentThread).where(CommentThread.document_id == document.id, CommentThread.resolved_at.is_(None))
    query = query.where(CommentThread.editors_only.is_(False)).order_by(CommentThread.id)
    return [_opening(one) for one in session.scalars(query) if one.stands]


def open_hidden(session: Session, document: Document) -> int:
    """How many open threads are for editors only; these are in no check, because the sponsor reads what was waived."""
    said = select(Comment.id).where(Comment.thread_id == CommentThread.id, Comment.taken_back_at.is_(None)).exists()
    mine = CommentThread.document_id == document.id, CommentThread.resolved_at.is_(None), CommentThread.editors_only
    return session.scalars(select(func.count()).select_from(CommentThread).where(*mine, said)).one()


def for_everyone(session: Session, document_id: uuid.UUID) -> Sequence[CommentThread]:
    """What is said in the record: no thread for editors only."""
    query = select(CommentThread).where(CommentThread.document_id == document_id)
    return session.scalars(query.where(CommentThread.editors_only.is_(False)).order_by(CommentThread.id)).all()


def events_for_everyone(events: Iterable[AuditEvent]) -> list[AuditEvent]:
    """The audit events without those of comments for editors only."""
    return [one for one in events if not one.after.get(HIDDEN)]


def people(session: Session, document: Document, *, editors_only: bool = False) -> list[User]:
    """Who reads this document and can be called by name: its sponsor and editor, and the admins."""
    mine = [document.editor_id] if editors_only else [document.editor_id, document.sponsor_id]
    theirs = or_(User.id.in_([one for one in mine if one is not None]), User.role == Role.ADMIN)
    query = select(User).where(theirs, User.status == Status.APPROVED).order_by(User.role.desc(), User.name, User.id)
    return list(session.scalars(query))


def _seen_by(person: User) -> ColumnElement[bool]:
    return true() if sees_all(person) else CommentThread.editors_only.is_(False)


def _opening(thread: CommentThread) -> str:
    said = next(one.words for one in thread.comments if one.taken_back_at is None)
    line = " ".join(said.split())
    return line if len(line) <= OPENING else f"{line[:OPENING]}…"

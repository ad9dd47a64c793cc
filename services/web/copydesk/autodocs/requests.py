"""The person's side of drafting: ask for a draft, ask again, stop it. Everything in the caller's transaction."""

import secrets
import uuid
from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, defer

from copydesk import jobs
from copydesk.accounts.models import User
from copydesk.autodocs.models import LIVE, Autodoc, DraftState
from copydesk.config import settings
from copydesk.documents import operations
from copydesk.documents.models import Document, State
from copydesk.documents.workflow import Act

PRIORITY_RETRY = 10  # somebody waits in front of the page


def create_document(session: Session, sponsor: User, *, title: str, brief: str, editor_id: int | None) -> Document:
    """A new document with its first draft queued: both are committed, or neither."""
    document = operations.create(session, sponsor, title=title, brief=brief, editor_id=editor_id)
    _queue(session, document, sponsor, priority=0)
    return document


def retry(session: Session, document_id: uuid.UUID, actor: User) -> Document:
    """Ask again after a draft that failed or was stopped."""
    document = operations.move(session, document_id, Act.RETRY, actor)
    _queue(session, document, actor, priority=PRIORITY_RETRY)
    return document


def redraft(session: Session, document_id: uuid.UUID, actor: User) -> Document:
    """Ask for another draft though there is a text; earlier drafts and revisions are kept."""
    document = operations.move(session, document_id, Act.REDRAFT, actor)
    _queue(session, document, actor, priority=0)
    return document


def draft_again(session: Session, document_id: uuid.UUID, actor: User) -> Document:
    """Ask for a draft, whether the last one failed or became a text."""
    failed = operations.get(session, document_id, actor).state is State.DRAFT_FAILED
    return (retry if failed else redraft)(session, document_id, actor)


def cancel(session: Session, document_id: uuid.UUID, actor: User) -> Document:
    """Stop the draft that is being written; the worker sees it at its next word."""
    document = operations.move(session, document_id, Act.CANCEL, actor)
    _stop_live(session, document_id)
    return document


def withdraw(session: Session, document_id: uuid.UUID, actor: User) -> Document:
    """Give the document up; a draft in writing stops."""
    document = operations.move(session, document_id, Act.WITHDRAW, actor)
    _stop_live(session, document_id)
    return document


def drafts(session: Session, document_id: uuid.UUID) -> Sequence[Autodoc]:
    """Every draft of a document, the newest first."""
    query = select(Autodoc).where(Autodoc.document_id == document_id)
    return session.scalars(query.order_by(Autodoc.number.desc())).all()


def newest(session: Session, document_id: uuid.UUID) -> Autodoc | None:
    """The newest draft without its long columns: a watching page asks for it several times a second."""
    query = select(Autodoc).where(Autodoc.document_id == document_id).order_by(Autodoc.number.desc()).limit(1)
    heavy = (Autodoc.brief, Autodoc.prompt_tokens, Autodoc.output_tokens, Autodoc.sampling)
    return session.scalars(query.options(*(defer(column) for column in heavy))).one_or_none()


def _queue(session: Session, document: Document, actor: User, *, priority: int) -> Autodoc:
    number = session.scalar(select(func.count()).where(Autodoc.document_id == document.id)) or 0
    draft = Autodoc(
        document_id=document.id,
        number=number + 1,
        requested_by_id=actor.id,
        brief=document.brief,
        sampling={},
        seed=secrets.randbelow(2**31),
        model=settings().model,
        tokens_target=settings().draft_tokens,
    )
    session.add(draft)
    session.flush()
    draft.job_id = jobs.defer(session, jobs.Task.WRITE_DRAFT, jobs.Queue.DRAFTS, priority=priority, autodoc_id=draft.id)
    return draft


def _stop_live(session: Session, document_id: uuid.UUID) -> None:
    session.execute(
        update(Autodoc)
        .where(Autodoc.document_id == document_id, Autodoc.state.in_(LIVE))
        .values(state=DraftState.CANCELLED, finished_at=func.clock_timestamp(), waiting_since=None)
    )

"""Loading a document under a person's right, and the frame of every act: expect a state, enter the next, record it."""

import datetime as dt
import uuid

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from copydesk import audit
from copydesk.accounts.models import User
from copydesk.config import settings
from copydesk.documents import policy
from copydesk.documents.errors import DocumentNotFound, NotAllowed, WrongState
from copydesk.documents.models import Document, State
from copydesk.documents.workflow import TRANSITIONS, Act, allows


def get(session: Session, document_id: uuid.UUID, user: User, *, lock: bool = False) -> Document:
    """The document, if this person may see it.

    Raises:
        DocumentNotFound: there is none, or it is not theirs: a stranger can't tell which.
    """
    query = select(Document).where(Document.id == document_id)
    query = query.where(policy.visible_to(user, claiming=settings().claiming))
    if lock:
        query = query.with_for_update(of=Document).execution_options(populate_existing=True)
    document = session.scalars(query).one_or_none()
    if document is None:
        raise DocumentNotFound
    return document


def lock_for(session: Session, document_id: uuid.UUID, act: Act, actor: User) -> Document:
    """The document with its row locked, if this person may do this now.

    Raises:
        DocumentNotFound, NotAllowed, WrongState: see their docstrings.
    """
    document = get(session, document_id, actor, lock=True)
    if not policy.is_one_of(TRANSITIONS[act].who, actor, document, claiming=settings().claiming):
        raise NotAllowed
    expect(document, act)
    return document


def expect(document: Document, act: Act) -> None:
    if not allows(document, act):
        raise WrongState


def enter(document: Document, act: Act) -> None:
    row = TRANSITIONS[act]
    go_to(document, row.target(has_editor=document.editor_id is not None) if row.targets else document.state)


def go_to(document: Document, state: State) -> None:
    """Into `state`; the time that a question waits is not the editor's, so the due date moves by it."""
    if document.state is not state:
        now = dt.datetime.now(dt.UTC)
        if document.clock_stopped_at is not None:
            if document.due_at is not None:
                document.due_at += now - document.clock_stopped_at
            document.clock_stopped_at = None
        if state is State.QUESTION:
            document.clock_stopped_at = now
        document.state, document.entered_at = state, now
    document.updated_at = func.clock_timestamp()


def record(
    session: Session,
    act: Act,
    document: Document,
    actor: User | None,
    *,
    before: State | None,
    note: str | None = None,
    extra: tuple[dict[str, object], dict[str, object]] = ({}, {}),
) -> None:
    session.flush()
    audit.record(
        session,
        f"document.{act.value.replace(' ', '_')}",
        actor_id=actor.id if actor else None,
        object_type="document",
        object_id=document.id,
        before={"state": before.value if before else None, **extra[0]},
        after={"state": document.state.value, "round": document.round, **extra[1]},
        note=note,
    )

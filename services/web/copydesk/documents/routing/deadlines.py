"""By when an editor should deliver. While a question waits for the sponsor the clock stands still (`access.go_to`)."""

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.documents import access
from copydesk.documents.errors import InvalidInput
from copydesk.documents.models import Document
from copydesk.documents.workflow import Act

FURTHEST = dt.timedelta(days=10 * 366)


def set_due(session: Session, document_id: uuid.UUID, actor: User, due_at: dt.datetime | None) -> Document:
    """Another date, or none; the same one again changes nothing.

    Raises:
        InvalidInput: `due`: it has passed, or lies too far ahead.
        DocumentNotFound, NotAllowed, WrongState: see their docstrings.
    """
    document = access.lock_for(session, document_id, Act.SET_DUE, actor)
    if document.due_at == due_at:
        return document
    before, document.due_at = document.due_at, acceptable(due_at)
    if document.clock_stopped_at is not None:  # a date given now counts from now
        document.clock_stopped_at = dt.datetime.now(dt.UTC)
    access.enter(document, Act.SET_DUE)
    access.record(
        session, Act.SET_DUE, document, actor, before=document.state,
        extra=({"due_at": _written(before)}, {"due_at": _written(due_at)}),
    )  # fmt: skip
    return document


def acceptable(due_at: dt.datetime | None) -> dt.datetime | None:
    """The date, if somebody can work towards it.

    Raises:
        InvalidInput: `due`.
    """
    now = dt.datetime.now(dt.UTC)
    if due_at is not None and due_at <= now:
        raise InvalidInput("due", "This date has passed. Please choose one to come.")
    if due_at is not None and due_at > now + FURTHEST:
        raise InvalidInput("due", "Please choose a date within the next ten years.")
    return due_at


def due_now(document: Document, now: dt.datetime | None = None) -> dt.datetime | None:
    """The date as it stands: it moves on with every moment that a question waits."""
    if document.due_at is None or document.clock_stopped_at is None:
        return document.due_at
    return document.due_at + ((now or dt.datetime.now(dt.UTC)) - document.clock_stopped_at)


def _written(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds") if moment else None

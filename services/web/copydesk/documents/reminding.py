"""Reminding whoever has to act next, because somebody asks for it; `routing.reminders` does it by the calendar."""

import datetime as dt
import uuid

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.audit.log import AuditEvent
from copydesk.documents import access, letters
from copydesk.documents.errors import DocumentError, WrongState
from copydesk.documents.models import Document, State
from copydesk.documents.workflow import Act

PAUSE = dt.timedelta(hours=1)  # between two reminders of one document
TAKEN_BACK = "Taken back."


class RemindedAlready(DocumentError):
    """Somebody reminded of this less than an hour ago."""


def who_acts(document: Document) -> User | None:
    """Whose move it is; nobody's, where the desk or the machine acts next."""
    if document.state is State.EDITING:
        return document.editor
    if document.state in (State.DRAFT_FAILED, State.CHOOSING, State.QUESTION, State.SIGNOFF, State.APPROVED):
        return document.sponsor
    return None


def remind(session: Session, document_id: uuid.UUID, actor: User) -> Document:
    """Tell whoever has to act that it waits for them; nobody is reminded by themselves.

    Raises:
        RemindedAlready: once an hour is enough.
        DocumentNotFound, NotAllowed, WrongState: see their docstrings.
    """
    document = access.lock_for(session, document_id, Act.REMIND, actor)
    recent = select(AuditEvent.id).where(
        AuditEvent.object_type == "document",
        AuditEvent.object_id == str(document.id),
        AuditEvent.action == "document.remind",
        AuditEvent.at > func.clock_timestamp() - PAUSE,
    )
    if session.scalars(recent.order_by(AuditEvent.id.desc()).limit(1)).first() is not None:
        raise RemindedAlready
    access.record(session, Act.REMIND, document, actor, before=document.state)
    letters.tell_of_reminder(session, document, actor, who_acts(document))
    return document


def take_back(session: Session, document_id: uuid.UUID, actor: User, reminded: State) -> Document:
    """What was said can't be unsaid: whoever was reminded is told that they need not hurry.

    Raises:
        WrongState: it is somebody else's move by now.
    """
    document = access.lock_for(session, document_id, Act.REMIND, actor)
    if document.state is not reminded:
        raise WrongState
    access.record(session, Act.REMIND, document, actor, before=document.state, note=TAKEN_BACK)
    letters.tell_of_reminder_taken_back(session, document, actor, who_acts(document))
    return document

"""Taking up again what was withdrawn: it goes back to where it was, as far as it can."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.accounts.models import Status, User
from copydesk.audit.log import AuditEvent
from copydesk.documents import access
from copydesk.documents.models import Document, State
from copydesk.documents.workflow import Act

# Withdrawing stops the drafts and voids the signature: both are asked for again.
_INSTEAD = {State.DRAFTING: State.DRAFT_FAILED, State.APPROVED: State.SIGNOFF}
_NEEDS_EDITOR = (State.EDITING, State.QUESTION, State.SIGNOFF)


def take_up_again(session: Session, document_id: uuid.UUID, actor: User, *, note: str = "") -> Document:
    """Undo a withdrawal. A text whose editor can't work any more waits for another.

    Raises:
        DocumentNotFound, NotAllowed, WrongState: see their docstrings.
    """
    document = access.lock_for(session, document_id, Act.RESTORE, actor)
    state = _state_before(session, document)
    if document.editor is not None and document.editor.status is not Status.APPROVED:
        document.editor_id = None
    if state in _NEEDS_EDITOR and document.editor_id is None:
        state = State.UNASSIGNED
    access.go_to(document, state)
    access.record(session, Act.RESTORE, document, actor, before=State.WITHDRAWN, note=note or None)
    session.refresh(document)
    return document


def _state_before(session: Session, document: Document) -> State:
    """Where it was, by the record; what is not on record is taken from what there is."""
    query = select(AuditEvent.before).where(
        AuditEvent.object_type == "document",
        AuditEvent.object_id == str(document.id),
        AuditEvent.action == "document.withdraw",
    )
    last = session.scalars(query.order_by(AuditEvent.id.desc()).limit(1)).first() or {}
    before = last.get("state")
    if before not in set(State):
        return State.UNASSIGNED if document.text_number else State.DRAFT_FAILED
    state = State(before)
    return _INSTEAD.get(state, state)

"""Undoing what was done to many: each goes back to where it was, unless something has happened to it since."""

from collections.abc import Callable

from sqlalchemy import func
from sqlalchemy.orm import Session

from copydesk.accounts.models import Status, User
from copydesk.documents import access, operations, reminding, restoring
from copydesk.documents.bulk import acts
from copydesk.documents.bulk.models import BulkAct, BulkItem, BulkKind, Outcome
from copydesk.documents.errors import DocumentError, WrongState
from copydesk.documents.models import State

NOTE = "Undone."


class UndoneAlready(WrongState):
    """This was undone already."""


class MovedOn(DocumentError):
    """Something has happened to it since, so it stays as it is."""


def undo(session: Session, person: User, act_id: int) -> BulkAct:
    """Take one's own act back, document by document.

    Raises:
        DocumentNotFound: it is somebody else's, or its hour is over.
        UndoneAlready: once is enough.
    """
    act = acts.of(session, person, act_id, lock=True)
    if act.undone_at is not None:
        raise UndoneAlready
    for item in sorted(act.those(Outcome.DONE), key=lambda one: one.document_id):
        try:
            with session.begin_nested():
                _unchanged(session, person, item)
                _UNDO[act.act](session, person, item)
                session.flush()
            item.outcome = Outcome.UNDONE
        except DocumentError as error:
            item.outcome, item.says = Outcome.STAYS, acts.why(error)
    act.undone_at = func.clock_timestamp()
    session.flush()
    session.refresh(act)
    return act


def _unchanged(session: Session, person: User, item: BulkItem) -> None:
    document = access.get(session, item.document_id, person, lock=True)
    if document.updated_at != item.changed_at:
        raise MovedOn


def _unassign(session: Session, person: User, item: BulkItem) -> None:
    """To the editor who had it, if they can still work."""
    if item.editor_before is not None:
        before = session.get(User, item.editor_before)
        if before is None or before.status is not Status.APPROVED:
            raise MovedOn("The editor who had it is not available any more.")
    operations.assign(session, item.document_id, person, item.editor_before)


def _take_up(session: Session, person: User, item: BulkItem) -> None:
    restoring.take_up_again(session, item.document_id, person, note=NOTE)


def _unremind(session: Session, person: User, item: BulkItem) -> None:
    reminding.take_back(session, item.document_id, person, item.state_before or State.EDITING)


_UNDO: dict[BulkKind, Callable[[Session, User, BulkItem], None]] = {
    BulkKind.ASSIGN: _unassign,
    BulkKind.WITHDRAW: _take_up,
    BulkKind.REMIND: _unremind,
}

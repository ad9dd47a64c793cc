"""Doing one act to many documents. What can't be done to one of them is said, and doesn't hold up the others."""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, selectinload

from copydesk.accounts.models import User
from copydesk.documents import access, operations, reminding
from copydesk.documents.bulk.models import BulkAct, BulkItem, BulkKind, Outcome
from copydesk.documents.errors import DocumentError, DocumentNotFound, InvalidInput, NotAllowed, WrongState
from copydesk.documents.models import Document

MOST = 500  # documents at once
KEPT = dt.timedelta(hours=1)  # for so long an act can be undone
STATE_SAYS = "The state it is in doesn’t allow this."

Doing = Callable[[Session, uuid.UUID, User], Document]


class NothingChosen(InvalidInput):
    """Please choose at least one document."""

    def __init__(self) -> None:
        super().__init__("document", str(self.__doc__))


class TooMany(InvalidInput):
    """Too many at once."""

    def __init__(self, count: int) -> None:
        super().__init__("document", f"These are {count:,} documents; at most {MOST} can be done at once.")


def assign(session: Session, actor: User, which: Sequence[uuid.UUID], editor: User | None) -> BulkAct:
    """Give them to one editor, or none: back to the desk."""
    chosen = editor.id if editor else None

    def one(session: Session, document_id: uuid.UUID, actor: User) -> Document:
        document = access.get(session, document_id, actor)
        if document.editor_id == chosen:
            raise AlreadySo(f"{editor.name} has it already." if editor else "It has no editor already.")
        return operations.assign(session, document_id, actor, chosen)

    return _do(session, actor, which, BulkKind.ASSIGN, one, detail=editor.name if editor else "")


def remind(session: Session, actor: User, which: Sequence[uuid.UUID]) -> BulkAct:
    """Tell whoever has to act next with each that it waits for them."""

    def one(session: Session, document_id: uuid.UUID, actor: User) -> Document:
        person = reminding.who_acts(access.get(session, document_id, actor))
        if person is not None and person.id == actor.id:
            raise AlreadySo("It waits for you.")
        return reminding.remind(session, document_id, actor)

    return _do(session, actor, which, BulkKind.REMIND, one)


def withdraw(session: Session, actor: User, which: Sequence[uuid.UUID], doing: Doing) -> BulkAct:
    """Give them up; `doing` withdraws one, and stops what is written for it."""
    return _do(session, actor, which, BulkKind.WITHDRAW, doing)


class AlreadySo(DocumentError):
    """There is nothing to do."""


def recent(session: Session, person: User) -> Sequence[BulkAct]:
    """What this person did to many within the hour, the last first."""
    query = select(BulkAct).where(BulkAct.person_id == person.id, BulkAct.created_at > func.clock_timestamp() - KEPT)
    return session.scalars(query.options(selectinload(BulkAct.items)).order_by(BulkAct.id.desc())).all()


def of(session: Session, person: User, act_id: int, *, lock: bool = False) -> BulkAct:
    """One of them.

    Raises:
        DocumentNotFound: there is none, it is somebody else's, or its hour is over.
    """
    mine = (BulkAct.id == act_id, BulkAct.person_id == person.id)
    query = select(BulkAct).where(*mine, BulkAct.created_at > func.clock_timestamp() - KEPT)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    act = session.scalars(query).one_or_none()
    if act is None:
        raise DocumentNotFound
    return act


def why(error: DocumentError) -> str:
    """In words that stand behind a title."""
    if isinstance(error, DocumentNotFound):
        return "It is not there any more."
    if isinstance(error, NotAllowed):
        return "This is not yours to do."
    return STATE_SAYS if isinstance(error, WrongState) else str(error)


def _do(
    session: Session, actor: User, which: Sequence[uuid.UUID], kind: BulkKind, doing: Doing, *, detail: str = ""
) -> BulkAct:
    which = sorted(set(which))  # always in the same order: two people who do much at once don't wait for each other
    if not which:
        raise NothingChosen
    if len(which) > MOST:
        raise TooMany(len(which))
    _forget(session, actor)
    act = BulkAct(person_id=actor.id, act=kind, detail=detail[:200])
    session.add(act)
    for document_id in which:
        item = _one(session, actor, document_id, doing)
        if item is not None:
            act.items.append(item)
    session.flush()
    return act


def _one(session: Session, actor: User, document_id: uuid.UUID, doing: Doing) -> BulkItem | None:
    """Done, or why not; nothing for what the person can't see: not even that it is there."""
    try:
        document = access.get(session, document_id, actor)
    except DocumentNotFound:
        return None
    item = BulkItem(document_id=document_id, title=document.title, outcome=Outcome.DONE)
    item.state_before, item.editor_before = document.state, document.editor_id
    try:
        with session.begin_nested():
            document = doing(session, document_id, actor)
            session.flush()
            session.refresh(document, ["updated_at"])
            item.changed_at = document.updated_at
    except DocumentError as error:
        item.outcome, item.says = Outcome.REFUSED, why(error)
    return item


def _forget(session: Session, actor: User) -> None:
    """Whose hour is over, is over."""
    old = BulkAct.created_at < func.clock_timestamp() - KEPT
    session.execute(delete(BulkAct).where(BulkAct.person_id == actor.id, old))

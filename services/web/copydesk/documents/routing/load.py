"""How much each editor has in hand, and the choice of the one who has least."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, func, select, text
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, Status, User
from copydesk.audit import AuditEvent
from copydesk.documents import access, letters
from copydesk.documents.models import Document, State
from copydesk.documents.routing.rules import rules
from copydesk.documents.workflow import Act

_BY_LOAD = "The desk chose who has least to do."
_ONE_AT_A_TIME = 7_265_601  # an advisory lock: two texts that come at once do not both go to the same person


@dataclass(frozen=True)
class Load:
    """What one editor has to do."""

    editor: User
    in_hand: int  # texts to edit, or waiting for an answer to the editor's question
    late: int  # of these, past their date
    with_sponsor: int  # delivered; they may come back

    @property
    def says(self) -> str:
        """“three texts in hand, one late”."""
        if not self.in_hand:
            return "nothing in hand"
        texts = "one text in hand" if self.in_hand == 1 else f"{self.in_hand} texts in hand"
        return f"{texts}, {'one' if self.late == 1 else self.late} late" if self.late else texts


def of_editors(session: Session, *, now: dt.datetime | None = None) -> list[Load]:
    """Of every editor who can work, by name."""
    now = now or dt.datetime.now(dt.UTC)
    mine = Document.editor_id == User.id
    in_hand = Document.state.in_((State.EDITING, State.QUESTION))
    late = and_(Document.state == State.EDITING, Document.due_at < now)
    query = (
        select(
            User,
            func.count(Document.id).filter(in_hand),
            func.count(Document.id).filter(late),
            func.count(Document.id).filter(Document.state == State.SIGNOFF),
        )
        .outerjoin(Document, and_(mine, Document.state.in_((State.EDITING, State.QUESTION, State.SIGNOFF))))
        .where(User.role == Role.EDITOR, User.status == Status.APPROVED)
        .group_by(User.id)
        .order_by(func.lower(User.name), User.id)
    )
    return [Load(*row) for row in session.execute(query)]


def assign_by_load(session: Session, document: Document) -> User | None:
    """Give a text that nobody edits to whoever has least in hand, where the desk's rules say so.

    Not to those who are away, and not to those who gave this very text back. The caller holds the row's lock.
    Returns the editor, or None: the text goes on waiting.
    """
    if document.state is not State.UNASSIGNED or not rules(session).choose_by_load:
        return None
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
    gave_back = _who_gave_back(session, document)
    free = [one for one in of_editors(session) if not one.editor.away and one.editor.id not in gave_back]
    for one in sorted(free, key=lambda each: (each.in_hand, each.with_sponsor, each.editor.id)):
        if _can_work(session, one.editor.id):
            _assign(session, document, one.editor)
            return one.editor
    return None


def _assign(session: Session, document: Document, editor: User) -> None:
    before = document.state
    document.editor_id = editor.id
    access.enter(document, Act.ASSIGN)
    access.record(
        session, Act.ASSIGN, document, None, before=before, note=_BY_LOAD,
        extra=({"editor": None}, {"editor": editor.id}),
    )  # fmt: skip
    session.refresh(document, ["editor"])
    letters.tell_of_assignment(session, document, None, None)


def _can_work(session: Session, editor_id: int) -> bool:
    """Still approved? Locked, so that a suspension waits for us; one that is under way is not waited for."""
    query = select(User.id).where(User.id == editor_id, User.status == Status.APPROVED)
    return session.scalar(query.with_for_update(read=True, skip_locked=True)) is not None


def _who_gave_back(session: Session, document: Document) -> set[int | None]:
    declined: Iterable[int | None] = session.scalars(
        select(AuditEvent.actor_id).where(
            AuditEvent.object_type == "document",
            AuditEvent.object_id == str(document.id),
            AuditEvent.action == "document.decline",
        )
    )
    return set(declined)

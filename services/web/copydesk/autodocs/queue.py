"""The queue as the desk sees it: paused or not, what waits, what failed, who works. The caller commits."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, column, delete, func, or_, select, table, text
from sqlalchemy.orm import Session, aliased

from copydesk import audit, jobs
from copydesk.accounts.models import Role, User
from copydesk.autodocs import fairness
from copydesk.autodocs.models import LIVE, Autodoc, DraftKind, DraftState
from copydesk.autodocs.queue_tables import DeskSwitch, SwitchName, Takeover
from copydesk.documents.errors import InvalidInput, NotAllowed
from copydesk.documents.models import Document, State
from copydesk.documents.text import clean_line, is_blank

NOTE_MOST = 300  # characters
LATELY = dt.timedelta(days=1)  # so long a failed passage is shown; its editor has asked again, or has not
_jobs = table("procrastinate_jobs", column("id"), column("priority"))


@dataclass(frozen=True)
class Counts:
    """The queue in numbers."""

    waiting: int
    writing: int
    failed: int
    oldest: dt.datetime | None  # since when the longest waiting draft waits


@dataclass(frozen=True)
class Line:
    """A draft as the admin's lists show it, without its words."""

    autodoc_id: int
    kind: DraftKind
    document_id: uuid.UUID
    title: str
    person: str  # who asked for it
    model: str
    state: DraftState
    created_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    waiting_since: dt.datetime | None  # the engine does not answer since then
    reason: str | None
    attempt: int
    failures: int
    takeovers: int
    tokens_written: int
    tokens_target: int
    priority: int | None

    @property
    def is_overdue(self) -> bool:
        """Has it waited for so long that it goes first?"""
        return self.priority is not None and self.priority >= fairness.OVERDUE

    @property
    def is_quick(self) -> bool:
        """Is it short, and does a person wait for it?"""
        return self.priority is not None and 0 < self.priority < fairness.OVERDUE


@dataclass(frozen=True)
class Worker:
    """A worker that gives signs of life."""

    host: str
    process: int
    slots: int
    writing: int
    started_at: dt.datetime
    seen_at: dt.datetime


def pause(session: Session, actor: User, note: str) -> None:
    """No draft is begun from now on; those in writing are finished, the others wait. Sponsors read `note`.

    Raises:
        InvalidInput: there is no note, or it is too long.
        NotAllowed: not an admin.
    """
    _admin(actor)
    note = clean_line(note)
    if is_blank(note):
        raise InvalidInput("note", "Please say why; sponsors read it while they wait.")
    if len(note) > NOTE_MOST:
        raise InvalidInput("note", f"At most {NOTE_MOST} characters, please.")
    fairness.lock(session)
    if paused(session) is not None:
        return
    session.add(DeskSwitch(name=SwitchName.PAUSED, note=note, switched_by_id=actor.id))
    _record(session, "paused", actor, note)


def resume(session: Session, actor: User) -> None:
    """Drafts are begun again, in the order in which they would have been."""
    _admin(actor)
    fairness.lock(session)
    off = delete(DeskSwitch).where(DeskSwitch.name == SwitchName.PAUSED).returning(DeskSwitch.name)
    if session.execute(off).one_or_none() is None:
        return
    _record(session, "resumed", actor, None)
    jobs.wake_workers(session)


def paused(session: Session) -> DeskSwitch | None:
    """The switch with its note while drafting is paused, or None."""
    return session.get(DeskSwitch, SwitchName.PAUSED, populate_existing=True)


def take_out(session: Session, draft: Autodoc) -> None:
    """A draft that nobody began leaves the queue with its job, and its turn goes back to who asked for it."""
    had = None if draft.job_id is None else jobs.withdraw(session, draft.job_id)
    if had is not None:
        fairness.give_back(session, draft.requested_by_id, had, draft.tokens_target)


def counts(session: Session) -> Counts:
    waits, writes = Autodoc.state == DraftState.QUEUED, Autodoc.state == DraftState.WRITING
    oldest_waiting = func.min(Autodoc.created_at).filter(waits)
    query = select(func.count().filter(waits), func.count().filter(writes), oldest_waiting)
    query = query.where(Autodoc.state.in_(LIVE))
    waiting, writing, oldest = session.execute(query).one()
    failed = session.scalar(select(func.count()).select_from(Autodoc).join(Document).where(_failed())) or 0
    return Counts(waiting, writing, failed, oldest)


def live(session: Session, *, limit: int, offset: int = 0) -> Sequence[Line]:
    """What is written now, then what waits, in the order in which it will be written."""
    query = _lines().where(Autodoc.state.in_(LIVE))
    query = query.order_by(Autodoc.state.desc(), _jobs.c.priority.desc(), Autodoc.job_id, Autodoc.id)
    return [Line(*row) for row in session.execute(query.limit(limit).offset(offset))]


def failed(session: Session, *, limit: int, offset: int = 0) -> Sequence[Line]:
    """Drafts that failed and that nobody asked for again, newest first."""
    query = _lines().where(_failed()).order_by(Autodoc.finished_at.desc(), Autodoc.id.desc())
    return [Line(*row) for row in session.execute(query.limit(limit).offset(offset))]


def workers(session: Session, within: dt.timedelta) -> Sequence[Worker]:
    """Who gave a sign of life within that time, the longest at work first."""
    query = text(
        """
        SELECT note.host, note.process, note.slots, (
            SELECT count(*) FROM procrastinate_jobs AS job WHERE job.worker_id = note.worker_id AND job.status = 'doing'
        ), note.started_at, worker.last_heartbeat
        FROM worker_notes AS note JOIN procrastinate_workers AS worker ON worker.id = note.worker_id
        WHERE worker.last_heartbeat > now() - :within
        ORDER BY note.started_at, note.worker_id
        """
    )
    return [Worker(*row) for row in session.execute(query, {"within": within})]


def _lines() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Autodoc.id,
            Autodoc.kind,
            Autodoc.document_id,
            Document.title,
            User.name,
            Autodoc.model,
            Autodoc.state,
            Autodoc.created_at,
            Autodoc.started_at,
            Autodoc.finished_at,
            Autodoc.waiting_since,
            Autodoc.reason,
            Autodoc.attempt,
            Autodoc.failures,
            func.coalesce(Takeover.times, 0),
            Autodoc.tokens_written,
            Autodoc.tokens_target,
            _jobs.c.priority,
        )
        .join(Document, Autodoc.document_id == Document.id)
        .join(User, User.id == Autodoc.requested_by_id)
        .outerjoin(Takeover, Takeover.job_id == Autodoc.job_id)
        .outerjoin(_jobs, _jobs.c.id == Autodoc.job_id)
    )


def _failed() -> ColumnElement[bool]:
    """Failures that are still somebody's to answer: a document's newest draft, and words for a passage, lately."""
    other = aliased(Autodoc)
    newest = select(func.max(other.number)).where(
        other.document_id == Autodoc.document_id, other.kind == DraftKind.WHOLE
    )
    return and_(
        Autodoc.state == DraftState.FAILED,
        or_(
            and_(Document.state == State.DRAFT_FAILED, Autodoc.number == newest.scalar_subquery()),
            and_(Autodoc.kind == DraftKind.SPAN, Autodoc.finished_at > func.now() - LATELY),
        ),
    )


def _admin(actor: User) -> None:
    if not (actor.is_approved and actor.role is Role.ADMIN):
        raise NotAllowed


def _record(session: Session, act: str, actor: User, note: str | None) -> None:
    audit.record(session, f"queue.{act}", actor_id=actor.id, object_type="queue", object_id="drafts", note=note)

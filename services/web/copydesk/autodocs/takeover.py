"""What a dead worker left behind: its jobs are done by others, but not for ever.

A job that three workers did not survive is poison: it is given up, and its draft fails with a reason.
"""

import datetime as dt

import structlog
from sqlalchemy import Engine, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from copydesk import audit, jobs
from copydesk.autodocs import replays, writing
from copydesk.autodocs.models import LIVE, Autodoc, DraftState
from copydesk.autodocs.queue_tables import Takeover
from copydesk.autodocs.writing import Overtaken
from copydesk.db import transaction
from copydesk.documents.errors import DocumentError
from copydesk.documents.models import Document

log = structlog.get_logger(__name__)

MOST = 3  # workers that a job may take down before it is given up
ALONE = "suspect"  # the lock of jobs that went down with a worker twice: one at a time, so that no other goes with them
POISON = (
    "Three times the program that writes drafts broke down while it wrote this one, so the desk stopped trying. "
    "What you wrote is safe; an admin sees what happened, and you can ask again."
)
LOST = "This draft got lost on our side before it was done. What you wrote is safe; please try again."


def take_over(database: Engine, silence: float) -> int:
    """Put the jobs of workers that gave no sign of life for `silence` seconds back, or give them up.

    Each job in a transaction of its own, and by one worker only. Returns how many there were.
    """
    count = 0
    while True:
        with transaction(database) as session:
            job = jobs.lock_stalled(session, silence)
            if job is None:
                return count
            _take(session, job)
        count += 1


def fail_the_lost(database: Engine) -> int:
    """Fail drafts that wait for a job that is not there any more: it ended with an error that nobody foresaw.

    Returns how many there were.
    """
    query = text(
        """
        SELECT draft.id FROM autodocs AS draft LEFT JOIN procrastinate_jobs AS job ON job.id = draft.job_id
        WHERE draft.state IN ('queued', 'writing') AND (job.id IS NULL OR job.status NOT IN ('todo', 'doing'))
        ORDER BY draft.id
        """
    )
    with transaction(database) as session:
        lost = session.scalars(query).all()
    for autodoc_id in lost:
        with transaction(database) as session:
            _fail(session, autodoc_id, LOST)
    return len(lost)


def _take(session: Session, job: jobs.Stalled) -> None:
    times = _count(session, job.id)
    log.warning("worker.takes_over", job=job.id, task=job.task, times=times)
    autodoc_id, replay_id = job.arguments.get("autodoc_id"), job.arguments.get("replay_id")
    if autodoc_id is not None:
        audit.record(
            session,
            "draft.taken_over",
            actor_id=None,
            object_type="autodoc",
            object_id=autodoc_id,
            after={"times": times, "worker": job.worker_id},
        )
    if times < MOST:
        jobs.put_back(session, job.id, lock=ALONE if times > 1 else None)
        return
    jobs.give_up(session, job.id)
    if autodoc_id is not None:
        _fail(session, autodoc_id, POISON)
    if replay_id is not None:
        replays.fail(session, replay_id, POISON)


def _count(session: Session, job_id: int) -> int:
    """How often this job was taken over, with this time; counts of jobs that are gone go too."""
    session.execute(delete(Takeover).where(text("NOT EXISTS (SELECT FROM procrastinate_jobs WHERE id = job_id)")))
    now = dt.datetime.now(dt.UTC)
    statement = insert(Takeover).values(job_id=job_id, times=1, last_at=now)
    statement = statement.on_conflict_do_update(
        index_elements=[Takeover.job_id], set_={"times": Takeover.times + 1, "last_at": now}
    )
    return session.scalars(statement.returning(Takeover.times)).one()


def _fail(session: Session, autodoc_id: int, reason: str) -> None:
    if session.scalar(select(Autodoc.id).where(Autodoc.id == autodoc_id, Autodoc.state.in_(LIVE))) is None:
        return
    # The document's row first, as every person's act does, so that no two wait for each other.
    document = select(Document.id).join(Autodoc, Autodoc.document_id == Document.id).where(Autodoc.id == autodoc_id)
    session.execute(document.with_for_update(of=Document))
    try:
        with session.begin_nested():
            writing.fail(session, writing.claim(session, autodoc_id), reason)
    except Overtaken:
        log.info("draft.overtaken", autodoc=autodoc_id)
    except DocumentError:  # its document has moved on without it; the draft must not stay alive for ever
        ended = {"state": DraftState.FAILED, "reason": reason, "finished_at": func.clock_timestamp()}
        session.execute(update(Autodoc).where(Autodoc.id == autodoc_id, Autodoc.state.in_(LIVE)).values(ended))

"""Whose turn is next. Procrastinate serves the highest priority first, then the lowest id; here the priority is made.

Three lanes, one above the other:

1. overdue: whoever has waited longer than `QUEUE_PATIENCE`, oldest first; at most half of all places at a time, so that
   a long overdue backlog can't lock out those who wait in front of a page;
2. interactive: a short request of a person who waits for it;
3. backlog: everything else.

Within a lane, start-time fair queueing: each request begins at the lane's virtual time or where the same person's
request before it ends, whichever is later, and costs what it is long. So somebody who asks for fifty drafts takes
turns with somebody who asks for one. The tags are kept in the database and made under one lock: every web process
agrees. When a lane is empty its time starts afresh.
"""

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from copydesk import jobs
from copydesk.accounts.models import User
from copydesk.autodocs.queue_tables import Lane, QueueLane, QueueTurn

LONGEST = 500_000_000  # of a lane, in units of cost: years of drafts without one idle moment
TOP = {Lane.INTERACTIVE: 2 * LONGEST, Lane.BACKLOG: 0}  # a lane's priorities: from here down
OVERDUE = 3 * LONGEST
UNIT = 32  # tokens that cost 1
USUAL = 160  # tokens of a request that doesn't say how long it is
SHORT = 512  # a request of more tokens is no quick one, whoever waits for it


def priority(session: Session, person: User, *, interactive: bool = False, tokens: int = USUAL) -> int:
    """The priority of a request by `person` that is deferred next, in the caller's transaction.

    Holds the queue's lock until the caller commits: ask last. A long request is never interactive.
    """
    lane = Lane.INTERACTIVE if interactive and tokens <= SHORT else Lane.BACKLOG
    lock(session)
    now = _advance(session, lane)
    return TOP[lane] - min(_take_turn(session, lane, person.id, now, cost(tokens)), LONGEST - 1)


def cost(tokens: int) -> int:
    return max(1, -(-tokens // UNIT))


def give_back(session: Session, person_id: int, priority: int, tokens: int) -> None:
    """A request that nobody began was taken back: the person's next one need not wait for it."""
    lane = Lane.INTERACTIVE if 0 < priority < OVERDUE else Lane.BACKLOG
    lock(session)
    session.execute(
        update(QueueTurn)
        .where(QueueTurn.lane == lane, QueueTurn.person_id == person_id)
        .values(finish=func.greatest(0, QueueTurn.finish - cost(tokens)))
    )


def lock(session: Session) -> None:
    """One at a time may count the queue or take a turn in it, until the transaction ends."""
    session.execute(select(QueueLane.lane).order_by(QueueLane.lane).with_for_update())


def promote(session: Session, patience: float, most: int | None = None) -> int:
    """Put the oldest of those who waited longer than `patience` seconds first; returns how many.

    At most `most` of them are first at the same time, waiting or in writing: half of all places when it isn't given.
    """
    # Somebody is in the queue's lock: the next look is soon.
    if len(session.execute(select(QueueLane.lane).with_for_update(skip_locked=True)).all()) < len(Lane):
        return 0
    most = max(1, places(session) // 2) if most is None else most
    return len(session.execute(_PROMOTE, {"patience": patience, "most": most, "overdue": OVERDUE, **_queues()}).all())


def places(session: Session) -> int:
    """How many drafts the workers write at once that gave a sign of life in the last minute."""
    query = text(
        "SELECT coalesce(sum(note.slots), 0) FROM worker_notes AS note JOIN procrastinate_workers AS worker "
        "ON worker.id = note.worker_id WHERE worker.last_heartbeat > now() - interval '1 minute'"
    )
    return int(session.execute(query).scalar_one())


def _queues() -> dict[str, list[str]]:
    return {"queues": [queue.value for queue in jobs.DRAFTING]}


# Materialized: a plan that ran the inner query again for each row would lift more than `most`.
_PROMOTE = text(
    """
    WITH oldest AS MATERIALIZED (
        SELECT job.id FROM procrastinate_jobs AS job
        WHERE job.status = 'todo' AND job.queue_name = ANY(:queues) AND job.priority < :overdue
            AND (job.scheduled_at IS NULL OR job.scheduled_at <= now())
            AND EXISTS (
                SELECT FROM procrastinate_events AS event
                WHERE event.job_id = job.id AND event.type = 'deferred'
                    AND event.at < now() - make_interval(secs => :patience)
            )
        ORDER BY job.id
        LIMIT greatest(0, :most - (
            SELECT count(*) FROM procrastinate_jobs
            WHERE status IN ('todo', 'doing') AND priority = :overdue AND queue_name = ANY(:queues)
        ))
        FOR UPDATE OF job SKIP LOCKED
    )
    UPDATE procrastinate_jobs AS job SET priority = :overdue FROM oldest WHERE job.id = oldest.id RETURNING job.id
    """
)

# The turns of a lane that are being served, and of the next one: a turn is the lane's top minus the job's priority.
_TURNS = text(
    """
    SELECT (
        SELECT :top - min(priority) FROM procrastinate_jobs
        WHERE status = 'doing' AND worker_id IS NOT NULL
            AND priority BETWEEN :bottom AND :top AND queue_name = ANY(:queues)
    ) AS served, (
        SELECT :top - max(priority) FROM procrastinate_jobs
        WHERE status = 'todo' AND priority BETWEEN :bottom AND :top AND queue_name = ANY(:queues)
    ) AS next
    """
)


def _advance(session: Session, lane: Lane) -> int:
    """The lane's virtual time now; it begins at 0 again when nothing waits and nothing is written."""
    bounds = {"top": TOP[lane], "bottom": TOP[lane] - LONGEST + 1}
    served, following = session.execute(_TURNS, bounds | _queues()).one()
    row = update(QueueLane).where(QueueLane.lane == lane)
    if served is None and following is None:
        session.execute(delete(QueueTurn).where(QueueTurn.lane == lane))
        session.execute(row.values(virtual_time=0))
        return 0
    reached = served if served is not None else following
    moved = row.values(virtual_time=func.greatest(QueueLane.virtual_time, reached)).returning(QueueLane.virtual_time)
    return session.scalars(moved).one()


def _take_turn(session: Session, lane: Lane, person_id: int, now: int, cost: int) -> int:
    """Where this request starts; the person's next one starts `cost` later."""
    statement = insert(QueueTurn).values(lane=lane, person_id=person_id, finish=now + cost)
    statement = statement.on_conflict_do_update(
        index_elements=[QueueTurn.lane, QueueTurn.person_id],
        set_={"finish": func.greatest(QueueTurn.finish, now) + cost},
    )
    return session.scalars(statement.returning(QueueTurn.finish)).one() - cost

"""The desk's state as figures, asked of the database when somebody looks: what waits, for how long, and who works.

Every desk has these once, however many processes it has. None of the questions reads a whole table that grows.
"""

import platform
from collections.abc import Iterator

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from copydesk import __version__
from copydesk.jobs import Queue

log = structlog.get_logger(__name__)

JOBS = text(
    """
    SELECT job.queue_name, job.status::text AS status, count(*) AS number,
           coalesce(extract(epoch FROM max(now() - coalesce(job.scheduled_at, deferred.at))), 0) AS oldest
    FROM procrastinate_jobs AS job LEFT JOIN LATERAL (
        SELECT min(at) AS at FROM procrastinate_events WHERE job_id = job.id AND type = 'deferred'
    ) AS deferred ON true
    WHERE job.status = 'doing' OR (job.status = 'todo' AND (job.scheduled_at IS NULL OR job.scheduled_at <= now()))
    GROUP BY job.queue_name, job.status
    """
)
FAILED = text(
    "SELECT queue_name, count(*) AS number FROM procrastinate_jobs WHERE status = 'failed' GROUP BY queue_name"
)
UNSEALED = text(
    """
    SELECT count(*) AS number, coalesce(extract(epoch FROM now() - min(event.at)), 0) AS oldest
    FROM audit_events AS event, audit_chain AS head
    WHERE event.tx >= head.sealed_below AND NOT EXISTS (SELECT FROM audit_seals WHERE event_id = event.id)
    """
)
WORKERS = text(
    """
    SELECT count(DISTINCT (note.host, note.process)) FROM worker_notes AS note
    JOIN procrastinate_workers AS worker ON worker.id = note.worker_id
    WHERE worker.last_heartbeat > now() - interval '30 seconds'
    """
)
PAUSED = text("SELECT EXISTS (SELECT FROM desk_switches WHERE name = 'paused')")
STATUSES = {"todo": "waiting", "doing": "working"}


class StateFigures(Collector):
    """Asks at every look; where the database does not answer, it says that and no more."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("copydesk_build_info", "What runs.", labels=["version", "python"])
        build.add_metric([__version__, platform.python_version()], 1)
        yield build
        try:
            connection = self._session.connection()
            connection.execute(text("SET LOCAL statement_timeout = '5s'"))
            found = [*_queue(connection), *_audit(connection), *_workers(connection)]
        except SQLAlchemyError:
            self._session.rollback()
            log.warning("metrics.database", exc_info=True)
            found = []
        yield GaugeMetricFamily("copydesk_database_up", "Did the database answer?", value=bool(found))
        yield from found


def _queue(connection: Connection) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("copydesk_jobs", "Jobs of a queue that are due or in work.", labels=["queue", "status"])
    oldest = GaugeMetricFamily("copydesk_jobs_oldest_seconds", "How long the oldest due job waits.", labels=["queue"])
    failed = GaugeMetricFamily("copydesk_jobs_failed", "Jobs given up, kept to be looked at.", labels=["queue"])
    rows = {(row.queue_name, row.status): row for row in connection.execute(JOBS)}
    given_up = {row.queue_name: row.number for row in connection.execute(FAILED)}
    for queue in Queue:
        for status, word in STATUSES.items():
            row = rows.get((queue.value, status))
            jobs.add_metric([queue.value, word], row.number if row else 0)
        waiting = rows.get((queue.value, "todo"))
        oldest.add_metric([queue.value], float(waiting.oldest) if waiting else 0.0)
        failed.add_metric([queue.value], given_up.get(queue.value, 0))
    return iter((jobs, oldest, failed))


def _audit(connection: Connection) -> Iterator[Metric]:
    row = connection.execute(UNSEALED).one()
    yield GaugeMetricFamily("copydesk_audit_unsealed", "Events of the audit log without a seal yet.", value=row.number)
    yield GaugeMetricFamily(
        "copydesk_audit_unsealed_oldest_seconds", "How long the oldest of them waits for it.", value=float(row.oldest)
    )


def _workers(connection: Connection) -> Iterator[Metric]:
    alive = connection.execute(WORKERS).scalar_one()
    yield GaugeMetricFamily("copydesk_workers", "Workers that gave a sign of life within half a minute.", value=alive)
    paused = connection.execute(PAUSED).scalar_one()
    yield GaugeMetricFamily("copydesk_drafting_paused", "Has an admin paused drafting?", value=bool(paused))

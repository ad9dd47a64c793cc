"""The queue: Procrastinate's tables in our own database, so that a document and its job are committed together.

Jobs are deferred by name: this module never imports a task, and so the web process never imports the worker.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import procrastinate
from procrastinate.contrib.sqlalchemy import SQLAlchemyPsycopg2Connector
from procrastinate.schema import SchemaManager
from sqlalchemy import text
from sqlalchemy.orm import Session

from copydesk import request_ids

REQUEST = "request_id"  # the argument by which a job knows the request that caused it


class Queue(StrEnum):
    DRAFTS = "drafts"
    MAIL = "mail"
    WEBHOOKS = "webhooks"


# What stands still while drafting is paused, and shares the worker's places; mail and webhooks have their own.
DRAFTING = (Queue.DRAFTS,)


class Task(StrEnum):
    WRITE_DRAFT = "write_draft"
    WRITE_SPAN = "write_span"
    REPLAY = "replay"
    SEND_MAIL = "send_mail"
    SEND_WEBHOOK = "send_webhook"


# Only defers: the statements run on the caller's connection, so this application is never opened.
_deferrer = procrastinate.App(connector=SQLAlchemyPsycopg2Connector())


def defer(
    session: Session, task: Task, queue: Queue, *, priority: int = 0, at: dt.datetime | None = None, **arguments: Any
) -> int:
    """Queue `task` in the caller's transaction; it exists if and only if that transaction is committed.

    The number of the request that causes it goes along.

    Args:
        at: not before then.

    Returns the job's id.
    """
    session.flush()
    caused_by = request_ids.current.get()
    if caused_by is not None:
        arguments[REQUEST] = caused_by
    deferrer = _deferrer.configure_task(
        task.value,
        queue=queue.value,
        priority=priority,
        schedule_at=at,
        connection=session.connection(),
    )
    return deferrer.defer(**arguments)


def worker_is_alive(session: Session, within: dt.timedelta) -> bool:
    """Has any worker given a sign of life within that time?"""
    query = text("SELECT EXISTS (SELECT FROM procrastinate_workers WHERE last_heartbeat > now() - :within)")
    return bool(session.execute(query, {"within": within}).scalar())


@dataclass(frozen=True)
class Stalled:
    """A job whose worker fell silent."""

    id: int
    task: str
    arguments: Mapping[str, Any]
    worker_id: int | None  # None: the worker is not even known any more


def lock_stalled(session: Session, silence: float) -> Stalled | None:
    """One job of a worker that gave no sign of life for `silence` seconds; it is this transaction's alone."""
    query = text(
        """
        SELECT job.id, job.task_name, job.args, job.worker_id
        FROM procrastinate_jobs AS job LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
        WHERE job.status = 'doing'
            AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => :silence))
        ORDER BY job.id LIMIT 1 FOR UPDATE OF job SKIP LOCKED
        """
    )
    row = session.execute(query, {"silence": silence}).one_or_none()
    return None if row is None else Stalled(*row)


def put_back(session: Session, job_id: int, *, lock: str | None = None) -> None:
    """A job in work waits again, at its old place; of the jobs with the same `lock` only one is worked on at a time."""
    session.execute(
        text("SELECT procrastinate_retry_job_v2(:id, now(), NULL, NULL, :lock)"), {"id": job_id, "lock": lock}
    )


def give_up(session: Session, job_id: int) -> None:
    """A job is not tried again; its row is kept."""
    session.execute(text("SELECT procrastinate_finish_job_v1(:id, 'failed', false)"), {"id": job_id})


def withdraw(session: Session, job_id: int) -> int | None:
    """Take a job that nobody has begun out of the queue; returns the priority it had, or None: somebody has."""
    query = text("DELETE FROM procrastinate_jobs WHERE id = :id AND status = 'todo' RETURNING priority")
    return session.execute(query, {"id": job_id}).scalar()


def wake_workers(session: Session) -> None:
    """Workers look for jobs as soon as this transaction is committed."""
    for queue in DRAFTING:
        session.execute(
            text("SELECT pg_notify('procrastinate_queue_v1#' || :queue, :news)"),
            {"queue": queue.value, "news": '{"type": "job_inserted", "job_id": 0}'},
        )


def schema_sql() -> str:
    """The SQL that makes Procrastinate's own tables, for the migration that installs them."""
    return SchemaManager.get_schema()

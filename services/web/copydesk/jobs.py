"""The queue: Procrastinate's tables in our own database, so that a document and its job are committed together.

Jobs are deferred by name: this module never imports a task, and so the web process never imports the worker.
"""

import datetime as dt
from enum import StrEnum
from typing import Any

import procrastinate
from procrastinate.contrib.sqlalchemy import SQLAlchemyPsycopg2Connector
from procrastinate.schema import SchemaManager
from sqlalchemy import text
from sqlalchemy.orm import Session


class Queue(StrEnum):
    DRAFTS = "drafts"
    MAIL = "mail"


class Task(StrEnum):
    WRITE_DRAFT = "write_draft"
    SEND_MAIL = "send_mail"


# Only defers: the statements run on the caller's connection, so this application is never opened.
_deferrer = procrastinate.App(connector=SQLAlchemyPsycopg2Connector())


def defer(session: Session, task: Task, queue: Queue, *, priority: int = 0, **arguments: Any) -> int:
    """Queue `task` in the caller's transaction; it exists if and only if that transaction is committed.

    Returns the job's id.
    """
    session.flush()
    deferrer = _deferrer.configure_task(
        task.value,
        queue=queue.value,
        priority=priority,
        connection=session.connection(),
    )
    return deferrer.defer(**arguments)


def worker_is_alive(session: Session, within: dt.timedelta) -> bool:
    """Has any worker given a sign of life within that time?"""
    query = text("SELECT EXISTS (SELECT FROM procrastinate_workers WHERE last_heartbeat > now() - :within)")
    return bool(session.execute(query, {"within": within}).scalar())


def schema_sql() -> str:
    """The SQL that makes Procrastinate's own tables, for the migration that installs them."""
    return SchemaManager.get_schema()

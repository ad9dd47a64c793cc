"""Migrations beside people at work: whoever waits for a table makes all others wait behind, so nobody waits for long.

A statement that needs a table for itself gives up after a second, and the migration begins anew a moment later: its
transaction was taken back. Indexes that are made beside other work make nobody wait, and may take as long as they need.
"""

import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

log = structlog.get_logger(__name__)

LOCK_WAIT = "1s"
STATEMENT = "30s"  # the most that one statement may take, but for indexes
IN_THE_WAY = ("55P03", "40P01")  # PostgreSQL's codes: a lock was not given in time, and a deadlock
PATIENCE = 600.0  # seconds for all attempts
PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds between them; the last again and again
_INDEX = re.compile(r"\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)", re.I)


def patiently(connection: Connection, migrate: Callable[[], None]) -> None:
    """Call `migrate` until no lock stood in its way.

    Raises:
        OperationalError: one stood there all the time.
    """
    event.listen(connection, "before_cursor_execute", _before)
    event.listen(connection, "after_cursor_execute", _after)
    deadline = time.monotonic() + PATIENCE
    for attempt in range(10**6):
        connection.exec_driver_sql(_limits(LOCK_WAIT, STATEMENT))
        connection.commit()
        try:
            migrate()
        except OperationalError as error:
            connection.rollback()
            if getattr(error.orig, "pgcode", None) not in IN_THE_WAY or time.monotonic() > deadline:
                raise
            log.warning("migrate.waits", reason=str(error.orig).strip().splitlines()[0])
            time.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])
        else:
            return


def _before(conn: Connection, cursor: Any, statement: str, *_: Any) -> None:
    if "CONCURRENTLY" not in statement.upper():
        return
    cursor.execute(_limits("0", "0"))
    index = _INDEX.match(statement)
    if index is None:
        return
    # One that was given up half-way has its name already, and is used by nobody.
    query = "SELECT FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid"
    cursor.execute(query, (index[1],))
    if cursor.rowcount:
        cursor.execute(f'DROP INDEX CONCURRENTLY "{index[1]}"')


def _after(conn: Connection, cursor: Any, statement: str, *_: Any) -> None:
    if "CONCURRENTLY" in statement.upper():
        other = conn.connection.cursor()
        other.execute(_limits(LOCK_WAIT, STATEMENT))
        other.close()


def _limits(lock: str, statement: str) -> str:
    return f"SET lock_timeout = '{lock}'; SET statement_timeout = '{statement}'"

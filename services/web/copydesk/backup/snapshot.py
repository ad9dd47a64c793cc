"""The database at one moment: what pg_dump reads is counted in the same snapshot, while everybody goes on writing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from copydesk.backup.errors import BackupError

TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname
"""
# Roles that something in this database is granted to; their owners are not among them.
ROLES = """
    SELECT DISTINCT role.rolname
    FROM pg_shdepend AS held JOIN pg_roles AS role ON role.oid = held.refobjid
    WHERE held.refclassid = 'pg_authid'::regclass AND held.deptype = 'a' AND role.rolname NOT LIKE 'pg\\_%'
      AND held.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY role.rolname
"""
SIZE = """
    SELECT coalesce(sum(pg_table_size(oid)), 0)::bigint FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""


@dataclass(frozen=True)
class Snapshot:
    """What is the case in one transaction."""

    name: str  # by which pg_dump joins it
    server: str  # PostgreSQL's version
    server_major: int
    migration: str
    tables: dict[str, int]
    roles: list[str]
    audit: dict[str, Any]
    size: int  # bytes of the tables on disk, without indexes


@contextmanager
def take(url: str) -> Iterator[Snapshot]:
    """A snapshot for the length of a block. Events that are due get their seals before.

    Raises:
        BackupError: the database can't be reached, or is no desk's.
    """
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            connection.execute("SET idle_in_transaction_session_timeout = 0")
            connection.execute("SET statement_timeout = 0")
            connection.commit()
            _seal(connection)
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield _look(connection)
    except psycopg.Error as error:
        raise BackupError(f"The database refuses: {str(error).strip().splitlines()[0]}") from error


def _seal(connection: psycopg.Connection[Any]) -> None:
    if _value(connection, "SELECT to_regprocedure('seal_audit_events()')") is not None:
        connection.execute("SELECT seal_audit_events()")
    connection.commit()


def _look(connection: psycopg.Connection[Any]) -> Snapshot:
    names = [name for (name,) in connection.execute(TABLES)]
    if "alembic_version" not in names:
        raise BackupError("The database has no desk in it: `copydesk migrate` makes one.")
    audit = (
        connection.execute("SELECT position, sha256 FROM audit_chain").fetchone() if "audit_chain" in names else None
    )
    return Snapshot(
        name=str(_value(connection, "SELECT pg_export_snapshot()")),
        server=str(_value(connection, "SHOW server_version")).split()[0],
        server_major=connection.info.server_version // 10_000,
        migration=str(_value(connection, "SELECT version_num FROM alembic_version")),
        tables={name: _count(connection, name) for name in names},
        roles=[name for (name,) in connection.execute(ROLES)],
        audit={"position": audit[0], "sha256": audit[1]} if audit else {},
        size=int(_value(connection, SIZE)),
    )


def _count(connection: psycopg.Connection[Any], table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", table))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _value(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None

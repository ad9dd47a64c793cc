"""Giving the two roles of a desk exactly the rights of `tables`: after every migration, and as often as one likes.

All of it is one transaction: who works on the desk meanwhile has either the rights of before or those of after.
"""

from typing import Any

from sqlalchemy import Connection, CursorResult, text
from sqlalchemy.exc import ProgrammingError

from copydesk.rights import tables
from copydesk.rights.tables import Process

LONGEST_NAME = 63  # of anything in PostgreSQL, in bytes
ONE_AT_A_TIME = 724500112  # the lock of everybody who gives rights

# Functions of ours, none that belongs to an extension.
FUNCTIONS = """
    SELECT one.proname, one.oid::regprocedure::text FROM pg_proc AS one
    WHERE one.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = one.oid AND deptype = 'e')
    ORDER BY 2
"""
# Sequences that an INSERT asks for itself; those of identity columns PostgreSQL looks after.
SEQUENCES = """
    SELECT format('%I', sequence.relname) FROM pg_class AS sequence
    JOIN pg_depend AS link ON link.classid = 'pg_class'::regclass AND link.objid = sequence.oid AND link.deptype = 'a'
    JOIN pg_class AS owner ON owner.oid = link.refobjid
    WHERE sequence.relkind = 'S' AND sequence.relnamespace = 'public'::regnamespace AND owner.relname = :table
"""


class RightsError(Exception):
    """The database's roles can't be made as they should be; the message says what to do."""


class MayNotMakeRoles(RightsError):
    """The owner of the schema may not make roles."""


def role_of(database: str, process: Process) -> str:
    """The role that holds a process's rights. It bears the database's name: a cluster has its roles in common."""
    name = f"{database}_{process}_rights"
    if len(name.encode()) > LONGEST_NAME:
        raise RightsError(f"The database's name, {database}, is too long: its roles would have no name of their own.")
    return name


def grant(connection: Connection) -> dict[Process, str]:
    """Make the roles where they are missing, and give them their rights. Returns their names; the caller commits.

    What is not in `tables` stays closed to both.

    Raises:
        MayNotMakeRoles: see its docstring.
        RightsError: the database's name is too long.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ONE_AT_A_TIME})
    database = connection.execute(text("SELECT current_database()")).scalar_one()
    functions = [(name, signature) for name, signature in connection.execute(text(FUNCTIONS))]
    roles = {process: role_of(database, process) for process in Process}
    for role in roles.values():
        _make(connection, role)
    for statement in _closing(connection, database, roles, functions):
        run(connection, statement)
    for process, role in roles.items():
        for statement in _opening(connection, database, process, role, functions):
            run(connection, statement)
    return roles


def run(connection: Connection, statement: str) -> CursorResult[Any]:
    """A statement that is complete: nothing in it is taken for a place where a value goes."""
    return connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def quoted(connection: Connection, name: str) -> str:
    """A name as SQL writes it."""
    return connection.dialect.identifier_preparer.quote_identifier(name)


def _make(connection: Connection, role: str) -> None:
    if connection.execute(text("SELECT FROM pg_roles WHERE rolname = :role"), {"role": role}).rowcount:
        return
    try:
        with connection.begin_nested():
            run(connection, f"CREATE ROLE {quoted(connection, role)} NOLOGIN")
    except ProgrammingError as error:
        raise MayNotMakeRoles(
            f"The owner of the schema may not make roles. Let it (ALTER ROLE … CREATEROLE), or make {role} for it."
        ) from error


def _closing(
    connection: Connection, database: str, roles: dict[Process, str], functions: list[tuple[str, str]]
) -> list[str]:
    """Nobody has a right: neither one from before nor one that PostgreSQL gives to everybody."""
    both = ", ".join(quoted(connection, role) for role in roles.values())
    place = quoted(connection, database)
    return [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {both}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {both}",
        f"REVOKE ALL ON SCHEMA public FROM {both}",
        f"REVOKE ALL ON DATABASE {place} FROM {both}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"REVOKE ALL ON DATABASE {place} FROM PUBLIC",  # to connect, and to make tables that last for a session
        *(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC, {both}" for _, signature in functions),
        # What a later migration makes is closed from its first moment.
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
    ]


def _opening(
    connection: Connection, database: str, process: Process, role: str, functions: list[tuple[str, str]]
) -> list[str]:
    name = quoted(connection, role)
    found = [f"GRANT CONNECT ON DATABASE {quoted(connection, database)} TO {name}"]
    found.append(f"GRANT USAGE ON SCHEMA public TO {name}")
    for table, may in tables.TABLES.items():
        if not may[process]:
            continue
        found.append(f"GRANT {may[process]} ON {quoted(connection, table)} TO {name}")
        if "INSERT" in may[process]:
            sequences = connection.execute(text(SEQUENCES), {"table": table}).scalars()
            found += [f"GRANT USAGE ON SEQUENCE {sequence} TO {name}" for sequence in sequences]
    found += [
        f"GRANT EXECUTE ON FUNCTION {signature} TO {name}"
        for function, signature in functions
        if process in tables.FUNCTIONS.get(function, ())
    ]
    return found

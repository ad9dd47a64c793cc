"""The roles by which web and worker log in, made and kept by `copydesk migrate`: nobody has to type SQL.

Name and password stand in the addresses that the two processes get as their secrets. The password goes to the database
as the verifier that the database keeps, so that it stands in no log of its.
"""

from collections.abc import Mapping

import psycopg2  # type: ignore[import-untyped]
from psycopg2.extensions import encrypt_password  # type: ignore[import-untyped]
from sqlalchemy import URL, Connection, make_url, text
from sqlalchemy.exc import ProgrammingError

from copydesk.rights.granting import RightsError, quoted, run
from copydesk.rights.tables import Process

PLAIN = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
MADE_BY_HAND = (
    "The owner of the schema may not {act} {login}. Let it (ALTER ROLE … CREATEROLE), or do it for it, "
    "with the password of {setting}."
)
# More than a role needs that adds to the log and reads it; the owner, and whoever may act as the owner, can all of it.
TOO_MUCH = """
    SELECT has_table_privilege(:login, 'audit_events', 'UPDATE, DELETE, TRUNCATE, TRIGGER')
        OR has_schema_privilege(:login, 'public', 'CREATE')
        OR (SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication
            FROM pg_roles WHERE rolname = :login)
"""


def keep(connection: Connection, roles: Mapping[Process, str], addresses: Mapping[Process, str]) -> list[Process]:
    """Make the log-in of each process, or give it the password that its address has now; the caller commits.

    Args:
        addresses: the databases of web and worker as they are told; an empty one, or the owner's own: no log-in.

    Returns the processes that have one of their own.

    Raises:
        RightsError: an address can't be used, or its role may do more than it should.
    """
    owner = connection.execute(text("SELECT current_user")).scalar_one()
    urls = {process: make_url(address) for process, address in addresses.items() if address}
    own = {process: url for process, url in urls.items() if url.username != owner}
    _can_be_used(connection, roles, own)
    for process, url in own.items():
        _keep_one(connection, process, roles[process], url)
    return list(own)


def _can_be_used(connection: Connection, roles: Mapping[Process, str], urls: Mapping[Process, URL]) -> None:
    here = connection.execute(text("SELECT current_database()")).scalar_one()
    names = [url.username for url in urls.values()]
    for process, url in urls.items():
        setting = setting_of(process)
        if not url.username or url.username in roles.values():
            raise RightsError(f"{setting} must name a role to log in as, such as {here}_{process}.")
        if url.database != here:
            raise RightsError(f"{setting} must name the database of DATABASE_URL, {here}.")
    if len(set(names)) < len(names):
        raise RightsError(f"{' and '.join(map(setting_of, urls))} must name two roles, not one.")


def setting_of(process: Process) -> str:
    return f"{process.value.upper()}_DATABASE_URL"


def _keep_one(connection: Connection, process: Process, role: str, url: URL) -> None:
    login = str(url.username)
    known = connection.execute(text("SELECT FROM pg_roles WHERE rolname = :login"), {"login": login}).rowcount > 0
    words = f"{'ALTER' if known else 'CREATE'} ROLE {quoted(connection, login)} LOGIN"
    if not known:
        words += f" {PLAIN}"
    if url.password is not None:
        # A verifier has no quotation marks.
        words += f" PASSWORD '{_verifier(connection, login, str(url.password))}'"
    try:
        with connection.begin_nested():
            run(connection, words)
            run(connection, f"GRANT {quoted(connection, role)} TO {quoted(connection, login)}")
    except ProgrammingError as error:
        if not (known and _has(connection, login, role) and _lets_in(url)):
            act = "change" if known else "make"
            raise RightsError(MADE_BY_HAND.format(act=act, login=login, setting=setting_of(process))) from error
    if connection.execute(text(TOO_MUCH), {"login": login}).scalar_one():
        raise RightsError(f"{login} may do more than a {process} needs. Name another role in {setting_of(process)}.")


def _verifier(connection: Connection, login: str, password: str) -> str:
    driver = connection.connection.driver_connection
    return str(encrypt_password(password, login, scope=driver, algorithm="scram-sha-256"))


def _has(connection: Connection, login: str, role: str) -> bool:
    query = text("SELECT pg_has_role(:login, :role, 'USAGE')")
    return bool(connection.execute(query, {"login": login, "role": role}).scalar_one())


def _lets_in(url: URL) -> bool:
    """Is this password the right one already? Somebody else keeps the role then."""
    try:
        where = url.translate_connect_args(database="dbname", username="user")
        psycopg2.connect(**where, **url.query, connect_timeout=5).close()
    except psycopg2.OperationalError:
        return False
    return True

"""The dump into the database, in one transaction: all of it, with as many rows as were counted, or nothing.

pg_restore writes its statements to psql. The last of them is ours, so a restore that ends in the middle, however it
ends, is rolled back by the database.
"""

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import IO

import psycopg

from copydesk.backup import programs
from copydesk.backup.archive import CHUNK, Reader
from copydesk.backup.errors import BackupError, DamagedArchive
from copydesk.backup.manifest import DUMP, Manifest
from copydesk.backup.programs import Programs

MINE = """
    {namespace} = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend AS held WHERE held.objid = thing.oid AND held.deptype IN ('e', 'i'))
"""  # the rest belongs to extensions, or goes with its table
# A statement for each of our own things that takes it away.
DROPS = f"""
    SELECT format('DROP %s IF EXISTS public.%I CASCADE', CASE relkind
      WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relname)
    FROM pg_class AS thing WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND {MINE.format(namespace="relnamespace")}
    UNION ALL SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure)
    FROM pg_proc AS thing WHERE {MINE.format(namespace="pronamespace")}
    UNION ALL SELECT format('DROP TYPE IF EXISTS public.%I CASCADE', typname)
    FROM pg_type AS thing WHERE typtype IN ('e', 'd', 'c', 'r') AND {MINE.format(namespace="typnamespace")}
      AND NOT EXISTS (SELECT FROM pg_class WHERE pg_class.oid = thing.typrelid AND relkind <> 'c')
"""  # noqa: S608  # nosec B608
CLEAR = f"""
    DO $clear$
    DECLARE statement text;
    BEGIN
      FOREACH statement IN ARRAY ARRAY({DROPS}) LOOP
        EXECUTE statement;
      END LOOP;
    END $clear$;
"""
ROWS = """
    DO $rows$
    DECLARE found bigint := (SELECT count(*) FROM public."{table}");
    BEGIN
      IF found <> {rows:d} THEN
        RAISE EXCEPTION 'Table {table} has % rows and should have {rows:d}.', found;
      END IF;
    END $rows$;
"""
# Rights are restored with what they are to. A role that is new here can't log in before somebody gives it a password.
ROLE = """
    DO $role$
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE "{role}" NOLOGIN;
      END IF;
    END $role$;
"""
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def what_is_there(url: str) -> tuple[int, int]:
    """How many things a database holds, and how many others are connected to it."""
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            things = connection.execute(DROPS.encode()).fetchall()
            others = connection.execute(OTHERS).fetchone()
    except psycopg.Error as error:
        raise BackupError(f"The database refuses: {str(error).strip().splitlines()[0]}") from error
    return len(things), int(others[0]) if others else 0


def load(client: Programs, url: str, reader: Reader, *, replace: bool) -> None:
    """Restore the dump of an archive.

    Raises:
        BackupError: the database is as it was before.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as said, tempfile.TemporaryFile("w+", errors="replace") as told:
        psql = _psql(client, url, said)
        restore = _pg_restore(client, told)
        assert psql.stdin is not None
        try:
            _write(psql.stdin, _before(reader.manifest, replace=replace))
            _pump(reader, restore, psql.stdin)
            if restore.wait():
                raise BackupError(f"pg_restore ended with {restore.returncode}: {_last(told)}")
            _write(psql.stdin, _after(reader.manifest))
            psql.stdin.close()
            if psql.wait():
                raise BackupError(f"The dump could not be restored: {_last(said)}")
        except BrokenPipeError as error:
            psql.wait()
            raise BackupError(f"The dump could not be restored: {_last(said)}") from error
        finally:
            _end(psql)  # before it was told to commit: the database takes everything back
            _end(restore)


def _pump(reader: Reader, restore: "subprocess.Popen[bytes]", into: IO[bytes]) -> None:
    """The dump from the archive to pg_restore, and its statements to psql, both at once."""
    assert restore.stdout is not None
    faults: list[DamagedArchive | OSError] = []
    feeder = threading.Thread(target=_feed, args=(reader, restore, faults))
    feeder.start()
    try:
        while chunk := restore.stdout.read(CHUNK):
            into.write(chunk)
    finally:
        if feeder.is_alive():
            restore.kill()
        feeder.join()
    if faults:
        raise faults[0]


def _feed(reader: Reader, restore: "subprocess.Popen[bytes]", faults: list[DamagedArchive | OSError]) -> None:
    assert restore.stdin is not None
    try:
        with suppress(BrokenPipeError):  # it ended before; its status says why
            for chunk in reader.chunks(DUMP):
                restore.stdin.write(chunk)
    except (DamagedArchive, OSError) as error:
        faults.append(error)
        restore.kill()
    with suppress(BrokenPipeError):
        restore.stdin.close()


def _before(manifest: Manifest, *, replace: bool) -> Iterator[str]:
    yield "BEGIN;\nSET LOCAL lock_timeout = '15s';\n"
    if replace:
        yield CLEAR
    for role in manifest.roles:
        yield ROLE.format(role=role)


def _after(manifest: Manifest) -> Iterator[str]:
    """Commit only what was counted in the snapshot."""
    for table, rows in manifest.tables.items():
        yield ROWS.format(table=table, rows=rows)
    yield "COMMIT;\n"


def _psql(client: Programs, url: str, said: IO[str]) -> "subprocess.Popen[bytes]":
    command = [client.path("psql"), "--no-psqlrc", "--no-password", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-"]
    return subprocess.Popen(  # noqa: S603  PostgreSQL's own program
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, env=programs.environment(url)
    )


def _pg_restore(client: Programs, told: IO[str]) -> "subprocess.Popen[bytes]":
    command = [client.path("pg_restore"), "--file=-", "--no-owner", "--no-comments", "--no-publications"]
    return subprocess.Popen(  # noqa: S603  PostgreSQL's own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told
    )


def _write(into: IO[bytes], statements: Iterator[str]) -> None:
    for statement in statements:
        into.write(statement.encode())


def _last(said: IO[str]) -> str:
    said.seek(0)
    return programs.last_words(said.read())


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()

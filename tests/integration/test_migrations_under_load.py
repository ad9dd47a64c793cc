"""Migrations while people work: nobody waits behind one for long, and what it does to tables is looked through."""

import itertools
import re
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory
from flask_migrate import upgrade

from copydesk.config import read_settings
from copydesk.web import create_app, migrating
from tests.desk import until

pytestmark = pytest.mark.integration

FIRST_CHECKED = "0017"  # those before made the tables of desks that nobody used yet; they would fall
# What squawk would have otherwise, for every migration.
OTHERWISE = {
    "require-lock-timeout": "web/migrating.py sets it",
    "require-statement-timeout": "web/migrating.py sets it",
    "prefer-robust-stmts": "each migration is one transaction; what runs outside of it says IF NOT EXISTS",
    "prefer-text-field": "a length is a limit on input here, and none has been changed",
    "prefer-bigint-over-int": "counts and seconds; what is numbered has bigint",
}
# And for one of them.
ALLOWED = {
    ("0017", "ban-drop-constraint"): "it is replaced by a wider one in the same transaction",
    ("0017", "constraint-missing-not-valid"): "of a table with some rows a person",
    ("0018", "ban-drop-constraint"): "it is replaced by a wider one in the same transaction",
    ("0018", "constraint-missing-not-valid"): "of the table of people, which has thousands of rows at most",
}


@pytest.fixture
def fresh(make_database, monkeypatch, app):
    """An application on an empty database."""
    monkeypatch.setenv("DATABASE_URL", make_database("load"))
    return create_app(read_settings())


@pytest.fixture
def revisions(fresh):
    """Every revision, the oldest first."""
    with fresh.app_context():
        scripts = ScriptDirectory.from_config(fresh.extensions["migrate"].migrate.get_config())
    return [one.revision for one in reversed(list(scripts.walk_revisions()))]


def client_of(fresh):
    """Who waits five seconds for a lock at most."""
    url = fresh.config["COPYDESK"].libpq_url
    return psycopg.connect(url, autocommit=True, options="-c lock_timeout=5s")


def test_squawk_finds_nothing_in_migrations(fresh, revisions, tmp_path, capfd):
    complaints = []
    for before, one in itertools.pairwise(revisions):
        if one < FIRST_CHECKED:
            continue
        with fresh.app_context():
            upgrade(revision=f"{before}:{one}", sql=True)
        file = tmp_path / f"{one}.sql"
        file.write_text(capfd.readouterr().out)
        assert "UPDATE alembic_version" in file.read_text()
        command = [Path(sys.executable).parent / "squawk", "--reporter", "gcc", "--pg-version", "18", file]
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
        found = re.findall(r"^\S+: (?:warning|error): (\S+) (.*)$", said, re.M)
        complaints += [
            (one, rule, words) for rule, words in found if rule not in OTHERWISE and (one, rule) not in ALLOWED
        ]
    assert complaints == []


def test_squawk_would_find_something(tmp_path):
    """The same call, on what must not be done."""
    file = tmp_path / "wrong.sql"
    file.write_text("BEGIN; ALTER TABLE documents ADD COLUMN x int NOT NULL; CREATE INDEX i ON documents (x); COMMIT;")
    command = [Path(sys.executable).parent / "squawk", "--reporter", "gcc", "--pg-version", "18", file]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    assert "require-concurrent-index-creation" in said
    assert "adding-required-field" in said


class Client(threading.Thread):
    """Somebody of the version before: reads and writes documents and the log, in its own columns."""

    WRITES = (
        "INSERT INTO audit_events (action, object_type, object_id, before, after, source) "
        "VALUES ('document.saved', 'document', '1', '{}', '{}', 'web')",
        "UPDATE documents SET title = title || '.' WHERE state = 'drafting'",
        "UPDATE users SET name = name WHERE id = 1",
    )

    def __init__(self, fresh):
        super().__init__()
        self.connection = client_of(fresh)
        self.reads = [
            f"SELECT {', '.join(columns)} FROM {table} LIMIT 10"  # as a model names them, not *
            for table, columns in self.connection.execute(
                "SELECT table_name, array_agg(quote_ident(column_name)) FROM information_schema.columns "
                "WHERE table_name IN ('documents', 'users', 'audit_events') GROUP BY table_name"
            )
        ]
        self.ended, self.done, self.errors = threading.Event(), 0, []

    def run(self):
        while not self.ended.is_set():
            for statement in (*self.reads, *self.WRITES):
                try:
                    self.connection.execute(statement)
                except psycopg.Error as error:
                    self.errors.append(error)
            self.done += 1

    def end(self):
        self.ended.set()
        self.join()
        self.connection.close()


@pytest.fixture
def before_the_last(fresh, revisions):
    """A desk of the version before, with somebody at work."""
    with fresh.app_context():
        upgrade(revision=revisions[0])
    with client_of(fresh) as connection:
        connection.execute(
            "INSERT INTO users (id, email, name, organization, role, status, password, fs_uniquifier) "
            "VALUES (1, 's@example.org', 'S', 'o', 'sponsor', 'approved', 'x', 'x')"
        )
        connection.execute(
            "INSERT INTO documents (id, title, brief, state, round, sponsor_id, head_number, text_number) "
            "VALUES ('00000000-0000-0000-0000-000000000001', 'T', 'B', 'drafting', 1, 1, 0, 0)"
        )
    with fresh.app_context():
        upgrade(revision=revisions[-2])
    client = Client(fresh)
    client.start()
    yield client
    client.end()


def at_head(fresh, revisions) -> bool:
    with client_of(fresh) as connection:
        return connection.execute("SELECT version_num FROM alembic_version").fetchone() == (revisions[-1],)


def test_the_newest_migration_beside_somebody_at_work(fresh, revisions, before_the_last):
    until(lambda: before_the_last.done > 3, "the client works")
    with fresh.app_context():
        upgrade()
    done = before_the_last.done
    until(lambda: before_the_last.done > done + 3, "the client goes on")
    assert before_the_last.errors == []
    assert at_head(fresh, revisions)


TABLES = ("audit_events", "documents", "users")


def test_a_migration_that_waits_lets_others_pass(fresh, before_the_last, monkeypatch):
    """Somebody holds the tables for as long as it likes: the migration tries again and again, others go on."""
    waited = threading.Semaphore(0)
    sleep = migrating.time.sleep

    def sleeping(seconds):
        waited.release()
        sleep(0.05)

    monkeypatch.setattr(migrating.time, "sleep", sleeping)
    engine = None
    holder = client_of(fresh)
    holder.autocommit = False
    for table in TABLES:
        holder.execute(f"LOCK TABLE {table} IN ACCESS SHARE MODE")
    failed = []

    def change():
        nonlocal engine
        try:
            with fresh.app_context():
                from copydesk.web.extensions import db

                engine = db.engine
                with engine.connect() as connection:
                    migrating.patiently(connection, lambda: _alter(connection))
        except Exception as error:
            failed.append(error)

    migration = threading.Thread(target=change)
    migration.start()
    for _ in range(2):
        assert waited.acquire(timeout=60)
        done = before_the_last.done
        until(lambda done=done: before_the_last.done > done, "others go on")
    holder.rollback()
    holder.close()
    migration.join()
    engine.dispose()
    assert failed == []
    assert before_the_last.errors == []
    with client_of(fresh) as connection:
        connection.execute("SELECT added FROM documents")


def _alter(connection) -> None:
    with connection.begin():
        for table in TABLES:
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN added text")


def test_an_index_that_was_given_up_is_made_anew_and_may_take_its_time(fresh):
    from copydesk.web.extensions import db

    with fresh.app_context(), client_of(fresh) as other:
        other.execute("CREATE TABLE things (a int)")
        other.execute("CREATE INDEX ix_things_a ON things (a)")
        other.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_things_a'::regclass")
        shown = []

        def make():
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                migrating.patiently(connection, lambda: _index(connection, shown))

        make()
        assert other.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_things_a'::regclass"
        ).fetchone() == (True,)
        assert shown == ["1s", "30s"]  # the limits hold again afterwards
        db.engine.dispose()


def _index(connection, shown: list[str]) -> None:
    connection.exec_driver_sql("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_things_a ON things (a)")
    shown += [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in ("lock_timeout", "statement_timeout")]

"""What every test shares: a real PostgreSQL, a savepoint a test, and the named cast of the desk."""

import datetime as dt
import os
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Select, create_engine, event, inspect, text
from sqlalchemy.orm import InstrumentedAttribute, ORMExecuteState, Session

os.environ.setdefault("COPYDESK_ENV", "test")
os.environ.setdefault("DATABASE_URL", "postgresql:///unset-in-tests")
os.environ.setdefault("SECRET_KEY", "test-only-not-a-secret-test-only")
os.environ.setdefault("PASSWORD_SALT", "test-only-not-a-salt")
os.environ.setdefault("ENGINE_TOKEN", "test-only-engine-token")

from copydesk.config import Settings, settings
from copydesk.local.testing import shared_server

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery"


@event.listens_for(Session, "do_orm_execute")
def rows_nobody_ordered_come_the_last_first(state: ORMExecuteState) -> None:
    """PostgreSQL promises no order without ORDER BY, and a table mostly has the order in which it was filled: until
    space is used again. Here whoever relies on it is found at once."""
    query = state.statement
    if not isinstance(query, Select) or state.is_relationship_load or state.is_column_load:
        return
    asked = query.column_descriptions
    plain = all(isinstance(column["expr"], type | InstrumentedAttribute) for column in asked)
    if plain and not (query._order_by_clauses or query._group_by_clauses or query._distinct):
        state.statement = query.order_by(*(column.desc() for column in inspect(asked[0]["entity"]).primary_key))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Unit tests reach no network; the others only this machine."""
    for item in items:
        if "/tests/unit/" in str(item.path) or "/tests/web/" in str(item.path):
            item.add_marker(pytest.mark.allow_hosts(["127.0.0.1", "::1"]))


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("COPYDESK_TEST_RUN", uuid.uuid4().hex[:12])  # inherited by the run's other processes


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(_postgres_folder(), ignore_errors=True)


def _postgres_folder() -> Path:
    """One folder a test run, shared by its processes; not under pytest's own, which another run may clear away."""
    return Path(tempfile.gettempdir()) / f"copydesk-tests-{os.environ['COPYDESK_TEST_RUN']}"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a server for this run: `TEST_DATABASE_URL`, or an embedded one shared by all test processes."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with shared_server(_postgres_folder()) as url:
        yield url


@pytest.fixture(scope="session")
def make_database(postgres_url: str) -> Iterator[Callable[[str], str]]:
    """Make an empty database; returns its address. All are dropped at the end."""
    made: list[str] = []
    server = create_engine(
        postgres_url.replace("postgresql://", "postgresql+psycopg2://"), isolation_level="AUTOCOMMIT"
    )

    def make(purpose: str) -> str:
        name = f"copydesk_{purpose}_{uuid.uuid4().hex[:8]}"
        with server.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
        made.append(name)
        return server.url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)

    yield make
    with server.connect() as connection:
        for name in made:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            for role in (f"{name}_{process}{kind}" for process in ("web", "worker") for kind in ("", "_rights")):
                connection.execute(text(f'DROP ROLE IF EXISTS "{role}"'))
    server.dispose()


@pytest.fixture(scope="session")
def config(make_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of the tests' desk, in force for `settings()` too."""
    os.environ["DATABASE_URL"] = make_database("tests")
    os.environ["DATA_DIR"] = str(tmp_path_factory.mktemp("data"))
    settings.cache_clear()
    return settings()


@pytest.fixture(scope="session")
def app(config: Settings):
    """The application on a freshly migrated database."""
    from flask_migrate import upgrade

    from copydesk.web import create_app
    from copydesk.web.extensions import db
    from copydesk.web.limits import limiter
    from tests.under_role import give_rights

    app = create_app(config)
    app.config["WTF_CSRF_ENABLED"] = False  # one test file switches it on and shows that it holds
    limiter.enabled = False  # the same
    db.session.session_factory.configure(join_transaction_mode="create_savepoint")
    with app.app_context():
        upgrade()
    give_rights(app, db)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def session(app) -> Iterator[Session]:
    """A session inside a transaction that is never committed: every test starts from an empty desk.

    Requests of the test client run on the same connection, each with a session and an application context of its own.
    """
    from copydesk.web.extensions import db
    from tests.under_role import work_as_worker

    with app.app_context():
        engines = db._app_engines[app]
        real = engines[None]
    with real.connect() as connection:
        outer = connection.begin()
        engines[None] = connection
        try:
            with (
                work_as_worker(connection),
                Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as ours,
            ):
                yield ours
        finally:
            engines[None] = real
            outer.rollback()


@dataclass
class Cast:
    """Who plays in the tests."""

    sponsor: object
    other_sponsor: object
    editor: object
    other_editor: object
    admin: object
    pending: object
    rejected: object
    suspended: object


@pytest.fixture(scope="session")
def password_hash(app) -> str:
    """Argon2 is slow on purpose: once a session is enough."""
    from flask_security import hash_password

    with app.app_context():
        return hash_password(PASSWORD)


@pytest.fixture
def make_person(session: Session, password_hash: str):
    """Add a person of any role and status."""
    from copydesk.accounts.models import Role, Status, User

    def make(name: str, role: str = "sponsor", status: str = "approved"):
        user = User(
            name=name,
            email=f"{name.lower().replace(' ', '.')}@example.org",
            organization="The Tests",
            role=Role(role),
            status=Status(status),
            status_reason="The tests say so." if status in ("rejected", "suspended") else None,
            password=password_hash,
            confirmed_at=dt.datetime.now(dt.UTC),
        )
        session.add(user)
        session.flush()
        return user

    return make


@pytest.fixture
def cast(make_person) -> Cast:
    return Cast(
        sponsor=make_person("Ruth Okafor", "sponsor"),
        other_sponsor=make_person("Olaf Other", "sponsor"),
        editor=make_person("Ada Byrne", "editor"),
        other_editor=make_person("Tom Lind", "editor"),
        admin=make_person("Grete Admin", "admin"),
        pending=make_person("Pia Pending", "sponsor", "pending"),
        rejected=make_person("Rolf Rejected", "editor", "rejected"),
        suspended=make_person("Sven Suspended", "editor", "suspended"),
    )


@pytest.fixture
def client(app, session):
    return app.test_client()


@pytest.fixture
def as_person(app, session):
    """A browser in which this person is logged in."""

    from copydesk.accounts import login_sessions

    def browser(user):
        client = app.test_client()
        if user is not None:
            made = login_sessions.begin(session, user, address="127.0.0.1", agent="A test", staying=False)
            with client.session_transaction() as cookie:
                cookie["_user_id"] = user.fs_uniquifier
                cookie["login"] = str(made.id)
                cookie["proved_at"] = int(time.time())
                cookie["_fresh"] = True
        return client

    return browser


@pytest.fixture
def make_document(session: Session, cast: Cast):
    """A document in any state, brought there by the acts that people and worker really do."""
    from tests.journeys import bring_to

    def make(state: str = "editing", *, sponsor=None, editor=None, **words):
        return bring_to(session, state, sponsor or cast.sponsor, editor or cast.editor, **words)

    return make


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def count_queries(app, session):
    """`with count_queries() as statements:` lists every statement sent to the database."""
    connection = session.connection()

    @contextmanager
    def counting():
        statements: list[str] = []

        def note(conn, cursor, statement, parameters, context, executemany):
            statements.append(statement)

        event.listen(connection, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(connection, "before_cursor_execute", note)

    return counting

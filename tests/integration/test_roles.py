"""The roles of web and worker on a real database: what they may not do, and that nothing was left undecided."""

import re
import subprocess

import pytest
from flask_migrate import upgrade
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from copydesk import audit
from copydesk.audit import chain
from copydesk.config import read_settings
from copydesk.db import Base
from copydesk.local.testing import running
from copydesk.rights import granting, settling, tables, telling
from copydesk.rights.granting import MayNotMakeRoles, RightsError
from copydesk.rights.tables import Process
from copydesk.web import create_app
from tests.desk import COPYDESK, Desk, logins_of

pytestmark = pytest.mark.integration

BOTH = ("web", "worker")
# Every right in the schema that somebody besides its owner has: (what, column or none, who, which right).
GIVEN = text(
    """
    WITH found (what, part, acl) AS (
        SELECT relname::text, NULL, relacl FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT relname::text, attname::text, attacl FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT oid::regprocedure::text, NULL, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT 'schema', NULL, nspacl FROM pg_namespace WHERE nspname = 'public'
        UNION ALL SELECT 'database', NULL, coalesce(datacl, acldefault('d', datdba)) FROM pg_database
            WHERE datname = current_database()
    )
    SELECT what, part,
        CASE grantee WHEN 0 THEN 'everybody'
            ELSE regexp_replace(grantee::regrole::text, '^.*?_(?=[a-z]+_rights"?$)', '') END,
        privilege_type
    FROM found, LATERAL aclexplode(acl)
    WHERE grantee NOT IN (SELECT oid FROM pg_roles WHERE rolname IN (current_user, 'pg_database_owner'))
    """
)


def engine_of(url, **options):
    return create_engine(url.replace("postgresql://", "postgresql+psycopg2://"), **options)


def given(url):
    engine = engine_of(url)
    with engine.connect() as connection:
        found = {tuple(row) for row in connection.execute(GIVEN)}
    engine.dispose()
    return found


def app_on(url, monkeypatch, **more):
    for name, value in ({"DATABASE_URL": url} | more).items():
        monkeypatch.setenv(name, value)
    return create_app(read_settings())


@pytest.fixture(scope="module")
def desk(make_database, tmp_path_factory, config):
    made = Desk(make_database("roles"), tmp_path_factory.mktemp("roles"))
    made.run("migrate")
    made.run("development-people")  # as web: they are in the log
    with made.database.begin() as connection:
        chain.seal(Session(connection))
    yield made
    made.stop_all()


@pytest.fixture(scope="module")
def engines(desk):
    made = {name: engine_of(url) for name, url in desk.logins.items()}
    yield made
    for engine in made.values():
        engine.dispose()


def refused(engine, statement):
    """The database's rights forbid it; a trigger that forbids it as well has other words."""
    with pytest.raises(ProgrammingError) as caught, engine.begin() as connection:
        connection.execute(text(statement))
    assert caught.value.orig.pgcode == "42501", caught.value
    assert re.search("permission denied|must be owner|must be superuser", str(caught.value.orig)), caught.value


@pytest.mark.parametrize("process", BOTH)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET note = 'Nothing happened.'",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events CASCADE",
        "SELECT id FROM audit_events FOR UPDATE",
        # In the name of an earlier transaction, at another time, at another place.
        "INSERT INTO audit_events (action, object_type, object_id, before, after, source, tx) "
        "VALUES ('x', 'x', 'x', '{}', '{}', 'web', '3')",
        "INSERT INTO audit_events (action, object_type, object_id, before, after, source, at) "
        "VALUES ('x', 'x', 'x', '{}', '{}', 'web', now() - interval '1 year')",
        "INSERT INTO audit_events (id, action, object_type, object_id, before, after, source) "
        "VALUES (0, 'x', 'x', 'x', '{}', '{}', 'web')",
        "UPDATE audit_seals SET sha256 = ''",
        "DELETE FROM audit_seals",
        "TRUNCATE audit_seals",
        "INSERT INTO audit_seals (position, event_id, sha256) VALUES (99, 99, '')",
        "UPDATE audit_chain SET position = 0",
        "DELETE FROM audit_chain",
        "SELECT position FROM audit_chain FOR UPDATE",
        "SELECT audit_link(one, '') FROM audit_events AS one",
        "ALTER TABLE audit_events DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_events_append_only ON audit_events",
        "CREATE TRIGGER mine BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION copydesk_refuse_change()",
        "SET session_replication_role = replica",
        "DROP TABLE audit_events CASCADE",
        "CREATE OR REPLACE FUNCTION seal_audit_events() RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE public.mine (id int)",
        "CREATE TABLE public.mine (id bigint REFERENCES audit_events)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "UPDATE revisions SET body = ''",
        "TRUNCATE revisions CASCADE",
        "DELETE FROM kept_records",
        "UPDATE review_statements SET wording = ''",
        "UPDATE alembic_version SET version_num = '0001'",
    ],
)
def test_neither_may(engines, process, statement):
    refused(engines[process], statement)


@pytest.mark.parametrize(
    ("process", "statement"),
    [
        ("web", "SELECT body FROM mails"),  # they hold links that let in
        ("web", "SELECT html FROM mails"),
        ("web", "UPDATE mails SET recipient = 'me@example.org'"),
        ("web", "UPDATE procrastinate_jobs SET status = 'doing'"),
        ("web", "UPDATE procrastinate_workers SET last_heartbeat = now()"),
        ("web", "SELECT procrastinate_fetch_job_v2(NULL, 1)"),
        ("web", "UPDATE editions SET sha256 = ''"),
        ("worker", "SELECT password FROM users"),
        ("worker", "SELECT totp_secret FROM users"),
        ("worker", "SELECT fs_uniquifier FROM users"),
        ("worker", "UPDATE users SET role = 'admin'"),
        ("worker", "INSERT INTO users (email) VALUES ('me@example.org')"),
        ("worker", "SELECT id FROM login_sessions"),
        ("worker", "SELECT public_key FROM passkeys"),
        ("worker", "SELECT digest FROM recovery_codes"),
        ("worker", "SELECT * FROM invitations"),
        ("worker", "SELECT * FROM sign_links"),
        ("worker", "DELETE FROM revisions"),
        ("worker", "DELETE FROM documents"),
        ("worker", "INSERT INTO review_statements DEFAULT VALUES"),
    ],
)
def test_nor_what_is_the_others(engines, process, statement):
    refused(engines[process], statement)


@pytest.mark.parametrize("process", BOTH)
def test_both_add_to_the_log_and_seal_it(engines, desk, process):
    with Session(engines[process]) as session, session.begin():
        audit.record(session, "test.written", actor_id=None, object_type="test", object_id=process)
    with Session(engines[process]) as session, session.begin():
        chain.seal(session)
        assert not telling.could_change_the_log(session)
    with Session(engines[process]) as session:
        assert chain.check(session).fault == ""
    with Session(desk.database) as session:
        assert telling.could_change_the_log(session)


def test_the_function_that_seals_can_not_be_led_astray(desk):
    """It runs with its owner's rights: names in it must mean what they meant to whoever wrote it."""
    with desk.database.connect() as connection:
        found = connection.execute(
            text(
                "SELECT proname, proconfig FROM pg_proc "
                "WHERE pronamespace = 'public'::regnamespace AND prosecdef ORDER BY proname"
            )
        )
        assert found.all() == [("seal_audit_events", ["search_path=public, pg_temp"])]


@pytest.mark.parametrize("process", BOTH)
def test_the_roles_are_plain_and_own_nothing(desk, process):
    login = make_url(desk.logins[process]).username
    with desk.database.connect() as connection:
        attributes = connection.execute(
            text(
                "SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles "
                "WHERE rolname IN (:login, :rights) ORDER BY rolcanlogin"
            ),
            {"login": login, "rights": f"{login}_rights"},
        ).all()
        assert attributes == [(False,) * 6, (True, *(False,) * 5)]
        owned = text(
            "SELECT count(*) FROM pg_shdepend JOIN pg_roles ON pg_roles.oid = refobjid "
            "WHERE deptype = 'o' AND rolname IN (:login, :rights)"
        )
        assert connection.execute(owned, {"login": login, "rights": f"{login}_rights"}).scalar_one() == 0


def test_everything_is_decided_and_nothing_else(desk):
    """A new table or function needs a line in `rights/tables.py`."""
    with desk.database.connect() as connection:
        there = connection.execute(
            text(
                "SELECT relname FROM pg_class "
                "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')"
            )
        )
        assert set(there.scalars()) == set(tables.TABLES)
        assert {name for name, _ in connection.execute(text(granting.FUNCTIONS))} == set(tables.FUNCTIONS)
    assert set(Base.metadata.tables) < set(tables.TABLES)


def test_the_rights_are_those_of_the_table(desk):
    found = given(desk.environment["DATABASE_URL"])
    assert {row for row in found if row[2] == "everybody"} == {("schema", None, "everybody", "USAGE")}
    for process in Process:
        for table, may in tables.TABLES.items():
            expected = {
                (column, right)
                for right, columns in re.findall(r"([A-Z]+)(?: \(([^)]*)\))?", may[process])
                for column in (re.split(r",\s*", columns) if columns else [None])
            }
            rights = {(part, right) for what, part, who, right in found if what == table and who == f"{process}_rights"}
            assert rights == expected, (process, table)
        assert all(
            right in ("SELECT", "INSERT", "UPDATE", "DELETE", "USAGE", "EXECUTE", "CONNECT") for *_, right in found
        )


def test_a_second_time_changes_nothing(desk, monkeypatch):
    url = desk.environment["DATABASE_URL"]
    before = given(url)
    assert settle(url, monkeypatch, **desk.logins) == []
    assert given(url) == before


def test_an_older_desk_ends_with_the_same_rights(desk, make_database, monkeypatch):
    """Whatever was given by hand meanwhile is taken back, also where it was given to everybody."""
    url = make_database("older")
    older = app_on(url, monkeypatch)
    name = make_url(url).database
    with older.app_context():
        upgrade(revision="0019")
        engine = engine_of(url)
        with engine.begin() as connection:
            for statement in (
                f'CREATE ROLE "{name}_web_rights"',
                f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{name}_web_rights", PUBLIC',
                f'GRANT UPDATE (note) ON audit_events TO "{name}_web_rights"',
                f'GRANT CREATE ON SCHEMA public TO "{name}_web_rights", PUBLIC',
            ):
                connection.exec_driver_sql(statement)
        upgrade()
        assert settling.settle(engine, older.config["COPYDESK"]) == list(Process)  # none was given a log-in
        engine.dispose()
    assert given(url) == given(desk.environment["DATABASE_URL"])


def test_other_desks_of_the_cluster_are_closed(desk, make_database, monkeypatch):
    url = make_database("neighbour")
    other = app_on(url, monkeypatch)
    with other.app_context():
        upgrade()
        engine = engine_of(url)
        settling.settle(engine, other.config["COPYDESK"])
        engine.dispose()
    stranger = engine_of(make_url(desk.logins["web"]).set(database=make_url(url).database).render_as_string(False))
    with pytest.raises(OperationalError, match="permission denied for database"):
        stranger.connect()


@pytest.fixture(scope="module")
def with_passwords(tmp_path_factory, config):
    """A server that asks for passwords; gives the address of its owner."""
    with running(tmp_path_factory.mktemp("passwords")) as url:
        engine = engine_of(url)
        with engine.begin() as connection:
            path = connection.execute(text("SHOW hba_file")).scalar_one()
            with open(path, "w") as file:  # noqa: PTH123  as it was, with its owner
                file.write("local all copydesk trust\nlocal all all scram-sha-256\n")
            connection.execute(text("SELECT pg_reload_conf()"))
        engine.dispose()
        yield url


def lets_in(url):
    engine = engine_of(url)
    try:
        with engine.connect() as connection:
            return connection.execute(text("SELECT current_user")).scalar_one() == make_url(url).username
    except OperationalError as error:
        if "password authentication failed" not in str(error):
            raise
        return False
    finally:
        engine.dispose()


def settle(url, monkeypatch, *, schema=False, **addresses):
    app = app_on(url, monkeypatch, **{f"{name}_DATABASE_URL".upper(): value for name, value in addresses.items()})
    with app.app_context():
        if schema:
            upgrade()
        engine = engine_of(url)
        try:
            return settling.settle(engine, app.config["COPYDESK"])
        finally:
            engine.dispose()


def test_the_passwords_are_those_of_the_secrets(with_passwords, monkeypatch):
    first = logins_of(with_passwords)
    assert settle(with_passwords, monkeypatch, schema=True, **first) == []
    assert lets_in(first["web"])
    assert lets_in(first["worker"])
    web = make_url(first["web"]).set(password="another: %40 'one'").render_as_string(hide_password=False)
    assert not lets_in(web)
    assert settle(with_passwords, monkeypatch, web=web, worker=first["worker"]) == []
    assert lets_in(web)
    assert not lets_in(first["web"])
    assert lets_in(first["worker"])


def owned_by(url, role, attributes):
    """A database on that server whose owner has no rights but these; gives its address."""
    engine = engine_of(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'x' {attributes}"))
        connection.execute(text(f"CREATE DATABASE {role}_desk OWNER {role} TEMPLATE template0"))
    engine.dispose()
    return make_url(url).set(username=role, password="x", database=f"{role}_desk").render_as_string(False)


def test_an_owner_need_not_be_a_superuser(with_passwords, desk, monkeypatch):
    url = owned_by(with_passwords, "owner", "CREATEROLE")
    logins = logins_of(url)
    assert settle(url, monkeypatch, schema=True, **logins) == []
    assert given(url) == given(desk.environment["DATABASE_URL"])
    engine = engine_of(logins["web"])
    refused(engine, "DELETE FROM audit_events")
    engine.dispose()
    engine = engine_of(logins["worker"])
    with Session(engine) as session, session.begin():
        audit.record(session, "test.written", actor_id=None, object_type="test", object_id=1)
    with Session(engine) as session, session.begin():
        chain.seal(session)
        assert chain.check(session).fault == ""
    engine.dispose()


def test_an_owner_that_may_make_no_roles_goes_on_as_before_unless_asked(with_passwords, monkeypatch):
    url = owned_by(with_passwords, "poor", "")
    assert settle(url, monkeypatch, schema=True) == list(Process)
    with pytest.raises(MayNotMakeRoles, match="CREATEROLE"):
        settle(url, monkeypatch, **logins_of(url))


@pytest.mark.parametrize(
    ("web", "says"),
    [
        ({"username": "{database}_web_rights"}, "must name a role to log in as"),
        ({"database": "elsewhere"}, "must name the database of DATABASE_URL"),
        ({"username": "{database}_worker"}, "must name two roles"),
        ({"username": "mighty_{database}"}, "may do more than a web needs"),
    ],
)
def test_addresses_that_can_not_be_meant_are_refused(desk, monkeypatch, web, says):
    url, logins = desk.environment["DATABASE_URL"], dict(desk.logins)
    database = make_url(url).database
    with desk.database.begin() as connection:
        connection.exec_driver_sql(f'DROP ROLE IF EXISTS "mighty_{database}"')
        connection.exec_driver_sql(f'CREATE ROLE "mighty_{database}" CREATEDB')
    changed = {name: value.format(database=database) for name, value in web.items()}
    logins["web"] = make_url(logins["web"]).set(**changed).render_as_string(hide_password=False)
    with pytest.raises(RightsError, match=says):
        settle(url, monkeypatch, **logins)
    with desk.database.begin() as connection:
        connection.exec_driver_sql(f'DROP ROLE "mighty_{database}"')


def test_a_process_that_starts_with_too_many_rights_says_so(desk, engines, monkeypatch):
    said = []
    monkeypatch.setattr(telling.log, "warning", lambda event, **more: said.append(event), raising=False)
    for engine in engines.values():
        telling.warn(engine)
    assert said == []
    telling.warn(desk.database)
    assert said == ["database.too_many_rights"]


def test_who_has_the_owners_address_alone_is_told(desk):
    done = subprocess.run([*COPYDESK, "migrate"], env=desk.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "The web has no log-in of its own to the database" in done.stderr
    assert "The worker has no log-in of its own to the database" in done.stderr

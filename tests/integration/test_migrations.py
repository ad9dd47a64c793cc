"""The migrations make exactly the tables of the models, and can be taken back."""

import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from copydesk.config import read_settings
from copydesk.db import Base
from copydesk.web import create_app

pytestmark = pytest.mark.integration


@pytest.fixture
def fresh(make_database, monkeypatch, app):
    """An application on an empty database."""
    monkeypatch.setenv("DATABASE_URL", make_database("migrations"))
    return create_app(read_settings())


def ours(name, kind, parents):
    return not (kind == "table" and name.startswith("procrastinate_"))


def names(app):
    engine = create_engine(app.config["COPYDESK"].sqlalchemy_url)
    with engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
                "UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
                "UNION SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace"
            )
        ).scalars()
        left = set(found)
    engine.dispose()
    return left


def test_head_equals_the_models(fresh):
    with fresh.app_context():
        upgrade()
        engine = create_engine(fresh.config["COPYDESK"].sqlalchemy_url)
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True, "include_name": ours}
            )
            assert compare_metadata(context, Base.metadata) == []
        checks = {
            (table, check["name"]): quoted(check["sqltext"])
            for table in Base.metadata.tables
            for check in inspect(engine).get_check_constraints(table)
        }
        engine.dispose()
    expected = {
        (table.name, constraint.name): quoted(str(constraint.sqltext))
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if type(constraint).__name__ == "CheckConstraint"
    }
    assert checks == expected


def quoted(sql):
    """The words that a CHECK allows; PostgreSQL writes the rest of it in its own way."""
    return sorted(re.findall(r"'([^']*)'", sql))


def test_down_and_up_again_leaves_nothing_behind(fresh):
    with fresh.app_context():
        upgrade()
        first = names(fresh)
        downgrade(revision="base")
        assert {name for name in names(fresh) if "alembic" not in name} == set()
        upgrade()
        assert names(fresh) == first


def test_a_second_upgrade_finds_nothing_to_do(fresh):
    with fresh.app_context():
        upgrade()
        upgrade()


OLD_DESK = """
    INSERT INTO users (id, email, name, organization, role, status, password, fs_uniquifier)
        VALUES (1, 's@example.org', 'S', 'o', 'sponsor', 'approved', 'x', 'x');
    INSERT INTO documents (id, title, brief, state, round, sponsor_id, head_number, text_number)
        VALUES ('00000000-0000-0000-0000-000000000001', 'T', 'B', 'drafting', 1, 1, 0, 0);
    INSERT INTO autodocs (document_id, number, requested_by_id, state, attempt, failures, brief, read_from_char,
            sampling, seed, model, text, trimmed, tokens_written, tokens_target, reason, finished_at)
        VALUES ('00000000-0000-0000-0000-000000000001', 1, 1, 'failed', 0, 0, 'B', 0, '{}', 7, 'seed', '', '', 0, 160,
            'No.', now()),
            ('00000000-0000-0000-0000-000000000001', 2, 1, 'queued', 0, 0, 'B', 0, '{}', 8, 'seed', '', '', 0, 160,
            NULL, NULL);
"""


@pytest.fixture
def older(fresh):
    """A desk of the first schema with two drafts, and a way to look at it."""
    with fresh.app_context():
        upgrade(revision="0001")
        engine = create_engine(fresh.config["COPYDESK"].sqlalchemy_url)

        def rows(statement):
            with engine.begin() as connection:
                done = connection.execute(text(statement))
                return done.all() if done.returns_rows else None

        for statement in OLD_DESK.split(";\n"):
            if statement.strip():
                rows(statement)
        yield rows
        engine.dispose()


def test_drafts_from_before_were_each_asked_for_alone(older):
    upgrade()
    assert older("SELECT kind, request, choice, include_prefix, options FROM autodocs ORDER BY number") == [
        ("whole", 1, 0, True, {}),
        ("whole", 2, 0, True, {}),
    ]
    assert older("SELECT sampling FROM documents") == [({},)]


def test_what_the_older_schema_can_not_say_is_ended_on_the_way_back(older):
    upgrade()
    older(
        "INSERT INTO autodocs (document_id, number, requested_by_id, state, attempt, failures, brief, read_from_char, "
        "sampling, seed, model, text, trimmed, tokens_written, tokens_target, kind, request, choice, options, prefix, "
        "include_prefix, truncate, keep) SELECT document_id, 3, 1, 'queued', 0, 0, 'B', 0, '{}', 9, 'seed', '', '', 0, "
        "160, kind, request, 1, '{}', '', true, '', 0 FROM autodocs WHERE number = 2"
    )
    downgrade(revision="0001")
    assert older("SELECT state FROM autodocs ORDER BY number") == [("failed",), ("queued",), ("cancelled",)]
    upgrade()
    older("UPDATE autodocs SET state = 'cancelled', finished_at = now() WHERE state = 'queued'")
    older("UPDATE documents SET state = 'choosing'")
    downgrade(revision="0001")
    assert older("SELECT state FROM documents") == [("draft_failed",)]


def test_a_passage_in_the_hash_chain_is_not_thrown_away(older):
    upgrade()
    older(
        "INSERT INTO revisions (document_id, number, kind, round, title, body, autodoc_id, span_start, span_end, "
        "sha256, created_at) "
        "VALUES ('00000000-0000-0000-0000-000000000001', 1, 'machine', 1, 'T', 'x', 1, 0, 1, '', now())"
    )
    with pytest.raises(DBAPIError, match="replaced a passage"):
        downgrade(revision="0001")

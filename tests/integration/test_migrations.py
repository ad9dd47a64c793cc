"""The migrations make exactly the tables of the models, and can be taken back."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, inspect, text

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
            (table, check["name"]): check["sqltext"]
            for table in Base.metadata.tables
            for check in inspect(engine).get_check_constraints(table)
        }
        engine.dispose()
    expected = {
        (table.name, constraint.name)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if type(constraint).__name__ == "CheckConstraint"
    }
    assert set(checks) == expected


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

"""The commands of a desk: the first admin, the development people, a shell; and what production refuses."""

import os
import subprocess
import sys

import pytest
from sqlalchemy import create_engine, text

pytestmark = pytest.mark.integration

PRODUCTION = {
    "COPYDESK_ENV": "production",
    "SECRET_KEY": "k" * 40,
    "PASSWORD_SALT": "s" * 20,
    "ENGINE_TOKEN": "t" * 20,
    "BASE_URL": "https://desk.example.org",
}


@pytest.fixture(scope="module")
def database(make_database):
    url = make_database("commands")
    assert run(url, "migrate").returncode == 0
    return url


def run(database, *words, stdin="", **environment):
    return subprocess.run(
        [sys.executable, "-m", "copydesk.cli", *words],
        env=os.environ | {"DATABASE_URL": database, "COPYDESK_ENV": "development"} | environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def people(database):
    engine = create_engine(database.replace("postgresql:", "postgresql+psycopg2:"))
    with engine.connect() as connection:
        found = connection.execute(text("SELECT email, role, status, password FROM users ORDER BY id")).all()
    engine.dispose()
    return found


def test_production_can_not_have_the_development_people(database):
    done = run(database, "development-people", **PRODUCTION)
    assert done.returncode == 1
    assert "never exist in production" in done.stderr
    assert people(database) == []


def test_the_first_admin_is_made_by_command_and_the_password_is_asked_for(database):
    done = run(
        database,
        "create-admin",
        "first@example.org",
        stdin="First Admin\nseven herons over the mole\nseven herons over the mole\n",
        **PRODUCTION,
    )
    assert done.returncode == 0, done.stderr
    assert [person[:3] for person in people(database)] == [("first@example.org", "admin", "approved")]
    assert people(database)[0].password.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("email", "password", "says"),
    [
        ("first@example.org", "seven herons over the mole", "already an account"),
        ("second@example.org", "short", "At least 8"),
        ("nonsense", "seven herons over the mole", "email address"),
    ],
)
def test_a_bad_admin_is_refused_in_words(database, email, password, says):
    done = run(database, "create-admin", email, "--name", "N", "--password", password)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_the_shell_has_the_desk_loaded(database):
    done = run(database, "shell", stdin="print('people:', session.scalar(select(func.count(User.id))))\n")
    assert "people: 1" in done.stdout


@pytest.mark.parametrize("command", ["web", "worker", "migrate"])
def test_a_missing_setting_stops_the_start_and_is_named(database, command):
    done = run(database, command, **PRODUCTION | {"SECRET_KEY": ""})
    assert done.returncode == 1
    assert "SECRET_KEY must be set" in done.stderr
    assert "Traceback" not in done.stderr

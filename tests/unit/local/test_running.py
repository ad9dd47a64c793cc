"""A command beside a running desk finds its database and engine; beside none it says so."""

from pathlib import Path

import pytest

from copydesk.local.occupancy import NOTE, Occupancy
from copydesk.local.running import NoDesk, join

DESK = {
    "DATABASE_URL": "postgresql://copydesk@/copydesk?host=x",
    "ENGINE_URL": "http://127.0.0.1:1",
    "ENGINE_TOKEN": "t",
}


def here(folder: Path, **values: str) -> dict[str, str]:
    return {"DATA_DIR": str(folder), **values}


def test_the_running_desk_is_found(tmp_path: Path) -> None:
    with Occupancy(tmp_path, "http://127.0.0.1:5000") as occupancy:
        occupancy.take()
        occupancy.tell(DESK | {"SMTP_URL": "smtp://somebody:secret@host"})
        environment = join(here(tmp_path, MODEL="mine"))
        assert {name: environment[name] for name in DESK} == DESK
        assert environment["MODEL"] == "mine"  # what the person set stands
        assert environment["SECRET_KEY"]  # from the development file, as the desk has it
        assert (tmp_path / NOTE).stat().st_mode & 0o077 == 0
        assert "secret" not in (tmp_path / NOTE).read_text()


def test_a_desk_that_has_ended_is_not_believed(tmp_path: Path) -> None:
    with Occupancy(tmp_path, "http://127.0.0.1:5000") as occupancy:
        occupancy.take()
        occupancy.tell(DESK)
    with pytest.raises(NoDesk, match="make run"):
        join(here(tmp_path))


def test_where_no_desk_ever_was(tmp_path: Path) -> None:
    with pytest.raises(NoDesk, match=str(tmp_path)):
        join(here(tmp_path))


def test_an_environment_that_names_a_database_stays_as_it_is(tmp_path: Path) -> None:
    given = here(tmp_path, DATABASE_URL="postgresql://elsewhere/desk")
    assert join(given) == given
    (tmp_path / "database_url").write_text("postgresql://secret/desk")
    secret = here(tmp_path, SECRETS_DIR=str(tmp_path))
    assert join(secret) == secret

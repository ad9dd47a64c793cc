"""What the person set stands; what they did not is chosen for this start."""

from pathlib import Path

import pytest

from copydesk.config import read_settings
from copydesk.local.checks import CannotStart
from copydesk.local.environment import REPOSITORY, Place, find_place, for_programs, read_env_file, with_defaults

DATABASE = {"DATABASE_URL": "postgresql:///anything"}


def test_without_variables_the_desk_is_at_port_5000_in_var() -> None:
    assert find_place({}) == Place(5000, REPOSITORY / "var")


def test_variables_change_where(tmp_path: Path) -> None:
    place = find_place({"PORT": "5001", "DATA_DIR": str(tmp_path)})
    assert (place.port, place.data_dir, place.address) == (5001, tmp_path, "http://127.0.0.1:5001")


def test_a_port_that_is_no_number() -> None:
    with pytest.raises(CannotStart, match="PORT is 'http', which is no number"):
        find_place({"PORT": "http"})


def test_the_environment_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# comment\n\nA=1\nB = 'two words'\nC=x=y\n")
    assert read_env_file(file) == {"A": "1", "B": "two words", "C": "x=y"}


def test_the_real_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=file\nB=file\n")
    assert with_defaults({"A": "real"}, file) == {"A": "real", "B": "file"}


def test_outside_development_the_development_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("SECRET_KEY=known to all\n")
    assert "SECRET_KEY" not in with_defaults({"COPYDESK_ENV": "production"}, file)


def test_the_chosen_environment_is_a_valid_configuration(tmp_path: Path) -> None:
    environ = for_programs(Place(5001, tmp_path), {})
    settings = read_settings({**environ, **DATABASE})
    assert settings.base_url == "http://127.0.0.1:5001"
    assert settings.data_dir == tmp_path
    assert settings.engine_url == f"http://127.0.0.1:{settings.engine_port}"


def test_each_start_has_its_own_token_and_it_is_not_the_files(tmp_path: Path) -> None:
    tokens = {for_programs(Place(5001, tmp_path), {})["ENGINE_TOKEN"] for _ in range(2)}
    assert len(tokens) == 2
    assert min(len(token) for token in tokens) >= 32


def test_an_engine_elsewhere_is_left_alone(tmp_path: Path) -> None:
    real = {"ENGINE_URL": "http://gpu.example:8000", "ENGINE_TOKEN": "theirs"}
    environ = for_programs(Place(5001, tmp_path), real)
    assert environ["ENGINE_URL"] == "http://gpu.example:8000"
    assert environ["ENGINE_TOKEN"] == "theirs"
    assert "ENGINE_PORT" not in environ

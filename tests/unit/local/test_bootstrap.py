"""Installing: only what changed, and every failure in words. Nothing is installed here."""

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from copydesk.local import bootstrap
from copydesk.local.environment import REPOSITORY


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout whose commands are only written down."""
    web = tmp_path / "services" / "web"
    places = {
        "ROOT": tmp_path,
        "VENV": tmp_path / ".venv",
        "BIN": tmp_path / ".venv" / "bin",
        "WEB": web,
        "REQUIREMENTS": web / "requirements",
        "FRONTEND": web / "frontend",
        "BUILT": web / "dist",
        "KERNEL": web / "kernel",
    }
    for name, path in places.items():
        monkeypatch.setattr(bootstrap, name, path)
    for name in ("BIN", "REQUIREMENTS", "FRONTEND", "BUILT", "KERNEL"):
        places[name].mkdir(parents=True)
    for name in ("bootstrap", "local", "dev"):
        (web / "requirements" / f"{name}.txt").write_text(name)
    (web / "pyproject.toml").write_text("")
    (web / "frontend" / "package-lock.json").write_text("{}")
    (web / "frontend" / "main.ts").write_text("1")
    (web / "kernel" / "gpt2.c").write_text("1")
    (web / "frontend" / "node_modules").mkdir()
    (tmp_path / "Makefile").write_text("")
    return tmp_path


@pytest.fixture
def commands(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    ran: list[str] = []

    def run(command: list[str], **_: object) -> int:
        ran.append(" ".join(command).replace(f"{checkout}/", ""))
        if "--editable" in command:
            for name in ("python", "copydesk"):
                (bootstrap.BIN / name).write_text("")
        return 0

    monkeypatch.setattr(bootstrap, "run", run)
    return ran


def test_the_first_time_everything_is_installed_and_the_second_time_nothing(commands: list[str]) -> None:
    bootstrap.main("local")
    assert sum("--require-hashes" in command for command in commands) == 2  # the bootstrap set and the local one
    assert sum("npm" in command for command in commands) == 2
    commands.clear()
    bootstrap.main("local")
    assert commands == []


def test_the_development_set_holds_the_local_one(commands: list[str]) -> None:
    bootstrap.main("dev")
    commands.clear()
    bootstrap.main("local")
    assert commands == []


def test_another_lock_file_is_installed(commands: list[str], checkout: Path) -> None:
    bootstrap.main("local")
    commands.clear()
    (checkout / "services/web/requirements/local.txt").write_text("newer")
    bootstrap.main("local")
    assert any("requirements/local.txt" in command for command in commands)


def test_a_changed_source_is_built_without_installing(commands: list[str], checkout: Path) -> None:
    bootstrap.main("local")
    commands.clear()
    (checkout / "services/web/frontend/main.ts").write_text("2")
    bootstrap.main("local")
    assert [command.split()[1] for command in commands] == ["run"]


def test_a_changed_kernel_is_compiled_without_installing(commands: list[str], checkout: Path) -> None:
    bootstrap.main("local")
    assert sum("native.build" in command for command in commands) == 1
    commands.clear()
    (checkout / "services/web/kernel/gpt2.c").write_text("2")
    bootstrap.main("local")
    assert commands == [".venv/bin/python -m copydesk.engine.native.build"]


def test_a_kernel_that_can_not_be_compiled_is_told(commands: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    remember = bootstrap.run
    monkeypatch.setattr(
        bootstrap, "run", lambda command, **kw: remember(command, **kw) or int("native.build" in " ".join(command))
    )
    for _ in range(2):  # and tried again the next time
        with pytest.raises(bootstrap.CannotInstall, match="kernel could not be compiled"):
            bootstrap.main("local")


def test_where_uv_fails_pip_installs(commands: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    remember = bootstrap.run
    monkeypatch.setattr(bootstrap, "run", lambda command, **kw: remember(command, **kw) or int("bin/uv" in command[0]))
    bootstrap.main("local")
    assert any("-m pip install" in command and "requirements/local.txt" in command for command in commands)


def test_where_both_fail_the_message_says_so(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "run", lambda command, **kw: int("venv" not in command))
    with pytest.raises(bootstrap.CannotInstall, match=r"bootstrap.txt failed .*Starting again is safe"):
        bootstrap.main("local")
    assert not list(bootstrap.VENV.glob(".installed*"))


def test_a_python_without_venv_is_told_what_to_install(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "run", lambda command, **kw: 1)
    with pytest.raises(bootstrap.CannotInstall, match=r"apt install python3\.\d+-venv"):
        bootstrap.main("local")


def test_a_full_disk_is_told_before_anything_is_installed(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1024**3))
    with pytest.raises(bootstrap.CannotInstall, match=r"nearly full: 1\.0 GB are free and installing needs 2 GB"):
        bootstrap.main("local")


def test_a_python_too_new_for_the_tests(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", SimpleNamespace(__getitem__=None, major=3, minor=14))
    monkeypatch.setattr(bootstrap, "sys", SimpleNamespace(version_info=(3, 14)))
    with pytest.raises(bootstrap.CannotInstall, match="TensorFlow"):
        bootstrap.main("dev")


def make(*arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    command = [shutil.which("make") or "make", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env={"PATH": path}, capture_output=True, text=True, check=False)


def test_without_a_python_make_says_which_one_it_needs(tmp_path: Path) -> None:
    done = make("-n", "run", "PYTHON=", path="/usr/bin:/bin")
    assert done.returncode == 2
    assert "Copydesk needs Python 3.11 or later, and none was found" in done.stderr


def test_make_alone_lists_what_there_is() -> None:
    done = make(path="/usr/bin:/bin")
    assert done.returncode == 0
    assert "make run" in done.stdout
    assert "PORT" in done.stdout

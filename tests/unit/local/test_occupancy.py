"""One desk per data folder, and nobody else's process is ever stopped."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from copydesk.local.checks import CannotStart
from copydesk.local.occupancy import NOTE, Occupancy

ADDRESS = "http://127.0.0.1:5000"


@pytest.fixture
def sleeper() -> psutil.Process:
    with subprocess.Popen(
        [sys.executable, "-S", "-c", "import time; time.sleep(60)"], start_new_session=True
    ) as process:
        yield psutil.Process(process.pid)
        process.kill()


def leave_note(folder: Path, pid: int, started: float) -> None:
    (folder / NOTE).write_text(json.dumps({"pid": 1, "address": ADDRESS, "groups": {"worker": [pid, started]}}))


def test_the_second_is_told_where_the_first_is(tmp_path: Path) -> None:
    with Occupancy(tmp_path, ADDRESS) as first, Occupancy(tmp_path, "http://127.0.0.1:5001") as second:
        first.take()
        with pytest.raises(CannotStart, match=rf"already running .*: {ADDRESS} \(process {os.getpid()}\)"):
            second.take()


def test_the_folder_is_free_again_after_the_block(tmp_path: Path) -> None:
    for _ in range(2):
        with Occupancy(tmp_path, ADDRESS) as occupancy:
            assert occupancy.take() == []


def test_what_a_killed_desk_left_is_stopped(tmp_path: Path, sleeper: psutil.Process) -> None:
    leave_note(tmp_path, sleeper.pid, sleeper.create_time())
    with Occupancy(tmp_path, ADDRESS) as occupancy:
        assert occupancy.take() == ["worker"]
    assert sleeper.status() == psutil.STATUS_ZOMBIE  # ended; only its parent, this test, has not looked yet


def test_a_number_that_came_round_again_is_somebody_elses(tmp_path: Path, sleeper: psutil.Process) -> None:
    leave_note(tmp_path, sleeper.pid, sleeper.create_time() - 3600)
    with Occupancy(tmp_path, ADDRESS) as occupancy:
        assert occupancy.take() == []
    assert sleeper.status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("note", ["", "{half", "[]", "{}"])
def test_a_damaged_note_is_no_obstacle(tmp_path: Path, note: str) -> None:
    (tmp_path / NOTE).write_text(note)
    with Occupancy(tmp_path, ADDRESS) as occupancy:
        assert occupancy.take() == []

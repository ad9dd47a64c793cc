"""The desk is killed, interrupted and broken for real; nothing may be left and the next start must work."""

import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from integration.local.desks import READY, Desk, alive, assert_all_gone, eventually

from copydesk.local.checks import free_port

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
StartDesk = Callable[..., Desk]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_asked_to_stop_it_leaves_no_process(start_desk: StartDesk, number: int) -> None:
    desk = start_desk()
    desk.wait_for(READY)
    processes = desk.processes()
    assert desk.stop(number) == 0
    assert_all_gone(processes, seconds=2)
    assert "deaf does not stop; killing it" in desk.output
    assert "Everything has stopped" in desk.output


def test_when_make_is_killed_the_desk_stops(start_desk: StartDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKELEVEL", "1")
    desk = start_desk(under=["sh", "-c", '"$@"; true', "make"])
    desk.wait_for(READY)
    processes = desk.processes()
    desk.process.kill()
    desk.process.wait()
    assert_all_gone(processes)
    assert "Stopping (make is gone)" in desk.output


def test_ctrl_c_while_it_starts_leaves_no_process(start_desk: StartDesk) -> None:
    desk = start_desk()
    desk.wait_for("Starting the database")
    processes = [*desk.processes(), *[desk.one("guardian")] * 6]
    assert desk.stop() == 0
    assert_all_gone(processes, seconds=2)
    again = start_desk()
    again.wait_for(READY)


def test_killed_it_leaves_no_process_and_the_next_start_keeps_the_data(start_desk: StartDesk) -> None:
    desk = start_desk()
    desk.wait_for(READY)
    processes = desk.processes()
    desk.process.kill()
    desk.process.wait()
    again = start_desk(port=desk.port)  # at once, while the guardian is still at work
    again.wait_for("start number 2")
    again.wait_for(READY)
    assert_all_gone(processes)


def test_killed_together_with_its_guardian_the_next_start_clears_up(start_desk: StartDesk) -> None:
    desk = start_desk()
    desk.wait_for(READY)
    guardian = desk.one("guardian")
    processes = [one for one in desk.processes() if one != guardian]
    guardian.kill()
    desk.process.kill()
    desk.process.wait()
    assert alive(processes)
    again = start_desk(port=desk.port)
    again.wait_for("was left running by a desk that was killed; stopped it")
    again.wait_for("start number 2")
    again.wait_for(READY)
    assert_all_gone(processes)


def test_everything_killed_at_once_the_next_start_works(start_desk: StartDesk) -> None:
    """As when the power goes: PostgreSQL recovers by itself."""
    desk = start_desk()
    desk.wait_for(READY)
    processes = desk.processes()
    for process in [desk.one("guardian"), desk.process, *processes]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    desk.process.wait()
    note = desk.data_dir / "postgres" / "cluster" / "postmaster.pid"
    lines = note.read_text().splitlines()
    note.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")  # its number now belongs to somebody else
    again = start_desk(port=desk.port)
    again.wait_for("start number 2")
    again.wait_for(READY)


def test_killed_while_the_cluster_is_made_the_next_start_works(start_desk: StartDesk) -> None:
    desk = start_desk()
    draft = desk.data_dir / "postgres" / "cluster.new" / "PG_VERSION"
    eventually(draft.exists, 20, lambda: desk.output)
    desk.process.kill()
    desk.process.wait()
    again = start_desk()
    again.wait_for("start number 1")
    again.wait_for(READY)


def test_a_second_desk_on_the_same_data_says_where_the_first_is(start_desk: StartDesk) -> None:
    desk = start_desk()
    desk.wait_for(READY)
    second = start_desk(port=free_port())
    assert second.process.wait(20) == 1
    assert f"already running with this data folder: http://127.0.0.1:{desk.port}" in second.output
    assert f"kill {desk.process.pid}" in second.output
    assert "Traceback" not in second.output
    assert desk.process.poll() is None


def test_a_busy_port_is_named_and_nothing_is_started(start_desk: StartDesk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        desk = start_desk(port=port)
        assert desk.process.wait(20) == 1
    assert f"Port {port} is in use by " in desk.output
    assert "make run" in desk.output
    assert "Traceback" not in desk.output
    assert not (desk.data_dir / "postgres").exists()


def test_what_crashes_is_started_again(start_desk: StartDesk) -> None:
    desk = start_desk()
    desk.wait_for(READY)
    for role, name in [("serve", "engine"), ("worker$", "worker"), ("postgres", "database")]:
        crashed = desk.one(role)
        grandchildren = crashed.children()
        crashed.kill()
        desk.wait_for(f"{name} was ended by SIGKILL; starting it again in 0.5 s")
        desk.wait_for(f"{name} is running again")
        assert desk.one(role).pid != crashed.pid
        eventually(lambda left=grandchildren: not alive(left), 5, lambda: "its grandchildren were left")


def test_a_path_too_long_for_a_socket(start_desk: StartDesk, tmp_path: Path) -> None:
    desk = start_desk(data_dir=tmp_path / ("long" * 30) / "with space, and comma")
    desk.wait_for(READY)
    assert not list(desk.data_dir.rglob(".s.PGSQL.*"))

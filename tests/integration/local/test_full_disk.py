"""A disk that is really small. Needs the right to mount; elsewhere the unit tests pretend one."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.local.desks import Desk

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a small disk needs root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_nearly_full_disk_stops_the_start_with_figures(start_desk: Callable[..., Desk], small_disk: Path) -> None:
    desk = start_desk(data_dir=small_disk)
    assert desk.process.wait(20) == 1
    assert "is nearly full: 104 MB are free and Copydesk needs 500 MB" in desk.output
    assert "Traceback" not in desk.output
    assert list(small_disk.iterdir()) == []


def test_a_disk_with_no_byte_left(start_desk: Callable[..., Desk], small_disk: Path) -> None:
    subprocess.run(["dd", "if=/dev/zero", f"of={small_disk}/filler", "bs=1M"], check=False, capture_output=True)
    desk = start_desk(data_dir=small_disk)
    assert desk.process.wait(20) == 1
    assert "is full. Free some space" in desk.output
    assert "Traceback" not in desk.output

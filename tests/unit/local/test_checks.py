"""Each obstacle to a start is one plain sentence with what to do."""

import os
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from copydesk.local.checks import CannotStart, check_data_dir, check_disk, check_port, free_port

MB = 1000**2


def test_a_nearly_full_disk_is_told_in_figures(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"nearly full: 499 MB are free and Copydesk needs 500 MB.*DATA_DIR="):
        check_disk(tmp_path, usage=lambda _: SimpleNamespace(free=499 * MB + 1))


def test_a_disk_with_room_is_fine(tmp_path: Path) -> None:
    check_disk(tmp_path, usage=lambda _: SimpleNamespace(free=500 * MB))


def test_the_data_folder_is_made(tmp_path: Path) -> None:
    check_data_dir(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_file_in_the_data_folders_place(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    with pytest.raises(CannotStart, match=r"Cannot write into the data folder .*file exists.*DATA_DIR="):
        check_data_dir(tmp_path / "var")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_data_folder_that_is_read_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CannotStart, match="permission denied"):
        check_data_dir(tmp_path)


def test_a_data_folder_that_no_one_can_write() -> None:
    with pytest.raises(CannotStart, match="Cannot write into the data folder /proc/copydesk"):
        check_data_dir(Path("/proc/copydesk"))


def test_a_busy_port_is_named_with_its_holder_and_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"^Port {port} is in use by .* \(process {os.getpid()}\)\.") as caught:
            check_port(port)
    suggested = int(str(caught.value).partition("PORT=")[2].split()[0])
    check_port(suggested)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_is_none(port: int) -> None:
    with pytest.raises(CannotStart, match="which is no port"):
        check_port(port)


def test_a_free_port_is_free() -> None:
    check_port(free_port())

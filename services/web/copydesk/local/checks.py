"""What can be known before anything starts: each obstacle is one plain sentence with what to do about it."""

import errno
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import psutil

LEAST_FREE = 500 * 1000**2
HOST = "127.0.0.1"


class CannotStart(Exception):
    """A sentence for the person at the terminal; no traceback helps them."""


class Usage(Protocol):
    @property
    def free(self) -> int: ...


def check_data_dir(data_dir: Path) -> None:
    """Make the folder where everything is kept, and write a byte into it."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir) as file:
            file.write(b"x")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise CannotStart(f"The disk under {data_dir} is full. Free some space, or set DATA_DIR.") from error
        raise CannotStart(
            f"Cannot write into the data folder {data_dir}: {(error.strerror or str(error)).lower()}. "
            "Choose another: DATA_DIR=~/copydesk-data make run"
        ) from error


def check_disk(data_dir: Path, usage: Callable[[Path], Usage] = shutil.disk_usage) -> None:
    """A database on a full disk stops in the middle of the work; better not to begin."""
    free = usage(data_dir).free
    if free < LEAST_FREE:
        raise CannotStart(
            f"The disk under {data_dir} is nearly full: {free // 1000**2} MB are free and Copydesk needs "
            f"{LEAST_FREE // 1000**2} MB. Free some space, or keep the data elsewhere: DATA_DIR=/path make run"
        )


def check_port(port: int) -> None:
    """Is the address ours to take?"""
    if not 0 < port < 65536:
        raise CannotStart(f"PORT is {port}, which is no port: choose one from 1024 to 65535, as in PORT=5001 make run")
    obstacle = _try_port(port)
    if obstacle == errno.EACCES:
        raise CannotStart(f"Port {port} is for the system's own services. Choose one from 1024: PORT=5001 make run")
    if obstacle:
        raise CannotStart(
            f"Port {port} is in use{_by_whom(port)}. Stop that, or choose another port: "
            f"PORT={_next_free(port)} make run"
        )


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _try_port(port: int) -> int:
    """The error number of binding to it; 0 when it is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return error.errno or errno.EADDRINUSE
    return 0


def _next_free(port: int) -> int:
    return next((other for other in range(max(port + 1, 1024), 65536) if not _try_port(other)), 5001)


def _by_whom(port: int) -> str:
    """Names the program where the system lets us see it."""
    try:
        for connection in psutil.net_connections("tcp"):
            local = connection.laddr
            if connection.status == psutil.CONN_LISTEN and connection.pid and local and local.port == port:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass
    return ""

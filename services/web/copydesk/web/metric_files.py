"""Where gunicorn's processes keep what they count: a file each for every kind, in memory that is gone with the machine.

A process that ends leaves its files behind. What it counted goes into one file of all that ended, so that the folder
stays small however often gunicorn replaces a process.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the library's name for it; it looks when it is imported first
_PREFIX = "copydesk-metrics-"
_ENDED = 0  # the number of no process


def start_folder() -> None:
    """An empty folder for the processes that are started from here."""
    memory = Path("/dev/shm")  # noqa: S108  # nosec B108  # as gunicorn's own heartbeat
    place = memory if os.access(memory, os.W_OK) else None
    for left in (place or Path(tempfile.gettempdir())).glob(f"{_PREFIX}*"):
        if not _is_running(left.name.rpartition("-")[2]):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(place or tempfile.gettempdir(), f"{_PREFIX}{os.getpid()}")  # gunicorn keeps the number
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    os.environ[FOLDER] = str(folder)


def everybodys() -> CollectorRegistry | None:
    """What all processes counted together; None: there is this one alone."""
    if FOLDER not in os.environ:
        return None
    together = CollectorRegistry()
    MultiProcessCollector(together, os.environ[FOLDER])
    return together


def read(figures: CollectorRegistry) -> bytes:
    """The figures as text."""
    if FOLDER not in os.environ:
        return generate_latest(figures)
    with _alone(Path(os.environ[FOLDER])):
        return generate_latest(figures)


def forget(pid: int) -> None:
    """A process has ended: its files go, what it counted stays."""
    folder = Path(os.environ[FOLDER])
    with _alone(folder):
        mark_process_dead(pid, str(folder))
        for kind in ("counter", "histogram"):
            _merge(folder / f"{kind}_{pid}.db", folder / f"{kind}_{_ENDED}.db")


def clear() -> None:
    """Nobody counts any more."""
    shutil.rmtree(os.environ[FOLDER], ignore_errors=True)


def _merge(source: Path, target: Path) -> None:
    if not source.exists():
        return
    kept = MmapedDict(str(target))
    try:
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(source)):
            before, _ = kept.read_value(key)
            kept.write_value(key, before + value, 0.0)
    finally:
        kept.close()
    source.unlink()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Not while somebody reads, or else what ended is counted twice or not at all."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_running(number: str) -> bool:
    return number.isdecimal() and Path("/proc", number).exists()

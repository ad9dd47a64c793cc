"""One desk per data folder: a lock that dies with its holder, and a note of what runs for those who come next."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from copydesk.local.checks import CannotStart
from copydesk.local.guardian import signal_group

LOCK, NOTE = "desk.lock", "desk.json"
TOLD = ("DATABASE_URL", "ENGINE_URL", "ENGINE_TOKEN", "MODELS_DIR", "MODEL")  # to commands beside the running desk
PATIENCE = 5.0  # seconds that a left-over program gets to stop by itself


class Occupancy:
    """Holds the data folder for this supervisor and records the process groups that belong to it."""

    def __init__(self, data_dir: Path, address: str) -> None:
        self._note = data_dir / NOTE
        self._lock = (data_dir / LOCK).open("a")
        self._record: dict[str, Any] = {"pid": os.getpid(), "address": address, "groups": {}}

    def take(self) -> list[str]:
        """Take the folder, or say who has it. Gives the names of programs that a killed desk had left behind."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = self._read()
            raise CannotStart(
                f"Copydesk is already running with this data folder: {other.get('address', 'starting just now')} "
                f"(process {other.get('pid', 'unknown')}). Stop it with Ctrl-C where it runs, or: "
                f"kill {other.get('pid', '<process>')}"
            ) from None
        swept = _sweep(self._read().get("groups", {}))
        self._write()
        return swept

    def add(self, name: str, pid: int) -> None:
        """Record a started program, with its starting time: process numbers come round again."""
        with suppress(psutil.NoSuchProcess):
            self._record["groups"][name] = [pid, psutil.Process(pid).create_time()]
            self._write()

    def tell(self, environ: Mapping[str, str]) -> None:
        """Record where database and engine are, for commands that work on the running desk. The note is ours alone."""
        self._record["environment"] = {name: environ[name] for name in TOLD if name in environ}
        self._write()

    def _read(self) -> dict[str, Any]:
        try:
            record = json.loads(self._note.read_text())
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}

    def _write(self) -> None:
        draft = self._note.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # it has a token
            file.write(json.dumps(self._record))
        draft.replace(self._note)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.close()


def _sweep(groups: dict[str, tuple[int, float]]) -> list[str]:
    """Stop what is still there of a desk whose supervisor and guardian were both killed."""
    left = {name: pid for name, (pid, started) in groups.items() if _is_same(pid, started)}
    for pid in left.values():
        signal_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while any(_is_alive(pid) for pid in left.values()):
        if time.monotonic() > deadline:
            for pid in left.values():
                signal_group(pid, signal.SIGKILL)
            break
        time.sleep(0.05)
    return sorted(left)


def _is_same(pid: int, started: float) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - started) < 2
    except psutil.Error:
        return False


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False

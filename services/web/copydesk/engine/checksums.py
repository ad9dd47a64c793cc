"""The SHA-256 of large files, remembered: hashing a model of six gigabytes takes longer than starting an engine.

A note holds as long as the file's size, time, place and its first and last megabyte are the same. `verify` believes
no note and reads the whole file.
"""

import datetime as dt
import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ENDS = 1_000_000  # bytes that are looked at from either end
_MOST_NOTES = 200


@dataclass(frozen=True)
class Checksum:
    """What a file hashes to, and when all of it was read."""

    sha256: str
    read_at: dt.datetime


def cache_dir() -> Path:
    """Where what is derived from models is kept: `CACHE_DIR`, `DATA_DIR/cache`, or the person's own cache."""
    named = os.environ.get("CACHE_DIR")
    data = os.environ.get("DATA_DIR")
    if named:
        return Path(named)
    return Path(data, "cache") if data else Path.home() / ".cache" / "copydesk"


def remembered(file: Path) -> Checksum | None:
    """The checksum of `file` without reading all of it; None when that has not been done here.

    Raises:
        OSError: it can't be opened.
    """
    note = _read_notes().get(_key(file))
    try:
        return Checksum(str(note["sha256"]), dt.datetime.fromisoformat(note["read_at"])) if note else None
    except (TypeError, KeyError, ValueError):
        return None


def read(file: Path) -> Checksum:
    """The checksum of `file`, by reading all of it; remembered.

    Raises:
        OSError: it can't be opened.
    """
    with file.open("rb") as opened:
        checksum = Checksum(hashlib.file_digest(opened, "sha256").hexdigest(), dt.datetime.now(dt.UTC))
    _note(_key(file), checksum)
    return checksum


def of(file: Path) -> Checksum:
    """The remembered checksum, or by reading the file."""
    return remembered(file) or read(file)


def _notes_file() -> Path:
    return cache_dir() / "checksums.json"


def _key(file: Path) -> str:
    about = file.stat()
    total = hashlib.sha256(f"{about.st_size} {about.st_mtime_ns} {about.st_ino}".encode())
    with file.open("rb") as opened:
        total.update(opened.read(_ENDS))
        opened.seek(max(0, about.st_size - _ENDS))
        total.update(opened.read(_ENDS))
    return total.hexdigest()


def _read_notes() -> dict[str, Any]:
    try:
        notes = json.loads(_notes_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}


def _note(key: str, checksum: Checksum) -> None:
    notes = _read_notes()
    notes.pop(key, None)
    notes[key] = {"sha256": checksum.sha256, "read_at": checksum.read_at.isoformat(timespec="seconds")}
    notes = dict(list(notes.items())[-_MOST_NOTES:])
    file = _notes_file()
    with suppress(OSError):  # a read-only machine reads the weights each time
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        draft.write_text(json.dumps(notes, indent=1), encoding="utf-8")
        draft.replace(file)

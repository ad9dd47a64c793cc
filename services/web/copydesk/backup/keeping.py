"""The backups of a folder: how they are called, which are whole, how old the newest is, and which may go."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from copydesk.backup import archive
from copydesk.backup.errors import BackupError
from copydesk.backup.manifest import Manifest

_NAME = re.compile(r"copydesk-\d{8}T\d{6}Z(-\d+)?\.tar")


@dataclass(frozen=True)
class Kept:
    """A backup that is whole, as far as its manifest and the sizes of its parts tell."""

    path: Path
    manifest: Manifest

    @property
    def made_at(self) -> dt.datetime:
        return self.manifest.made_at


def name_for(folder: Path, now: dt.datetime) -> Path:
    """A name that sorts by time and that no backup has."""
    stem = f"copydesk-{now:%Y%m%dT%H%M%SZ}"
    names = (stem, *(f"{stem}-{number}" for number in range(2, 1000)))
    return next(path for name in names if not (path := folder / f"{name}.tar").exists())


def whole(folder: Path) -> list[Kept]:
    """The whole backups, the newest first."""
    return sorted(_whole(folder), key=lambda kept: (kept.made_at, kept.path.stem), reverse=True)


def prune(folder: Path, *, keep: int | None = None, days: int | None = None, now: dt.datetime) -> list[Path]:
    """Remove what is beyond the newest `keep`, or older than `days`; never the newest whole one.

    A file that is not whole counts for nothing and goes only when a whole one that is newer stays.
    """
    found = whole(folder)
    if not found:
        return []
    staying = found[: max(1, keep)] if keep is not None else found
    if days is not None:
        oldest = now - dt.timedelta(days=days)
        staying = [one for one in staying if one.made_at >= oldest] or found[:1]
    paths = {one.path for one in staying}
    last = min(path.stem for path in paths)
    gone = [path for path in _named(folder) if path not in paths and path.stem < last]
    for path in gone:
        path.unlink()
    return gone


def newest(folder: Path) -> Kept | None:
    """The newest whole backup; the first that can be read is taken, without looking at the others."""
    for path in sorted(_named(folder), key=lambda path: path.stem, reverse=True):
        for kept in _read(path):
            return kept
    return None


def _named(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.tar") if _NAME.fullmatch(path.name)]


def _whole(folder: Path) -> Iterator[Kept]:
    for path in _named(folder):
        yield from _read(path)


def _read(path: Path) -> Iterator[Kept]:
    try:
        with archive.Reader.open(path) as reader:
            kept = Kept(path, reader.manifest)
    except (BackupError, OSError):
        return
    yield kept

"""The archive: a tar file, written in one pass to a name that nobody takes for a backup, and renamed when it is whole.

A part whose size is not known before (the dump) gets its header when it is there. tar's own programs read it.
"""

import hashlib
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Self

from copydesk.backup.errors import DamagedArchive
from copydesk.backup.manifest import MOST_BYTES, NAME, Manifest, Part

BLOCK = 512
CHUNK = 1 << 20
UNFINISHED = ".unfinished"


class Writer:
    """Adds parts to an open file, and knows their checksums."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.parts: dict[str, Part] = {}

    def add(self, name: str, chunks: Iterator[bytes]) -> Part:
        """A part from its bytes, however many they are."""
        start = self._file.tell()
        self._file.write(_header(name, 0))
        total, size = hashlib.sha256(), 0
        for chunk in chunks:
            self._file.write(chunk)
            total.update(chunk)
            size += len(chunk)
        self._file.write(b"\0" * (-size % BLOCK))
        end = self._file.tell()
        self._file.seek(start)
        self._file.write(_header(name, size))
        self._file.seek(end)
        self.parts[name] = Part(size, total.hexdigest())
        return self.parts[name]

    def finish(self, manifest: Manifest) -> None:
        """The manifest, the end of the archive, and everything on the disk."""
        self.add(NAME, iter([manifest.encode()]))
        self._file.write(b"\0" * (2 * BLOCK))
        self._file.flush()
        os.fsync(self._file.fileno())


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    header = info.tobuf(tarfile.GNU_FORMAT)
    if len(header) != BLOCK:
        raise ValueError(f"{name} is too long a name")
    return header


class Reader:
    """An archive that says it is whole: its manifest could be read, and every part is where it should be."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self._file = file
        members = self._members()
        self.manifest = self._manifest(members)
        self._offsets = {name: members[name].offset_data for name in self.manifest.parts}

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Raises:
        DamagedArchive: it is no archive, or not a whole one.
        OSError: it can't be read.
        """
        with path.open("rb") as file:
            yield cls(path, file)

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a part; those that are not what was written raise at the end.

        Raises:
            DamagedArchive: the checksum is another.
        """
        part = self.manifest.parts[name]
        self._file.seek(self._offsets[name])
        total, left = hashlib.sha256(), part.bytes
        while left:
            chunk = self._file.read(min(CHUNK, left))
            if not chunk:
                raise DamagedArchive(f"{self.path.name} ends in the middle of {name}.")
            total.update(chunk)
            left -= len(chunk)
            yield chunk
        if total.hexdigest() != part.sha256:
            raise DamagedArchive(f"{name} in {self.path.name} is not what was written: its checksum is another.")

    def verify(self) -> None:
        """Read all of it.

        Raises:
            DamagedArchive: a part is not what was written.
        """
        for name in self.manifest.parts:
            for _ in self.chunks(name):
                pass

    def _members(self) -> dict[str, tarfile.TarInfo]:
        try:
            with tarfile.open(fileobj=self._file, mode="r:") as tar:
                return {member.name: member for member in tar.getmembers() if member.isreg()}
        except (tarfile.TarError, EOFError, ValueError) as error:
            raise DamagedArchive(f"{self.path.name} is no backup, or only a piece of one.") from error

    def _manifest(self, members: dict[str, tarfile.TarInfo]) -> Manifest:
        last = members.get(NAME)
        if last is None or last.size > MOST_BYTES:
            raise DamagedArchive(f"{self.path.name} is no backup, or only a piece of one: it has no manifest.")
        self._file.seek(last.offset_data)
        manifest = Manifest.decode(self._file.read(last.size))
        for name, part in manifest.parts.items():
            if name not in members or members[name].size != part.bytes:
                raise DamagedArchive(f"{name} is missing in {self.path.name}, or not all of it is there.")
        return manifest


def draft_of(path: Path) -> Path:
    """The name of a backup that is being written."""
    return path.with_name(f".{path.name}{UNFINISHED}")


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file for its owner alone that has its name only when the block ended well; else nothing is left."""
    draft = draft_of(path)
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
        draft.rename(path)
        sync_folder(path.parent)
    except BaseException:
        with suppress(FileNotFoundError):
            draft.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """A new name is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""What can go wrong with a backup, as one sentence for the person at the terminal."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)


class BackupError(Exception):
    """No backup was made, or nothing was restored; the message says why and what to do."""


class DamagedArchive(BackupError):
    """The file is not what was written."""


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """What the disk refuses, in words."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise BackupError(f"The disk under {path} is full.") from error
        raise BackupError(f"{error.filename or path}: {error.strerror or error}.") from error

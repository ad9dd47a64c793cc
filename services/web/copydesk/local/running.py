"""A command beside a running desk: where its database and its engine are, from the note that the desk keeps."""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path

from copydesk.config import SECRETS_DIR
from copydesk.local.environment import find_place, with_defaults
from copydesk.local.occupancy import LOCK, NOTE, TOLD

ABSENT = (
    "No desk is running with the data folder {folder}. Start it in another terminal with make run (DATA_DIR says which "
    "folder), or set DATABASE_URL."
)


class NoDesk(Exception):
    """No desk is running here."""


def join(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of a command that works on the desk: as it is where it names a database, else the running desk's.

    Raises:
        NoDesk: it names none, and no desk runs with this data folder.
    """
    secrets = Path(environ.get("SECRETS_DIR", SECRETS_DIR))
    if environ.get("DATABASE_URL") or (secrets / "database_url").is_file():
        return dict(environ)
    folder = find_place(environ).data_dir
    told = _told(folder)
    if not told:
        raise NoDesk(ABSENT.format(folder=folder))
    return {**with_defaults(environ), **told, **{name: environ[name] for name in TOLD if environ.get(name)}}


def _told(folder: Path) -> dict[str, str]:
    try:
        with (folder / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return {}  # nobody holds it: what the note says is of a desk that has ended
    except BlockingIOError:
        pass
    except OSError:
        return {}
    try:
        told = json.loads((folder / NOTE).read_text(encoding="utf-8")).get("environment", {})
    except (OSError, ValueError, AttributeError):
        return {}
    return {name: str(told[name]) for name in TOLD if name in told}

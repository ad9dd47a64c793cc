"""What the chaos bench breaks: processes, a database on a small disk, the line to people, a mail server."""

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from aiosmtpd.controller import Controller

from copydesk.local.console import Console
from copydesk.local.postgres import SETTINGS, Postgres, start
from copydesk.local.supervisor import Supervisor
from tests.desk import Desk, free_port, until

DISK = "320m"
SMALL = {**SETTINGS, "max_wal_size": "64MB", "min_wal_size": "32MB"}
SENDER = "Copydesk <desk@example.org>"


class Wire:
    """Between people and web: passes everything on, until it is cut."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> int:
        """Break every connection at once, wherever in a request it is; returns how many those were."""
        with self._lock:
            broken, self._open = self._open, set()
        for one in broken:
            with suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # as if the cable was pulled
                one.shutdown(socket.SHUT_RDWR)
        return len(broken) // 2

    def close(self) -> None:
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target, timeout=5)
                far.settimeout(None)
            except OSError:
                near.close()
                continue
            with self._lock:
                self._open |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open -= {one, other}
        one.close()


class Postbox:
    """A mail server. `busy`: it takes nothing, for now."""

    def __init__(self) -> None:
        self.busy = False
        self.refused = 0
        self.received: Counter[str] = Counter()  # by Message-ID
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self._controller.start()
        self.url = f"smtp://127.0.0.1:{self._controller.port}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  the library's name
        if self.busy:
            self.refused += 1
            return "451 Busy"
        head = envelope.content.decode(errors="replace")
        self.received[head.partition("Message-ID: ")[2].partition("\r\n")[0]] += 1
        return "250 OK"

    def close(self) -> None:
        self._controller.stop()


class Database:
    """A PostgreSQL that is killed and started; where one may mount, on a disk that can be filled."""

    def __init__(self, folder: Path) -> None:
        self._disk = folder / "disk"
        self._disk.mkdir(parents=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(self._disk)]
        with suppress(OSError):
            subprocess.run(mount, check=False, capture_output=True)  # noqa: S603
        self.can_be_filled = self._disk.is_mount()
        self._log = folder / "database.log"
        self._postgres = Postgres(self._disk, SMALL)
        with Path(os.devnull).open("w") as nowhere, Supervisor(Console(nowhere)) as supervisor:
            self.url = start(supervisor, self._postgres)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._postgres.clear_up()
        program = self._postgres.server()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                program.command, cwd="/", stdout=log, stderr=log, start_new_session=True, **program.identity
            )
        until(self._answers, "the database answers")

    def kill(self) -> None:
        """All of it at once, as when the power goes."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def terminate_connections(self) -> int:
        """End every session of others, in the middle of whatever they do; returns how many."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            query = """
                SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
            """
            row = connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    def fill(self) -> int:
        """Leave no byte of the disk; returns how many there were."""
        filler, written = self._disk / "filler", 0
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                written += file.write(b"\0" * 65536)
        return written

    def runs_out(self) -> bool:
        """Write until PostgreSQL has no room for its log either; False where there is no end to it."""
        try:
            with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
                for _ in range(64):
                    connection.execute("SELECT pg_logical_emit_message(true, 'chaos', repeat('x', 4000000))")
        except psycopg.Error:
            return True
        return False

    def free_again(self) -> None:
        (self._disk / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        if self.runs:
            self.kill()
        if self.can_be_filled:
            subprocess.run(["umount", "--lazy", str(self._disk)], check=False, capture_output=True)  # noqa: S603, S607
        shutil.rmtree(self._disk, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False


class Place:
    """A whole desk that can be broken in every part."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.database = Database(folder)
        self.postbox = Postbox()
        self.desk = Desk(
            self.database.url,
            folder,
            SMTP_URL=self.postbox.url,
            MAIL_FROM=SENDER,
            **{
                "LIMITS": "false",
                "DRAFT_TOKENS": "24",
                "MACHINE_SHARE_WARN": "100",
                "MACHINE_SHARE_HOLD": "100",
                "LOG_LEVEL": "WARNING",
                **environment,
            },
        )
        self.wire = Wire(self.desk.port)
        self.ended_by_themselves: Counter[str] = Counter()

    def start(self) -> None:
        self.database.start()
        self.desk.run("migrate")
        self.desk.run("development-people")
        for name in ("worker", "engine", "web"):
            self.begin(name)
        self.until_up()

    def begin(self, name: str) -> None:
        if name == "web":
            self.desk.start("web", "web", "--port", str(self.desk.port))
        else:
            self.desk.start(name)

    def revive(self) -> None:
        """Start what has ended, as the production stack does with everything that ends."""
        if not self.database.runs:
            self.database.start()
        for name, process in list(self.desk.running.items()):
            if process.poll() is not None:
                self.ended_by_themselves[name] += 1
                self.begin(name)

    def state(self) -> str:
        """How things stand, for whoever wants to know why nothing goes on."""
        query = """
            SELECT queue_name, job.status::text, count(*), max(attempts), max(scheduled_at - now())::text,
                   max(now() - worker.last_heartbeat)::text
            FROM procrastinate_jobs AS job LEFT JOIN procrastinate_workers AS worker ON worker.id = worker_id
            WHERE job.status IN ('todo', 'doing') GROUP BY 1, 2 ORDER BY 1, 2
        """
        ended = {name: process.poll() for name, process in self.desk.running.items()}
        try:
            with psycopg.connect(self.database.url, connect_timeout=5) as connection:
                rows = connection.execute(query).fetchall()
        except psycopg.Error as error:
            rows = [(str(error),)]
        return f"processes {ended}, database {self.database.runs}, jobs {rows}"

    def until_up(self) -> None:
        def up() -> bool:
            self.revive()
            engine = f"http://127.0.0.1:{self.desk.engine_port}/health"
            return Desk.answers(self.desk.url + "/healthz") and Desk.answers(engine)

        until(up, "web and engine answer", 120)

    def close(self) -> None:
        for name in list(self.desk.running):
            self.desk.kill(name)
        self.desk.stop_all()
        self.wire.close()
        self.postbox.close()
        self.database.close()


@contextmanager
def place(folder: Path, **environment: str) -> Iterator[Place]:
    """A desk, with these settings besides, that is gone afterwards, whatever happened to it."""
    made = Place(folder, **environment)
    try:
        yield made
    finally:
        made.close()

"""A whole desk in processes of its own: database, engine, worker, web; each can be stopped or killed by a test."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
from sqlalchemy import Engine, create_engine, make_url

from copydesk.config import settings

ROOT = Path(__file__).resolve().parent.parent
COPYDESK = [sys.executable, "-m", "copydesk.cli"]
PATIENCE = 60.0  # seconds; a slow machine gets time, a broken one does not hang


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], object], what: str, patience: float = PATIENCE) -> object:
    """Wait until `true()` is; fails with `what` was waited for."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        answer = true()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {patience:.0f} s in vain: {what}")


def logins_of(database_url: str) -> dict[str, str]:
    """The addresses by which web and worker log in to this database, each with a role of its own."""
    url = make_url(database_url)
    processes = ("web", "worker")
    named = {name: url.set(username=f"{url.database}_{name}", password=f"the-{name}’s-own") for name in processes}
    return {name: url.render_as_string(hide_password=False) for name, url in named.items()}


class Desk:
    """The processes of one desk on one database."""

    def __init__(self, database_url: str, folder: Path, **environment: str) -> None:
        self.port, self.engine_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = os.environ | {
            "COPYDESK_ENV": "development",
            "DATABASE_URL": database_url,
            "SECRET_KEY": secrets.token_hex(16),
            "PASSWORD_SALT": "salt-of-the-tests",
            "ENGINE_TOKEN": secrets.token_hex(16),
            "ENGINE_URL": f"http://127.0.0.1:{self.engine_port}",
            "ENGINE_PORT": str(self.engine_port),
            "BASE_URL": self.url,
            "DATA_DIR": str(folder),
            "CACHE_DIR": str(ROOT / "var" / "test-cache"),
            "MODEL": "seed",
            "WEB_WORKERS": "1",
            "WORKER_HEARTBEAT": "0.5",
            "WORKER_STALLED_AFTER": "2",
            **environment,
        }
        self.logins = logins_of(database_url)
        self.database: Engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg2://"))

    def environment_of(self, command: str) -> dict[str, str]:
        """What a command gets in production: the owner's rights are `migrate`'s alone, which makes the others."""
        if command == "migrate":
            return self.environment | {f"{name.upper()}_DATABASE_URL": url for name, url in self.logins.items()}
        if command == "engine":
            return self.environment
        of_worker = command in ("worker", "models", "replay")
        return self.environment | {"DATABASE_URL": self.logins["worker" if of_worker else "web"]}

    def run(self, *words: str) -> str:
        """A command that ends by itself."""
        command = [*COPYDESK, *words]
        environment = self.environment_of(words[0])
        done = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, name: str, *words: str, **environment: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as output:
            self.running[name] = subprocess.Popen(
                [*COPYDESK, *(words or (name.partition("-")[0],))],
                env=self.environment_of((words or (name.partition("-")[0],))[0]) | environment,
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start_web(self) -> None:
        self.start("web", "web", "--port", str(self.port))
        self.until_up("web", self.url + "/healthz")

    def start_engine(self) -> None:
        self.start("engine")
        self.until_up("engine", f"http://127.0.0.1:{self.engine_port}/health")

    def until_up(self, name: str, address: str) -> None:
        def up() -> bool:
            assert self.running[name].poll() is None, f"{name} ended:\n{self.log(name)}"
            return self.answers(address)

        until(up, f"{name} answers")

    @contextlib.contextmanager
    def settings(self) -> Iterator[None]:
        """What this process does to the desk's database it does with the desk's settings."""
        before = dict(os.environ)
        os.environ |= {name: value for name, value in self.environment.items() if name not in before}
        settings.cache_clear()
        try:
            yield
        finally:
            os.environ.clear()
            os.environ |= before
            settings.cache_clear()

    def start_all(self) -> None:
        self.run("migrate")
        self.run("development-people")
        self.start_web()
        self.start("worker")
        self.start_engine()

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process and all its children, and wait until it is gone."""
        process = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        process.wait(30)

    def kill(self, name: str) -> None:
        self.signal(name, signal.SIGKILL)

    def stop(self, name: str) -> None:
        self.signal(name, signal.SIGTERM)

    def stop_all(self) -> None:
        for name in list(self.running):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop(name)
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        self.database.dispose()

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    @staticmethod
    def answers(url: str) -> bool:
        try:
            return httpx.get(url, timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False


@contextlib.contextmanager
def desk(database_url: str, folder: Path, **environment: str) -> Iterator[Desk]:
    """A desk that is gone afterwards; its logs are shown when the test failed."""
    made = Desk(database_url, folder, **environment)
    try:
        yield made
    except BaseException:
        for name in ("web", "worker", "engine"):
            sys.stderr.write(f"---- {name}\n{made.log(name)}\n")
        raise
    finally:
        made.stop_all()

"""An engine in a process of its own, started by the command, as the desk starts it."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from copydesk.engine.client import EngineClient
from copydesk.engine.errors import EngineError

ROOT = Path(__file__).resolve().parents[3]
MODELS = ROOT / "services" / "web" / "models"
COMMAND = [sys.executable, "-c", "from copydesk.engine.cli import engine; engine()"]
PATIENCE = 60.0  # seconds


@dataclass(frozen=True)
class Running:
    """An engine that answers."""

    process: subprocess.Popen[bytes]
    url: str
    token: str
    log: Path
    seconds: float  # until it answered

    def client(self, timeout: float = 30.0) -> EngineClient:
        return EngineClient(self.url, self.token, timeout)


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """The environment of a command that keeps its files in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ENGINE", "MODEL"))}
    return kept | {"CACHE_DIR": str(folder / "cache"), "MODELS_DIR": str(MODELS)} | variables


@contextmanager
def engine(folder: Path, port: int, **variables: str) -> Iterator[Running]:
    """Start the command; the context ends when it answers no more."""
    token, log = secrets.token_hex(16), folder / f"engine-{port}.log"
    known = environment(folder, ENGINE_PORT=str(port), ENGINE_TOKEN=token, **variables)
    started = time.monotonic()
    with log.open("wb") as file, subprocess.Popen(COMMAND, env=known, stderr=file, stdout=file) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(EngineClient(url, token, 5), process, log)
            yield Running(process, url, token, log, time.monotonic() - started)
        finally:
            if process.poll() is None:
                process.terminate()


def _wait(client: EngineClient, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            client.health()
        except EngineError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"the engine did not start: {log.read_text()}")

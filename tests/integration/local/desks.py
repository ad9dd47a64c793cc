"""A desk in a process of its own, to be treated badly."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

STAND_INS = Path(__file__).with_name("desk_of_stand_ins.py")
# What the tests' own processes are set up with, and a person's shell is not.
OURS = {"COPYDESK_ENV", "DATABASE_URL", "SECRET_KEY", "PASSWORD_SALT", "ENGINE_TOKEN", "ENGINE_URL", "BASE_URL"}
READY = "Copydesk is ready at"


class Desk:
    """A running desk of stand-ins and what it has printed."""

    def __init__(self, data_dir: Path, port: int, under: Sequence[str] = ()) -> None:
        self.data_dir = data_dir
        self.port = port
        data_dir.parent.mkdir(exist_ok=True)
        self._log = data_dir.parent / f"desk-{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            command = [*under, sys.executable, str(STAND_INS), str(port), str(data_dir)]
            self.process = subprocess.Popen(
                command, env=bare_environment(), stdout=log, stderr=log, start_new_session=True
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    def wait_for(self, text: str, seconds: float = 40) -> None:
        def there() -> bool:
            if self.process.poll() is not None and text not in self.output:
                pytest.fail(f"the desk ended without {text!r}:\n{self.output}")
            return text in self.output

        eventually(there, seconds, lambda: f"no {text!r} in:\n{self.output}")

    def processes(self) -> list[psutil.Process]:
        """Everything that runs for this desk: its own descendants, guardian included."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def one(self, role: str) -> psutil.Process:
        """The direct child whose command line ends with that role."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if re.search(role, " ".join(child.cmdline())))

    def stop(self, number: int = signal.SIGINT) -> int:
        """As Ctrl-C does: the signal goes to the whole foreground group."""
        self.process.send_signal(number)
        return self.process.wait(30)


def bare_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OURS}


def eventually(there: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
    deadline = time.monotonic() + seconds
    while not there():
        if time.monotonic() > deadline:
            pytest.fail(otherwise())
        time.sleep(0.05)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def assert_all_gone(processes: list[psutil.Process], seconds: float = 15) -> None:
    assert len(processes) > 5, "nothing to look for"
    eventually(lambda: not alive(processes), seconds, lambda: f"left running: {alive(processes)}")

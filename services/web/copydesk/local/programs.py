"""A program of the desk, and one running copy of it with everything it started."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from copydesk.local import guardian
from copydesk.local.console import KEPT_LINES, Console


@dataclass(frozen=True)
class Program:
    """How to start a program, how to tell that it is ready, and how to stop it."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    ready: Callable[[], bool] | None = None  # asked again and again; none: ready at once
    prepare: Callable[[], None] | None = None  # before each start, so also before a restart
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 10
    stop_last: bool = False  # the others need it to end well
    shows: Callable[[str], bool] = bool  # which of its lines to show: those that are not blank
    cwd: Path | None = None
    identity: Mapping[str, Any] = field(default_factory=dict)  # user, group and the like, as Popen takes them


class Guard:
    """The supervisor's end of the pipe to its guardian."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-S", str(Path(guardian.__file__).resolve())]
        self._process = subprocess.Popen(  # noqa: S603  our own file
            command, stdin=subprocess.PIPE, text=True, start_new_session=True, cwd="/"
        )

    def watch(self, pid: int, stop_signal: int, seconds: float) -> None:
        self._tell(f"+{pid} {stop_signal} {seconds}")

    def forget(self, pid: int) -> None:
        self._tell(f"-{pid}")

    def _tell(self, line: str) -> None:
        pipe = self._pipe()
        with suppress(BrokenPipeError):  # killed by hand: the next start clears up instead
            pipe.write(f"{line}\n")
            pipe.flush()

    def _pipe(self) -> IO[str]:
        if self._process.stdin is None:
            raise RuntimeError("the guardian was started without a pipe")
        return self._process.stdin

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(BrokenPipeError):
            self._pipe().close()
        self._process.wait()


class Child:
    """One running copy of a program: a process group of its own, its output on the console."""

    def __init__(self, program: Program, console: Console, guard: Guard) -> None:
        self.program = program
        self.started = time.monotonic()
        self.is_ready = False
        self.last_lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._guard = guard
        self.process = subprocess.Popen(  # noqa: S603  commands of our own
            list(program.command),
            env=dict(program.environ),
            cwd=program.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **program.identity,
        )
        guard.watch(self.process.pid, program.stop_signal, program.stop_seconds)
        pump = (program.name, self.process.stdout, self.last_lines, program.shows)
        self._pump = threading.Thread(target=console.pump, args=pump, daemon=True)
        self._pump.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def uptime(self) -> float:
        return time.monotonic() - self.started

    def look(self) -> int | None:
        """The exit status once it has ended. What a dead program left in its group is killed: it may hold a port."""
        status = self.process.poll()
        if status is not None:
            guardian.signal_group(self.pid, signal.SIGKILL)
            self._pump.join(timeout=1)
            self._guard.forget(self.pid)
        elif not self.is_ready:
            self.is_ready = self.program.ready is None or self.program.ready()
        return status

    def ask_to_stop(self) -> None:
        if self.process.poll() is None:
            guardian.signal_group(self.pid, self.program.stop_signal)

    def kill(self) -> None:
        guardian.signal_group(self.pid, signal.SIGKILL)
        self.process.wait()
        self.look()


def describe_exit(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"

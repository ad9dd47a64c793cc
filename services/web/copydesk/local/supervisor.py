"""Keeps programs running: waits until they are ready, starts again what breaks, and leaves nothing behind."""

import os
import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from copydesk.local.console import Console
from copydesk.local.programs import Child, Guard, Program, describe_exit

TICK = 0.05
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST_PAUSE = 30.0
STEADY_AFTER = 30.0  # seconds after which earlier breakdowns are forgiven


class Stopped(Exception):
    """Somebody asked the desk to stop."""


class ProgramFailed(Exception):
    """A program that everything else needs did not come up."""

    def __init__(self, child: Child, reason: str) -> None:
        hidden = [line for line in child.last_lines if line and not child.program.shows(line)]
        super().__init__("\n  ".join([f"{child.program.name} {reason}", *hidden]))


class Slot:
    """A program's place under the supervisor: its running copy, or the time of its next start."""

    def __init__(self, program: Program, child: Child) -> None:
        self.program = program
        self.child = child
        self.breakdowns = 0
        self.next_start: float | None = None


class Supervisor:
    """Used as a block: at its end, whatever the reason, every program has been stopped."""

    def __init__(self, console: Console, register: Callable[[str, int], None] = lambda name, pid: None) -> None:
        self.console = console
        self.slots: list[Slot] = []
        self._register = register
        self._guard = Guard()
        self._parent: int | None = None
        self._asked = ""  # why to stop
        self._asked_at = 0.0
        self._impatient = False

    def obey_terminal(self) -> None:
        """Stop on Ctrl-C, `kill`, a closed terminal and the death of make; on a second Ctrl-C without waiting."""
        self._parent = os.getppid() if "MAKELEVEL" in os.environ else None
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_signal)

    def run_once(self, program: Program) -> None:
        """Run a program to its end; it must succeed."""
        child = self._launch(program)
        try:
            while (status := child.look()) is None:
                self.pause()
        except Stopped:
            child.kill()
            raise
        if status:
            raise ProgramFailed(child, describe_exit(status))

    def start(self, program: Program) -> Slot:
        """Start a program that is to run until the desk stops."""
        slot = Slot(program, self._launch(program))
        self.slots.append(slot)
        return slot

    def wait_ready(self, slot: Slot, seconds: float = 60) -> None:
        """Wait for a program that everything else needs."""
        while not slot.child.is_ready:
            status = slot.child.look()
            if status is not None:
                raise ProgramFailed(slot.child, describe_exit(status))
            if slot.child.uptime > seconds:
                raise ProgramFailed(slot.child, f"was not ready after {seconds:.0f} s")
            self.pause()

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Tend the programs until somebody asks to stop, or until a condition holds."""
        while not until():
            for slot in self.slots:
                self._tend(slot)
            self.pause()

    def pause(self) -> None:
        """A moment's rest that ends the work when the desk is to stop."""
        if not self._asked and self.console.gone:
            self._asked = "the terminal was closed"
        if not self._asked and self._parent not in (None, os.getppid()):
            self._asked = "make is gone"
        if self._asked:
            raise Stopped(self._asked)
        time.sleep(TICK)

    def stop(self) -> None:
        """Stop the programs together, and those that the others need to end well after them."""
        children = [slot.child for slot in self.slots if slot.next_start is None]
        self._stop_together([child for child in children if not child.program.stop_last])
        self._stop_together([child for child in children if child.program.stop_last])
        self.slots.clear()

    def _stop_together(self, children: list[Child]) -> None:
        for child in children:
            child.ask_to_stop()
        started = time.monotonic()
        while children := [child for child in children if child.look() is None]:
            for child in children:
                if self._impatient or time.monotonic() > started + child.program.stop_seconds:
                    self.console.say(f"{child.program.name} does not stop; killing it")
                    child.kill()
            time.sleep(TICK)

    def _launch(self, program: Program) -> Child:
        if program.prepare:
            program.prepare()
        child = Child(program, self.console, self._guard)
        self._register(program.name, child.pid)
        return child

    def _tend(self, slot: Slot) -> None:
        if slot.next_start is not None:
            if time.monotonic() >= slot.next_start:
                slot.next_start = None
                slot.child = self._launch(slot.program)
            return
        was_ready = slot.child.is_ready
        status = slot.child.look()
        if status is not None:
            self._plan_restart(slot, status)
        elif slot.breakdowns and slot.child.is_ready and not was_ready:
            self.console.say(f"{slot.program.name} is running again")

    def _plan_restart(self, slot: Slot, status: int) -> None:
        slot.breakdowns = 1 if slot.child.uptime > STEADY_AFTER else slot.breakdowns + 1
        wait = min(0.5 * 2 ** (slot.breakdowns - 1), LONGEST_PAUSE)
        slot.next_start = time.monotonic() + wait
        self.console.say(f"{slot.program.name} {describe_exit(status)}; starting it again in {wait:g} s")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if not self._asked:
            self._asked, self._asked_at = signal.Signals(number).name, time.monotonic()
        elif number == signal.SIGINT and time.monotonic() > self._asked_at + 1:
            self._impatient = True  # not at once: make passes on what the terminal has sent us already

    def __enter__(self) -> Self:
        self._guard.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._guard.__exit__(kind, error, trace)

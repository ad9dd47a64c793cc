"""What the person at the terminal sees: one line per event, and every program's own lines behind its name."""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import IO

COLOURS = {"desk": 1, "database": 35, "engine": 33, "worker": 32, "web": 36, "migrate": 35, "people": 35}
WIDTH = max(len(name) for name in COLOURS)
KEPT_LINES = 30


class Console:
    """Lines from many programs, whole and one at a time."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self.stream = stream or sys.stdout
        self.gone = False  # nobody reads any more: the terminal was closed
        self._lock = threading.Lock()
        self._coloured = self.stream.isatty() and "NO_COLOR" not in os.environ

    def say(self, text: str, name: str = "desk") -> None:
        """One line of a program, behind its name."""
        prefix = f"{name:<{WIDTH}} |"
        if self._coloured:
            prefix = f"\033[{COLOURS.get(name, 0)}m{prefix}\033[0m"
        self.write(f"{prefix} {text}\n")

    def write(self, text: str) -> None:
        """Text as it is."""
        with self._lock:
            try:
                self.stream.write(text)
                self.stream.flush()
            except (OSError, ValueError):
                self.gone = True

    def pump(self, name: str, source: IO[bytes], kept: deque[str], shows: Callable[[str], bool]) -> None:
        """Show a program's output line by line until it ends; its last lines are kept for a report."""
        with source:
            for raw in source:
                line = raw.decode(errors="replace").rstrip()
                kept.append(line)
                if line and shows(line):
                    self.say(line, name)

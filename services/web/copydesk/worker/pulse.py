"""Does this worker take jobs? Each of its loops must have looked for some lately, or have its hands full.

A sign of life in the database would not do: another task gives it than the one that takes jobs, and other workers do.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from copydesk.worker import metrics

PATIENCE = 30.0  # seconds without a look; a loop looks every second, and again after each job


class Pulse:
    """When each loop last looked for jobs. Written by the event loop, read by the thread that answers for it."""

    def __init__(self, loops: dict[str, int], patience: float = PATIENCE) -> None:
        """`loops`: their names, with how many jobs each may have at once."""
        self._places = loops
        self._patience = patience
        self._looked: dict[str, float] = {}
        self._busy = dict.fromkeys(loops, 0)
        self._lock = threading.Lock()
        self._stopping = False

    def looked(self, loop: str) -> None:
        """The database was asked for a job, and answered."""
        with self._lock:
            self._looked[loop] = time.monotonic()
        metrics.LOOKED.labels(loop).set_to_current_time()

    @contextmanager
    def at_work(self, loop: str) -> Iterator[None]:
        with self._lock:
            self._busy[loop] += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy[loop] -= 1

    def stop(self) -> None:
        self._stopping = True

    def faults(self) -> dict[str, str]:
        """What is wrong, by loop; nothing: jobs are taken."""
        if self._stopping:
            return {"process": "stopping"}
        now = time.monotonic()
        with self._lock:
            return {
                loop: "does not look for jobs" if loop in self._looked else "has not looked for jobs yet"
                for loop, places in self._places.items()
                if self._busy[loop] < places and now - self._looked.get(loop, -self._patience) >= self._patience
            }

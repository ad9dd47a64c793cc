"""Gunicorn's process with threads, which when it is told to stop lets nobody new in, instead of letting them wait."""

import select
from types import FrameType

from gunicorn.workers.gthread import ThreadWorker

from copydesk.web import stopping


class DeskWorker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn keeps the door open until all is answered: who knocks meanwhile would wait in vain."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        stopping.begin()
        super().handle_exit(sig, frame)

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive and not enabled:
            for listener in self.sockets:
                # Who is connected already is let in.
                while self.nr_conns < self.worker_connections and select.select([listener], [], [], 0)[0]:
                    known = self.nr_conns
                    self.accept(listener)
                    if self.nr_conns == known:  # another process was quicker
                        break
                listener.close()

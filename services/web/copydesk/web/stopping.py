"""Is this process about to end? Then it answers what was asked, and is not ready for more."""

import signal
import threading
from types import FrameType

_stopping = threading.Event()


def watch() -> None:
    """Notice SIGTERM, before gunicorn acts on it."""
    gunicorns = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        _stopping.set()
        if callable(gunicorns):
            gunicorns(number, frame)

    signal.signal(signal.SIGTERM, stop)


def is_stopping() -> bool:
    return _stopping.is_set()

"""Is this process about to end? Then it answers what was asked, and is not ready for more."""

import threading

_stopping = threading.Event()


def begin() -> None:
    _stopping.set()


def is_stopping() -> bool:
    return _stopping.is_set()

"""The number of a request: nginx gives it, and it goes with all that the request causes.

In log lines, audit rows, answers and error pages; with a job to the worker, and with its question to the engine.
Standard library only: every process has this module.
"""

import re
import uuid
from contextvars import ContextVar

HEADER = "X-Request-ID"
_FORM = re.compile(r"[0-9a-f]{32}")  # as nginx makes them

current: ContextVar[str | None] = ContextVar("request_id", default=None)


def new() -> str:
    return uuid.uuid4().hex


def is_one(text: object) -> bool:
    """Has this the form of a number that we give? Anything else is not taken into a log."""
    return isinstance(text, str) and _FORM.fullmatch(text) is not None

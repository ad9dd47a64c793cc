"""Answers that take as long whoever is asked about, so that nobody can find out by the clock who has an account."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import current_app, request
from flask.typing import ResponseReturnValue

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
SECONDS = 0.5  # more than the slowest of the ways takes, a password's hash among it


def evenly(view: View) -> View:
    """Whatever is sent to this view, its answer comes no sooner than `SECONDS` after the question."""

    @wraps(view)
    def slowly(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if request.method != "POST":
            return view(*args, **kwargs)
        began = time.monotonic()
        try:
            return view(*args, **kwargs)
        finally:
            rest = current_app.config["EVEN_SECONDS"] - (time.monotonic() - began)
            if rest > 0:
                time.sleep(rest)

    return cast(View, slowly)

"""One log line a request, and every line of a request with its number; the same number is in the audit rows.

nginx gives the number (see `request_ids`). It is believed where nginx stands before us, and has the form of one: what
anybody else sends is not taken into a log.
"""

import time

import structlog
from flask import Flask, Response, current_app, g, request
from sqlalchemy import inspect

from copydesk import audit, request_ids

log = structlog.get_logger("copydesk.web")
QUIET = frozenset({"static", "health.healthz", "metrics.metrics"})


def start_request() -> None:
    g.request_id = _number()
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    request_ids.current.set(g.request_id)
    audit.origin.set(audit.Origin(source="web", address=request.remote_addr, request_id=g.request_id))


def end_request(response: Response) -> Response:
    if "request_id" in g:
        response.headers[request_ids.HEADER] = g.request_id
        if request.endpoint not in QUIET:
            _log_request(response)
    return response


def _number() -> str:
    given = request.headers.get(request_ids.HEADER)
    trusted = current_app.config["COPYDESK"].trusted_proxies > 0
    return given if trusted and given is not None and request_ids.is_one(given) else request_ids.new()


def _log_request(response: Response) -> None:
    log.info(
        "request",
        method=request.method,
        path=_path(),
        status=response.status_code,
        ms=round((time.perf_counter() - g.started) * 1000, 1),
        user=_person(),
    )


def _person() -> int | None:
    """Who asked, where the page wanted to know. A log line asks the database nothing: it may be away."""
    known = inspect(g.get("_login_user"), raiseerr=False)
    return known.identity[0] if known is not None and known.identity else None


def _path() -> str:
    """The address without what only the reader of a letter should know."""
    path = request.path
    for name, value in (request.view_args or {}).items():
        path = path.replace(str(value), "…") if name == "token" else path
    return path


def install(app: Flask) -> None:
    app.before_request(start_request)
    app.after_request(end_request)

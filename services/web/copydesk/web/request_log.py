"""One log line a request, and every line of a request with its id; the same id is in the audit rows."""

import re
import time
import uuid

import structlog
from flask import Flask, Response, g, request
from flask_login import current_user

from copydesk import audit

log = structlog.get_logger("copydesk.web")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def start_request() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    audit.origin.set(audit.Origin(source="web", address=request.remote_addr, request_id=g.request_id))


def end_request(response: Response) -> Response:
    if "request_id" in g:
        response.headers["X-Request-ID"] = g.request_id
        if request.endpoint not in ("static", "health.healthz"):
            _log_request(response)
    return response


def _log_request(response: Response) -> None:
    log.info(
        "request",
        method=request.method,
        path=_path(),
        status=response.status_code,
        ms=round((time.perf_counter() - g.started) * 1000, 1),
        user=current_user.id if current_user.is_authenticated else None,
    )


def _path() -> str:
    """The address without what only the reader of a letter should know."""
    path = request.path
    for name, value in (request.view_args or {}).items():
        path = path.replace(str(value), "…") if name == "token" else path
    return path


def install(app: Flask) -> None:
    app.before_request(start_request)
    app.after_request(end_request)

"""The figures of the web processes for Prometheus, under /metrics; docs/monitoring.md names each.

Gunicorn's processes each count for themselves, in files of one folder (`start_folder`); whichever of them is asked adds
them up. Labels are never what a visitor sent: routes are named as the application names them.
"""

import time
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import event

from copydesk import scraping
from copydesk.web import metric_files
from copydesk.web.extensions import db
from copydesk.web.guards import public
from copydesk.web.state_figures import StateFigures

blueprint = Blueprint("metrics", __name__)
registry = CollectorRegistry()  # of this process alone, where there are no others

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
UNMATCHED = "none"

REQUESTS = Counter("copydesk_http_requests", "Requests answered.", ["method", "route", "status"], registry=registry)
DURATIONS = Histogram(
    "copydesk_http_request_seconds", "Until the answer began.", ["method", "route"], buckets=SECONDS, registry=registry
)
IN_FLIGHT = Gauge(
    "copydesk_http_requests_in_flight", "Requests being answered.", registry=registry, multiprocess_mode="livesum"
)
LOGIN_FAILURES = Counter("copydesk_login_failures", "Log-ins and second steps that went wrong.", registry=registry)
LIMITS_HIT = Counter("copydesk_limits_hit", "Requests told to come back later, by the desk itself.", registry=registry)
CONNECTIONS = Gauge(
    "copydesk_database_connections_in_use",
    "Connections of the pages to the database that are in use.",
    registry=registry,
    multiprocess_mode="livesum",
)
POOL = Gauge(
    "copydesk_database_pool_size",
    "Connections that the pages keep open; some more are opened while all of these are in use.",
    registry=registry,
    multiprocess_mode="livesum",
)


@blueprint.get("/metrics")
@public
def metrics() -> ResponseReturnValue:
    """Public as far as accounts go: this machine and the token's holder read it, for everybody else it is not there."""
    before = request.environ.get("werkzeug.proxy_fix.orig", request.environ)
    forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"))
    if not scraping.allowed(
        peer=before["REMOTE_ADDR"],
        forwarded=forwarded,
        authorization=request.headers.get("Authorization", ""),
        token=current_app.config["COPYDESK"].metrics_token.get_secret_value(),
    ):
        abort(404)
    state = CollectorRegistry()
    state.register(StateFigures(db.session()))
    counted = metric_files.everybodys() or registry
    text = metric_files.read(counted) + generate_latest(state)
    return Response(text, content_type=scraping.TYPE)


def install(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_count)
    app.teardown_request(_end)
    with app.app_context():
        _watch_pool(db.engine)


def _begin() -> None:
    g.counted_from = time.perf_counter()
    IN_FLIGHT.inc()


def _count(response: Response) -> Response:
    if "counted_from" in g:
        method = request.method if request.method in METHODS else "other"
        route = request.url_rule.rule if request.url_rule is not None else UNMATCHED
        REQUESTS.labels(method, route, f"{response.status_code // 100}xx").inc()
        DURATIONS.labels(method, route).observe(time.perf_counter() - g.counted_from)
    return response


def _end(_error: BaseException | None) -> None:
    if g.pop("counted_from", None) is not None:
        IN_FLIGHT.dec()


def _watch_pool(engine: Any) -> None:
    POOL.set(engine.pool.size())
    event.listen(engine, "checkout", lambda *_: CONNECTIONS.inc())
    event.listen(engine, "checkin", lambda *_: CONNECTIONS.dec())

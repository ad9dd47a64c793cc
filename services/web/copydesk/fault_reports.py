"""Faults told to Sentry, or to a server that speaks like it, where SENTRY_DSN names one; else it is not even imported.

What goes out is where in our code it broke, and the number of the request. No words of anybody: not the request, not
the person, not what the exception says, which may quote a text or a row. That stands in this desk's log, by the number.
"""

from typing import Any

from copydesk import __version__, request_ids
from copydesk.config import Settings

_sentry: Any = None  # the library, once it is wanted

_KEPT = ("event_id", "timestamp", "platform", "level", "release", "environment", "tags", "exception", "sdk")
_KEPT_OF_FRAMES = ("filename", "function", "module", "lineno", "in_app")


def install(settings: Settings, process: str) -> None:
    """Report the faults of this process, where the settings say where to."""
    global _sentry  # noqa: PLW0603
    dsn = settings.sentry_dsn.get_secret_value()
    if not dsn:
        return
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        release=f"copydesk@{__version__}",
        environment=settings.environment.value,
        server_name=process,
        default_integrations=False,  # they look into requests, logs and processes
        auto_enabling_integrations=False,
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        before_send=_without_words,  # type: ignore[arg-type]
        shutdown_timeout=2,
    )
    sentry_sdk.set_tag("process", process)
    _sentry = sentry_sdk


def report(error: BaseException, **tags: str) -> None:
    """Tell of a fault in our code. `tags`: what is known of the place, never of the person."""
    if _sentry is None:
        return
    with _sentry.new_scope() as scope:
        number = request_ids.current.get()
        for name, value in {**tags, **({} if number is None else {"request_id": number})}.items():
            scope.set_tag(name, value)
        scope.capture_exception(error)


def _without_words(event: dict[str, Any], _hint: dict[str, Any]) -> dict[str, Any]:
    """What may go out, and nothing that a later version of the library adds."""
    kept = {name: event[name] for name in _KEPT if name in event}
    kept["exception"] = {"values": [_plain(one) for one in (event.get("exception") or {}).get("values") or ()]}
    return kept


def _plain(exception: dict[str, Any]) -> dict[str, Any]:
    frames = (exception.get("stacktrace") or {}).get("frames") or ()
    return {
        "type": exception.get("type"),
        "module": exception.get("module"),
        "stacktrace": {
            "frames": [{name: frame[name] for name in _KEPT_OF_FRAMES if name in frame} for frame in frames]
        },
    }

"""Traces for OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT names a collector; else it is not even imported.

A trace has the number of its request, so that the log, the audit log and the trace are found by one number, and the job
of a worker stands in the trace of the request that caused it. What visitors send as trace numbers is not believed. Only
what `_KEPT` names goes out: no address, no query, no person, no words, and SQL without what was put into it.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from copydesk import __version__, request_ids
from copydesk.config import Settings

_tracer: Any = None  # once it is wanted

_KEPT = frozenset({
    "http.method", "http.request.method", "http.route", "http.status_code", "http.response.status_code", "http.flavor",
    "db.system", "db.system.name", "db.statement", "db.query.text", "db.operation", "db.operation.name",
    "copydesk.task", "copydesk.outcome",
})  # fmt: skip
_STATEMENTS = frozenset({"db.statement", "db.query.text"})
_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")


def install(settings: Settings, process: str) -> None:
    """Send traces of this process, where the settings say where to."""
    global _tracer  # noqa: PLW0603
    endpoint = settings.otel_exporter_otlp_endpoint
    if not endpoint or _tracer is not None:
        return
    from opentelemetry import propagate, trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    propagate.set_global_textmap(_nobodys_word())
    name = {"service.name": f"copydesk-{process}", "service.version": __version__}
    provider = TracerProvider(resource=Resource(name), id_generator=_id_generator())
    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + "/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(_careful(exporter)))
    trace.set_tracer_provider(provider)
    _tracer = trace.get_tracer("copydesk", __version__)


def watch_pages(app: Any) -> None:
    """A span for every request of the Flask application; to be called when the request's number is known already."""
    if _tracer is None:
        return
    from opentelemetry.instrumentation.flask import FlaskInstrumentor

    FlaskInstrumentor().instrument_app(app, excluded_urls="healthz,readyz,metrics", enable_commenter=False)


def watch_database(engine: Any) -> None:
    """A span for every statement of this engine: the statement with its gaps, never what fills them."""
    if _tracer is None:
        return
    from opentelemetry.trace import SpanKind
    from sqlalchemy import event

    def begin(_connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        words = {"db.system": "postgresql", "db.statement": statement}
        name = statement.split(maxsplit=1)[0] if statement.strip() else "SQL"
        context.desk_span = _tracer.start_span(name, kind=SpanKind.CLIENT, attributes=words)

    def end(context: Any) -> None:
        span = getattr(context, "desk_span", None)
        if span is not None:
            span.end()

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", lambda *given: end(given[4]))
    event.listen(engine, "handle_error", lambda fault: end(fault.execution_context))


@contextmanager
def span(name: str, **attributes: str) -> Iterator[None]:
    """A span of our own."""
    if _tracer is None:
        yield
        return
    named = {f"copydesk.{key}": value for key, value in attributes.items()}
    with _tracer.start_as_current_span(name, attributes=named, record_exception=False, set_status_on_exception=False):
        yield


def _nobodys_word() -> Any:
    """No trace goes on from what a request brings along, and none is told to others."""
    from opentelemetry.context import Context
    from opentelemetry.propagators.textmap import TextMapPropagator

    class Nobodys(TextMapPropagator):
        def extract(self, carrier: Any, context: Context | None = None, getter: Any = None) -> Context:
            return Context() if context is None else context

        def inject(self, carrier: Any, context: Context | None = None, setter: Any = None) -> None:
            pass

        @property
        def fields(self) -> set[str]:
            return set()

    return Nobodys()


def _id_generator() -> Any:
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class ByRequest(RandomIdGenerator):
        """The number of a trace is that of its request."""

        def generate_trace_id(self) -> int:
            number = request_ids.current.get()
            return int(number, 16) if number is not None and int(number, 16) else super().generate_trace_id()

    return ByRequest()


def _careful(exporter: Any) -> Any:
    """An exporter that lets only the attributes in `_KEPT` through."""
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Status

    class Careful(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> Any:
            return exporter.export([self._plain(one) for one in spans])

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return bool(exporter.force_flush(timeout_millis))

        @staticmethod
        def _plain(one: ReadableSpan) -> ReadableSpan:
            attributes = one.attributes or {}
            return ReadableSpan(
                name=_name(one.name, attributes),
                context=one.context,
                parent=one.parent,
                resource=one.resource,
                attributes={key: _value(key, attributes[key]) for key in attributes if key in _KEPT},
                kind=one.kind,
                status=Status(one.status.status_code),
                start_time=one.start_time,
                end_time=one.end_time,
                instrumentation_scope=one.instrumentation_scope,
            )

    return Careful()


def _name(name: str, attributes: Any) -> str:
    """A request that no route fits is named by what the visitor typed: that stays here."""
    is_request = "http.method" in attributes or "http.request.method" in attributes
    if is_request and "http.route" not in attributes:
        return str(attributes.get("http.method") or attributes.get("http.request.method"))
    return name


def _value(key: str, value: Any) -> Any:
    return _LITERAL.sub("?", str(value)) if key in _STATEMENTS else value

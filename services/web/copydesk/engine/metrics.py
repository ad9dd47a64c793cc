"""The figures of the engine for Prometheus; docs/monitoring.md names each."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

registry = CollectorRegistry()
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)

LONG = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
QUESTIONS = Counter(
    "copydesk_engine_questions", "Questions, by page and kind of answer.", ["page", "status"], registry=registry
)
UNDER_WAY = Gauge("copydesk_engine_under_way", "Texts that wait or are being written.", registry=registry)
SECONDS = Histogram("copydesk_engine_seconds", "From a question to its last word.", buckets=LONG, registry=registry)
TOKENS = Counter("copydesk_engine_tokens", "Tokens written.", registry=registry)
READY = Gauge("copydesk_engine_ready", "Is the model in memory, and does the engine go on?", registry=registry)

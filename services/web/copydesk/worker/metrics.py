"""The figures of one worker for Prometheus; docs/monitoring.md names each."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

from copydesk import __version__

registry = CollectorRegistry()
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)

JOB_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
JOBS = Counter("copydesk_worker_jobs", "Jobs that this worker ended.", ["task", "outcome"], registry=registry)
DURATIONS = Histogram(
    "copydesk_worker_job_seconds", "How long they took.", ["task"], buckets=JOB_SECONDS, registry=registry
)
IN_WORK = Gauge("copydesk_worker_jobs_in_work", "Jobs that this worker is at.", ["task"], registry=registry)
LOOKED = Gauge(
    "copydesk_worker_looked_at_seconds", "When this worker last looked for jobs, since 1970.", ["loop"],
    registry=registry,
)  # fmt: skip
DRAFTS = Counter("copydesk_drafts", "Texts that were asked for and have ended.", ["outcome"], registry=registry)
TOKENS = Counter("copydesk_draft_tokens", "Tokens of the texts that were kept.", registry=registry)
MAILS = Counter("copydesk_mails", "Letters that have ended.", ["outcome"], registry=registry)
BUILD = Gauge("copydesk_worker_build_info", "What runs.", ["version"], registry=registry)
BUILD.labels(__version__).set(1)

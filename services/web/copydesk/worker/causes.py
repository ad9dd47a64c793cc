"""Every job on behalf of the request that caused it, counted and timed, whatever it does."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from smtplib import SMTPException
from typing import Any

import structlog
from procrastinate import JobContext
from sqlalchemy.exc import OperationalError

from copydesk import audit, fault_reports, request_ids, traces
from copydesk.jobs import REQUEST
from copydesk.worker import metrics
from copydesk.worker.drafting import TryLater
from copydesk.worker.postman import InOtherHands

# What a job says when it is to be tried again: somebody else does not answer, and nothing is wrong with our code.
LATER = (TryLater, InOtherHands, OperationalError, OSError, SMTPException)


def as_job(work: Callable[..., None]) -> Callable[..., None]:
    """`work(context, …)` as Procrastinate calls it: with the job's arguments, of which one is the request's number."""

    def run(context: JobContext, *given: Any, **arguments: Any) -> None:
        caused_by = arguments.pop(REQUEST, None)
        task = context.job.task_name
        with on_behalf(caused_by), traces.span(f"job {task}", task=task), _counted(task):
            work(context, *given, **arguments)

    return run


@contextmanager
def on_behalf(request_id: object) -> Iterator[None]:
    """Log lines, audit rows, further jobs and questions to the engine have this number meanwhile."""
    number = str(request_id) if request_ids.is_one(request_id) else None
    given, origin = request_ids.current.set(number), audit.origin.set(audit.Origin("worker", request_id=number))
    try:
        with structlog.contextvars.bound_contextvars(**({} if number is None else {REQUEST: number})):
            yield
    finally:
        audit.origin.reset(origin)
        request_ids.current.reset(given)


@contextmanager
def _counted(task: str) -> Iterator[None]:
    began, outcome = time.monotonic(), "failed"
    metrics.IN_WORK.labels(task).inc()
    try:
        yield
        outcome = "done"
    except LATER:
        outcome = "later"
        raise
    except Exception as error:
        fault_reports.report(error, task=task)
        raise
    finally:
        metrics.IN_WORK.labels(task).dec()
        metrics.JOBS.labels(task, outcome).inc()
        metrics.DURATIONS.labels(task).observe(time.monotonic() - began)

"""The worker process: a loop for drafts and one for mail, the tasks, and the watch over the queue."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import procrastinate
import structlog
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision, RetryStrategy
from procrastinate.jobs import Job
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from copydesk import traces
from copydesk.autodocs import announcements, fairness, takeover
from copydesk.config import Settings
from copydesk.db import make_engine, transaction
from copydesk.jobs import DRAFTING, Queue, Task
from copydesk.rights import telling
from copydesk.webhooks import delivering
from copydesk.worker import digesting, housekeeping, postman, publisher, reminding, sealing, status
from copydesk.worker.causes import as_job
from copydesk.worker.drafting import Drafter, TryLater
from copydesk.worker.engines import Engines
from copydesk.worker.jobs import DeskJobs
from copydesk.worker.periodic import every
from copydesk.worker.pulse import Pulse
from copydesk.worker.replaying import Replayer

log = structlog.get_logger(__name__)

CONNECTIONS = 10  # to the database; each draft needs one for moments only
WEBHOOK_PLACES = 4  # messages at once, of one receiver never more than one
WEBHOOK_RETRY = RetryStrategy(max_attempts=6, exponential_wait=4)  # when the database is away; receivers have pauses
MAIL_PLACES = 2  # letters at once; a mail server that hangs holds up no draft
PERIODIC = (
    (publisher.EVERY, publisher.publish_on_time),
    (reminding.EVERY, reminding.remind),
    (digesting.EVERY, digesting.send_digests),
    (housekeeping.EVERY, housekeeping.clear),
    (sealing.EVERY, sealing.seal),
)
MAIL_RETRIES = 8  # after 4 seconds, 16, 64 … and the last after 18 hours: a mail server may be away for a day
MAIL_RETRY = RetryStrategy(max_attempts=MAIL_RETRIES, exponential_wait=4)


class LoopEnded(Exception):
    """One of this worker's loops has ended by itself: the process ends too, for who starts it anew to notice."""


class LaterOrNever(BaseRetryStrategy):
    """A draft is tried again when it asked for it; anything else is a bug and stops the job."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, TryLater):
            return RetryDecision(retry_in={"milliseconds": int(exception.seconds * 1000)})
        return None


def make_drafter(settings: Settings) -> Drafter:
    return Drafter(
        database=make_engine(
            settings.sqlalchemy_url,
            pool_size=min(settings.worker_concurrency, CONNECTIONS),
            # A worker held to be gone may have frozen in the middle of a save; its locks go with its jobs.
            idle=settings.worker_stalled_after,
        ),
        serve=Engines(settings).for_model,
    )


def make_app(settings: Settings, drafter: Drafter, pulse: Pulse | None = None) -> procrastinate.App:
    """The Procrastinate application of this process, with its tasks."""
    connector = procrastinate.PsycopgConnector(conninfo=settings.libpq_url, min_size=3, max_size=8)
    app = procrastinate.App(connector=connector)
    app.job_manager = DeskJobs(connector, settings.worker_concurrency, pulse.looked if pulse is not None else None)

    @app.task(name=Task.WRITE_DRAFT.value, queue=Queue.DRAFTS.value, retry=LaterOrNever(), pass_context=True)
    @as_job
    def write_draft(_context: JobContext, autodoc_id: int) -> None:
        drafter.write(autodoc_id)

    @app.task(name=Task.WRITE_SPAN.value, queue=Queue.DRAFTS.value, retry=LaterOrNever(), pass_context=True)
    @as_job
    def write_span(_context: JobContext, autodoc_id: int) -> None:
        drafter.write(autodoc_id)

    replayer = Replayer(drafter.database, drafter.serve, drafter.stopping)

    @app.task(name=Task.REPLAY.value, queue=Queue.DRAFTS.value, retry=LaterOrNever(), pass_context=True)
    @as_job
    def replay(_context: JobContext, replay_id: int) -> None:
        replayer.replay(replay_id)

    @app.task(name=Task.SEND_MAIL.value, queue=Queue.MAIL.value, retry=MAIL_RETRY, pass_context=True)
    @as_job
    def send_mail(context: JobContext, mail_id: int) -> None:
        postman.send(
            drafter.database,
            mail_id,
            smtp_url=settings.smtp_url.get_secret_value(),
            sender=settings.mail_from,
            last=context.job.attempts >= MAIL_RETRIES,
        )

    @app.task(name=Task.SEND_WEBHOOK.value, queue=Queue.WEBHOOKS.value, retry=WEBHOOK_RETRY, pass_context=True)
    @as_job
    def send_webhook(_context: JobContext, delivery_id: int) -> None:
        delivering.attempt(drafter.database, delivery_id, settings, announcements.build)

    return app


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; drafts in writing are handed back at once, mails are finished."""
    drafter = make_drafter(settings)
    telling.warn(drafter.database)
    traces.watch_database(drafter.database)
    pulse = Pulse({Queue.DRAFTS: settings.worker_concurrency, Queue.MAIL: MAIL_PLACES, Queue.WEBHOOKS: WEBHOOK_PLACES})
    with status.answering(settings, pulse):
        asyncio.run(_run(settings, make_app(settings, drafter, pulse), drafter, pulse))


async def _run(settings: Settings, app: procrastinate.App, drafter: Drafter, pulse: Pulse) -> None:
    loop = asyncio.get_running_loop()
    # Every job has a thread; Python's own pool has as few as five.
    loop.set_default_executor(ThreadPoolExecutor(settings.worker_concurrency + MAIL_PLACES + 1 + len(PERIODIC)))
    async with app.open_async():
        watch = asyncio.create_task(_watch(drafter.database, settings))
        periodic = [asyncio.create_task(every(seconds, work, drafter.database)) for seconds, work in PERIODIC]
        loops = [
            asyncio.create_task(_loop(app, settings, pulse, queues, places))
            for queues, places in (
                (DRAFTING, settings.worker_concurrency),
                ([Queue.MAIL], MAIL_PLACES),
                ([Queue.WEBHOOKS], WEBHOOK_PLACES),
            )
        ]
        working = asyncio.gather(*loops)

        def stop() -> None:
            pulse.stop()
            drafter.stopping.set()
            working.cancel()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        log.info("worker.ready", concurrency=settings.worker_concurrency)
        try:
            await working
        except asyncio.CancelledError:
            log.info("worker.stopped")
        finally:
            for task in (watch, *periodic, *loops):
                task.cancel()
            await asyncio.wait(loops)


async def _loop(app: procrastinate.App, settings: Settings, pulse: Pulse, queues: Sequence[Queue], places: int) -> None:
    """Take jobs of these queues, `places` at a time, until cancelled; those in work are given time to end.

    Raises:
        LoopEnded: Procrastinate has ended it, as it does when it could not give a sign of life once.
    """

    async def at_work(call_next: Callable[[], Awaitable[Any]], context: JobContext, worker: Any) -> Any:
        with pulse.at_work(context.job.queue):
            return await call_next()

    await app.run_worker_async(
        name=queues[0].value,
        queues=[queue.value for queue in queues],
        concurrency=places,
        update_heartbeat_interval=settings.worker_heartbeat,
        stalled_worker_timeout=settings.worker_stalled_after,
        fetch_job_polling_interval=1.0,
        shutdown_graceful_timeout=20.0,
        delete_jobs="successful",
        install_signal_handlers=False,
        worker_middleware=[at_work],
    )
    raise LoopEnded(queues[0].value)


async def _watch(database: Engine, settings: Settings) -> None:
    """Look after the queue again and again: every worker does, and what one has done the others find done."""
    while True:
        try:
            await asyncio.to_thread(_look_after_the_queue, database, settings)
        except SQLAlchemyError:
            log.warning("worker.watch_failed", exc_info=True)
        await asyncio.sleep(settings.worker_heartbeat)


def _look_after_the_queue(database: Engine, settings: Settings) -> None:
    takeover.take_over(database, settings.worker_stalled_after)
    takeover.fail_the_lost(database)
    with transaction(database) as session:
        fairness.promote(session, settings.queue_patience)

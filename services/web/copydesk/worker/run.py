"""The worker process: Procrastinate's loop, the tasks, and the watch that takes over what a dead worker left."""

import asyncio
import datetime as dt
import signal
import threading
from functools import lru_cache
from pathlib import Path

import procrastinate
import structlog
from procrastinate import BaseRetryStrategy, RetryDecision, RetryStrategy
from procrastinate.jobs import Job

from copydesk.config import Settings
from copydesk.db import make_engine
from copydesk.engine import models
from copydesk.engine.client import EngineClient
from copydesk.engine.prompt import PromptBuilder
from copydesk.jobs import Queue, Task
from copydesk.worker import postman
from copydesk.worker.drafting import Drafter, TryLater

log = structlog.get_logger(__name__)

MAIL_RETRY = RetryStrategy(max_attempts=8, exponential_wait=4)


class LaterOrNever(BaseRetryStrategy):
    """A draft is tried again when it asked for it; anything else is a bug and stops the job."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, TryLater):
            return RetryDecision(retry_in={"milliseconds": int(exception.seconds * 1000)})
        return None


def make_drafter(settings: Settings) -> Drafter:
    @lru_cache(maxsize=4)
    def prompts(name: str) -> PromptBuilder:
        return PromptBuilder(models.find(name, Path(settings.models_dir)))

    return Drafter(
        database=make_engine(settings.sqlalchemy_url, pool_size=settings.worker_concurrency + 2),
        client=EngineClient(settings.engine_url, settings.engine_token.get_secret_value(), settings.engine_timeout),
        prompts=prompts,
    )


def make_app(settings: Settings, drafter: Drafter) -> procrastinate.App:
    """The Procrastinate application of this process, with its tasks."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=settings.libpq_url))

    @app.task(name=Task.WRITE_DRAFT.value, queue=Queue.DRAFTS.value, retry=LaterOrNever())
    def write_draft(autodoc_id: int) -> None:
        drafter.write(autodoc_id)

    @app.task(name=Task.SEND_MAIL.value, queue=Queue.MAIL.value, retry=MAIL_RETRY)
    def send_mail(mail_id: int) -> None:
        postman.send(
            drafter.database,
            mail_id,
            smtp_url=settings.smtp_url.get_secret_value(),
            sender=settings.mail_from,
        )

    return app


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; drafts in writing are handed back at once, mails are finished."""
    drafter = make_drafter(settings)
    asyncio.run(_run(settings, make_app(settings, drafter), drafter.stopping))


async def _run(settings: Settings, app: procrastinate.App, stopping: threading.Event) -> None:
    loop = asyncio.get_running_loop()
    async with app.open_async():
        watch = asyncio.create_task(_take_over_from_the_dead(app, settings))
        worker = asyncio.create_task(
            app.run_worker_async(
                concurrency=settings.worker_concurrency,
                update_heartbeat_interval=settings.worker_heartbeat,
                stalled_worker_timeout=settings.worker_stalled_after,
                fetch_job_polling_interval=1.0,
                shutdown_graceful_timeout=20.0,
                delete_jobs="successful",
                install_signal_handlers=False,
            )
        )

        def stop() -> None:
            stopping.set()
            worker.cancel()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        log.info("worker.ready", concurrency=settings.worker_concurrency)
        try:
            await worker
        except asyncio.CancelledError:
            log.info("worker.stopped")
        finally:
            watch.cancel()


async def _take_over_from_the_dead(app: procrastinate.App, settings: Settings) -> None:
    """Put the jobs of workers that fell silent back into the queue, again and again."""
    while True:
        try:
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=settings.worker_stalled_after):
                log.warning("worker.takes_over", job=job.id, task=job.task_name)
                await app.job_manager.retry_job(job, retry_at=dt.datetime.now(dt.UTC))
        except procrastinate.exceptions.ConnectorException:
            log.warning("worker.watch_failed", exc_info=True)
        await asyncio.sleep(settings.worker_heartbeat)

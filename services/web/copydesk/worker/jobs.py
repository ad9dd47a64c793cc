"""How this worker takes jobs: not while drafting is paused, and never a word about a job that another took over."""

import os
import socket
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from procrastinate import BaseConnector
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from copydesk.autodocs.queue_tables import SwitchName
from copydesk.jobs import DRAFTING

log = structlog.get_logger(__name__)

PAUSED = f"SELECT EXISTS (SELECT FROM desk_switches WHERE name = '{SwitchName.PAUSED}') AS paused"  # noqa: S608  # nosec B608
STILL_OURS = """
    SELECT EXISTS (
        SELECT FROM procrastinate_jobs WHERE id = %(id)s AND status = 'doing' AND worker_id = %(worker_id)s
    ) AS ours
"""
FORGET_THE_GONE = "DELETE FROM worker_notes WHERE worker_id NOT IN (SELECT id FROM procrastinate_workers)"
INTRODUCE = """
    INSERT INTO worker_notes (worker_id, host, process, slots) VALUES (%(worker_id)s, %(host)s, %(process)s, %(slots)s)
    ON CONFLICT DO NOTHING
"""


class DeskJobs(JobManager):
    """Procrastinate's jobs, with the desk's rules. One for all the loops of a process."""

    def __init__(self, connector: BaseConnector, slots: int, looked: Callable[[str], None] | None = None) -> None:
        """`looked`: told whenever the database was asked for a job of a queue, and answered."""
        super().__init__(connector)
        self.looked = looked
        self.slots = slots
        self.introduced: set[int] = set()

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """The next job of these queues, or None: there is none, or drafting is paused."""
        if not set(DRAFTING).isdisjoint(queues or DRAFTING):
            await self._introduce(worker_id)
            if (await self.connector.execute_query_one_async(PAUSED))["paused"]:
                self._tell(queues)
                return None
        job = await super().fetch_job(queues=queues, worker_id=worker_id)
        self._tell(queues)
        return job

    def _tell(self, queues: Iterable[str] | None) -> None:
        for queue in queues or ():
            if self.looked is not None:
                self.looked(queue)

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        if await self._is_ours(job):
            await super().finish_job(job=job, status=status, delete_job=delete_job)

    async def retry_job(self, job: Job, *args: Any, **options: Any) -> None:
        if await self._is_ours(job):
            await super().retry_job(job, *args, **options)

    async def _introduce(self, worker_id: int) -> None:
        """Tell once who works under this id; the admin reads it."""
        if worker_id in self.introduced:
            return
        await self.connector.execute_query_async(FORGET_THE_GONE)
        await self.connector.execute_query_async(
            INTRODUCE, worker_id=worker_id, host=socket.gethostname(), process=os.getpid(), slots=self.slots
        )
        self.introduced.add(worker_id)

    async def _is_ours(self, job: Job) -> bool:
        """False when this worker was silent for so long that another took the job over: it is not ours to end."""
        row = await self.connector.execute_query_one_async(STILL_OURS, id=job.id, worker_id=job.worker_id)
        if not row["ours"]:
            log.warning("job.overtaken", job=job.id)
        return bool(row["ours"])

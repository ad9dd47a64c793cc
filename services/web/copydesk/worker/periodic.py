"""Work that comes back: every worker looks again and again, and what one has done the others find done."""

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from copydesk import fault_reports

log = structlog.get_logger(__name__)


async def every(seconds: float, work: Callable[[Engine], object], database: Engine) -> None:
    """Do `work` in a thread of its own, for as long as the worker runs; a database that is away is waited for."""
    while True:
        try:
            await asyncio.to_thread(work, database)
        except SQLAlchemyError:
            log.warning("worker.periodic_failed", work=work.__name__, exc_info=True)
        except Exception as error:  # a fault in one round must not end all that would come
            fault_reports.report(error, task=work.__name__)
            log.exception("worker.periodic_failed", work=work.__name__)
        await asyncio.sleep(seconds)

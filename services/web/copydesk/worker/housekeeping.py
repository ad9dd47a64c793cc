"""What is cleared away now and then: unsaved words that nobody came back for, windows that were closed long ago."""

import asyncio

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from copydesk.db import transaction
from copydesk.documents import presence, unsent

log = structlog.get_logger(__name__)

EVERY = 3600.0  # seconds


async def keep_house(database: Engine) -> None:
    """Again and again, for as long as the worker runs; what one worker has cleared the others find cleared."""
    while True:
        try:
            await asyncio.to_thread(clear, database)
        except SQLAlchemyError:
            log.warning("worker.housekeeping_failed", exc_info=True)
        await asyncio.sleep(EVERY)


def clear(database: Engine) -> None:
    with transaction(database) as session:
        gone = {"unsent": unsent.clear_old(session), "presences": presence.clear_old(session)}
    if any(gone.values()):
        log.info("worker.cleared", **gone)

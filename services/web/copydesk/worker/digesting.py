"""Digests whose hour has come: every worker looks, one of them writes each, with its notices, in one transaction."""

import datetime as dt

import structlog
from sqlalchemy import Engine

from copydesk.db import transaction
from copydesk.notifications import digests

log = structlog.get_logger(__name__)

EVERY = 60.0  # seconds; a digest comes at most so much later than its hour


def send_digests(database: Engine, now: dt.datetime | None = None) -> int:
    """All that are due; returns how many were written."""
    now = now or dt.datetime.now(dt.UTC)
    with transaction(database) as session:
        people = digests.due(session, now)
    written = 0
    for person_id in people:
        try:
            with transaction(database) as session:
                written += digests.send(session, person_id, now) is not None
        except Exception:  # one that can't be written must not keep the others from theirs
            log.exception("worker.digest_failed", person=person_id)
    if written:
        log.info("worker.digests", written=written)
    return written

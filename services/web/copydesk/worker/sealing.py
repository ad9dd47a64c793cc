"""The audit log's seals: what was written a moment ago is bound to what was before."""

import structlog
from sqlalchemy import Engine

from copydesk.audit import chain
from copydesk.db import transaction

log = structlog.get_logger(__name__)

EVERY = 2.0  # seconds


def seal(database: Engine) -> None:
    with transaction(database) as session:
        count = chain.seal(session)
    if count:
        log.debug("worker.sealed", events=count)

"""Texts whose time of publication has come go out: every worker looks, one of them does it."""

import structlog
from sqlalchemy import Engine

from copydesk.db import transaction
from copydesk.documents import publishing

log = structlog.get_logger(__name__)

EVERY = 5.0  # seconds; a text goes out at most so much later than it was promised


def publish_on_time(database: Engine) -> None:
    """All that is due; drafting that is paused does not hold publication up."""
    while publish_one(database):
        pass


def publish_one(database: Engine) -> bool:
    """One text in one transaction; False: none is due."""
    with transaction(database) as session:
        edition = publishing.publish_due(session)
        if edition is None:
            return False
        log.info("worker.published", document=str(edition.document_id), edition=edition.number)
    return True

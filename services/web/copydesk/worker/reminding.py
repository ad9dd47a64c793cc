"""Reminders whose time has come, written with their mails in one transaction."""

import structlog
from sqlalchemy import Engine

from copydesk.db import transaction
from copydesk.documents.routing import reminders

log = structlog.get_logger(__name__)

EVERY = 60.0  # seconds


def remind(database: Engine) -> None:
    while told := _remind_some(database):
        log.info("worker.reminded", documents=told)


def _remind_some(database: Engine) -> int:
    with transaction(database) as session:
        return reminders.remind_due(session)

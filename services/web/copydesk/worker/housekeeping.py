"""What is cleared away now and then: words nobody came back for, windows closed and notices given long ago."""

import structlog
from sqlalchemy import Engine

from copydesk.accounts import login_sessions, request_counts
from copydesk.db import transaction
from copydesk.documents import presence, unsent
from copydesk.documents.asking import batches, templates, unfinished
from copydesk.notifications import reading as notices
from copydesk.webhooks import operations as webhooks

log = structlog.get_logger(__name__)

EVERY = 3600.0  # seconds


def clear(database: Engine) -> None:
    with transaction(database) as session:
        gone = {
            "login_sessions": login_sessions.clear(session),
            "request_counts": request_counts.clear_old(session),
            "unsent": unsent.clear_old(session),
            "presences": presence.clear_old(session),
            "unfinished_briefs": unfinished.clear_old(session),
            "brief_templates": templates.clear_old(session),
            "notices": notices.clear_old(session),
            "webhook_deliveries": webhooks.clear_old(session),
            "brief_batches": batches.clear_old(session),
        }
    if any(gone.values()):
        log.info("worker.cleared", **gone)

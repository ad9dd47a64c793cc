"""Has this process more rights than it needs? In an installation from before the roles it has, until it is told."""

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

log = structlog.get_logger(__name__)

ADVICE = "docs/deploy.md, “Three roles in the database”, tells how to give it less"
COULD_CHANGE = text("SELECT has_table_privilege('audit_events', 'UPDATE, DELETE, TRUNCATE')")


def could_change_the_log(session: Session) -> bool:
    """May this process change or delete events, as far as the database's rights go?"""
    return bool(session.execute(COULD_CHANGE).scalar_one())


def warn(database: Engine) -> None:
    """Say it in the log of a process that starts; where the database does not answer, others say that."""
    try:
        with Session(database) as session:
            if could_change_the_log(session):
                log.warning("database.too_many_rights", advice=ADVICE)
    except SQLAlchemyError:
        log.debug("database.rights_unknown", exc_info=True)

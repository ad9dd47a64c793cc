"""All that `copydesk migrate` does about roles, after the schema is the newest."""

from collections.abc import Sequence

import structlog
from sqlalchemy import Engine

from copydesk.config import Settings
from copydesk.rights import granting, logins
from copydesk.rights.granting import MayNotMakeRoles
from copydesk.rights.tables import Process

log = structlog.get_logger(__name__)


def settle(database: Engine, settings: Settings) -> Sequence[Process]:
    """Give the roles their rights, and the processes their log-ins. Returns the processes that have none of their own.

    An installation from before the roles, whose owner may not make any, goes on as it was.

    Raises:
        RightsError: what was asked for can't be done.
    """
    addresses = {Process.WEB: settings.web_database_url, Process.WORKER: settings.worker_database_url}
    try:
        with database.begin() as connection:
            own = logins.keep(connection, granting.grant(connection), addresses)
    except MayNotMakeRoles:
        if any(addresses.values()):
            raise
        log.warning("rights.not_given", exc_info=True)
        own = []
    return [process for process in Process if process not in own]

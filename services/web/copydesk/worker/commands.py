"""The command that runs a worker."""

import click

from copydesk import audit
from copydesk.config import settings
from copydesk.logs import configure_logging


@click.command()
def worker() -> None:
    """Write drafts and send mail until told to stop."""
    from copydesk.worker.run import run

    configure_logging(settings())
    audit.origin.set(audit.Origin(source="worker"))
    run(settings())

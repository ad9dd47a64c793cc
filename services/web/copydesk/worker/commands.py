"""The command that runs a worker."""

import click

from copydesk import audit, fault_reports, traces
from copydesk.config import settings
from copydesk.logs import configure_logging


@click.command()
def worker() -> None:
    """Write drafts and send mail until told to stop."""
    from copydesk.worker.run import run

    configure_logging(settings())
    fault_reports.install(settings(), "worker")
    traces.install(settings(), "worker")
    audit.origin.set(audit.Origin(source="worker"))
    run(settings())

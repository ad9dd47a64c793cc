"""`copydesk desk`: the command behind `make run`."""

import os
import sys

import click

from copydesk.config import ConfigurationError
from copydesk.local import desk as local_desk
from copydesk.local.checks import CannotStart
from copydesk.local.console import Console
from copydesk.local.environment import find_place
from copydesk.local.supervisor import ProgramFailed


@click.command()
@click.option("--port", help="Where to serve (PORT; 5000).")
@click.option("--data-dir", help="Where everything is kept (DATA_DIR; var in this checkout).")
def desk(port: str | None, data_dir: str | None) -> None:
    """Start database, engine, worker and web on this machine; Ctrl-C stops all of it."""
    given = {name: value for name, value in (("PORT", port), ("DATA_DIR", data_dir)) if value}
    try:
        local_desk.run(find_place({**os.environ, **given}), Console())
    except (CannotStart, ConfigurationError, ProgramFailed, OSError) as problem:
        click.echo(f"\nCopydesk did not start: {problem}", err=True)
        sys.exit(1)

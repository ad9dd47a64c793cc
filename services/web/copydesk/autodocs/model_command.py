"""`copydesk models use`: which model writes new drafts, chosen on the command line of a desk."""

import os
from pathlib import Path

import click

from copydesk import audit
from copydesk.autodocs import availability, default_model
from copydesk.autodocs.availability import CannotUse
from copydesk.autodocs.default_model import BadModelName
from copydesk.config import Settings, settings
from copydesk.db import make_engine, transaction
from copydesk.engine import models
from copydesk.engine.errors import ModelError
from copydesk.engine.remote import is_remote


@click.command("use")
@click.argument("name")
@click.option("--anyway", is_flag=True, help="Also when it can't be asked for, or does not fit just now.")
def use(name: str, anyway: bool) -> None:
    """Let NAME write new drafts: a model's name, a folder, or another server as https://host/v1#model.

    Drafts that wait already keep the model they were asked of. A server's key is taken from REMOTE_ENGINE_KEYS or
    REMOTE_ENGINE_KEY and kept nowhere else.
    """
    audit.origin.set(audit.Origin(source="cli"))
    desk = settings()
    try:
        chosen = default_model.clean_name(_at_hand(name, desk))
        click.echo(_about(desk, chosen, anyway))
    except (BadModelName, CannotUse, ModelError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"The folder can't be linked into {desk.models_dir}: {error.strerror}.") from error
    database = make_engine(desk.sqlalchemy_url, pool_size=1)
    with transaction(database) as session:
        before = default_model.default_model(session)
        default_model.use(session, None, chosen)
        waiting = default_model.waiting(session)
    database.dispose()
    click.echo(f"New drafts are written by {chosen}." if chosen != before else f"{chosen} was chosen already.")
    for line in default_model.waiting_in_words(waiting):
        click.echo(line)


def _about(desk: Settings, name: str, anyway: bool) -> str:
    try:
        return availability.check(desk, name)
    except CannotUse as error:
        if not anyway:
            raise
        return f"{error} Chosen anyway."


def _at_hand(name: str, desk: Settings) -> str:
    """A folder elsewhere is linked into the desk's models first; any other name stays as it is."""
    if is_remote(name) or os.sep not in name:
        return name
    return models.adopt(Path(name), Path(desk.models_dir)).name

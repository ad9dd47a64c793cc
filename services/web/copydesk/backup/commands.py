"""`copydesk backup` and `copydesk restore`."""

import datetime as dt
import os
import signal
import sys
from pathlib import Path

import click

from copydesk.backup import keeping, making, schedule
from copydesk.backup.errors import BackupError
from copydesk.backup.place import Place, read_place
from copydesk.engine.memory import in_words

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, exists=True, path_type=Path)


def _time(ctx: click.Context, param: click.Parameter, value: str | None) -> dt.time | None:
    try:
        return None if value is None else schedule.read_time(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_to = click.option(
    "--to", "folder", type=_FOLDER, envvar="BACKUP_DIR", default=Path("backups"), show_default=True, help="The folder."
)


@click.group(invoke_without_command=True)
@_to
@click.option("--without-models", is_flag=True, help="Leave models out; the manifest names them.")
@click.option("--keep", type=click.IntRange(1), envvar="BACKUP_KEEP", help="Keep so many, and remove older ones.")
@click.option("--keep-days", type=click.IntRange(1), envvar="BACKUP_KEEP_DAYS", help="Remove those older than that.")
@click.option(
    "--every-day-at",
    "at",
    callback=_time,
    metavar="HH:MM",
    help="Go on for ever, with one backup a day at this time (UTC).",
)
@click.pass_context
def backup(
    ctx: click.Context,
    folder: Path,
    without_models: bool,
    keep: int | None,
    keep_days: int | None,
    at: dt.time | None,
) -> None:
    """Write the whole desk into one file of a folder: database, fetched models, and what to check them by.

    Secrets are not in it: docs/backup.md says which to keep.
    """
    if ctx.invoked_subcommand is not None:
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what is half written is removed
    os.umask(0o077)
    place = read_place()

    def once() -> None:
        _back_up(place, folder, with_models=not without_models, keep=keep, days=keep_days)

    try:
        if at is None:
            once()
        else:
            schedule.every_day(at, folder, once)
    except BackupError as error:
        raise click.ClickException(str(error)) from error


def _back_up(place: Place, folder: Path, *, with_models: bool, keep: int | None, days: int | None) -> None:
    made = making.make(place.database_url, place.models_dir, folder, with_models=with_models)
    click.echo(f"{made.path} ({in_words(made.bytes)}): {made.manifest.in_words()}")
    if keep or days:
        for path in keeping.prune(folder, keep=keep, days=days, now=dt.datetime.now(dt.UTC)):
            click.echo(f"Removed {path}")


@backup.command("verify")
@click.argument("file", type=_FILE)
def verify(file: Path) -> None:
    """Read all of FILE: is every part what was written, and can the dump be listed?"""
    try:
        manifest = making.check(file)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{file} is whole: {manifest.in_words()}")


@backup.command("age")
@_to
@click.option("--hours", type=click.IntRange(1), default=26, show_default=True, help="The most it may be.")
def age(folder: Path, hours: int) -> None:
    """How old is the newest whole backup? Ends with 1 where it is older than it may be."""
    newest = keeping.newest(folder)
    if newest is None:
        raise click.ClickException(f"There is no whole backup in {folder}.")
    old = (dt.datetime.now(dt.UTC) - newest.made_at).total_seconds() / 3600
    words = f"{newest.path} is {old:.1f} hours old."
    if old > hours:
        raise click.ClickException(words)
    click.echo(words)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--replace", is_flag=True, help="Also where the database is not empty; what it holds is lost.")
@click.option("--yes", is_flag=True, help="Don't ask before replacing.")
def restore(file: Path, replace: bool, yes: bool) -> None:
    """Make the desk again from FILE: database, models; then check row by row, chain by chain."""
    from copydesk.backup.restoring import restore as restore_archive
    from copydesk.config import settings

    if replace and not yes:
        click.confirm("All that the database holds is lost. Go on?", abort=True)
    try:
        done = restore_archive(settings(), file, replace=replace)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    models = f" Models that were missing: {', '.join(done.models)}." if done.models else ""
    migrated = " The schema was brought to the newest." if done.migrated else ""
    click.echo(
        f"Restored {done.manifest.in_words()}.{models}{migrated} {done.checked.events:,} events of the audit log and "
        f"{done.checked.records:,} records hold."
    )

"""A desk from its backup, into an empty place: checked before anything is touched, and once more when it is there."""

from dataclasses import dataclass
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from flask_migrate import upgrade
from sqlalchemy import Engine

from copydesk import __version__, audit
from copydesk.backup import loading, making, model_files, programs
from copydesk.backup.archive import Reader
from copydesk.backup.checking import Checked, check
from copydesk.backup.errors import BackupError, disk_errors
from copydesk.backup.manifest import Manifest
from copydesk.config import Settings
from copydesk.db import make_engine, transaction
from copydesk.web.app import MIGRATIONS, create_app


@dataclass(frozen=True)
class Restored:
    """What is there now."""

    manifest: Manifest
    models: list[str]  # those that were not here before
    migrated: bool
    checked: Checked


def restore(settings: Settings, path: Path, *, replace: bool = False) -> Restored:
    """Restore an archive into the database of the settings.

    Args:
        replace: whether what the database and the models' folder hold may go.

    Raises:
        BackupError: nothing was changed; or all was restored, and a check failed (“Restored, but …”).
    """
    client = programs.find()
    with disk_errors(path):
        making.check(path, client)
    with disk_errors(path), Reader.open(path) as reader:
        manifest = reader.manifest
        newest = _newest_migration(manifest)
        _check_target(settings.libpq_url, replace=replace)
        missing = model_files.to_write(reader, settings.models_dir, replace=replace)
        with model_files.written(reader, settings.models_dir, missing) as drafts:
            loading.load(client, settings.libpq_url, reader, replace=replace)
            model_files.put_in_place(drafts, settings.models_dir)
    migrated = manifest.migration != newest
    if migrated:
        with create_app(settings).app_context():
            upgrade(directory=str(MIGRATIONS))
    database = make_engine(settings.sqlalchemy_url, pool_size=1)
    try:
        _analyze(database)
        checked = check(database, manifest.anchors)
        _note(settings, path, manifest, checked)
    finally:
        database.dispose()
    if checked.faults:
        raise BackupError("Restored, but " + " ".join(checked.faults))
    return Restored(manifest, sorted(missing), migrated, checked)


def _analyze(database: Engine) -> None:
    """A dump has no statistics, and without them the first pages of a large desk would be slow."""
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _newest_migration(manifest: Manifest) -> str:
    """The newest that this version knows; the archive's has to be among those before."""
    if _numbers(manifest.product) > _numbers(__version__):
        raise BackupError(
            f"The archive was made by Copydesk {manifest.product}, and this is {__version__}. "
            "Restore it with that version or a later one."
        )
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    try:
        scripts.get_revision(manifest.migration)
    except (CommandError, RevisionError) as error:
        raise BackupError(
            f"The archive's schema is {manifest.migration}, which this version does not know: a newer one made it."
        ) from error
    return str(scripts.get_current_head())


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _check_target(url: str, *, replace: bool) -> None:
    things, others = loading.what_is_there(url)
    if things and not replace:
        raise BackupError(
            f"The database is not empty: it holds {things} tables and functions. "
            "Restore into an empty one, or say --replace: then all that it holds is lost."
        )
    if things and others:
        raise BackupError(
            f"{others} others are connected to the database. Stop web and worker, so that nobody writes what is lost."
        )


def _note(settings: Settings, path: Path, manifest: Manifest, checked: Checked) -> None:
    facts = {"made_at": manifest.made_at, "rows": manifest.rows, "schema": manifest.migration, "faults": checked.faults}
    database = make_engine(settings.sqlalchemy_url, pool_size=1)
    with transaction(database) as session:
        audit.record(
            session, "backup.restored", actor_id=None, object_type="backup", object_id=path.name[:64], after=facts
        )
    database.dispose()

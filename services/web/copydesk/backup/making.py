"""Making a backup: one snapshot of the database, the models, and a manifest, read once more before it has its name."""

import datetime as dt
import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from copydesk import __version__, audit
from copydesk.accounts import models as accounts  # noqa: F401  the audit log's table names their table
from copydesk.backup import archive, keeping, model_files, programs, snapshot
from copydesk.backup.errors import BackupError, DamagedArchive, disk_errors
from copydesk.backup.manifest import DUMP, Manifest
from copydesk.backup.programs import Programs
from copydesk.backup.snapshot import Snapshot
from copydesk.db import make_engine, transaction
from copydesk.engine.memory import in_words

LOCK = ".lock"
RESERVE = 16 * 1000**2  # bytes of the disk that are left to others
LOCK_WAIT = "60s"  # for a table that a migration holds


@dataclass(frozen=True)
class Made:
    """A backup that was written and read again."""

    path: Path
    bytes: int
    manifest: Manifest


def make(url: str, models_dir: Path, folder: Path, *, with_models: bool = True) -> Made:
    """Write a backup of the desk into `folder`, and note it in the audit log.

    Raises:
        BackupError: there is none; nothing was left in the folder.
    """
    client = programs.find()
    with disk_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(folder), snapshot.take(url) as taken:
            programs.check_against(client, taken.server_major)
            models = model_files.fetched(models_dir)
            kept = models if with_models else []
            _check_room(folder, taken.size + model_files.size_of(kept))
            path = keeping.name_for(folder, dt.datetime.now(dt.UTC))
            with archive.new_file(path) as file:
                writer = archive.Writer(file)
                writer.add(DUMP, _dump(client, url, taken))
                for model in kept:
                    for name, source in model_files.files_of(model):
                        writer.add(name, model_files.chunks(source))
                manifest = Manifest(
                    product=__version__,
                    made_at=dt.datetime.now(dt.UTC).replace(microsecond=0),
                    migration=taken.migration,
                    postgresql=taken.server,
                    pg_dump=client.version,
                    tables=taken.tables,
                    roles=taken.roles,
                    audit=taken.audit,
                    models=model_files.describe(models, kept=with_models),
                    parts=dict(writer.parts),
                )
                manifest.check_names()
                writer.finish(manifest)
                check(archive.draft_of(path), client)
        made = Made(path, path.stat().st_size, manifest)
    _note(url, made)
    return made


def check(path: Path, client: Programs | None = None) -> Manifest:
    """Read all of an archive: every checksum, and whether PostgreSQL can list its dump.

    Raises:
        DamagedArchive: it is not what was written.
    """
    client = client or programs.find()
    with disk_errors(path), archive.Reader.open(path) as reader:
        reader.verify()
        _list(client, reader)
        return reader.manifest


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One backup at a time in a folder; what a killed one left behind is removed."""
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(f"Another backup is being written into {folder}.") from error
        for left in folder.glob(f".*{archive.UNFINISHED}"):
            left.unlink()
        yield


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + RESERVE:
        raise BackupError(
            f"The backup may need {in_words(needed + RESERVE)} in {folder}, and {in_words(free)} are free there."
        )


def _dump(client: Programs, url: str, taken: Snapshot) -> Iterator[bytes]:
    """What pg_dump writes of the snapshot.

    Raises:
        BackupError: it did not come to its end.
    """
    command = [client.path("pg_dump"), "--format=custom", "--no-password"]
    command += [f"--snapshot={taken.name}", f"--lock-wait-timeout={LOCK_WAIT}"]
    with tempfile.TemporaryFile("w+", errors="replace") as complaints:
        process = subprocess.Popen(  # noqa: S603  PostgreSQL's own program
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=programs.environment(url),
        )
        assert process.stdout is not None
        try:
            while chunk := process.stdout.read(archive.CHUNK):
                yield chunk
            status = process.wait()
        finally:
            process.kill()
            process.stdout.close()
            process.wait()
        if status:
            complaints.seek(0)
            raise BackupError(f"pg_dump ended with {status}: {programs.last_words(complaints.read())}")


def _list(client: Programs, reader: archive.Reader) -> None:
    process = subprocess.Popen(  # noqa: S603  PostgreSQL's own program
        [client.path("pg_restore"), "--list"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    with suppress(BrokenPipeError):  # it may have seen enough: the list stands at the beginning
        for chunk in reader.chunks(DUMP):
            process.stdin.write(chunk)
    with suppress(BrokenPipeError):
        process.stdin.close()
    said = process.stderr.read().decode(errors="replace")
    process.stderr.close()
    if process.wait():
        raise DamagedArchive(f"The dump in {reader.path.name} can't be listed: {programs.last_words(said)}")


def _note(url: str, made: Made) -> None:
    database = make_engine("postgresql+psycopg2://" + url.partition("://")[2], pool_size=1)
    facts = {"bytes": made.bytes, "rows": made.manifest.rows, "schema": made.manifest.migration}
    try:
        with transaction(database) as session:
            audit.record(
                session, "backup.made", actor_id=None, object_type="backup", object_id=made.path.name, after=facts
            )
    except SQLAlchemyError as error:
        raise BackupError(f"{made.path} is whole, but could not be noted in the audit log: {error}") from error
    finally:
        database.dispose()

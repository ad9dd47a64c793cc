"""A desk is backed up while people write, and made again in an empty place: every row, every chain, every job."""

import contextlib
import datetime as dt
import json
import os
import re
import shutil
import subprocess
import threading
import uuid
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from flask_migrate import upgrade
from flask_security import hash_password
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from copydesk import __version__, audit, mail
from copydesk.accounts import development
from copydesk.accounts.models import User
from copydesk.audit import chain
from copydesk.backup import archive, keeping, making, programs, restoring, snapshot
from copydesk.backup.errors import BackupError, DamagedArchive
from copydesk.backup.manifest import DUMP, NAME, Manifest, Part
from copydesk.cli import main
from copydesk.config import read_settings
from copydesk.db import make_engine, transaction
from copydesk.documents.asking import attachments
from copydesk.documents.asking.attachments import Upload
from copydesk.documents.models import Document
from copydesk.local.testing import running
from copydesk.web import create_app
from copydesk.web.extensions import db
from tests.desk import COPYDESK, Desk, desk, until
from tests.journeys import bring_to

pytestmark = pytest.mark.integration

STATES = ("drafting", "draft_failed", "choosing", "unassigned", "editing", "question", "signoff", "approved",
          "published", "retracted", "withdrawn")  # fmt: skip
MODEL = {"config.json": b'{"model_type": "gpt2"}', "vocab.json": b"{}", "merges.txt": b"#version: 0.2\n",
         "card.json": b"{}", "model.safetensors": os.urandom(300_000)}  # fmt: skip
SAME = {"COPYDESK_ENV": "development", "PASSWORD_SALT": "salt-of-the-tests", "LIMITS": "false"}  # as in tests/desk.py
NUMBERS = {"vocab_size": 300, "n_positions": 8, "n_embd": 4, "n_layer": 1, "n_head": 1}


def contents(connection) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    names = [name for (name,) in connection.execute(snapshot.TABLES)]
    rows = {name: connection.execute(f'SELECT one::text FROM public."{name}" AS one').fetchall() for name in names}
    return {name: sorted(row for (row,) in found) for name, found in rows.items()}


def things(url: str) -> int:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        ).fetchone()[0]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A model that was fetched, and one that was not whole."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "gpt2-tiny").mkdir()
    for name, content in MODEL.items():
        (folder / "gpt2-tiny" / name).write_bytes(content)
    (folder / "gpt2-tiny" / "config.json").write_text(json.dumps({"model_type": "gpt2", **NUMBERS}))
    (folder / "half").mkdir()
    (folder / ".gpt2-xl.partial").mkdir()
    return folder


@pytest.fixture(scope="module")
def source(make_database, tmp_path_factory, models, config):
    """A desk with documents in every state, attachments, letters that wait, and a role that may read."""
    made = Desk(make_database("backup"), tmp_path_factory.mktemp("source"), MODELS_DIR=str(models))
    made.reader = f"reader_{uuid.uuid4().hex[:8]}"
    own = read_settings(made.environment)
    with create_app(own).app_context():
        upgrade()
        development.create_development_people(db.session(), own, hash_password)
        db.session.commit()
        db.engine.dispose()
    with made.settings(), Session(made.database) as session, session.begin():
        people = {user.role.value: user for user in session.scalars(select(User))}
        for state in STATES:
            bring_to(session, state, people["sponsor"], people["editor"], title=f"A text that is {state}")
        document = session.scalars(select(Document).where(Document.title == "A text that is editing")).one()
        files = [
            Upload("notes.md", b"# Kilns\n\nEleven pots \xe2\x80\x94 \xf0\x9f\x94\xa5"),
            Upload("b.txt", b"a\\b\tc\r\n" * 900),
        ]
        attachments.add(session, document.id, people["sponsor"], files)
        mail.queue(session, recipient="ruth@example.org", subject="A letter that waits", body="Naïve 🔥\n\\N\t.")
        session.execute(text(f"CREATE ROLE {made.reader} NOLOGIN"))
        session.execute(text(f"GRANT SELECT ON audit_events TO {made.reader}"))
    yield made
    with made.database.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {made.reader}"))
        connection.execute(text(f"DROP ROLE {made.reader}"))
    made.stop_all()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A PostgreSQL of its own, where nothing of the source ever was."""
    with running(tmp_path_factory.mktemp("elsewhere")) as url:
        yield url


@pytest.fixture
def empty(cluster, tmp_path):
    """An empty database there and an empty folder of models, as the settings of a desk."""
    name = f"restored_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(cluster, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    url = cluster.replace("/copydesk?", f"/{name}?")
    yield read_settings(os.environ | SAME | {"DATABASE_URL": url, "MODELS_DIR": str(tmp_path / "models")})
    with psycopg.connect(cluster, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def url_of(made: Desk) -> str:
    return made.environment["DATABASE_URL"]


@pytest.fixture(scope="module")
def backed_up(source, models, tmp_path_factory):
    """A backup, and what was in the database at its snapshot; others wrote before, meanwhile and afterwards."""
    folder = tmp_path_factory.mktemp("backups")
    seen, stop, errors, taken_by = {}, threading.Event(), [], snapshot.take

    def write(note):
        with Session(source.database) as session, session.begin():
            audit.record(session, "document.saved", actor_id=None, object_type="document", object_id=note)

    def writing():
        while not stop.is_set():
            try:
                write("meanwhile")
            except Exception as error:
                errors.append(error)
            stop.wait(0.01)

    @contextlib.contextmanager
    def looked_at(url):
        with taken_by(url) as taken:
            with psycopg.connect(url) as other:
                other.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                other.execute(f"SET TRANSACTION SNAPSHOT '{taken.name}'")
                seen.update(contents(other))
            write("after the snapshot")
            yield taken

    writer = threading.Thread(target=writing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot, "take", looked_at)
        writer.start()
        try:
            made = making.make(url_of(source), models, folder)
        finally:
            stop.set()
            writer.join()
    assert errors == []
    return made, seen


def test_a_backup_is_for_its_owner_alone_and_leaves_a_row(source, backed_up):
    made, seen = backed_up
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in made.path.parent.iterdir() if path.name != making.LOCK] == [made.path.name]
    assert made.manifest.tables == {name: len(rows) for name, rows in seen.items()}
    assert made.manifest.product == __version__
    assert made.manifest.roles == [source.reader]
    assert [(model["name"], model["kept"]) for model in made.manifest.models] == [("gpt2-tiny", True)]
    with Session(source.database) as session:
        event = session.scalars(select(audit.AuditEvent).where(audit.AuditEvent.action == "backup.made")).one()
        assert (event.object_id, event.after["rows"]) == (made.path.name, made.manifest.rows)


def test_a_desk_is_made_again_elsewhere(source, backed_up, empty, models, tmp_path, monkeypatch):
    made, seen = backed_up
    there = {}
    checked = restoring.check

    def look(database, anchors):
        with psycopg.connect(empty.libpq_url) as connection:
            there.update(contents(connection))
            right = f"has_table_privilege('{source.reader}', 'audit_events', 'SELECT')"
            assert connection.execute(f"SELECT {right}").fetchone() == (True,)
        return checked(database, anchors)

    monkeypatch.setattr(restoring, "check", look)
    done = restoring.restore(empty, made.path)
    assert there.keys() == seen.keys()
    for table in seen:
        assert there[table] == seen[table], table
    assert not any("after the snapshot" in row for row in there["audit_events"])
    assert sum(map(len, there.values())) > 200
    assert (done.models, done.migrated, done.checked.records) == (["gpt2-tiny"], False, len(STATES))
    for name, content in MODEL.items():
        if name != "config.json":
            assert (tmp_path / "models" / "gpt2-tiny" / name).read_bytes() == content
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["gpt2-tiny"]

    database = make_engine(empty.sqlalchemy_url)
    with transaction(database) as session:  # the chain goes on in the new cluster
        assert chain.seal(session) == 1
        found = chain.check(session, made.manifest.anchors)
        assert (found.fault, found.waiting) == ("", 0)
        assert session.scalars(select(audit.AuditEvent).order_by(audit.AuditEvent.id.desc()).limit(1)).one().action == (
            "backup.restored"
        )
    database.dispose()
    with desk(empty.libpq_url, tmp_path, MODELS_DIR=str(tmp_path / "models")) as restored:
        restored.run("migrate")  # as at every start: web and worker get their log-ins
        restored.start("worker")
        restored.start("engine")
        log_in(empty)
        until(lambda: what_waited(restored) == ("kept", "editing", 1, 0), "what waited is done")


def log_in(settings) -> None:
    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    with app.test_client() as browser:
        page = browser.post("/login", data={"email": "test@test.com", "password": "123456"}, follow_redirects=True)
        assert page.status_code == 200
        assert "A text that is published" in browser.get("/documents?all=1").text
    with app.app_context():
        db.engine.dispose()


def what_waited(restored: Desk) -> tuple[str, str, int, int]:
    """The state of the letter and of the draft, its versions by the machine, and how many jobs wait."""
    with restored.database.connect() as connection:
        return connection.execute(
            text(
                "SELECT (SELECT state FROM mails WHERE subject = 'A letter that waits'), "
                "(SELECT state FROM documents WHERE title = 'A text that is drafting'), "
                "(SELECT count(*) FROM revisions JOIN documents ON documents.id = document_id "
                " WHERE documents.title = 'A text that is drafting' AND kind = 'machine'), "
                "(SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND attempts = 0)"
            )
        ).one()


def damaged(whole: Path, folder: Path, how: str) -> Path:
    """A copy of an archive to which something happened."""
    path = folder / whole.name
    raw = bytearray(whole.read_bytes())
    if how == "a byte of the dump":
        raw[60_000] ^= 1
    elif how == "a byte of the model":
        raw[raw.index(MODEL["model.safetensors"][:100]) + 200_000] ^= 1
    elif how == "a number in the manifest":
        at = raw.index(b'"users": ') + 9
        raw[at] ^= 1
    elif how == "cut in the middle":
        raw = raw[: len(raw) // 2]
    elif how == "cut before the manifest":
        raw = raw[: raw.rindex(NAME.encode())]
    elif how == "something else":
        raw = bytearray(b"Dear desk,\n" * 2000)
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("a byte of the dump", r"database\.dump in .* is not what was written"),
        ("a byte of the model", r"models/gpt2-tiny/model\.safetensors in .* is not what was written"),
        ("a number in the manifest", "manifest is not what was written"),
        ("cut in the middle", "only a piece of one"),
        ("cut before the manifest", "only a piece of one"),
        ("something else", "is no backup"),
    ],
)
def test_a_damaged_archive_is_refused_and_nothing_is_touched(backed_up, empty, tmp_path, how, says):
    path = damaged(backed_up[0].path, tmp_path, how)
    with pytest.raises(DamagedArchive, match=says):
        making.check(path)
    with pytest.raises(DamagedArchive, match=says):
        restoring.restore(empty, path)
    assert things(empty.libpq_url) == 0
    assert not empty.models_dir.exists()
    assert keeping.newest(tmp_path) is None or how.startswith("a byte")


def rewritten(whole: Path, folder: Path, **changes) -> Path:
    """An archive with the same parts and another manifest, right in itself."""
    path = folder / whole.name
    with archive.Reader.open(whole) as reader, archive.new_file(path) as file:
        writer = archive.Writer(file)
        for name in reader.manifest.parts:
            writer.add(name, reader.chunks(name))
        writer.finish(Manifest(**(vars(reader.manifest) | changes)))
    return path


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"product": "99.0.0"}, f"was made by Copydesk 99.0.0, and this is {re.escape(__version__)}"),
        ({"migration": "9999"}, "schema is 9999, which this version does not know"),
        ({"format": 2}, "made by a newer version"),
        ({"tables": {"users": 3, 'x"; DROP TABLE users; --': 1}}, "names something that can't be"),
        ({"roles": ["x; DROP TABLE users"]}, "names something that can't be"),
        ({"parts": {DUMP: Part(1, "0" * 64)}}, "not all of it is there"),
        ({"parts": {DUMP: Part(1, "0" * 64), "models/../../etc/passwd": Part(1, "")}}, "names something that can't be"),
    ],
)
def test_what_this_version_can_not_restore_is_refused_first(backed_up, empty, tmp_path, changes, says):
    path = rewritten(backed_up[0].path, tmp_path, **changes)
    with pytest.raises(BackupError, match=says):
        restoring.restore(empty, path)
    assert things(empty.libpq_url) == 0


@pytest.mark.parametrize("replace", [False, True])
def test_a_restore_that_fails_in_the_middle_changes_nothing(backed_up, empty, tmp_path, replace):
    """Everything but the last row arrived; the transaction is taken back, also where something is replaced."""
    tables = backed_up[0].manifest.tables
    path = rewritten(backed_up[0].path, tmp_path, tables=tables | {"users": tables["users"] + 1})
    if replace:
        with psycopg.connect(empty.libpq_url) as connection:
            connection.execute("CREATE TABLE users AS SELECT 'still here' AS name")
    before = things(empty.libpq_url)
    with pytest.raises(BackupError, match=r"could not be restored: .*Table users has 3 rows and should have 4"):
        restoring.restore(empty, path, replace=replace)
    assert things(empty.libpq_url) == before
    assert list(empty.models_dir.iterdir()) == []


def test_a_restore_that_is_killed_in_the_middle_changes_nothing(backed_up, empty, monkeypatch):
    """The archive's disk goes away after a while: psql has no word to commit on."""
    real, read = archive.Reader.chunks, []

    def chunks(reader, name):
        for number, chunk in enumerate(real(reader, name)):
            read.append(name)
            if read.count(DUMP) > 2:  # looked at twice before: for its checksum, and for its list
                yield chunk[: len(chunk) // 2]
                raise DamagedArchive(f"gone at {number}")
            yield chunk

    monkeypatch.setattr(archive.Reader, "chunks", chunks)
    monkeypatch.setattr(archive, "CHUNK", 1 << 20)
    with pytest.raises(DamagedArchive, match="gone at"):
        restoring.restore(empty, backed_up[0].path)
    assert things(empty.libpq_url) == 0
    assert list(empty.models_dir.iterdir()) == []


def test_what_is_not_empty_is_kept_unless_it_may_go(backed_up, empty, tmp_path):
    made, _ = backed_up
    with psycopg.connect(empty.libpq_url) as connection:
        connection.execute("CREATE TABLE later_than_this (id int)")
        connection.execute("CREATE TYPE mood AS ENUM ('calm')")
        connection.execute("CREATE FUNCTION forget(mood) RETURNS int LANGUAGE sql AS 'SELECT 1'")
        connection.execute("CREATE VIEW seen AS SELECT * FROM later_than_this")
    with pytest.raises(BackupError, match="The database is not empty: it holds 4 tables and functions"):
        restoring.restore(empty, made.path)
    with psycopg.connect(empty.libpq_url), pytest.raises(BackupError, match="1 others are connected"):
        restoring.restore(empty, made.path, replace=True)
    (empty.models_dir / "gpt2-tiny").mkdir(parents=True)
    (empty.models_dir / "gpt2-tiny" / "model.safetensors").write_bytes(b"other weights")
    with psycopg.connect(empty.libpq_url) as connection:
        connection.execute("DROP TABLE later_than_this CASCADE")
        connection.execute("DROP TYPE mood CASCADE")
    with pytest.raises(BackupError, match="There is another model called gpt2-tiny"):
        restoring.restore(empty, made.path)
    assert things(empty.libpq_url) == 0
    with psycopg.connect(empty.libpq_url) as connection:
        connection.execute("CREATE TABLE later_than_this (id int)")
    restoring.restore(empty, made.path, replace=True)
    with psycopg.connect(empty.libpq_url) as connection:
        assert contents(connection).keys() == made.manifest.tables.keys()
    weights = empty.models_dir / "gpt2-tiny" / "model.safetensors"
    assert weights.read_bytes() == MODEL["model.safetensors"]
    assert [path.name for path in empty.models_dir.iterdir()] == ["gpt2-tiny"]
    with psycopg.connect(empty.libpq_url) as connection:
        connection.execute("UPDATE users SET name = 'Somebody Else' WHERE email = 'test@test.com'")
    restoring.restore(empty, made.path, replace=True)  # a whole desk, of the same schema
    with psycopg.connect(empty.libpq_url) as connection:
        assert connection.execute("SELECT count(*) FROM users WHERE name = 'Somebody Else'").fetchone() == (0,)


def test_an_older_desk_is_brought_to_the_newest_schema(make_database, empty, tmp_path, models):
    older = read_settings(os.environ | {"DATABASE_URL": make_database("older")})
    with create_app(older).app_context():
        upgrade(revision="0018")
    engine = make_engine(older.sqlalchemy_url)
    with transaction(engine) as session:
        session.execute(
            text(
                "INSERT INTO audit_events (action, object_type, object_id, before, after, source) "
                "VALUES ('document.saved', 'document', '1', '{}', '{}', 'web')"
            )
        )
    engine.dispose()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "_note", lambda *_: None)  # a program of that time writes the row of that time
        made = making.make(older.libpq_url, models, tmp_path, with_models=False)
    assert (made.manifest.migration, made.manifest.audit) == ("0018", {})
    assert list(made.manifest.parts) == [DUMP]
    done = restoring.restore(empty, made.path)
    assert (done.migrated, done.models, done.checked.events) == (True, [], 1)


@pytest.fixture
def small_disk(tmp_path):
    """A disk that is really small; where nobody may mount one, None."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        yield None
        return
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_disk_that_is_too_small_is_said_before(source, models, tmp_path, monkeypatch):
    free = shutil.disk_usage(tmp_path)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    with pytest.raises(BackupError, match=r"may need \d+ MB in .*, and 1 MB are free there"):
        making.make(url_of(source), models, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [making.LOCK]


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(source, models, small_disk, monkeypatch):
    if small_disk is None:
        pytest.skip("mounting a small disk needs root")
    free = shutil.disk_usage(small_disk)._replace(free=10**12)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    with pytest.raises(BackupError, match=r"The disk under .* is full"):
        making.make(url_of(source), models, small_disk)
    assert [path.name for path in small_disk.iterdir()] == [making.LOCK]


def test_models_that_do_not_fit_are_said_before_the_database_is_touched(backed_up, empty, monkeypatch):
    real = shutil.disk_usage(empty.models_dir.parent)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: real)
    with pytest.raises(BackupError, match=r"The models need \d+ MB in .*, and 1 MB are free"):
        restoring.restore(empty, backed_up[0].path)
    assert things(empty.libpq_url) == 0


def test_a_pg_dump_that_is_older_than_the_server_is_refused(source, models, tmp_path, monkeypatch):
    found = programs.find()
    monkeypatch.setattr(programs, "find", lambda: programs.Programs(found.folder, "16.9"))
    with pytest.raises(BackupError, match=r"pg_dump 16\.9 in .* is older than the server, which is PostgreSQL 18"):
        making.make(url_of(source), models, tmp_path)
    assert list(tmp_path.glob("*.tar")) == []


def test_no_pg_dump_at_all_and_no_desk_at_all(cluster, models, tmp_path, monkeypatch):
    with pytest.raises(BackupError, match="The database has no desk in it"):
        making.make(cluster, models, tmp_path)
    with pytest.raises(BackupError, match="The database refuses"):
        making.make(cluster.replace("/copydesk?", "/nowhere?"), models, tmp_path)
    monkeypatch.setenv(programs.FOLDER, str(tmp_path))
    with pytest.raises(BackupError, match=r"client programs .* were not found"):
        making.make(cluster, models, tmp_path)


def test_a_pg_dump_that_ends_in_the_middle_leaves_nothing(source, models, tmp_path, monkeypatch):
    """A program of that name that writes something and fails, as pg_dump does when the server is shut down."""
    real = programs.find()
    false = tmp_path / "bin"
    false.mkdir()
    for name in programs.NAMES:
        (false / name).symlink_to(real.path(name))
    (false / "pg_dump").unlink()
    script = f'#!/bin/sh\n[ "$1" = --version ] && exec {real.path("pg_dump")} --version\n'
    (false / "pg_dump").write_text(script + "head -c 100000 /dev/zero\necho 'pg_dump: error: gone' >&2\nexit 1\n")
    (false / "pg_dump").chmod(0o755)
    monkeypatch.setenv(programs.FOLDER, str(false))
    with pytest.raises(BackupError, match="pg_dump ended with 1: pg_dump: error: gone"):
        making.make(url_of(source), models, tmp_path / "backups")
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [making.LOCK]


def test_one_at_a_time_and_what_a_killed_one_left_is_cleared(source, models, tmp_path):
    (tmp_path / ".copydesk-20260101T000000Z.tar.unfinished").write_bytes(b"half")
    with making._alone(tmp_path), pytest.raises(BackupError, match="Another backup is being written"):
        making.make(url_of(source), models, tmp_path)
    assert list(tmp_path.glob(".*unfinished")) == []


def copies(backed_up, folder: Path, *days_ago: int) -> list[Path]:
    now, made = dt.datetime.now(dt.UTC), backed_up[0]
    paths = []
    for days in days_ago:
        then = now - dt.timedelta(days=days)
        path = rewritten(made.path, folder, made_at=then)
        paths.append(path.rename(keeping.name_for(folder, then)))
    return paths


def test_old_backups_go_and_the_last_whole_one_never(backed_up, tmp_path):
    now = dt.datetime.now(dt.UTC)
    paths = copies(backed_up, tmp_path, 9, 8, 7, 2, 1)
    (tmp_path / "notes.tar").write_text("mine")
    assert keeping.prune(tmp_path, keep=4, now=now) == [paths[0]]
    for path in paths[2:]:  # the newer ones are damaged: they count for nothing
        path.write_bytes(path.read_bytes()[:100_000])
    assert keeping.prune(tmp_path, keep=1, now=now) == []
    assert keeping.prune(tmp_path, days=3, now=now) == []
    assert keeping.newest(tmp_path).path == paths[1]
    newer = copies(backed_up, tmp_path, 0)
    assert sorted(keeping.prune(tmp_path, keep=1, now=now)) == paths[1:]
    assert sorted(tmp_path.glob("*.tar")) == sorted([*newer, tmp_path / "notes.tar"])


def command(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COPYDESK, *map(str, words)], env=os.environ | environment, input="", capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


def said(*words: object) -> tuple[int, str]:
    """The same without a process of its own."""
    done = CliRunner().invoke(main, list(map(str, words)))
    return done.exit_code, done.output


def test_on_the_command_line(source, empty, tmp_path):
    folder = tmp_path / "kept"
    done = command("backup", "--to", folder, "--keep", "2", **source.environment)
    assert done.returncode == 0, done.stderr
    made = keeping.newest(folder).path
    assert f"{made} (" in done.stdout
    assert re.search(r"11 documents, 3 people, [\d,]+ rows in \d+ tables, models: gpt2-tiny; of", done.stdout)
    target = {"DATABASE_URL": empty.libpq_url, "MODELS_DIR": str(empty.models_dir)}
    done = command("restore", made, "--replace", "--yes", **(source.environment | target))
    assert done.returncode == 0, done.stderr
    line = done.stdout.splitlines()[-1]
    assert re.match(r"Restored 11 documents, .* Models that were missing: gpt2-tiny\. .* and 11 records hold\.", line)
    assert made.read_bytes()[-1024:] == bytes(1024)  # tar's own end: other programs read it, too


def test_what_the_commands_say_of_files(backed_up, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql:///unset")
    path = backed_up[0].path
    code, words = said("backup", "verify", path)
    assert (code, words.startswith(f"{path} is whole: 11 documents")) == (0, True)
    assert said("backup", "age", "--to", path.parent)[0] == 0
    assert said("backup", "age", "--to", tmp_path) == (1, f"Error: There is no whole backup in {tmp_path}.\n")
    old = copies(backed_up, tmp_path, 2)[0]
    assert said("backup", "age", "--to", tmp_path) == (1, f"Error: {old} is 48.0 hours old.\n")
    assert said("backup", "--every-day-at", "25:00")[0] == 2
    code, words = said("restore", path, "--replace")  # nobody says yes
    assert (code, "All that the database holds is lost. Go on?" in words) == (1, True)
    damaged(path, tmp_path, "cut in the middle")
    code, words = said("backup", "verify", tmp_path / path.name)
    assert (code, "only a piece of one" in words) == (1, True)

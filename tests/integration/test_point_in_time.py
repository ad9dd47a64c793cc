"""Going back to a moment before a mistake, with the commands that docs/backup.md gives."""

import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from copydesk.local.console import Console
from copydesk.local.postgres import SETTINGS, Postgres, start
from copydesk.local.supervisor import Supervisor
from tests.desk import ROOT, until

pytestmark = pytest.mark.integration

PAGE = (ROOT / "docs" / "backup.md").read_text(encoding="utf-8")


def documented(pattern: str, wal: Path) -> str:
    """A setting as the page gives it, with a folder of ours."""
    return re.search(pattern, PAGE, re.M)[1].replace("/wal/", f"{wal}/")


@contextmanager
def serving(folder: Path, **settings: str):
    with Path(os.devnull).open("w") as nowhere, Supervisor(Console(nowhere)) as supervisor:
        folder.mkdir(exist_ok=True)
        postgres = Postgres(folder, {**SETTINGS, **settings})
        yield start(supervisor, postgres), postgres


def ask(url: str, statement: str):
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else None


def test_back_to_before_a_mistake(tmp_path):
    wal, base = tmp_path / "wal", tmp_path / "base"
    wal.mkdir()
    archive = documented(r"^ +- archive_command=(.*)$", wal)
    with serving(tmp_path / "first", archive_mode="on", archive_command=archive) as (url, postgres):
        if postgres.demotion.owner:
            os.chown(wal, *postgres.demotion.owner)
        ask(url, "CREATE TABLE texts (title text)")
        options = re.search(r"pg_basebackup --username=copydesk (.*) --pgdata=", PAGE)[1].split()
        command = [postgres.bin / "pg_basebackup", f"--dbname={url}", *options, f"--pgdata={base}"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        ask(url, "INSERT INTO texts VALUES ('written after the base backup')")
        ((moment,),) = ask(url, "SELECT clock_timestamp()::text")
        ask(url, "DELETE FROM texts")
        ask(url, "INSERT INTO texts VALUES ('written after the mistake')")
        ((last,),) = ask(url, "SELECT pg_walfile_name(pg_switch_wal())")
        until((wal / last).is_file, "the log is archived")
        ((failed,),) = ask(url, "SELECT failed_count FROM pg_stat_archiver")
    (tmp_path / "second").mkdir()
    recovered = Postgres(tmp_path / "second")
    recovered.home.mkdir(parents=True)
    shutil.move(base, recovered.cluster)
    (recovered.cluster / "recovery.signal").touch()
    if postgres.demotion.owner:
        for path in (recovered.home, recovered.cluster, *recovered.cluster.rglob("*")):
            os.chown(path, *postgres.demotion.owner)
    settings = {
        "restore_command": documented(r"^restore_command=(.*)$", wal),
        "recovery_target_time": moment,
        "recovery_target_action": re.search(r"^recovery_target_action=(.*)$", PAGE, re.M)[1],
    }
    with serving(tmp_path / "second", **settings) as (url, _):
        until(lambda: ask(url, "SELECT pg_is_in_recovery()") == [(False,)], "it goes on by itself")
        assert ask(url, "SELECT title FROM texts") == [("written after the base backup",)]
        ask(url, "INSERT INTO texts VALUES ('and it goes on')")
    assert "recovery_target_time" in PAGE
    assert failed == 0

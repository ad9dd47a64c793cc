"""The embedded server by itself."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from integration.local.desks import eventually

from copydesk.local.checks import CannotStart
from copydesk.local.postgres import Postgres
from copydesk.local.testing import running, shared_server

pytestmark = pytest.mark.integration


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()
    return row and row[0]


def test_it_is_a_current_postgresql_that_sorts_the_same_everywhere(tmp_path: Path) -> None:
    with running(tmp_path) as url:
        assert int(str(ask(url, "SHOW server_version_num"))) >= 180000
        assert ask(url, "SHOW server_encoding") == "UTF8"
        assert ask(url, "SELECT lower('ÄÖÉ')") == "äöé"
        assert ask(url, "SHOW listen_addresses") == ""
    with pytest.raises(psycopg.OperationalError):
        ask(url, "SELECT 1")


def test_data_of_another_version_is_left_alone(tmp_path: Path) -> None:
    cluster = Postgres(tmp_path).cluster
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("17\n")
    with pytest.raises(CannotStart, match=r"written by PostgreSQL 17 and this is 18"):
        Postgres(tmp_path).clear_up()


def test_processes_share_one_server_and_the_last_one_ends_it(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from copydesk.local.testing import shared_server\n"
        "with shared_server(pathlib.Path(sys.argv[1])) as url: print(url, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    users = [subprocess.Popen(command, stdin=-1, stdout=-1, text=True) for _ in range(3)]
    urls = {user.stdout.readline().strip() for user in users if user.stdout}
    assert len(urls) == 1
    users[0].kill()
    users[1].communicate()
    assert ask(urls.pop(), "SELECT 1") == 1
    users[2].communicate()
    note = tmp_path / "postgres" / "cluster" / "postmaster.pid"
    eventually(lambda: not note.exists(), 15, lambda: "the server is still there")
    users[0].communicate()
    with shared_server(tmp_path) as url:  # and it can be started anew
        assert ask(url, "SELECT 1") == 1

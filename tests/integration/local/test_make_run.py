"""`make run` itself, with every real program, as a person starts and stops it."""

import http.client
import http.cookiejar
import os
import re
import shutil
import signal
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from integration.local.desks import READY, assert_all_gone, bare_environment, eventually

from copydesk.local.checks import free_port
from copydesk.local.environment import REPOSITORY

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.enable_socket]


class Run:
    """`make run` in a process group of its own, as a shell starts it."""

    def __init__(self, data_dir: Path, port: int, log: Path) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.log = log
        command = ["make", "run", f"PORT={port}", f"DATA_DIR={data_dir}"]
        with log.open("w") as output:
            self.make = subprocess.Popen(
                command, cwd=REPOSITORY, env=bare_environment(), stdout=output, stderr=output, process_group=0
            )

    def wait_ready(self) -> None:
        def ready() -> bool:
            assert self.make.poll() is None, self.log.read_text()
            return READY in self.log.read_text()

        eventually(ready, 150, self.log.read_text)

    def processes(self) -> list[psutil.Process]:
        return psutil.Process(self.make.pid).children(recursive=True)

    def press_ctrl_c(self) -> None:
        os.killpg(self.make.pid, signal.SIGINT)
        self.make.wait(40)


class Browser:
    """Fetches pages and keeps cookies; nothing more."""

    def __init__(self, address: str) -> None:
        self.address = address
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)

    def get(self, path: str) -> tuple[int, str]:
        with self._opener.open(self.address + path, timeout=20) as answer:
            return answer.status, answer.read().decode()

    def log_in(self, email: str, password: str) -> str:
        """Gives the address of the page that one arrives at."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get("/login")[1])
        fields = {"csrf_token": token.group(1) if token else "", "email": email, "password": password}
        data = urllib.parse.urlencode(fields).encode()
        headers = {"Referer": f"{self.address}/login"}
        request = urllib.request.Request(f"{self.address}/login", data=data, headers=headers)
        with self._opener.open(request, timeout=20) as answer:
            return str(answer.url)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[list[Run]]:
    made: list[Run] = []
    yield made
    for run in made:
        if run.make.poll() is None:
            run.press_ctrl_c()


def assert_commands_find_the_desk(data_dir: Path, number: int) -> None:
    """Beside the running desk, by its data folder alone."""
    admin = f"create-admin second-{number}@example.org --name Second --password seven-herons-over-the-mole"
    commands = {
        "models use seed": "seed was chosen already.",
        admin: "can log in as admin",
    }
    for words, said in commands.items():
        done = subprocess.run(
            [REPOSITORY / ".venv/bin/copydesk", *words.split()],
            cwd=REPOSITORY, env=bare_environment() | {"DATA_DIR": str(data_dir)}, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert said in done.stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_run_serves_the_desk_and_keeps_its_data(runs: list[Run], tmp_path: Path) -> None:
    port = free_port()
    for number in (1, 2):
        run = Run(tmp_path / "var", port, tmp_path / f"run-{number}.log")
        runs.append(run)
        run.wait_ready()
        browser = Browser(run.address)
        assert browser.get("/healthz")[0] == http.client.OK
        assert browser.get("/readyz")[0] == http.client.OK  # the database and the engine answer
        for email, password in [
            ("admin@test.com", "password"),
            ("test@test.com", "123456"),
            ("editor@test.com", "123456"),
        ]:
            assert not Browser(run.address).log_in(email, password).endswith("/login"), email
            assert email in run.log.read_text()
        assert_commands_find_the_desk(tmp_path / "var", number)
        processes = run.processes()
        run.press_ctrl_c()
        assert_all_gone(processes, seconds=1)
    assert "3 development people made" in (tmp_path / "run-1.log").read_text()
    assert "The development people are there" in (tmp_path / "run-2.log").read_text()
    assert "Traceback" not in (tmp_path / "run-2.log").read_text()

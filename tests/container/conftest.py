"""What both halves share: the files as they are written, and the running production stack where one can be built."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
TOOLS = ("buildah", "podman", "runc", "debootstrap", "netavark", "unshare", "nsenter", "openssl", "catatonit")
ELSEWHERE = ("/usr/lib/podman", "/usr/libexec/podman", "/usr/sbin", "/sbin")


def pytest_collection_modifyitems(items):
    """Building and starting a stack takes minutes."""
    for item in items:
        if item.path.name == "test_stack.py":
            item.add_marker(pytest.mark.container)
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(1500))


@pytest.fixture(scope="session")
def production():
    """docker-compose.prod.yml."""
    return yaml.safe_load((ROOT / "docker-compose.prod.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def development():
    """docker-compose.yml."""
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def why_not() -> str | None:
    """Why the stack can't be built and started here; None where it can."""
    if os.environ.get("COPYDESK_SKIP_CONTAINERS"):
        return "COPYDESK_SKIP_CONTAINERS is set"
    if os.geteuid() != 0:
        return "building and running the containers needs root"
    path = os.pathsep.join((os.environ.get("PATH", ""), *ELSEWHERE))
    missing = [tool for tool in TOOLS if shutil.which(tool, path=path) is None]
    if missing:
        return f"these programs are missing: {', '.join(missing)} (see .ci/packages)"
    if subprocess.run(
        ["unshare", "--mount", "--net", "--pid", "--fork", "true"], capture_output=True, check=False
    ).returncode:
        return "this machine allows no namespaces of one's own"
    return None


@dataclass
class Answer:
    """What nginx said; status 0 and the reason as body where it said nothing."""

    status: int
    headers: dict[str, str]
    body: str


class Stack:
    """The running production stack, and the scripts of this folder that handle it."""

    url = "https://desk.test"

    def __init__(self, work: Path) -> None:
        self.work = work

    def script(self, name: str, *arguments: str, seconds: int = 120, **options) -> subprocess.CompletedProcess:
        return subprocess.run(
            [HERE / name, *arguments],
            timeout=seconds,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            **options,
        )

    def run(self, name: str, *arguments: str, seconds: int = 120) -> str:
        """A script that has to succeed; its output."""
        done = self.script(name, *arguments, seconds=seconds)
        assert done.returncode == 0, f"{name} {' '.join(arguments)}\n{done.stdout[-6000:]}"
        return done.stdout

    def inside(self, *command: str) -> str:
        return self.run("inside.sh", *command)

    def execute(self, service: str, *command: str) -> str:
        """A command in a service's container."""
        return self.inside("podman", "exec", f"copydesk_{service}_1", *command)

    @property
    def network(self) -> list[str]:
        """What has to stand before a command to run it in the stack's network."""
        inner = (self.work / "stand" / "inner.pid").read_text().strip()
        return ["nsenter", "--target", inner, "--net", "--"]

    def fetch(self, path: str, **options) -> "Answer":
        """One request to nginx; see fetch.py for the options."""
        done = subprocess.run(
            [*self.network, sys.executable, HERE / "fetch.py"],
            input=json.dumps({"path": path, **options}),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return Answer(**json.loads(done.stdout))

    def browser_program(self, chromium: str) -> str:
        """A program that starts Chromium in the stack's network; it is spoken to through pipes, which cross over."""
        program = self.work / "stand" / "chromium"
        program.write_text(f'#!/bin/sh\nexec {" ".join(self.network)} {chromium} "$@"\n')
        program.chmod(0o755)
        return str(program)


@pytest.fixture(scope="session")
def stack():
    """Build the images, start the stack, and take it down again."""
    reason = why_not()
    if reason:
        pytest.skip(f"The containers are not tested here: {reason}.")
    work = Path(os.environ.setdefault("COPYDESK_CONTAINERS", "/tmp/copydesk-containers"))
    work.mkdir(parents=True, exist_ok=True)
    stack = Stack(work)
    with (work / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time on a machine
        try:
            stack.run("base-images.sh", seconds=400)
            stack.run("build.sh", seconds=600)
            stack.run("up.sh", seconds=360)
            yield stack
        finally:
            stack.script("down.sh", seconds=180)

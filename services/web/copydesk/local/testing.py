"""One embedded server for all test processes: started by the first, stopped when the last has gone.

Users hold a shared lock on a file, which also a killed process lets go. A keeper process of its own stops the server
as soon as it gets that lock for itself.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from copydesk.local.console import Console
from copydesk.local.postgres import SETTINGS, Postgres, start
from copydesk.local.supervisor import Supervisor

# The data is thrown away anyway: nothing waits for the disk.
THROWAWAY = {**SETTINGS, "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextmanager
def running(data_dir: Path) -> Iterator[str]:
    """A server of one's own for the length of a block; gives its URL."""
    with Path(os.devnull).open("w") as nowhere, Supervisor(Console(nowhere)) as supervisor:
        yield start(supervisor, Postgres(data_dir, THROWAWAY))


@contextmanager
def shared_server(data_dir: Path) -> Iterator[str]:
    """A server that every process which names this folder shares; gives its URL."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "users").open("a") as users, (data_dir / "starting").open("a") as starting:
        fcntl.flock(users, fcntl.LOCK_SH)
        fcntl.flock(starting, fcntl.LOCK_EX)
        url = _find(data_dir) or _start_keeper(data_dir)
        fcntl.flock(starting, fcntl.LOCK_UN)
        yield url


def _find(data_dir: Path) -> str:
    """The running server's URL, if its keeper is there to hold its lock."""
    with (data_dir / "kept").open("a") as kept, suppress(BlockingIOError):
        fcntl.flock(kept, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return ""
    return (data_dir / "url").read_text()


def _start_keeper(data_dir: Path) -> str:
    command = [sys.executable, "-m", "copydesk.local.testing", str(data_dir)]
    with (data_dir / "keeper.log").open("w") as log:
        done = subprocess.run(  # noqa: S603  ourselves
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, check=False
        )
    if done.returncode:
        raise RuntimeError(f"no test database:\n{(data_dir / 'keeper.log').read_text()}")
    return (data_dir / "url").read_text()


def detach(data_dir: Path) -> int:
    """Leave a keeper behind, and end when its server is ready; gives the exit status."""
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        return 0 if os.read(reader, 1) else 1
    keep(data_dir, lambda: os.write(writer, b"1"))
    return 0


def keep(data_dir: Path, tell_ready: Callable[[], object]) -> None:
    """Run the server until nobody uses it."""
    # `kept` is let go before `users`: whoever comes next is still waiting, and finds no server instead of a dead one.
    with (data_dir / "users").open("a") as users, (data_dir / "kept").open("a") as kept:
        fcntl.flock(kept, fcntl.LOCK_EX)
        with Supervisor(Console(sys.stderr)) as supervisor:
            (data_dir / "url").write_text(start(supervisor, Postgres(data_dir, THROWAWAY)))
            tell_ready()
            supervisor.watch(until=lambda: _is_deserted(users))


def _is_deserted(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(detach(Path(sys.argv[1])))

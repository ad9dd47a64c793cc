"""Outlives a supervisor that was killed, stops what it left behind, and ends.

Its standard input is a pipe that only the supervisor holds, so the pipe's end means that the supervisor is gone,
however it went. On it come `+PID SIGNAL SECONDS` for each process group that was started and `-PID` for each that
ended. Unlike Linux's parent-death signal this reaches grandchildren and works on every Unix.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable

Group = tuple[int, float]  # the signal that asks it to stop, the seconds it may take


def read_groups(lines: Iterable[str]) -> dict[int, Group]:
    """The groups that are left when the pipe ends."""
    groups: dict[int, Group] = {}
    for line in lines:
        pid, *rest = line[1:].split()
        if line.startswith("+"):
            groups[int(pid)] = (int(rest[0]), float(rest[1]))
        else:
            groups.pop(int(pid), None)
    return groups


def stop_groups(groups: dict[int, Group]) -> None:
    """Ask all of them to stop; kill each that takes longer than it may."""
    started = time.monotonic()
    left = {pid for pid, (wish, _) in groups.items() if signal_group(pid, wish)}
    while left:
        time.sleep(0.05)
        for pid in list(left):
            late = time.monotonic() > started + groups[pid][1]
            if not signal_group(pid, signal.SIGKILL if late else 0) or late:
                left.remove(pid)


def signal_group(pid: int, number: int) -> bool:
    """Send a signal to a process group (0 only asks); false when nothing is left of it."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so for a group of zombies
        return False
    return True


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    stop_groups(read_groups(sys.stdin))


if __name__ == "__main__":
    main()

"""What this machine, or the container we run in, has to offer: memory and cores. Linux tells most; others a little."""

import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_MEMINFO = Path("/proc/meminfo")


def available_memory(cgroup: Path = _CGROUP, meminfo: Path = _MEMINFO) -> int | None:
    """Bytes that a process may still take, None where nobody tells; in a container, what its limit leaves."""
    figures = [figure for figure in (_cgroup_memory(cgroup), _free_memory(meminfo)) if figure is not None]
    return min(figures) if figures else None


def available_cores(cgroup: Path = _CGROUP) -> int:
    """Cores that this process may use, from its affinity and its container's quota; at least one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _read(cgroup / "cpu.max").split()
    if len(quota) == 2 and quota[0].isdigit():
        cores = min(cores, int(quota[0]) // int(quota[1]))
    return max(1, cores)


def _cgroup_memory(cgroup: Path) -> int | None:
    most, used = _read(cgroup / "memory.max"), _read(cgroup / "memory.current")
    if not (most.isdigit() and used.isdigit()):
        return None  # no limit, or not version 2
    pages = _figures(cgroup / "memory.stat")
    reclaimable = pages.get("inactive_file", 0) + pages.get("active_file", 0)
    return max(0, int(most) - int(used) + reclaimable)


def _free_memory(meminfo: Path) -> int | None:
    kibibytes = _figures(meminfo).get("MemAvailable:")
    return None if kibibytes is None else kibibytes * 1024


def _figures(path: Path) -> dict[str, int]:
    lines = (line.split() for line in _read(path).splitlines())
    return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdigit()}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""

"""PostgreSQL refuses to run as root. Where the desk is started by root, it runs as `nobody`, in any folder.

Such a folder may lie where only root can go (`/root`, a fresh temporary folder). Instead of opening those folders to
everybody, the process keeps root's one capability of passing through them.
"""

import os
import pwd
import shutil
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from copydesk.local.checks import CannotStart

CAPABILITIES = {"dac_read_search": 1 << 2, "dac_override": 1 << 1}  # the smaller first


@dataclass(frozen=True)
class Demotion:
    """How to start a program as somebody: words before its command, and arguments for Popen."""

    prefix: Sequence[str] = ()
    identity: Mapping[str, Any] = field(default_factory=dict)
    owner: tuple[int, int] | None = None  # who must own its files; none: we do


def demote(home: Path, *paths: Path) -> Demotion:
    """Nothing to do for ordinary people; for root, the owner of `home`, or nobody."""
    if os.geteuid() != 0:
        return Demotion()
    person = _owner(home)
    owner = (person.pw_uid, person.pw_gid)
    if all(_is_open(path) for path in (home, *paths)):
        return Demotion(identity={"user": owner[0], "group": owner[1], "extra_groups": []}, owner=owner)
    return Demotion(prefix=_setpriv(*owner), owner=owner)


def _owner(home: Path) -> pwd.struct_passwd:
    if home.exists() and home.stat().st_uid != 0:
        return pwd.getpwuid(home.stat().st_uid)
    return pwd.getpwnam("nobody")


def _is_open(path: Path) -> bool:
    """May anybody pass through every folder above?"""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def _setpriv(uid: int, gid: int) -> list[str]:
    held = next((name for name, bit in CAPABILITIES.items() if _effective_capabilities() & bit), None)
    if shutil.which("setpriv") is None or held is None:
        raise CannotStart(
            "PostgreSQL does not run as root, and the user nobody cannot reach this folder. "
            "Run make as an ordinary user, move the folder, or set DATABASE_URL."
        )
    ids = [f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    return ["setpriv", *ids, f"--inh-caps=+{held}", f"--ambient-caps=+{held}", "--"]


def _effective_capabilities() -> int:
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff")), 0)

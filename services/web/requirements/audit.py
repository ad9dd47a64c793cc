"""Known holes in the libraries that are locked here, by the lists of PyPI and npm.

Ends with 1 where there are some, with 2 where a list could not be reached; `--offline-is-fine`: with 0 then.
"""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FRONT_END = HERE.parent / "frontend"
PATIENCE = 300  # seconds for one list
FINE, HOLES, UNKNOWN = range(3)


def main(arguments: list[str]) -> int:
    locks = sorted(one for one in HERE.glob("*.txt") if "==" in one.read_text(encoding="utf-8"))
    found = [of_python(lock) for lock in locks] + [of_node()]
    if HOLES in found:
        return HOLES
    if UNKNOWN in found:
        say("Not everything could be asked for: what stands above without a list is neither good nor bad.")
        return FINE if "--offline-is-fine" in arguments else UNKNOWN
    return FINE


def of_python(lock: Path) -> int:
    """What PyPI knows of one lock file; nothing is installed for it."""
    quietly = ("--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off")
    done = _run("pip-audit", "--requirement", str(lock), *quietly)
    try:
        packages = json.loads(done)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return _silent(lock.name, "PyPI")
    holes = [(one["name"], one["version"], hole["id"]) for one in packages for hole in one.get("vulns", [])]
    for name, version, ident in holes:
        say(f"{lock.name}: {name} {version}: {ident}")
    asked = [one for one in packages if "skip_reason" not in one]
    if packages and not asked:
        return _silent(lock.name, "PyPI")
    say(f"{lock.name}: {len(asked)} of {len(packages)} packages asked for, {len(holes)} known holes")
    return HOLES if holes else FINE if len(asked) == len(packages) else UNKNOWN


def of_node() -> int:
    done = _run("npm", "audit", "--package-lock-only", "--json", cwd=FRONT_END)
    try:
        counts = json.loads(done)["metadata"]["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        return _silent("package-lock.json", "npm")
    say(f"package-lock.json: {counts['total']} known holes")
    return HOLES if counts["total"] else FINE


def _silent(what: str, whose: str) -> int:
    say(f"{what}: not asked for, {whose}'s list can't be reached from here")
    return UNKNOWN


def _run(*command: str, cwd: Path = HERE) -> str:
    """What a program of our own environment says; nothing where it is missing or too slow."""
    beside = Path(sys.executable).parent / command[0]
    program = str(beside) if beside.exists() else command[0]
    try:
        done = subprocess.run(  # noqa: S603  commands of our own
            [program, *command[1:]], cwd=cwd, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

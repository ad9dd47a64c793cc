"""Make `.venv`, install a lock file into it and build the front end: each only when something changed.

Called by the Makefile before anything is installed, so it uses the standard library alone:
`python bootstrap.py local|dev`.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
VENV = ROOT / ".venv"
BIN = VENV / "bin"
WEB = ROOT / "services" / "web"
REQUIREMENTS = WEB / "requirements"
FRONTEND = WEB / "frontend"
BUILT = WEB / "copydesk" / "web" / "static" / "dist"
KERNEL = WEB / "copydesk" / "engine" / "native"
LEAST_FREE = {"local": 2 * 1024**3, "dev": 5 * 1024**3}
NOT_SOURCES = {"node_modules", "coverage"}
NEWEST_FOR_DEV = (3, 13)  # TensorFlow has no wheels for later ones


class CannotInstall(Exception):
    """One plain sentence, with what to do."""


def main(which: str) -> None:
    with _one_at_a_time():
        _python(which)
        _kernel()
        _frontend()


def _python(which: str) -> None:
    if _is_installed(which):
        return
    _check_before_installing(which)
    started = time.monotonic()
    _make_venv()
    _install("bootstrap")
    say(f"Installing requirements/{which}.txt (the first time takes a few minutes)")
    _install(which)
    _install_package()
    _stamp(which).write_text(_python_fingerprint(which))
    say(f"Installed in {time.monotonic() - started:.0f} s")


def _is_installed(which: str) -> bool:
    """The development set holds the local one, so either stamp will do for that."""
    if not (BIN / "python").exists() or not (BIN / "copydesk").exists():
        return False
    sets = {which, "dev"}
    return any(_stamp(name).is_file() and _stamp(name).read_text() == _python_fingerprint(name) for name in sets)


def _stamp(which: str) -> Path:
    return VENV / f".installed-{which}"


def _python_fingerprint(which: str) -> str:
    """Scripts in a virtual environment carry its path, so a moved folder is installed anew."""
    files = [REQUIREMENTS / "bootstrap.txt", REQUIREMENTS / f"{which}.txt", WEB / "pyproject.toml"]
    return fingerprint(files, str(VENV))


def fingerprint(files: Iterable[Path], *words: str) -> str:
    """One hash over the names and contents of files, and over whatever else matters."""
    total = hashlib.sha256("\0".join(words).encode())
    for file in files:
        total.update(f"{file.relative_to(ROOT)}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _check_before_installing(which: str) -> None:
    if which == "dev" and sys.version_info[:2] > NEWEST_FOR_DEV:
        raise CannotInstall(
            "The tests need TensorFlow, which has no packages for this Python yet: "
            "install Python 3.13, or name one: make test PYTHON=python3.12"
        )
    free = shutil.disk_usage(ROOT).free
    if free < LEAST_FREE[which]:
        raise CannotInstall(
            f"The disk under {ROOT} is nearly full: {free / 1024**3:.1f} GB are free and installing "
            f"needs {LEAST_FREE[which] / 1024**3:.0f} GB. Free some space and start again."
        )


def _make_venv() -> None:
    if _venv_works():
        return
    say(f"Making .venv with Python {sys.version.split()[0]}")
    python = getattr(sys, "_base_executable", sys.executable)  # .venv's own python cannot clear .venv
    if run([python, "-m", "venv", "--clear", str(VENV)], quiet=True) != 0:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise CannotInstall(
            f"Python {version} cannot make a virtual environment here: its venv or ensurepip module is missing. "
            f"On Debian and Ubuntu: sudo apt install python{version}-venv"
        )


def _venv_works() -> bool:
    """Does it run, has it pip, and does it stand where it was made?"""
    python = BIN / "python"
    if not python.exists() or run([str(python), "-c", "import pip"], quiet=True) != 0:
        return False
    pip = BIN / "pip"
    return pip.is_file() and str(VENV).encode() in pip.read_bytes()[:300]


def _install(which: str) -> None:
    """By uv where it runs, by pip where not (say, where only pip knows the way to the packages)."""
    # Build tools come from bootstrap.txt, pinned: nothing is fetched that no lock file names.
    arguments = ["--require-hashes", "--no-build-isolation", "-r", str(REQUIREMENTS / f"{which}.txt")]
    if which != "bootstrap":
        if _uv(arguments) == 0:
            return
        say("uv could not install them; trying pip, which is slower")
    if _pip(arguments) != 0:
        raise CannotInstall(
            f"Installing requirements/{which}.txt failed (see above). Is the network reachable? Starting again is safe."
        )


def _install_package() -> None:
    arguments = ["--no-deps", "--no-build-isolation", "--editable", str(WEB)]
    if _uv(arguments) != 0 and _pip(arguments) != 0:
        raise CannotInstall("Installing the package copydesk into .venv failed (see above).")


def _uv(arguments: list[str]) -> int:
    # The machine's own certificates too: a company's proxy is trusted there and nowhere else.
    command = [str(BIN / "uv"), "pip", "install", "--quiet", "--python", str(BIN / "python"), *arguments]
    return run(command, UV_SYSTEM_CERTS="1")


def _pip(arguments: list[str]) -> int:
    command = [str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    return run(command)


def _kernel() -> None:
    """Compile the engine's kernel when one of its sources changed."""
    built = KERNEL / "build"
    sources = fingerprint(sorted(path for path in KERNEL.glob("*") if path.suffix in (".c", ".h", ".py")))
    if _matches(built / ".built", sources):
        return
    say("Compiling the engine's kernel")
    if run([str(BIN / "python"), "-m", "copydesk.engine.native.build"]) != 0:
        raise CannotInstall("The engine's kernel could not be compiled (see above).")
    built.mkdir(exist_ok=True)
    (built / ".built").write_text(sources)


def _frontend() -> None:
    """`npm ci` when the lock file changed, `npm run build` when any source did."""
    packages = fingerprint([FRONTEND / "package-lock.json"], str(FRONTEND))
    packages_stamp = FRONTEND / "node_modules" / ".installed"
    if not _matches(packages_stamp, packages):
        say("Installing the front end's packages")
        _npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
        packages_stamp.write_text(packages)
    sources = fingerprint(_sources(), packages)
    if not _matches(BUILT / ".built", sources):
        say("Building the front end")
        _npm("run", "build", "--silent", "--", "--logLevel=warn")
        (BUILT / ".built").write_text(sources)


def _matches(stamp: Path, wanted: str) -> bool:
    return stamp.is_file() and stamp.read_text() == wanted


def _sources() -> list[Path]:
    found = []
    for folder, folders, files in os.walk(FRONTEND):
        folders[:] = [name for name in folders if name not in NOT_SOURCES]
        found += [Path(folder, name) for name in files]
    return sorted(found)


def _npm(*arguments: str) -> None:
    # npm is a script that looks for `node` on the path: ours, from the wheel.
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    if run([str(BIN / "npm"), *arguments], cwd=FRONTEND, PATH=path) != 0:
        raise CannotInstall(f"npm {' '.join(arguments[:2])} failed (see above). Starting again is safe.")


def run(command: list[str], *, quiet: bool = False, cwd: Path = ROOT, **environ: str) -> int:
    """Run a command to its end and give its exit status; a program that is missing counts as failed."""
    output = subprocess.DEVNULL if quiet else None
    try:
        done = subprocess.run(  # noqa: S603  commands of our own
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False,
            env={**os.environ, **environ},
        )  # fmt: skip
    except OSError as error:
        say(str(error))
        return 127
    return done.returncode


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two `make` at once install one after the other."""
    with (ROOT / "Makefile").open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another make that is installing")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def say(text: str) -> None:
    sys.stdout.write(f"» {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except (CannotInstall, OSError) as error:
        say(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        say("Stopped. Starting again goes on from here.")
        sys.exit(130)

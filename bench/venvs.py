"""Each peer has a virtual environment of its own, made when it is first measured: peers pin each other's libraries."""

import shutil
import sys
from pathlib import Path

import click

from copydesk.local.bootstrap import ROOT, fingerprint, run

LISTS = Path(__file__).resolve().parent / "peers"
VENVS = ROOT / "var" / "bench" / "venvs"
TORCH_FOR_PROCESSORS = "https://download.pytorch.org/whl/cpu"  # where it can't be reached, PyPI's larger one will do
LEAST_FREE = 6 * 1024**3


class CannotInstall(Exception):
    """One plain sentence."""


def python_of(name: str) -> Path:
    """The interpreter with the packages of `peers/NAME.txt`; installed now if they are not.

    Raises:
        CannotInstall: the network, the disk or this Python does not allow it; the output above says which.
    """
    venv, packages = VENVS / name, LISTS / f"{name}.txt"
    python, stamp = venv / "bin" / "python", venv / ".installed"
    wanted = fingerprint([packages, LISTS / "torch.txt"], str(venv), sys.version)
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    if shutil.disk_usage(ROOT).free < LEAST_FREE:
        raise CannotInstall(f"the disk is nearly full: {name} needs up to 3 GB")
    click.echo(f"» Installing {packages.relative_to(ROOT)} into {venv.relative_to(ROOT)} (a few minutes, once)")
    base = getattr(sys, "_base_executable", sys.executable)
    made = run([base, "-m", "venv", "--clear", str(venv)]) == 0
    if not (made and _locked(python, packages) and (name != "pytorch" or _torch(python))):
        shutil.rmtree(venv, ignore_errors=True)
        raise CannotInstall(f"{packages.relative_to(ROOT)} could not be installed, see above")
    stamp.write_text(wanted)
    return python


def _torch(python: Path) -> bool:
    pip = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
        str(LISTS / "torch.txt"),
    ]
    small = ["--retries", "1", "--extra-index-url", TORCH_FOR_PROCESSORS]
    return run([*pip, *small], quiet=True) == 0 or run(pip) == 0


def _locked(python: Path, packages: Path) -> bool:
    """By uv where it runs, by pip where not. The list is complete, so nothing is looked up."""
    locked = ["--quiet", "--no-deps", "--require-hashes", "-r", str(packages)]
    uv = [str(Path(sys.executable).parent / "uv"), "pip", "install", "--python", str(python)]
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    return run([*uv, *locked], UV_SYSTEM_CERTS="1") == 0 or run([*pip, *locked]) == 0

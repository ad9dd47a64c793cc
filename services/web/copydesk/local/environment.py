"""The environment that every program of the local desk is started with."""

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from copydesk.config import PACKAGE_ROOT
from copydesk.local.checks import HOST, CannotStart, free_port

REPOSITORY = PACKAGE_ROOT.parent.parent


@dataclass(frozen=True)
class Place:
    """Where the desk is: what `PORT` and `DATA_DIR` change."""

    port: int
    data_dir: Path

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"


def find_place(environ: Mapping[str, str]) -> Place:
    """From `PORT` and `DATA_DIR`; without them port 5000 and the folder `var` of this checkout."""
    port = environ.get("PORT") or "5000"
    if not port.isdecimal():
        raise CannotStart(f"PORT is {port!r}, which is no number: PORT=5001 make run")
    data_dir = environ.get("DATA_DIR") or REPOSITORY / "var"
    return Place(int(port), Path(data_dir).expanduser().resolve())


def with_defaults(environ: Mapping[str, str], file: Path = REPOSITORY / ".env.dev") -> dict[str, str]:
    """The real environment over the development file; that file is for development only."""
    if environ.get("COPYDESK_ENV", "development") != "development" or not file.is_file():
        return dict(environ)
    return {**read_env_file(file), **environ}


def read_env_file(file: Path) -> dict[str, str]:
    """`NAME=value` per line; blank lines and comments are skipped."""
    lines = (line.strip() for line in file.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}


def for_programs(place: Place, real: Mapping[str, str] | None = None) -> dict[str, str]:
    """Everything but the database's address. What the person set stands; the rest is chosen for this start."""
    real = os.environ if real is None else real
    port = str(free_port())
    chosen = {
        "PORT": str(place.port),
        "DATA_DIR": str(place.data_dir),
        "CACHE_DIR": real.get("CACHE_DIR") or str(place.data_dir / "cache"),
        "BASE_URL": real.get("BASE_URL") or place.address,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{real.get('PATH', os.defpath)}",  # web becomes gunicorn
        "PYTHONUNBUFFERED": "1",
    }
    if not real.get("ENGINE_URL"):
        chosen |= {
            "ENGINE_HOST": HOST,
            "ENGINE_PORT": port,
            "ENGINE_URL": f"http://{HOST}:{port}",
            "ENGINE_TOKEN": real.get("ENGINE_TOKEN") or secrets.token_urlsafe(32),
        }
    if real.get("PYTHONDONTWRITEBYTECODE"):
        # Compiling everything at each start takes seconds: keep the results, but out of the checkout.
        chosen |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(place.data_dir / "cache" / "python")}
    return {**with_defaults(real), **chosen}

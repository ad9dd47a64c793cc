"""What a backup needs to know of the desk. No secret but the database's address is asked for."""

import os
from dataclasses import dataclass
from pathlib import Path

from copydesk.config import PACKAGE_ROOT, SECRETS_DIR, ConfigurationError


@dataclass(frozen=True)
class Place:
    """Where the desk's data are."""

    database_url: str
    models_dir: Path


def read_place() -> Place:
    """From the environment, or a secret's file.

    Raises:
        ConfigurationError: the database's address is nowhere.
    """
    file = Path(os.environ.get("SECRETS_DIR", SECRETS_DIR)) / "database_url"
    url = os.environ.get("DATABASE_URL") or (file.read_text().strip() if file.is_file() else "")
    if not url.startswith(("postgresql://", "postgresql+psycopg2://", "postgresql+psycopg://")):
        raise ConfigurationError("DATABASE_URL must be set to the address of the desk's database: postgresql://…")
    models = os.environ.get("MODELS_DIR")
    return Place("postgresql://" + url.partition("://")[2], Path(models) if models else PACKAGE_ROOT / "models")

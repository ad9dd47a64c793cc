"""What is in a backup: the archive's last part, so that its presence says that the archive is whole."""

import datetime as dt
import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from copydesk.backup.errors import BackupError, DamagedArchive

NAME = "manifest.json"
DUMP = "database.dump"
FORMAT = 1
MOST_BYTES = 4_000_000
_PLAIN = r"[A-Za-z0-9_][\w.+-]{0,95}"
PART = re.compile(rf"database\.dump|models/({_PLAIN})/({_PLAIN})")
_TABLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class Part:
    """One file of the archive."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """All that is known of a desk at the moment of its backup."""

    product: str  # version of Copydesk
    made_at: dt.datetime
    migration: str  # revision of the schema
    postgresql: str  # version of the server
    pg_dump: str
    tables: dict[str, int]  # rows of each table
    roles: list[str]  # who is granted something, beside the owner
    audit: dict[str, Any]  # position and seal at which the chain of the audit log ended
    models: list[dict[str, Any]]  # name, sha256 of the weights, bytes, and whether the archive holds it
    parts: dict[str, Part] = field(default_factory=dict)
    format: int = FORMAT

    def encode(self) -> bytes:
        values = asdict(self) | {"made_at": self.made_at.isoformat(timespec="seconds")}
        return json.dumps(values | {"sha256": _digest(values)}, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """The manifest from its bytes.

        Raises:
            DamagedArchive: it is not what was written.
            BackupError: it was written by a newer version.
        """
        try:
            values = json.loads(raw)
            sha256 = values.pop("sha256")
            if values["format"] > FORMAT:
                raise BackupError("The archive was made by a newer version of Copydesk, in a form that is not known.")
            if _digest(values) != sha256:
                raise DamagedArchive("The archive's manifest is not what was written.")
            values["made_at"] = dt.datetime.fromisoformat(values["made_at"])
            values["parts"] = {name: Part(**part) for name, part in values["parts"].items()}
            manifest = cls(**values)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedArchive("The archive's manifest can't be read.") from error
        manifest.check_names()
        return manifest

    def check_names(self) -> None:
        """Names go into paths and statements: nothing but what we write ourselves is taken."""
        names = (*((PART, one) for one in self.parts), *((_TABLE, one) for one in self.tables))
        for pattern, name in (*names, *((_ROLE, one) for one in self.roles)):
            if not pattern.fullmatch(name):
                raise DamagedArchive(f"The archive's manifest names something that can't be: {name[:80]!r}.")
        if DUMP not in self.parts:
            raise DamagedArchive("The archive has no database in it.")

    @property
    def rows(self) -> int:
        return sum(self.tables.values())

    @property
    def anchors(self) -> dict[int, str]:
        """The audit log's last seal by its position; none where nothing was sealed."""
        position = int(self.audit.get("position") or 0)
        return {position: str(self.audit["sha256"])} if position else {}

    def in_words(self) -> str:
        """One line."""
        documents, people = self.tables.get("documents", 0), self.tables.get("users", 0)
        kept = [model["name"] for model in self.models if model["kept"]]
        models = f"models: {', '.join(kept)}" if kept else "no models"
        return (
            f"{documents:,} documents, {people:,} people, {self.rows:,} rows in {len(self.tables)} tables, {models}; "
            f"of {self.made_at:%d %B %Y %H:%M} UTC, Copydesk {self.product}, schema {self.migration}"
        )


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

"""What an engine says of its models: the rows of /v1/models, for those who write them and those who read them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from copydesk.engine import checksums
from copydesk.engine.card import Card
from copydesk.engine.memory import needed_memory
from copydesk.engine.models import GPT2_SIZES, ModelFolder
from copydesk.engine.precision import Precision


@dataclass(frozen=True)
class ModelRow:
    """One model. Another server than ours names `id` alone; what it doesn't tell is None or empty."""

    id: str  # how the engine names it: the name, and the start of the weights' hash where that is known
    name: str
    parameters: int | None = None
    bytes: int | None = None  # of the weights on disk
    licence: str = ""
    trained_on: str = ""
    sha256: str = ""
    verified: bool | None = None  # do the weights hash to what the card says? None: nobody has looked yet
    verified_at: str | None = None  # when all of the weights were read, ISO 8601
    context: int | None = None  # tokens seen at once
    loaded: bool = False
    default: bool = False
    needed_bytes: int | None = None  # of memory, loaded
    fits: bool | None = None  # into what is available to the engine, once idle models have left
    card: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def verified_on(self) -> dt.datetime | None:
        """When all of the weights were read."""
        return dt.datetime.fromisoformat(self.verified_at) if self.verified_at else None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "card": dict(self.card), "object": "model"}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """From a server's JSON; fields that are missing keep their defaults.

        Raises:
            KeyError: it has no id.
        """
        names = {each.name for each in fields(cls)} - {"id", "name"}
        known = {name: values[name] for name in names if values.get(name) is not None}
        name = str(values["id"])
        return cls(id=name, name=str(values.get("name") or name.partition("@")[0]), **known)


@dataclass(frozen=True)
class ModelList:
    """Every model of one engine."""

    rows: Sequence[ModelRow]
    available_bytes: int | None = None  # of memory that models may still take
    engine: str = ""

    def named(self, name: str) -> ModelRow | None:
        """The model of this name or alias."""
        return next((row for row in self.rows if name in (row.name, row.id)), None)

    def to_dict(self) -> dict[str, Any]:
        """For JSON, in OpenAI's form with our fields beside."""
        return {
            "object": "list",
            "data": [row.to_dict() for row in self.rows],
            "available_bytes": self.available_bytes,
            "engine": self.engine,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """From a server's JSON.

        Raises:
            KeyError, TypeError: it is no list of models.
        """
        rows = [ModelRow.from_dict(row) for row in values["data"]]
        return cls(rows, values.get("available_bytes"), str(values.get("engine") or ""))


def describe(
    model: ModelFolder,
    *,
    precision: Precision = Precision.INT8,
    slots: int = 4,
    available: int | None = None,
    loaded: bool = False,
    default: bool = False,
    tokens: int | None = None,
) -> ModelRow:
    """The row of a model on disk. Its weights are not read: a checksum that nobody has made yet is not told.

    `available`: bytes of memory that it could have; `slots`, `tokens`: see `needed_memory`.
    """
    known = checksums.remembered(model.weights)
    said = model.card.weights_sha256
    sha256 = known.sha256 if known else said
    needed = needed_memory(model, precision, slots, tokens)
    return ModelRow(
        id=f"{model.name}@{sha256[:16]}" if sha256 else model.name,
        name=model.name,
        parameters=model.parameters,
        bytes=model.weights.stat().st_size,
        licence=model.card.licence,
        trained_on=model.card.trained_on,
        sha256=sha256,
        verified=(known.sha256 == said) if known and said else None,
        verified_at=known.read_at.isoformat() if known else None,
        context=model.context,
        loaded=loaded,
        default=default,
        needed_bytes=needed,
        fits=True if loaded else None if available is None else needed <= available,
        card=_plain(model.card.rest),
    )


def list_rows(models: Sequence[ModelFolder], default: str = "", **options: Any) -> list[ModelRow]:
    """A row for each model; one whose files went away meanwhile is left out."""
    rows = []
    for model in models:
        try:
            rows.append(describe(model, default=model.name == default, **options))
        except OSError:
            continue
    return rows


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}


@dataclass(frozen=True)
class Published:
    """One of the four published sizes, before it is fetched."""

    name: str
    parameters: int
    bytes: int  # to fetch, about
    needed_bytes: int  # of memory


def published(precision: Precision = Precision.INT8, slots: int = 4) -> list[Published]:
    """The four sizes of Radford et al. 2019, with what they would take here."""
    sizes = []
    for name, (layers, width, heads) in GPT2_SIZES.items():
        config = {"n_layer": layers, "n_embd": width, "n_head": heads, "n_positions": 1024, "vocab_size": 50257}
        model = ModelFolder(name, Path(name), config, Card())
        masks = 4 * layers * 1024 * 1024  # the hub's files hold each layer's causal mask too
        sizes.append(
            Published(name, model.parameters, 4 * model.parameters + masks, needed_memory(model, precision, slots))
        )
    return sizes

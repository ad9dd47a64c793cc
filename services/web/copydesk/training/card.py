"""The card of a model: where it comes from, what it scored, how to ask it, what not to expect of it."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

LIMITS = (
    "A very small model: its sentences are grammatical more often than not, but it knows no facts, loses the thread "
    "within a sentence or two, and speaks as its books do, with their age's words and prejudices. Nothing it writes "
    "is true because it wrote it: a person has to revise every draft."
)


@dataclass(frozen=True)
class Card:
    """What a reader of the folder should know. The weights' SHA-256 is added when they are written."""

    name: str
    parameters: int
    trained_on: str
    licence: str = "MIT"
    prompt_template: str = "{brief}"
    templates: dict[str, str] = field(default_factory=dict)
    tokens_per_word: float = 4 / 3  # of its own texts
    sampling: dict[str, Any] = field(
        default_factory=lambda: {"strategy": "top-p", "temperature": 0.7, "top_p": 0.92, "repetition_penalty": 1.1}
    )
    training: dict[str, Any] = field(default_factory=dict)
    held_out: dict[str, Any] = field(default_factory=dict)
    limits: str = LIMITS


def card_json(card: Card, weights_sha256: str) -> str:
    """The card for machines."""
    return json.dumps(asdict(card) | {"weights_sha256": weights_sha256}, indent=1, ensure_ascii=False) + "\n"


def read_card(folder: Path) -> Card:
    """The card of an exported folder."""
    stored = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    return Card(**{field.name: stored[field.name] for field in fields(Card) if field.name in stored})


def readme(card: Card, weights_sha256: str) -> str:
    """The card for people."""
    return "\n".join(
        [
            f"# {card.name}",
            "",
            f"A GPT-2 of {card.parameters / 1e6:.1f} million parameters, float16. Licence: {card.licence}.",
            "",
            "| figure | |",
            "|---|---|",
            f"| trained on | {card.trained_on} |",
            *(f"| {name.replace('_', ' ')} | {value} |" for name, value in card.training.items()),
            *(f"| held out: {name.replace('_', ' ')} | {value} |" for name, value in card.held_out.items()),
            f"| SHA-256 of the weights | `{weights_sha256}` |",
            "",
            "Sampling that suits it: "
            + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in card.sampling.items())
            + ".",
            "",
            card.limits,
            "",
        ]
    )

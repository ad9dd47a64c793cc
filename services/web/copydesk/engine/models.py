"""A model is a folder in Hugging Face form, with a card that says where it comes from and what its weights hash to."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from copydesk.engine.errors import ModelBroken, ModelNotFound

WEIGHTS = "model.safetensors"
CARD = "card.json"
NEEDED = ("config.json", WEIGHTS)
TOKENIZERS = (("tokenizer.json",), ("vocab.json", "merges.txt"))

# The four published sizes: layers, width, heads; all with a context of 1,024 and a vocabulary of 50,257.
GPT2_SIZES = {
    "gpt2": (12, 768, 12),
    "gpt2-medium": (24, 1024, 16),
    "gpt2-large": (36, 1280, 20),
    "gpt2-xl": (48, 1600, 25),
}


@dataclass(frozen=True)
class ModelFolder:
    """One model on disk."""

    name: str
    path: Path
    config: dict[str, Any] = field(repr=False)
    card: dict[str, Any] = field(repr=False)

    @property
    def context(self) -> int:
        """How many tokens the model can see at once."""
        return int(self.config["n_positions"])

    @property
    def parameters(self) -> int:
        """How many numbers the model has, from its configuration."""
        width, layers = self.config["n_embd"], self.config["n_layer"]
        embeddings = (self.config["vocab_size"] + self.context) * width
        return int(embeddings + layers * (12 * width**2 + 13 * width) + 2 * width)

    @property
    def weights(self) -> Path:
        return self.path / WEIGHTS

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the weights file; read once."""
        with self.weights.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @property
    def alias(self) -> str:
        """How the engine names the model to its clients: the name and the start of the weights' hash."""
        return f"{self.name}@{self.sha256[:16]}"


def find(name: str, models_dir: Path) -> ModelFolder:
    """The model `name` in `models_dir`, or the folder at the path `name`.

    Raises:
        ModelNotFound: there is no such folder; the message lists those that exist.
        ModelBroken: a file is missing or is not a GPT-2's.
    """
    path = models_dir / name if "/" not in name else Path(name)
    if not path.is_dir():
        known = ", ".join(model.name for model in list_models(models_dir)) or "none yet"
        raise ModelNotFound(f"There is no model {name!r}. Models at hand: {known}. `copydesk models pull gpt2` fetches one.")
    return read(path)


def read(path: Path) -> ModelFolder:
    """The model in the folder `path`; its files are looked at, its weights are not loaded."""
    missing = [name for name in NEEDED if not (path / name).is_file()]
    if not any(all((path / name).is_file() for name in names) for names in TOKENIZERS):
        missing.append("tokenizer.json")
    if missing:
        raise ModelBroken(f"The model in {path.name} is incomplete: {', '.join(missing)} is missing.")
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    if config.get("model_type") != "gpt2":
        raise ModelBroken(f"The model in {path.name} is a {config.get('model_type')!r}, not a GPT-2.")
    card = path / CARD
    return ModelFolder(
        name=path.name,
        path=path,
        config=config,
        card=json.loads(card.read_text(encoding="utf-8")) if card.is_file() else {},
    )


def list_models(models_dir: Path) -> Iterator[ModelFolder]:
    """Every whole model in `models_dir`, by name."""
    for path in sorted(models_dir.iterdir()) if models_dir.is_dir() else ():
        if path.is_dir() and not path.name.startswith("."):
            try:
                yield read(path)
            except (ModelBroken, ValueError):
                continue


def verify(model: ModelFolder) -> None:
    """Compare the weights with the card, and the shapes with the configuration.

    Raises:
        ModelBroken: with what differs.
    """
    expected = model.card.get("sha256")
    if expected is None:
        raise ModelBroken(f"{model.name} has no checksum in its card, so nothing can be said about its weights.")
    if expected != model.sha256:
        raise ModelBroken(
            f"{model.name} is not what its card says: weights {model.sha256[:12]}…, card {expected[:12]}…. Fetch it again."
        )
    from safetensors import safe_open

    with safe_open(model.weights, framework="np") as tensors:
        prefix = "transformer." if "transformer.wte.weight" in tensors.keys() else ""  # noqa: SIM118
        shape = tensors.get_slice(f"{prefix}wte.weight").get_shape()
    if list(shape) != [model.config["vocab_size"], model.config["n_embd"]]:
        raise ModelBroken(f"{model.name}: the weights do not fit config.json ({shape}).")

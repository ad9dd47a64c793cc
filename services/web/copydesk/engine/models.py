"""A model is a folder in Hugging Face form, with a card that says where it comes from and what its weights hash to."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from copydesk.engine.card import Card
from copydesk.engine.errors import ModelBroken, ModelNotFound

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
TOKENIZERS = (("tokenizer.json",), ("vocab.json", "merges.txt"))  # either of these sets

# The four published sizes (Radford et al. 2019): layers, width, heads. All see 1,024 tokens of a vocabulary of 50,257.
GPT2_SIZES = {
    "gpt2": (12, 768, 12),
    "gpt2-medium": (24, 1024, 16),
    "gpt2-large": (36, 1280, 20),
    "gpt2-xl": (48, 1600, 25),
}
_ONLY: dict[str, tuple[Any, ...]] = {
    "activation_function": ("gelu_new", "gelu_pytorch_tanh"),
    "tie_word_embeddings": (True,),
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
}
_NUMBERS = ("vocab_size", "n_positions", "n_embd", "n_layer", "n_head")


@dataclass(frozen=True)
class ModelFolder:
    """One model on disk."""

    name: str
    path: Path
    config: dict[str, Any] = field(repr=False, hash=False)
    card: Card = field(repr=False, hash=False)

    @property
    def context(self) -> int:
        """How many tokens the model can see at once."""
        return int(self.config["n_positions"])

    @property
    def inner_width(self) -> int:
        """The width inside a block's two-layer network."""
        return int(self.config.get("n_inner") or 4 * self.config["n_embd"])

    @property
    def parameters(self) -> int:
        """How many numbers the model has, from its configuration."""
        width, layers, inner = self.config["n_embd"], self.config["n_layer"], self.inner_width
        attention = 4 * width**2 + 4 * width
        network = 2 * width * inner + inner + width
        embeddings = (self.config["vocab_size"] + self.context) * width
        return int(embeddings + layers * (attention + network + 4 * width) + 2 * width)

    @property
    def end_of_text(self) -> int:
        """The number of the token that ends a text, and begins one."""
        return int(self.config.get("eos_token_id", self.config["vocab_size"] - 1))

    @property
    def weights(self) -> Path:
        """The file with the weights."""
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
    path = Path(name) if "/" in name else models_dir / name
    if name in ("", ".", "..") or not path.is_dir():
        known = ", ".join(model.name for model in list_models(models_dir)) or "none yet"
        raise ModelNotFound(
            f"There is no model {name!r}. Models at hand: {known}. `copydesk models pull gpt2` fetches one."
        )
    return read(path)


def read(path: Path) -> ModelFolder:
    """The model in the folder `path`; its files are looked at, its weights are not loaded.

    Raises:
        ModelBroken: a file is missing, can't be read, or is not a GPT-2's.
    """
    missing = [name for name in (CONFIG, WEIGHTS) if not (path / name).is_file()]
    if not any(all((path / name).is_file() for name in names) for names in TOKENIZERS):
        missing.append("tokenizer.json")
    if missing:
        raise ModelBroken(f"The model in {path.name} is incomplete: {', '.join(missing)} is missing.")
    return ModelFolder(name=path.resolve().name, path=path, config=_read_config(path), card=Card.read(path))


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = {**json.loads((path / CONFIG).read_text(encoding="utf-8"))}
    except (ValueError, TypeError) as error:
        raise ModelBroken(f"{CONFIG} of {path.name} can't be read: {error}") from error
    kind = config.get("model_type")
    if kind != "gpt2":
        raise ModelBroken(f"The model in {path.name} is a {kind!r}, not a GPT-2.")
    for name in _NUMBERS:
        if not isinstance(config.get(name), int) or config[name] < 1:
            raise ModelBroken(f"{CONFIG} of {path.name}: {name} must be a number above 0, not {config.get(name)!r}.")
    for name, known in _ONLY.items():  # llama.cpp and KerasHub know GPT-2 as it was published
        if config.get(name, known[0]) not in known:
            raise ModelBroken(f"{CONFIG} of {path.name}: {name} {config[name]!r} is not what GPT-2 has.")
    if config["n_embd"] % config["n_head"]:
        raise ModelBroken(f"{CONFIG} of {path.name}: n_embd must be a multiple of n_head.")
    return config


def list_models(models_dir: Path) -> Iterator[ModelFolder]:
    """Every whole model in `models_dir`, by name."""
    for path in sorted(models_dir.iterdir()) if models_dir.is_dir() else ():
        if path.is_dir() and not path.name.startswith("."):
            try:
                yield read(path)
            except ModelBroken:
                continue

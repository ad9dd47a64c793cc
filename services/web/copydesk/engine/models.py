"""A model is a folder in Hugging Face form, with a card that says where it comes from and what its weights hash to."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from copydesk.engine import checksums
from copydesk.engine.card import Card
from copydesk.engine.errors import ModelBroken, ModelNotFound

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
TOKENIZERS = (("tokenizer.json",), ("vocab.json", "merges.txt"))  # either of these sets

BUNDLED = Path(__file__).resolve().parents[2] / "models"  # what came along; looked at after the models folder

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
_NAME = re.compile(r"[A-Za-z0-9_][\w.+-]{0,95}")
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
        """The SHA-256 of the weights file; read once, and remembered as long as the file stays the same."""
        return checksums.of(self.weights).sha256

    @property
    def alias(self) -> str:
        """How the engine names the model to its clients: the name and the start of the weights' hash."""
        return f"{self.name}@{self.sha256[:16]}"


def find(name: str, models_dir: Path) -> ModelFolder:
    """The model `name` in `models_dir` or among those that came along, or the folder at the path `name`.

    A name may be an alias, `name@start of the weights' SHA-256`: the model then has to have these weights.

    Raises:
        ModelNotFound: there is no such folder; the message lists those that exist.
        ModelBroken: a file is missing or is not a GPT-2's.
    """
    wanted, start = name, ""
    path = folder_of(name, models_dir)
    if path is None and "/" not in name:
        wanted, _, start = name.partition("@")
        path = folder_of(wanted, models_dir)
    if path is None:
        known = ", ".join(model.name for model in list_models(models_dir)) or "none yet"
        raise ModelNotFound(
            f"There is no model {name!r}. Models at hand: {known}. `copydesk models pull gpt2` fetches one."
        )
    model = read(path)
    if start and not model.sha256.startswith(start):
        raise ModelNotFound(f"{wanted} has other weights now ({model.sha256[:16]}…) than those asked for ({start}…).")
    return model


def folder_of(name: str, models_dir: Path) -> Path | None:
    """Where the model `name` is, whole or not: web has no weights, only what shows a draft."""
    if name in ("", ".", "..") or name.startswith("."):
        return None
    places = [Path(name)] if "/" in name else [models_dir / name, BUNDLED / name]
    return next((path for path in places if path.is_dir()), None)


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
    return ModelFolder(name=path.resolve().name, path=path, config=read_config(path), card=Card.read(path))


def read_config(path: Path) -> dict[str, Any]:
    """The configuration in the folder `path`.

    Raises:
        ModelBroken: it can't be read, or is not a GPT-2's.
    """
    try:
        config: dict[str, Any] = {**json.loads((path / CONFIG).read_text(encoding="utf-8"))}
    except (OSError, ValueError, TypeError) as error:
        raise ModelBroken(f"{CONFIG} of {path.name} can't be read: {error}") from error
    kind = config.get("model_type")
    if kind != "gpt2":
        raise ModelBroken(f"The model in {path.name} is a {kind!r}, not a GPT-2.")
    for name in _NUMBERS:
        if not isinstance(config.get(name), int) or config[name] < 1:
            raise ModelBroken(f"{CONFIG} of {path.name}: {name} must be a number above 0, not {config.get(name)!r}.")
    for name, known in _ONLY.items():  # our kernel and KerasHub know GPT-2 as it was published
        if config.get(name, known[0]) not in known:
            raise ModelBroken(f"{CONFIG} of {path.name}: {name} {config[name]!r} is not what GPT-2 has.")
    if config["n_embd"] % config["n_head"]:
        raise ModelBroken(f"{CONFIG} of {path.name}: n_embd must be a multiple of n_head.")
    return config


def read_card(name: str, models_dir: Path) -> Card:
    """The card of the model `name`, also where the rest of its folder is not at hand; an empty one where there is none.

    Raises:
        ModelBroken: it can't be understood.
    """
    path = folder_of(name, models_dir)
    return Card() if path is None else Card.read(path)


def list_models(models_dir: Path) -> Iterator[ModelFolder]:
    """Every whole model in `models_dir`, by name, then those that came along and are not there."""
    names = set()
    for folder in dict.fromkeys((models_dir.resolve(), BUNDLED)):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.is_dir() and not path.name.startswith(".") and path.name not in names:
                with suppress(ModelBroken):
                    yield read(path)
                    names.add(path.name)


def adopt(folder: Path, models_dir: Path) -> ModelFolder:
    """Make a model's folder elsewhere known under its own name, by a link in `models_dir`.

    Raises:
        ModelNotFound: there is no such folder.
        ModelBroken: it is no model, its name can't be a model's, or another model has that name.
    """
    folder = folder.expanduser().resolve()
    if not folder.is_dir():
        raise ModelNotFound(f"There is no folder {folder}.")
    model = read(folder)
    if not _NAME.fullmatch(model.name):
        raise ModelBroken(f"{model.name!r} can't be a model's name: letters, digits, dots, dashes and underscores can.")
    here = folder_of(model.name, models_dir)
    if here is not None and here.resolve() != folder:
        raise ModelBroken(f"There is another model called {model.name} already. Give the folder another name.")
    if here is None:
        models_dir.mkdir(parents=True, exist_ok=True)
        (models_dir / model.name).symlink_to(folder, target_is_directory=True)
    return model

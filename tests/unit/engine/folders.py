"""Model folders for tests: the seed model with something changed, and a tiny one of its own."""

import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from copydesk.engine import models
from copydesk.engine.models import ModelFolder
from copydesk.engine.verify import expected_shapes

ROOT = Path(__file__).resolve().parents[3]
MODELS = ROOT / "services" / "web" / "models"
SEED = MODELS / "seed"


def tiny(folder: Path, *, width: int = 32, context: int = 64, card: bool = True, **config: object) -> ModelFolder:
    """One layer, with the seed model's tokenizer; the same bytes for the same arguments."""
    folder.mkdir(parents=True)
    shutil.copyfile(SEED / "tokenizer.json", folder / "tokenizer.json")
    theirs = json.loads((SEED / "config.json").read_text(encoding="utf-8"))
    sizes = {"n_embd": width, "n_layer": 1, "n_head": 2, "n_positions": context, "n_ctx": context}
    (folder / "config.json").write_text(json.dumps(theirs | sizes | config), encoding="utf-8")
    (folder / models.WEIGHTS).touch()
    random = np.random.default_rng(0)
    shapes = expected_shapes(models.read(folder))
    tensors = {name: random.standard_normal(shape).astype(np.float16) for name, shape in shapes.items()}
    save_file(tensors, folder / models.WEIGHTS)
    if card:
        write_card(folder, weights_sha256=models.read(folder).sha256)
    return models.read(folder)


def write_card(folder: Path, **values: object) -> None:
    (folder / "card.json").write_text(json.dumps(values), encoding="utf-8")

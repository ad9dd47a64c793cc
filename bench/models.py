"""The model that engines are measured with: GPT-2's architecture, 124M weights drawn by chance; and what it weighs."""

import hashlib
import shutil
from pathlib import Path

from copydesk.engine import models
from copydesk.engine.models import ModelFolder
from copydesk.engine.verify import expected_shapes
from tests.integration.engine import gpt2_of_chance

_BYTES = {"int8": 1, "f32": 4}


def large_model(folder: Path, tokenizer: Path) -> ModelFolder:
    """Made once in `folder`; made anew, with all that peers made of it there, when the way of drawing changes."""
    way = hashlib.sha256(Path(gpt2_of_chance.__file__).read_bytes()).hexdigest()
    path, stamp = folder / "models" / "gpt2-124m", folder / "drawn-by"
    if stamp.is_file() and stamp.read_text() == way:
        return models.read(path)
    shutil.rmtree(folder, ignore_errors=True)
    model = gpt2_of_chance.make(path, tokenizer)
    stamp.write_text(way)
    return model


def weight_bytes(model: ModelFolder) -> dict[str, int]:
    """Bytes that have to be read for one token: every matrix, the embedding being the last of them; scales left out."""
    shapes = expected_shapes(model)
    matrices = sum(shape[0] * shape[1] for name, shape in shapes.items() if len(shape) == 2 and name != "wpe.weight")
    return {precision: each * matrices for precision, each in _BYTES.items()}

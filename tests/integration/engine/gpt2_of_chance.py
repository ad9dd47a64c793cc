"""A GPT-2 whose weights are drawn by chance: the real architecture, for those who can't fetch the real weights."""

import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from copydesk.engine import models
from copydesk.engine.models import GPT2_SIZES, ModelFolder
from copydesk.engine.verify import expected_shapes

CONTEXT, VOCABULARY = 1024, 50257
# With GPT-2's own 0.02 everywhere a network that was never trained repeats its last token for ever: the head is the
# embedding, and the blocks add next to nothing to it. Wider embeddings spread the scores to a deviation of about 3,
# so that the best two are 0.1 apart as a rule where float32 sums differ by 0.0001; wider blocks let the text so far
# decide, so that a wrong mask, head order or position changes the words.
SPREAD = {"wte": 0.11, "wpe": 0.08, "c_attn": 0.06, "c_proj": 0.06, "c_fc": 0.06}


def make(folder: Path, tokenizer: Path, size: str = "gpt2", seed: int = 1) -> ModelFolder:
    """Write the model into `folder`, float16, with GPT-2's own tokenizer from the folder `tokenizer`."""
    folder.mkdir(parents=True)
    for name in ("vocab.json", "merges.txt"):
        shutil.copyfile(tokenizer / name, folder / name)
    layers, width, heads = GPT2_SIZES[size]
    config = {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "activation_function": "gelu_new",
        "vocab_size": VOCABULARY,
        "n_positions": CONTEXT,
        "n_ctx": CONTEXT,
        "n_embd": width,
        "n_layer": layers,
        "n_head": heads,
        "layer_norm_epsilon": 1e-5,
        "resid_pdrop": 0.0,
        "bos_token_id": VOCABULARY - 1,
        "eos_token_id": VOCABULARY - 1,
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / models.WEIGHTS).touch()
    random = np.random.default_rng(seed)
    shapes = expected_shapes(models.read(folder))
    save_file({name: _draw(name, shape, random) for name, shape in shapes.items()}, folder / models.WEIGHTS)
    return models.read(folder)


def _draw(name: str, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    values = random.standard_normal(shape, np.float32)
    part = name.removesuffix(".bias").removesuffix(".weight").rpartition(".")[2]
    if part.startswith("ln_"):
        return (values * 0.1 + (1.0 if name.endswith(".weight") else 0.0)).astype(np.float16)
    return (values * (0.02 if name.endswith(".bias") else SPREAD[part])).astype(np.float16)

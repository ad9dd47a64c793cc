"""A model as the folder that the desk, transformers and llama.cpp's converters read: GPT2LMHeadModel's names."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from copydesk.training.backend import values
from copydesk.training.card import Card, card_json, readme
from copydesk.training.files import replaced_folder
from copydesk.training.model import Shape
from copydesk.training.tokenizer import copy_tokenizer, write_tokenizer_config

Array = npt.NDArray[np.float32]


def export_model(model: Any, shape: Shape, tokenizer_folder: Path, card: Card, target: Path) -> str:
    """Write the model's folder; returns the SHA-256 of the weights."""
    return write_folder(named_weights(model), shape, tokenizer_folder, card, target)


def write_folder(weights: dict[str, Array], shape: Shape, tokenizer_folder: Path, card: Card, target: Path) -> str:
    """Write a model folder from weights by their Hugging Face names, all at once, in half precision."""
    with replaced_folder(target) as folder:
        halves = {name: np.ascontiguousarray(value, np.float16) for name, value in weights.items()}
        save_file(halves, str(folder / "model.safetensors"), metadata={"format": "pt"})
        (folder / "model.safetensors").chmod(0o644)  # safetensors makes it readable by its owner alone
        (folder / "config.json").write_text(json.dumps(config(shape), indent=1) + "\n", encoding="utf-8")
        copy_tokenizer(tokenizer_folder, folder)
        write_tokenizer_config(folder, shape.context)
        digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
        (folder / "card.json").write_text(card_json(card, digest), encoding="utf-8")
        (folder / "README.md").write_text(readme(card, digest), encoding="utf-8")
    return digest


def config(shape: Shape) -> dict[str, Any]:
    """config.json, as transformers' GPT2Config has it."""
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "vocab_size": shape.vocabulary,
        "n_positions": shape.context,
        "n_ctx": shape.context,
        "n_embd": shape.width,
        "n_layer": shape.layers,
        "n_head": shape.heads,
        "n_inner": None,
        "layer_norm_epsilon": 1e-5,
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "initializer_range": 0.02,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
    }


def named_weights(model: Any) -> dict[str, Array]:
    """Every weight by its Hugging Face name, in its Conv1D form: matrices are (in, out), heads side by side."""
    weights = {
        "wte.weight": values(model.token_embedding.embeddings),  # (vocabulary, width)
        "wpe.weight": values(model.position_embedding.position_embeddings),  # (context, width)
        **_norm("ln_f", model.layer_norm),
    }
    for number, layer in enumerate(model.transformer_layers):
        weights |= {f"h.{number}.{name}": value for name, value in _block(layer).items()}
    return weights


def _block(layer: Any) -> dict[str, Array]:
    attention = layer._self_attention_layer
    width = attention.query_dense.kernel.shape[0]
    parts = (attention.query_dense, attention.key_dense, attention.value_dense)  # kernels (width, heads, head width)
    return {
        **_norm("ln_1", layer._self_attention_layer_norm),
        **_norm("ln_2", layer._feedforward_layer_norm),
        "attn.c_attn.weight": np.concatenate([values(part.kernel).reshape(width, width) for part in parts], 1),
        "attn.c_attn.bias": np.concatenate([values(part.bias).reshape(width) for part in parts]),
        "attn.c_proj.weight": values(attention.output_dense.kernel).reshape(width, width),
        "attn.c_proj.bias": values(attention.output_dense.bias),
        **_dense("mlp.c_fc", layer._feedforward_intermediate_dense),
        **_dense("mlp.c_proj", layer._feedforward_output_dense),
    }


def _norm(name: str, layer: Any) -> dict[str, Array]:
    return {f"{name}.weight": values(layer.gamma), f"{name}.bias": values(layer.beta)}


def _dense(name: str, layer: Any) -> dict[str, Array]:
    return {f"{name}.weight": values(layer.kernel), f"{name}.bias": values(layer.bias)}

"""GPT-2 in KerasHub: built from a shape or read from a Hugging Face folder, with tied embeddings as the output."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from copydesk.training.backend import keras, keras_hub, tf
from copydesk.training.errors import NotAModelError

QUERY_BLOCK = 128  # rows of the attention matrix computed at a time


@dataclass(frozen=True)
class Shape:
    """The architecture of a GPT-2 (Radford et al. 2019); the feed-forward width is four times `width`."""

    vocabulary: int = 8192
    context: int = 512
    width: int = 256
    layers: int = 6
    heads: int = 4


def read_shape(folder: Path) -> Shape:
    """The architecture that a Hugging Face folder's config.json declares."""
    path = folder / "config.json"
    if not path.exists():
        raise NotAModelError(f"{path} is missing.")
    config = json.loads(path.read_text(encoding="utf-8"))
    if config.get("model_type") != "gpt2":
        raise NotAModelError(f"{path} declares {config.get('model_type')!r}.")
    return Shape(config["vocab_size"], config["n_positions"], config["n_embd"], config["n_layer"], config["n_head"])


def build_model(shape: Shape, *, precision: str = "float32", seed: int = 0) -> Any:
    """A GPT-2 with random weights; projections into the residual stream start smaller, by 1/sqrt(2 layers)."""
    keras.utils.set_random_seed(seed)
    backbone = keras_hub.models.GPT2Backbone(
        vocabulary_size=shape.vocabulary,
        num_layers=shape.layers,
        num_heads=shape.heads,
        hidden_dim=shape.width,
        intermediate_dim=4 * shape.width,
        max_sequence_length=shape.context,
        dropout=0.0,
        dtype=precision,
    )
    for variable in backbone.trainable_variables:
        if variable.path.endswith(("attention_output/kernel", "feedforward_output_dense/kernel")):
            variable.assign(variable.value / (2 * shape.layers) ** 0.5)
    return attend_in_blocks(backbone)


def load_model(folder: Path, *, precision: str = "float32") -> Any:
    """The GPT-2 of a Hugging Face folder, without dropout: few epochs of much text need none, and it costs time."""
    if not (folder / "model.safetensors").exists():
        raise NotAModelError(f"{folder / 'model.safetensors'} is missing.")
    read_shape(folder)
    return attend_in_blocks(keras_hub.models.GPT2Backbone.from_preset(str(folder), dtype=precision, dropout=0.0))


def logits(model: Any, tokens: Any, *, training: bool = False) -> Any:
    """Scores of each next token: int32 (batch, length) → float (batch, length, vocabulary)."""
    tokens = tf.convert_to_tensor(tokens)
    hidden = model({"token_ids": tokens, "padding_mask": tf.ones_like(tokens)}, training=training)
    return model.token_embedding(hidden, reverse=True)


def token_losses(model: Any, windows: Any, *, training: bool = False) -> Any:
    """Cross entropy of each token, in nats: int32 (batch, length + 1) → float32 (batch, length)."""
    scores = tf.cast(logits(model, windows[:, :-1], training=training), tf.float32)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=windows[:, 1:], logits=scores)


def attend_in_blocks(backbone: Any) -> Any:
    """Have each attention layer skip what its causal mask would throw away; same results, up to rounding.

    Right only for whole sequences without padding, which is all that training and scoring feed it.
    """
    for layer in backbone.transformer_layers:
        attention = layer._self_attention_layer
        attention._compute_attention = _BlockAttention(float(attention._key_dim) ** -0.5)
    return backbone


class _BlockAttention:
    """Causal softmax attention, a block of queries at a time, each against the keys up to its own end."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def __call__(self, query: Any, key: Any, value: Any, **unused: Any) -> tuple[Any, None]:
        """float (batch, length, heads, head width) three times → the same once, and no scores."""
        length = query.shape[1]
        query, key, value = (tf.transpose(part, (0, 2, 1, 3)) for part in (query, key, value))
        blocks = [
            self._block(query[:, :, start : start + QUERY_BLOCK], key, value, start)
            for start in range(0, length, QUERY_BLOCK)
        ]
        return tf.transpose(tf.concat(blocks, axis=2), (0, 2, 1, 3)), None

    def _block(self, query: Any, key: Any, value: Any, start: int) -> Any:
        end = start + query.shape[2]
        scores = tf.matmul(query, key[:, :, :end], transpose_b=True) * tf.cast(self.scale, query.dtype)
        future = np.triu(np.full((end - start, end), -1e9, np.float32), k=start + 1)
        weights = tf.nn.softmax(tf.cast(scores, tf.float32) + future)
        return tf.matmul(tf.cast(weights, value.dtype), value[:, :, :end])

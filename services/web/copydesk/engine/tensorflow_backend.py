"""The reference as a backend: the whole desk on KerasHub and TensorFlow, wherever these run. Texts take turns."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from copydesk.engine.backend import CacheFull, Work
from copydesk.engine.models import ModelFolder
from copydesk.engine.reference import load_network

_BLOCK = 64  # positions by which a text's keys and values grow


@dataclass(frozen=True)
class _Text:
    """One sequence. TensorFlow's tensors never change, so that a fork is another name for the same."""

    length: int
    cache: Any  # (1, layers, 2, positions, heads, width of a head); only the first `length` positions mean something


class TensorFlowBackend:
    """One model. Its numbers are float32, but not bit by bit the same for every cut of a text into steps."""

    def __init__(self, model: ModelFolder, *, cache_tokens: int = 8192) -> None:
        """Load `model`, with room for `cache_tokens` tokens.

        Raises:
            ReferenceMissing: TensorFlow and KerasHub are not installed here.
        """
        self._network = load_network(model)
        import tensorflow as tf

        self.description = f"keras-hub {version('keras-hub')} tensorflow {version('tensorflow')} f32"
        self.context, self.vocabulary = model.context, int(model.config["vocab_size"])
        self.end_of_text = model.end_of_text
        heads = model.config["n_head"]
        self._shape = (1, model.config["n_layer"], 2, None, heads, model.config["n_embd"] // heads)
        signature = [
            tf.TensorSpec((1, None), tf.int32),
            tf.TensorSpec(self._shape, tf.float32),
            tf.TensorSpec((), tf.int32),
        ]
        self._read = tf.function(self._network.call_with_cache, input_signature=signature)
        self._capacity = cache_tokens
        self._texts: dict[int, _Text] = {}
        self._next = 0

    def room(self) -> int:
        """Tokens that still fit into the cache, all sequences together."""
        return self._capacity - sum(_padded(text.length) for text in self._texts.values())

    def open(self) -> int:
        """A new empty sequence."""
        import tensorflow as tf

        self._next += 1
        empty = tf.zeros([0 if size is None else size for size in self._shape], tf.float32)
        self._texts[self._next] = _Text(0, empty)
        return self._next

    def fork(self, sequence: int) -> int:
        """Another sequence with the same past."""
        self._next += 1
        self._texts[self._next] = self._texts[sequence]
        return self._next

    def close(self, sequence: int) -> None:
        """Forget a sequence."""
        del self._texts[sequence]

    def step(self, work: Sequence[Work]) -> NDArray[np.float32]:
        """See `Backend.step`."""
        self._check(work)
        rows = [np.empty((0, self.vocabulary), np.float32)]
        for each in work:
            scores = self._read_on(each.sequence, each.tokens)
            rows.append(scores[len(scores) - each.wanted :])
        return np.concatenate(rows)

    def _check(self, work: Sequence[Work]) -> None:
        grown = 0
        for each in work:
            length = self._texts[each.sequence].length
            if not each.tokens or length + len(each.tokens) > self.context:
                raise ValueError(f"{length} and {len(each.tokens)} tokens in a window of {self.context}")
            if min(each.tokens) < 0 or max(each.tokens) >= self.vocabulary:
                raise ValueError(f"a token is not of the {self.vocabulary} that the model knows")
            grown += _padded(length + len(each.tokens)) - _padded(length)
        if grown > self.room():
            raise CacheFull

    def _read_on(self, sequence: int, tokens: Sequence[int]) -> NDArray[np.float32]:
        import tensorflow as tf

        text = self._texts[sequence]
        length = text.length + len(tokens)
        missing = _padded(length) - text.cache.shape[3]
        cache = tf.pad(text.cache, [(0, 0)] * 3 + [(0, missing), (0, 0), (0, 0)]) if missing else text.cache
        scores, _, cache = self._read(tf.constant([list(tokens)], tf.int32), cache, tf.constant(text.length, tf.int32))
        self._texts[sequence] = _Text(length, cache)
        rows: NDArray[np.float32] = scores[0].numpy()
        return rows


def _padded(length: int) -> int:
    return math.ceil(length / _BLOCK) * _BLOCK

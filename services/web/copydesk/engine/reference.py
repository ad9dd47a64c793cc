"""The reference: KerasHub's GPT-2 on TensorFlow, in float32. Slow and exact; the fast engine has to agree with it.

TensorFlow is loaded by the first call that needs it.
"""

import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from copydesk.engine.errors import ReferenceMissing
from copydesk.engine.models import ModelFolder


def reference_available() -> bool:
    """Are KerasHub and TensorFlow installed here?"""
    return all(find_spec(name) is not None for name in ("keras_hub", "tensorflow"))


def load_network(model: ModelFolder) -> Any:
    """KerasHub's `GPT2CausalLM` with the weights of `model`, float32.

    Raises:
        ReferenceMissing: TensorFlow and KerasHub are not installed here.
    """
    if not reference_available():
        raise ReferenceMissing
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras_hub

    backbone = keras_hub.models.GPT2Backbone.from_preset(str(model.path), dtype="float32")
    return keras_hub.models.GPT2CausalLM(backbone, preprocessor=None)


class Reference:
    """One model in KerasHub, as a whole: no cache, no batch, nothing that could go wrong."""

    def __init__(self, model: ModelFolder) -> None:
        """Load `model`. Raises as `load_network` does."""
        self.model = model
        self._network = load_network(model)

    def logits(self, tokens: Sequence[int]) -> Any:
        """The scores of the token after each of `tokens`: float32 (tokens, vocabulary)."""
        return self.logits_of_all([tokens])[0]

    def logits_of_all(self, texts: Sequence[Sequence[int]]) -> Any:
        """The same for several texts of one length: float32 (texts, tokens, vocabulary)."""
        import numpy as np

        rows = np.array(texts, np.int32)
        return np.asarray(self._network({"token_ids": rows, "padding_mask": np.ones_like(rows)}))

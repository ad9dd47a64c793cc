"""The reference: the same Hugging Face folder in KerasHub on TensorFlow, in float32.

Slow and exact. The fast engine has to agree with it, and it does what that one can't: beam search.
"""

import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from copydesk.engine.errors import ModelError
from copydesk.engine.models import ModelFolder
from copydesk.engine.sampling import Sampling, Strategy


class ReferenceMissing(ModelError):
    """Beam search needs TensorFlow, which is not installed here. `make test` installs it; every other strategy works."""


def reference_available() -> bool:
    return find_spec("tensorflow") is not None and find_spec("keras_hub") is not None


class Reference:
    """One model in KerasHub."""

    def __init__(self, model: ModelFolder) -> None:
        if not reference_available():
            raise ReferenceMissing(ReferenceMissing.__doc__)
        os.environ.setdefault("KERAS_BACKEND", "tensorflow")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        from keras_hub.models import GPT2Backbone, GPT2CausalLM

        self.model = model
        backbone = GPT2Backbone.from_preset(str(model.path.resolve()), dtype="float32")
        self._causal_lm = GPT2CausalLM(backbone=backbone, preprocessor=None)

    def generate(self, prompt: Sequence[int], sampling: Sampling) -> list[int]:
        """The new tokens after `prompt`, at most `max_new_tokens`, without the end token."""
        import keras
        import numpy as np

        self._causal_lm.compile(sampler=_sampler(sampling))
        keras.utils.set_random_seed(sampling.seed)
        length = min(len(prompt) + sampling.max_new_tokens, self.model.context)
        tokens = np.zeros((1, length), dtype="int32")
        tokens[0, : len(prompt)] = prompt
        mask = np.zeros((1, length), dtype=bool)
        mask[0, : len(prompt)] = True
        inputs = {"token_ids": tokens, "padding_mask": mask}
        written = self._causal_lm.generate(inputs, stop_token_ids=[self.model.config["eos_token_id"]])
        ids, kept = np.asarray(written["token_ids"]).reshape(-1), np.asarray(written["padding_mask"]).reshape(-1)
        new = [int(token) for token, keep in zip(ids, kept, strict=True) if keep][len(prompt) :]
        end = self.model.config["eos_token_id"]
        return new[: new.index(end)] if end in new else new

    def logits(self, tokens: Sequence[int]) -> Any:
        """The next-token logits after every token of `tokens`; shape (len(tokens), vocabulary), float32."""
        import numpy as np

        ids = np.asarray([tokens], dtype="int32")
        inputs = {"token_ids": ids, "padding_mask": np.ones_like(ids, dtype=bool)}
        return np.asarray(self._causal_lm(inputs))[0]


def _sampler(sampling: Sampling) -> Any:
    from keras_hub.samplers import BeamSampler, GreedySampler, TopKSampler, TopPSampler

    if sampling.strategy is Strategy.GREEDY:
        return GreedySampler()
    if sampling.strategy is Strategy.BEAM:
        return BeamSampler(num_beams=sampling.num_beams)
    if sampling.strategy is Strategy.TOP_K:
        return TopKSampler(k=sampling.top_k, temperature=sampling.temperature, seed=sampling.seed)
    return TopPSampler(p=sampling.top_p, temperature=sampling.temperature, seed=sampling.seed)

"""The reference: KerasHub's GPT-2 on TensorFlow, in float32. Slow and exact; the fast engine has to agree with it.

It also writes in the ways that no completions server offers, above all with beams. TensorFlow is loaded by the first
call that needs it.
"""

import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from copydesk.engine.errors import ReferenceMissing
from copydesk.engine.models import ModelFolder
from copydesk.engine.sampling import Sampling, Strategy


def reference_available() -> bool:
    """Are KerasHub and TensorFlow installed here?"""
    return all(find_spec(name) is not None for name in ("keras_hub", "tensorflow"))


class Reference:
    """One model in KerasHub."""

    def __init__(self, model: ModelFolder) -> None:
        """Load `model`.

        Raises:
            ReferenceMissing: TensorFlow and KerasHub are not installed here.
        """
        if not reference_available():
            raise ReferenceMissing
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ.setdefault("KERAS_BACKEND", "tensorflow")
        import keras_hub

        self.model = model
        backbone = keras_hub.models.GPT2Backbone.from_preset(str(model.path), dtype="float32")
        self._network = keras_hub.models.GPT2CausalLM(backbone, preprocessor=None)
        self._compiled_for: tuple[Strategy, int] | None = None

    def write(self, prompt: Sequence[int], sampling: Sampling) -> list[int]:
        """The tokens that follow `prompt`, up to the end of the text or `max_new_tokens`.

        `sampling.stop` is not looked at, and `repetition_penalty` is left out: KerasHub's samplers know none.

        Raises:
            ValueError: prompt and answer together are longer than the model's window.
        """
        length = len(prompt) + sampling.max_new_tokens
        if not prompt or length > self.model.context:
            raise ValueError(f"{length} tokens do not fit into a window of {self.model.context}")
        self._choose(sampling)
        written = self._generate(list(prompt), length)
        end = self.model.end_of_text
        return written[: written.index(end)] if end in written else written

    def logits(self, tokens: Sequence[int]) -> Any:
        """The scores of the token after each of `tokens`: float32 (tokens, vocabulary)."""
        import numpy as np

        return np.asarray(self._network(self._inputs(list(tokens), len(tokens)))[0])

    def _choose(self, sampling: Sampling) -> None:
        """Compile for this sampler; what draws by chance anew each time, so that its seed counts from the start."""
        chosen = (sampling.strategy, sampling.num_beams)
        if chosen != self._compiled_for or sampling.strategy in (Strategy.TOP_K, Strategy.TOP_P):
            self._network.compile(sampler=sampler(sampling))
            self._compiled_for = chosen

    def _generate(self, prompt: list[int], length: int) -> list[int]:
        import numpy as np

        answer = self._network.generate(self._inputs(prompt, length), stop_token_ids=[self.model.end_of_text])
        tokens = np.asarray(answer["token_ids"])[0]  # (length,)
        return [int(token) for token in tokens[len(prompt) :]]

    def _inputs(self, prompt: list[int], length: int) -> dict[str, Any]:
        """One row; where the mask is 0 there is room for the answer."""
        import numpy as np

        room = length - len(prompt)
        filler = 0 if self.model.end_of_text != 0 else 1  # KerasHub would take an end of text in the room for written
        return {
            "token_ids": np.array([prompt + [filler] * room], np.int32),
            "padding_mask": np.array([[1] * len(prompt) + [0] * room], np.int32),
        }


def sampler(sampling: Sampling) -> Any:
    """KerasHub's sampler for a strategy. Its top-p looks at the 1,000 likeliest tokens at most."""
    from keras_hub import samplers

    chance = {"seed": sampling.seed, "temperature": sampling.temperature}
    match sampling.strategy:
        case Strategy.GREEDY:
            return samplers.GreedySampler()
        case Strategy.BEAM:
            return samplers.BeamSampler(num_beams=sampling.num_beams)
        case Strategy.TOP_K:
            return samplers.TopKSampler(k=sampling.top_k, **chance)
        case Strategy.TOP_P:
            return samplers.TopPSampler(p=sampling.top_p, k=1000, **chance)

"""Text from a model, one token at a time: slow and simple, to read what a checkpoint has learnt."""

from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from copydesk.training.backend import tf
from copydesk.training.model import logits
from copydesk.training.sampling import Sampling, choose
from copydesk.training.tokenizer import end_of_text


class Writer:
    """Continues prompts with one model; compiled once, for one length of window."""

    def __init__(self, model: Any, tokenizer: Tokenizer, *, context: int, jit_compile: bool = True) -> None:
        self.tokenizer, self.context = tokenizer, context
        self.end = end_of_text(tokenizer)
        self._scores = tf.function(
            lambda tokens, place: tf.cast(logits(model, tokens)[0, place], tf.float32), jit_compile=jit_compile
        )

    def write(self, prompt: str, sampling: Sampling, *, seed: int) -> str:
        """The prompt's continuation; the same seed gives the same text."""
        random = np.random.default_rng(seed)
        tokens = self.tokenizer.encode(prompt).ids or [self.end]
        begin = len(tokens)
        while len(tokens) < begin + sampling.tokens:
            token = choose(self._next_scores(tokens), tokens, sampling, random)
            if token == self.end:
                break
            tokens.append(token)
        return str(self.tokenizer.decode(tokens[begin:]))

    def _next_scores(self, tokens: list[int]) -> npt.NDArray[np.float32]:
        """Scores of the next token, float32 (vocabulary,); what stands behind the last token is masked anyway."""
        seen = tokens[-self.context :]
        window = np.zeros((1, self.context), np.int32)
        window[0, : len(seen)] = seen
        scores: npt.NDArray[np.float32] = self._scores(tf.constant(window), tf.constant(len(seen) - 1)).numpy()
        return scores

"""How well a model foretells text it has not seen: perplexity per token, bits per character."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from copydesk.training.backend import tf, values
from copydesk.training.corpus import Corpus, Tokens
from copydesk.training.errors import CorpusTooSmallError
from copydesk.training.model import token_losses


@dataclass(frozen=True)
class Score:
    """What the held-out text cost. Perplexities compare between models of one tokenizer, bits per character of any."""

    loss: float  # nats per token
    tokens: int
    characters_per_token: float

    @property
    def perplexity(self) -> float:
        return math.exp(self.loss)

    @property
    def bits_per_character(self) -> float:
        return self.loss / math.log(2) / self.characters_per_token

    def __str__(self) -> str:
        return (
            f"held-out loss {self.loss:.4f} nats per token, perplexity {self.perplexity:.2f}, "
            f"{self.bits_per_character:.3f} bits per character over {self.tokens} tokens"
        )


def held_out_figures(score: Score) -> dict[str, float]:
    """The score as a model's card has it."""
    return {
        "perplexity_per_token": round(score.perplexity, 2),
        "bits_per_character": round(score.bits_per_character, 3),
        "tokens": score.tokens,
    }


class Evaluator:
    """Scores one model again and again; compiled once."""

    def __init__(self, model: Any, context: int, *, batch: int = 8, jit_compile: bool = True) -> None:
        self.context = context
        self.batch = batch
        self._losses = tf.function(lambda windows: token_losses(model, windows), jit_compile=jit_compile)

    def score(self, corpus: Corpus, *, windows: int | None = None) -> Score:
        """Score the held-out stream, or its first `windows` windows: each a full context, none overlapping."""
        cut = held_out_windows(corpus.held_out, self.context)[:windows]
        total = sum(self._batch_loss(cut[start : start + self.batch]) for start in range(0, len(cut), self.batch))
        tokens = len(cut) * self.context
        return Score(total / tokens, tokens, corpus.held_out_characters / len(corpus.held_out))

    def _batch_loss(self, windows: npt.NDArray[np.int32]) -> float:
        """The summed loss of int32 (≤ batch, context + 1); short batches are filled up so that one shape compiles."""
        filled = np.zeros((self.batch, self.context + 1), np.int32)
        filled[: len(windows)] = windows
        losses = self._losses(tf.constant(filled)).numpy()
        return float(losses[: len(windows)].sum(dtype=np.float64))


def held_out_windows(tokens: Tokens, context: int) -> npt.NDArray[np.int32]:
    """Consecutive windows that share one token, so that each token but the first is foretold once.

    (tokens,) → int32 (windows, context + 1); an incomplete last window is left out.
    """
    count = (len(tokens) - 1) // context
    if count < 1:
        raise CorpusTooSmallError(f"({len(tokens)} held-out tokens, context {context})")
    return np.stack([tokens[row * context : (row + 1) * context + 1] for row in range(count)]).astype(np.int32)


@contextmanager
def weights_replaced(model: Any, weights: list[Any]) -> Iterator[None]:
    """Lend the model other weights (its moving averages, say) for the length of a block."""
    own = [values(variable) for variable in model.trainable_variables]
    try:
        for variable, weight in zip(model.trainable_variables, weights, strict=True):
            variable.assign(values(weight))
        yield
    finally:
        for variable, value in zip(model.trainable_variables, own, strict=True):
            variable.assign(value)

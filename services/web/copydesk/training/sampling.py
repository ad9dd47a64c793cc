"""How to choose the next token from a model's scores."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Sampling:
    """How to choose among the likely tokens. Nucleus sampling: Holtzman et al. 2020; penalty: Keskar et al. 2019."""

    temperature: float = 0.7
    top_p: float = 0.92
    repetition_penalty: float = 1.1
    tokens: int = 80


def choose(scores: npt.NDArray[np.float32], seen: list[int], sampling: Sampling, random: np.random.Generator) -> int:
    """Draw a token from float32 (vocabulary,) scores."""
    scores = scores.astype(np.float64)
    used = np.unique(np.array(seen, np.int64))
    scores[used] = np.where(
        scores[used] > 0, scores[used] / sampling.repetition_penalty, scores[used] * sampling.repetition_penalty
    )
    order = np.argsort(-scores)
    chances = np.exp((scores[order] - scores[order[0]]) / sampling.temperature)
    chances /= chances.sum()
    kept = int(np.searchsorted(np.cumsum(chances), sampling.top_p)) + 1
    return int(random.choice(order[:kept], p=chances[:kept] / chances[:kept].sum()))

"""How a token is chosen from a row of scores: the reference, in numpy. `native.choosing` does the same in C.

In this order, as in transformers, in float64 on the float32 scores that a backend gives:

1. `repetition_penalty` p (Keskar et al. 2019) on every token of the history, once each: score > 0 ? score/p : score*p.
2. `no_repeat_ngram_size`: what would complete a run of so many tokens that the history already has is banned. Where
   nothing would be left the bans are.
3. greedy: the likeliest. Otherwise divide by `temperature`, keep the `top_k` likeliest, or the fewest likeliest whose
   probabilities reach `top_p`, and draw one of them.

The likelier comes first; of two that are as likely the one with the lower number. The draw from the k likeliest takes
the first whose cumulative probability exceeds u times that of all k. The draw from the nucleus draws from the whole
vocabulary, in the order of its numbers, until the token is one of the nucleus: the same distribution without sorting
fifty thousand scores. u is a function of the seed, the token's place in the output and the attempt alone (`uniform`):
neither company nor chance on the machine can change a text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from copydesk.engine.sampling import Sampling, Strategy

Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]
Rows = NDArray[np.float32]

# Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators" (splitmix64).
GAMMA = 0x9E3779B97F4A7C15
MIX_1, MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_64_BITS = 0xFFFFFFFFFFFFFFFF
ATTEMPTS = 1000  # to draw one of the nucleus; then the likeliest is taken. With p = 0.01 needed once in 20,000 tokens


@dataclass(slots=True)
class Ask:
    """For one row: the text that it goes on from."""

    history: Numbers  # prompt and output so far, (tokens,)
    sampling: Sampling
    index: int  # of the token to choose, in the output


class Choice(NamedTuple):
    token: int
    logprob: float  # natural logarithm of its probability in the row as it was given


class Candidates(NamedTuple):
    """The likeliest tokens of a row, best first; fewer than asked for where others are banned."""

    tokens: Numbers  # (k,)
    scores: Floats  # (k,) log-probabilities after penalty and bans: what beams are ranked by
    logprobs: Floats  # (k,) log-probabilities in the row as it was given


class Chooser(Protocol):
    """This module, or its double in C."""

    def choose(self, rows: Rows, asks: Sequence[Ask], /) -> list[Choice]:
        """One token for each of `rows` (n, vocabulary)."""

    def likeliest(self, row: Rows, k: int, history: Numbers, sampling: Sampling, /) -> Candidates:
        """The `k` best next tokens of a beam, `row` is (vocabulary,); temperature has no part in it."""

    def logprobs_of(self, rows: Rows, tokens: Sequence[int], /) -> list[float]:
        """The log-probability of one token in each of `rows` (n, vocabulary)."""


def choose(rows: Rows, asks: Sequence[Ask], /) -> list[Choice]:
    """See `Chooser`."""
    return [_choose(row, ask) for row, ask in zip(rows, asks, strict=True)]


def likeliest(row: Rows, k: int, history: Numbers, sampling: Sampling, /) -> Candidates:
    """See `Chooser`. Penalty and bans work on log-probabilities here, as they do in transformers' beam search."""
    raw = row.astype(np.float64)
    raw -= _log_total(raw)
    scores = _processed(raw, history, sampling)
    tokens = _best(scores, k)
    tokens = tokens[scores[tokens] > -np.inf]
    return Candidates(tokens.astype(np.int32), scores[tokens], raw[tokens])


def logprobs_of(rows: Rows, tokens: Sequence[int], /) -> list[float]:
    """See `Chooser`."""
    return [float(row[token]) - _log_total(row.astype(np.float64)) for row, token in zip(rows, tokens, strict=True)]


def bits(seed: int, index: int) -> int:
    """The 64 random bits of a token: the `index`th of the splitmix64 generator that the mixed seed starts."""
    return _mix(_mix(seed) + (index + 1) * GAMMA)


def uniform(seed: int, index: int, attempt: int = 0) -> float:
    """A number in [0, 1), a multiple of 2^-53. Further attempts mix the token's bits once more."""
    first = bits(seed, index)
    return ((_mix(first + attempt * GAMMA) if attempt else first) >> 11) * 2.0**-53


def _mix(bits: int) -> int:
    """splitmix64's finalizer; all in unsigned 64 bits."""
    bits &= _64_BITS
    bits = (bits ^ bits >> 30) * MIX_1 & _64_BITS
    bits = (bits ^ bits >> 27) * MIX_2 & _64_BITS
    return bits ^ bits >> 31


def _choose(row: Rows, ask: Ask) -> Choice:
    raw = row.astype(np.float64)
    scores = _processed(raw, ask.history, ask.sampling)
    if ask.sampling.strategy in (Strategy.GREEDY, Strategy.BEAM):
        token = int(scores.argmax())
    else:
        token = _draw(scores / ask.sampling.temperature, ask)
    return Choice(token, float(raw[token]) - _log_total(raw))


def _processed(raw: Floats, history: Numbers, sampling: Sampling) -> Floats:
    scores = raw.copy()
    if sampling.repetition_penalty != 1.0:
        said = np.unique(history)
        before = scores[said]
        scores[said] = np.where(before > 0, before / sampling.repetition_penalty, before * sampling.repetition_penalty)
    banned = _banned(history, sampling.no_repeat_ngram_size)
    if banned.size:
        kept = scores.copy()
        kept[banned] = -np.inf
        if (kept > -np.inf).any():
            return kept
    return scores


def _banned(history: Numbers, size: int) -> Numbers:
    """The tokens that would repeat a run of `size` tokens."""
    if size == 0 or len(history) < size:
        return history[:0]
    runs = np.lib.stride_tricks.sliding_window_view(history, size)  # (runs, size)
    latest = history[len(history) - size + 1 :]
    banned: Numbers = runs[(runs[:, :-1] == latest).all(axis=1), -1]
    return banned


def _best(scores: Floats, k: int) -> NDArray[np.intp]:
    """The numbers of the `k` best, best first."""
    if k < len(scores):
        limit = np.partition(scores, len(scores) - k)[len(scores) - k]
        candidates = np.flatnonzero(scores >= limit)  # more than k where several share the last place
    else:
        candidates = np.arange(len(scores))
    return candidates[np.argsort(-scores[candidates], kind="stable")][:k]


def _draw(scores: Floats, ask: Ask) -> int:
    weights = np.exp(scores - scores.max())
    if ask.sampling.strategy is Strategy.TOP_P:
        return _draw_of_nucleus(scores, weights, ask)
    tokens = _best(scores, ask.sampling.top_k)
    return int(tokens[_first_beyond(np.cumsum(weights[tokens]), uniform(ask.sampling.seed, ask.index))])


def _draw_of_nucleus(scores: Floats, weights: Floats, ask: Ask) -> int:
    cumulative = np.cumsum(weights)
    for attempt in range(ATTEMPTS):
        token = _first_beyond(cumulative, uniform(ask.sampling.seed, ask.index, attempt))
        better = scores > scores[token]
        better[:token] |= scores[:token] == scores[token]
        if weights[better].sum() < ask.sampling.top_p * cumulative[-1]:
            return token
    return int(scores.argmax())


def _first_beyond(cumulative: Floats, u: float) -> int:
    """The first place whose running sum exceeds `u` times the total."""
    place = int(np.searchsorted(cumulative, u * cumulative[-1], side="right"))
    return min(place, len(cumulative) - 1)


def _log_total(raw: Floats) -> float:
    """The logarithm of the sum of exponentials."""
    highest = raw.max()
    return float(highest + np.log(np.exp(raw - highest).sum()))

"""Beam search: several texts grow side by side, and the likeliest is kept. Decides only; who reads is the scheduler.

As transformers does it (`GenerationMixin._beam_search`, not sampled, length_penalty 1.0, early_stopping False): from
the 2·num_beams best continuations of all beams together those that end are finished if they are among the first
num_beams, and the best num_beams of the others go on. A finished text's score is its sum divided by its length. The
search is over when num_beams texts are finished and the best that goes on is no better than the worst of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from copydesk.engine.chooser import Candidates, Numbers
from copydesk.engine.decoding import stops_in
from copydesk.engine.sampling import Sampling


@dataclass(frozen=True)
class Beam:
    """One text under way."""

    history: Numbers  # prompt and output, (tokens,)
    score: float = 0.0  # sum of log-probabilities, after penalties
    logprobs: tuple[float, ...] = ()  # of the output, before penalties

    def grown(self, token: int, score: float, logprob: float) -> "Beam":
        """With one more token."""
        return Beam(np.append(self.history, np.int32(token)), score, (*self.logprobs, logprob))


class Hypothesis(NamedTuple):
    """One finished text."""

    score: float  # mean log-probability, after penalties
    tokens: list[int]  # the output, without an end of text
    logprobs: list[float]
    finish_reason: str


class _Continuation(NamedTuple):
    score: float
    parent: int
    token: int
    logprob: float


class BeamSearch:
    """One search. `beams` are the texts to be read, best first; `advance` takes what may follow each."""

    def __init__(self, prompt: Numbers, sampling: Sampling, end_of_text: int, bytes_of: Callable[[int], bytes]) -> None:
        self.beams = [Beam(prompt)]
        self.length = 0  # of the outputs so far
        self.done = False
        self._sampling = sampling
        self._finished: list[Hypothesis] = []
        self._end_of_text = end_of_text
        self._bytes_of = bytes_of
        self._stops = [stop.encode("utf-8") for stop in sampling.stop]

    @property
    def looked_at(self) -> int:
        """How many candidates `advance` wants for each beam."""
        return 2 * self._sampling.num_beams

    def advance(self, candidates: Sequence[Candidates]) -> list[int]:
        """One token on. For each of the new `beams` the place of the one that it goes on from."""
        self.length += 1
        width, old = self._sampling.num_beams, self.beams
        best = self._best(candidates)
        going_on: list[_Continuation] = []
        for rank, each in enumerate(best):
            reason = self._end(each)
            if reason is None:
                going_on.append(each)
            elif rank < width:
                self._finish(each, reason)
        del going_on[width:]
        self.beams = [old[each.parent].grown(each.token, each.score, each.logprob) for each in going_on]
        self.done = not self.beams or self._can_not_improve()
        return [each.parent for each in going_on]

    def best(self, count: int) -> list[Hypothesis]:
        """The best finished texts."""
        return self._finished[:count]

    def _best(self, candidates: Sequence[Candidates]) -> list[_Continuation]:
        all_of_them = [
            _Continuation(beam.score + score, place, token, logprob)
            for place, (beam, offered) in enumerate(zip(self.beams, candidates, strict=True))
            for token, score, logprob in zip(
                offered.tokens.tolist(), offered.scores.tolist(), offered.logprobs.tolist(), strict=True
            )
        ]
        all_of_them.sort(key=lambda each: (-each.score, each.parent, each.token))
        return all_of_them[: self.looked_at]

    def _end(self, each: _Continuation) -> str | None:
        if each.token == self._end_of_text:
            return "stop"
        if self._stops and stops_in(self._pieces(each), self._stops):
            return "stop"
        return "length" if self.length >= self._sampling.max_new_tokens else None

    def _pieces(self, each: _Continuation) -> list[bytes]:
        return [*map(self._bytes_of, self._output(each.parent)), self._bytes_of(each.token)]

    def _output(self, place: int) -> list[int]:
        beam = self.beams[place]
        output: list[int] = beam.history[len(beam.history) - len(beam.logprobs) :].tolist()
        return output

    def _finish(self, each: _Continuation, reason: str) -> None:
        tokens, logprobs = self._output(each.parent), [*self.beams[each.parent].logprobs]
        if each.token != self._end_of_text:
            tokens.append(each.token)
            logprobs.append(each.logprob)
        self._finished.append(Hypothesis(each.score / self.length, tokens, logprobs, reason))
        self._finished.sort(key=lambda one: -one.score)  # stable: of equals the earlier
        del self._finished[self._sampling.num_beams :]

    def _can_not_improve(self) -> bool:
        full = len(self._finished) == self._sampling.num_beams
        return full and self.beams[0].score / self.length <= self._finished[-1].score

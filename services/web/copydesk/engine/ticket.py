"""What one who asked the scheduler holds in hand: parts of texts arrive here, and it can be given back unfinished."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from copydesk.engine.sampling import Sampling


@dataclass(frozen=True)
class Completion:
    """Texts that go on from a prompt."""

    prompt: list[int]
    sampling: Sampling
    keep: int = 0  # so many of the prompt's first tokens stay when a long text's window slides


@dataclass(frozen=True)
class Scoring:
    """How likely are these continuations of a prompt?"""

    prompt: list[int]
    continuations: list[list[int]]


@dataclass
class Part:
    """What came since the last part: of one text, of the scores, or a sign of life."""

    index: int = 0
    text: str = ""
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish_reason: str | None = None
    progress: dict[str, Any] | None = None


class Ticket:
    """The scheduler's thread writes, another reads; the scheduler calls `wake` when there is something to read."""

    def __init__(
        self,
        question: Completion | Scoring,
        wake: Callable[[], None] | None = None,
        given_back: Callable[["Ticket"], None] = lambda _: None,
    ) -> None:
        self.question = question
        self.flushed_at = 0.0
        self.cancelled = False
        self.error: Exception | None = None
        self._given_back = given_back
        self._event = threading.Event()
        self._wake = wake or self._event.set
        self._ready: deque[Part] = deque()
        self._open: dict[int, Part] = {}  # the scheduler's own
        self._progress: dict[str, Any] | None = None
        self._expected = question.sampling.n if isinstance(question, Completion) else len(question.continuations)
        self._over = False

    # For the scheduler

    def write(self, index: int, text: str, tokens: list[int], logprobs: list[float]) -> None:
        """Keep words for the next flush."""
        part = self._open.get(index)
        if part is None:
            part = self._open[index] = Part(index)
        part.text += text
        part.tokens += tokens
        part.logprobs += logprobs

    def end(self, index: int, reason: str) -> None:
        """One of the texts is finished."""
        self._open.setdefault(index, Part(index)).finish_reason = reason
        self._expected -= 1

    def show(self, progress: dict[str, Any]) -> None:
        """A sign of life; only the latest is kept."""
        self._progress = progress

    def flush(self, now: float) -> None:
        """Hand over what was kept."""
        if self._progress is not None:
            self._ready.append(Part(progress=self._progress))
            self._progress = None
        self._ready.extend(self._open.values())
        self._open.clear()
        self.flushed_at = now
        if self.is_done:
            self._over = True
        self._wake()

    def fail(self, error: Exception) -> None:
        """Nothing more will come."""
        self.error, self._expected = error, 0
        self.flush(self.flushed_at)

    @property
    def is_done(self) -> bool:
        """Are all texts finished?"""
        return self._expected <= 0

    # For the one who asked

    def cancel(self) -> None:
        """Give it back: nothing more is wanted. May be called at any time, from any thread."""
        if not self.cancelled:
            self.cancelled = True
            self._given_back(self)

    def take(self) -> list[Part]:
        """What is there by now.

        Raises:
            Exception: what the scheduler failed with; everything before has been taken.
        """
        parts = []
        while self._ready:
            parts.append(self._ready.popleft())
        if not parts and self._over and self.error is not None:
            raise self.error
        return parts

    @property
    def over(self) -> bool:
        """Is everything handed over and taken?"""
        return self._over and not self._ready

    def parts(self) -> Iterator[Part]:
        """All parts, waiting for each; for threads. Raises as `take` does."""
        try:
            while True:
                yield from self.take()
                if not self._over:
                    self._event.wait()
                    self._event.clear()
                elif self.over and self.error is None:
                    return
        finally:
            if not self._over:
                self.cancel()

"""What the scheduler works on: a text that is sampled, a search with beams, continuations to be scored.

Each says what it wants to be read (`plan`), takes the scores (`take`), and can be set back at any time: all that it
knows is in its tokens, and what was read is read again.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from copydesk.engine.backend import Backend, CacheFull, Work
from copydesk.engine.beams import BeamSearch
from copydesk.engine.chooser import Ask, Choice, Chooser, Numbers, Rows
from copydesk.engine.decoding import Spelling, TokenBytes
from copydesk.engine.sampling import LARGEST_SEED
from copydesk.engine.ticket import Completion, Scoring, Ticket
from copydesk.engine.window import Window


class Reading:
    """One sequence of the backend, and how much of its text it has read."""

    __slots__ = ("read", "sequence")

    def __init__(self) -> None:
        self.sequence: int | None = None
        self.read = 0

    def work(self, backend: Backend, view: Numbers, count: int, wanted: int) -> Work:
        """The next `count` tokens of `view`, what the model is to see."""
        if self.sequence is None:
            self.sequence = backend.open()
        tokens: list[int] = view[self.read : self.read + count].tolist()
        return Work(self.sequence, tokens, wanted)

    def forked(self, backend: Backend) -> "Reading":
        """Another with the same past; an empty one where the cache has no room for it."""
        other = Reading()
        if self.sequence is not None:
            with suppress(CacheFull):
                other.sequence, other.read = backend.fork(self.sequence), self.read
        return other

    def close(self, backend: Backend) -> None:
        """Forget what was read."""
        if self.sequence is not None:
            backend.close(self.sequence)
        self.sequence, self.read = None, 0


class Unit(ABC):
    """One thing that is admitted, set back and finished as a whole."""

    def __init__(self, ticket: Ticket, order: tuple[int, int], backend: Backend) -> None:
        self.ticket = ticket
        self.order = order  # of arrival: ticket, place in it
        self.is_done = False
        self.backend = backend
        self.slots = 1

    @abstractmethod
    def unread(self) -> int:
        """Tokens that have to be read before it can go on."""

    @abstractmethod
    def still_to_write(self) -> int:
        """Tokens that may follow, at most."""

    @abstractmethod
    def plan(self, budget: int) -> list[Work]:
        """What to read next: at most `budget` tokens, but one for each text that only has to go on is always free.

        Raises:
            CacheFull: there is no room for another sequence.
        """

    @abstractmethod
    def take(self, rows: Rows, chooser: Chooser) -> None:
        """The scores of what was planned, which has been read now."""

    @abstractmethod
    def set_back(self) -> None:
        """Forget everything that was read, nothing that was written."""


class Sampled(Unit):
    """One text, token by token."""

    def __init__(
        self,
        ticket: Ticket,
        order: tuple[int, int],
        backend: Backend,
        bytes_of: TokenBytes,
        question: Completion,
        size: int,
    ) -> None:
        super().__init__(ticket, order, backend)
        sampling, self.index = question.sampling, order[1]
        self.sampling = replace(sampling, n=1, seed=(sampling.seed + self.index) % (LARGEST_SEED + 1))
        self.prompt = len(question.prompt)
        self.count = self.prompt
        self.text: Numbers = np.empty(self.prompt + sampling.max_new_tokens, np.int32)
        self.text[: self.prompt] = question.prompt
        self.reading = Reading()
        self.leader: Sampled | None = None  # another that reads the same prompt for us
        self.followers: list[Sampled] = []
        self._window = Window.of(size, question.keep, self.prompt)
        self._bytes_of = bytes_of
        self._spelling = Spelling(sampling.stop)
        self._planned = 0

    def unread(self) -> int:
        return 0 if self.leader else self._window.length(self.count) - self.reading.read

    def still_to_write(self) -> int:
        return self.sampling.max_new_tokens - (self.count - self.prompt)

    def plan(self, budget: int) -> list[Work]:
        if self.leader:
            return []
        unread = self._window.length(self.count) - self.reading.read
        if unread == 1 and self.reading.sequence is not None:
            self._planned = 1
            return [Work(self.reading.sequence, [int(self.text[self.count - 1])], 1)]
        self._planned = min(unread, budget)
        if not self._planned:
            return []
        view = self._window.view(self.text[: self.count])
        return [self.reading.work(self.backend, view, self._planned, int(self._planned == unread))]

    def has_read(self) -> None:
        """What was planned has been read, and no scores were wanted yet."""
        self.reading.read += self._planned
        if self.count == self.prompt:
            self.ticket.show({"read": self.reading.read, "of": self.prompt})

    def ask(self) -> Ask:
        """For the next token."""
        return Ask(self.text[: self.count], self.sampling, self.count - self.prompt)

    def take(self, rows: Rows, chooser: Chooser) -> None:
        """See `Unit`; the scheduler asks the chooser for all sampled texts at once, and calls `write` instead."""
        self.write(chooser.choose(rows, [self.ask()])[0], rows, chooser)

    def write(self, choice: Choice, row: Rows, chooser: Chooser) -> None:
        """Go on with `choice`, made from `row` (1, vocabulary) after what was planned has been read."""
        self.reading.read += self._planned
        for follower in self.followers:
            follower.leader = None
            follower.reading = self.reading.forked(self.backend)
            if follower.reading.sequence is not None:
                follower.take_over(chooser.choose(row, [follower.ask()])[0])
        self.followers.clear()
        self.take_over(choice)

    def take_over(self, choice: Choice) -> None:
        """Write one token down."""
        token, logprob = choice
        if token == self.backend.end_of_text:
            self._end("stop", self._spelling.end(), [], [])
            return
        self.text[self.count] = token
        self.count += 1
        text = self._spelling.feed(self._bytes_of(token))
        if self._spelling.stopped:
            self._end("stop", text, [token], [logprob])
        elif self.count == len(self.text):
            self._end("length", text + self._spelling.end(), [token], [logprob])
        else:
            self.ticket.write(self.index, text, [token], [logprob])
            if not self._window.fits(self.count):
                self._window = self._window.slid(self.count)
                self.reading.close(self.backend)

    def set_back(self) -> None:
        self.reading.close(self.backend)
        if self.leader:
            self.leader.followers.remove(self)
            self.leader = None
        for follower in self.followers:
            follower.leader = None
        self.followers.clear()

    def _end(self, reason: str, text: str, tokens: list[int], logprobs: list[float]) -> None:
        self.ticket.write(self.index, text, tokens, logprobs)
        self.ticket.end(self.index, reason)
        self.is_done = True


class Beamed(Unit):
    """A search with beams: its texts are read side by side, one token each a step."""

    def __init__(
        self,
        ticket: Ticket,
        order: tuple[int, int],
        backend: Backend,
        bytes_of: TokenBytes,
        question: Completion,
        size: int,
    ) -> None:
        super().__init__(ticket, order, backend)
        self._sampling, self._bytes_of = question.sampling, bytes_of
        self._prompt = len(question.prompt)
        self._search = BeamSearch(np.array(question.prompt, np.int32), question.sampling, backend.end_of_text, bytes_of)
        self._window = Window.of(size, question.keep, self._prompt)
        self._readings = [Reading()]
        self._trunk = 0  # tokens that all beams have in common, where the first still has to read them for all
        self._planned: list[int] = []
        self._is_step = False
        self.slots = question.sampling.num_beams

    def unread(self) -> int:
        length = self._window.length(self._prompt + self._search.length)
        return sum(length - reading.read for reading in self._readings)

    def still_to_write(self) -> int:
        return self.slots * (self._sampling.max_new_tokens - self._search.length)

    def plan(self, budget: int) -> list[Work]:
        length = self._window.length(self._prompt + self._search.length)
        unread = [length - reading.read for reading in self._readings]
        if self._trunk:
            unread = [self._trunk - self._readings[0].read]
            self._is_step, self._planned = False, [min(unread[0], budget)]
            view = self._window.view(self._search.beams[0].history)
            return [self._readings[0].work(self.backend, view, self._planned[0], 0)] if budget else []
        # All beams come to their last token together: only then can they be compared.
        self._is_step = sum(unread) <= max(budget, len(unread))
        self._planned = []
        works = []
        for beam, reading, missing in zip(self._search.beams, self._readings, unread, strict=True):
            count = missing if self._is_step else min(missing - 1, budget)
            self._planned.append(count)
            if count:
                budget -= count
                works.append(reading.work(self.backend, self._window.view(beam.history), count, int(self._is_step)))
        return works

    def take(self, rows: Rows, chooser: Chooser) -> None:
        for reading, count in zip(self._readings, self._planned, strict=False):
            reading.read += count
        if self._trunk and self._readings[0].read == self._trunk:
            self._readings[1:] = [self._readings[0].forked(self.backend) for _ in self._readings[1:]]
            self._trunk = 0
        if not self._is_step:
            if not self._search.length:
                self.ticket.show({"read": self._readings[0].read, "of": self._prompt})
            return
        search = self._search
        parents = search.advance(
            [
                chooser.likeliest(row, search.looked_at, beam.history, self._sampling)
                for row, beam in zip(rows, search.beams, strict=True)
            ]
        )
        self.ticket.show({"beam": search.length, "of": self._sampling.max_new_tokens})
        if search.done:
            self._write()
            return
        self._follow(parents)
        if not self._window.fits(self._prompt + search.length):
            self._window = self._window.slid(self._prompt + search.length)
            self._close()

    def set_back(self) -> None:
        self._close()

    def _follow(self, parents: Sequence[int]) -> None:
        """The first that goes on from a text goes on in its sequence, the others in a fork of it."""
        old = self._readings
        for place, reading in enumerate(old):
            if place not in parents:
                reading.close(self.backend)
        heirs: dict[int, Reading] = {}
        self._readings = []
        for parent in parents:
            heir = heirs.get(parent)
            if heir is None:
                heir = heirs[parent] = old[parent]
                self._readings.append(heir)
            else:
                self._readings.append(heir.forked(self.backend))

    def _write(self) -> None:
        for index, best in enumerate(self._search.best(self._sampling.n)):
            spelling = Spelling(self._sampling.stop)
            text = "".join(spelling.feed(self._bytes_of(token)) for token in best.tokens if not spelling.stopped)
            self.ticket.write(index, text + spelling.end(), best.tokens, best.logprobs)
            self.ticket.end(index, best.finish_reason)
        self.is_done = True

    def _close(self) -> None:
        for reading in self._readings:
            reading.close(self.backend)
        self._trunk = 0
        if len(self._readings) > 1 and not self.is_done:
            views = np.stack([self._window.view(beam.history) for beam in self._search.beams])
            differ = (views != views[0]).any(axis=0)
            # The last token each reads for itself, for its scores.
            self._trunk = int(differ.argmax()) if differ.any() else len(differ) - 1
            self._trunk = min(self._trunk, len(differ) - 1)


class Scored(Unit):
    """Log-probabilities of given continuations; the prompt is read once, then one continuation after the other."""

    def __init__(self, ticket: Ticket, order: tuple[int, int], backend: Backend, question: Scoring) -> None:
        super().__init__(ticket, order, backend)
        self._prompt = np.array(question.prompt, np.int32)
        self._given = [np.array(tokens, np.int32) for tokens in question.continuations]
        self._scores: list[list[float]] = [[] for _ in self._given]
        self._base, self._reading = Reading(), Reading()
        self._place = 0  # of the continuation at work
        self._planned = 0

    def unread(self) -> int:
        return len(self._prompt) - self._base.read + sum(map(len, self._given[self._place :]))

    def still_to_write(self) -> int:
        return 0

    def plan(self, budget: int) -> list[Work]:
        missing = len(self._prompt) - self._base.read
        if missing:
            self._planned = min(missing, budget)
            wanted = int(self._planned == missing)
            return [self._base.work(self.backend, self._prompt, self._planned, wanted)] if self._planned else []
        if self._reading.sequence is None:
            self._reading.sequence = self.backend.fork(self._base.sequence or 0)
        tokens = self._given[self._place]
        start = len(self._scores[self._place]) - 1  # the first was scored with the prompt
        self._reading.read = start
        self._planned = min(len(tokens) - 1 - start, budget)
        if not self._planned:
            return []
        return [self._reading.work(self.backend, tokens, self._planned, self._planned)]

    def take(self, rows: Rows, chooser: Chooser) -> None:
        if self._base.read < len(self._prompt):
            self._base.read += self._planned
            self.ticket.show({"read": self._base.read, "of": len(self._prompt)})
            if len(rows):
                for place, tokens in enumerate(self._given):
                    if len(tokens) and not self._scores[place]:
                        self._scores[place] = chooser.logprobs_of(rows[:1], [int(tokens[0])])
        else:
            tokens, scores = self._given[self._place], self._scores[self._place]
            following: list[int] = tokens[len(scores) : len(scores) + self._planned].tolist()
            scores += chooser.logprobs_of(rows, following)
        self._go_on()

    def set_back(self) -> None:
        for tokens, scores in zip(self._given[self._place :], self._scores[self._place :], strict=True):
            if len(scores) < len(tokens):
                del scores[1:]  # of a half-read continuation
        self._close()

    def _go_on(self) -> None:
        """To the next continuation that is not done, or to the end."""
        while self._base.read == len(self._prompt) and len(self._scores[self._place]) == len(self._given[self._place]):
            self.ticket.write(self._place, "", [], self._scores[self._place])
            self.ticket.end(self._place, "stop")
            self._reading.close(self.backend)
            self._place += 1
            if self._place == len(self._given):
                self.is_done = True
                return

    def _close(self) -> None:
        self._base.close(self.backend)
        self._reading.close(self.backend)

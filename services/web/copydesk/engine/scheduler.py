"""Many texts at once from one model: continuous batching. One thread drives the backend, a token for each text a step.

Texts are admitted in the order of their arrival while slots and cache have room. When the cache runs full the youngest
text is set back: it gives up its place in the cache, keeps its words, and is read again later. That changes nothing in
it, since what follows is a function of its tokens alone.
"""

import bisect
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from copydesk.engine.backend import Backend, CacheFull, Work
from copydesk.engine.chooser import Chooser
from copydesk.engine.decoding import TokenBytes
from copydesk.engine.sampling import Strategy
from copydesk.engine.texts import Beamed, Sampled, Scored, Unit
from copydesk.engine.ticket import Completion, Scoring, Ticket

log = logging.getLogger(__name__)

AT_ONCE = 128  # tokens of prompts that are read in a step beside texts that are being written
ALONE = 256  # while nobody else writes
_GROWTH = 32  # tokens of cache that a text under way is expected to need soon
# A part a token would cost as much as the token; words come in steps of this many seconds, longer when many write.
_FLUSH_SECONDS, _FLUSH_SECONDS_EACH = 0.030, 0.003
_SIGN_OF_LIFE = 2.0  # seconds


class RequestError(ValueError):
    """The question can't be worked on; the message names the field."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.field = field


class CacheTooSmall(Exception):
    """This text needs more of the engine's cache than there is, even alone: fewer beams or a shorter text fit."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class Stopped(Exception):
    """The engine stops."""


class Scheduler:
    """Drives one backend in a thread of its own until `stop`."""

    def __init__(
        self,
        backend: Backend,
        chooser: Chooser,
        bytes_of: Callable[[int], bytes],
        *,
        slots: int = 32,
        context: int = 0,
    ) -> None:
        """`slots`: texts at the same time, a beam counts as one; `context`: tokens of a window, 0: the model's."""
        self.backend = backend
        self.context = min(context or backend.context, backend.context)
        self.slots = slots
        self._chooser = chooser
        self._bytes_of = TokenBytes(bytes_of)
        self._arrived: deque[Ticket] = deque()
        self._given_back: deque[Ticket] = deque()
        self._news = threading.Event()
        self._stopping = False
        self._count = 0
        self._waiting: list[Unit] = []  # by arrival
        self._running: list[Unit] = []  # by arrival
        self._unflushed: dict[Ticket, None] = {}
        self._told_at = 0.0
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)
        self._thread.start()

    # For any thread

    def submit(self, question: Completion | Scoring, wake: Callable[[], None] | None = None) -> Ticket:
        """Ask. `wake` is called in the scheduler's thread when the ticket has something to take.

        Raises:
            RequestError: it can't be answered by this model.
            Stopped: no more questions are taken.
        """
        self._check(question)
        if self._stopping:
            raise Stopped
        ticket = Ticket(question, wake, self._give_back)
        self._arrived.append(ticket)
        self._news.set()
        return ticket

    def stop(self) -> None:
        """End the thread; who still waits is told."""
        self._stopping = True
        self._news.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    @property
    def busy(self) -> int:
        """Slots at work."""
        return sum(unit.slots for unit in self._running.copy())

    def _give_back(self, ticket: Ticket) -> None:
        self._given_back.append(ticket)
        self._news.set()

    def _check(self, question: Completion | Scoring) -> None:
        given: list[list[int]] = []
        if isinstance(question, Scoring):
            given = question.continuations
        elif question.sampling.strategy is Strategy.BEAM and question.sampling.n > question.sampling.num_beams:
            raise RequestError("n", f"must be at most num_beams, which is {question.sampling.num_beams}")
        check_prompt(question.prompt, given, self.context, self.backend.vocabulary)

    # The thread

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._turn()
            error: Exception = Stopped()
        except Exception as broken:
            log.exception("the scheduler broke")
            self._stopping, error = True, broken
        self._take_in()
        for ticket in {unit.ticket for unit in (*self._running, *self._waiting)}:
            ticket.fail(error)

    def _turn(self) -> None:
        self._take_in()
        self._admit()
        if not self._running:
            self._news.wait()
            self._news.clear()
            return
        try:
            self._step()
        except CacheFull:
            self._make_room()
        except Exception as error:
            log.exception("a step failed")
            self._fail({unit.ticket for unit in self._running}, error)
        self._sweep()

    def _take_in(self) -> None:
        while self._arrived:
            ticket = self._arrived.popleft()
            self._waiting += self._units(ticket)
        while self._given_back:
            self._forget({self._given_back.popleft()})

    def _units(self, ticket: Ticket) -> Iterable[Unit]:
        self._count += 1
        question, number = ticket.question, self._count
        if isinstance(question, Scoring):
            return [Scored(ticket, (number, 0), self.backend, question)]
        if question.sampling.strategy is Strategy.BEAM:
            return [Beamed(ticket, (number, 0), self.backend, self._bytes_of, question, self.context)]
        return [
            Sampled(ticket, (number, index), self.backend, self._bytes_of, question, self.context)
            for index in range(question.sampling.n)
        ]

    def _admit(self) -> None:
        admitted = 0
        for unit in self._waiting:
            leader = self._leader_of(unit)
            if self._running and not self._has_room(unit, leader):
                break
            if leader is not None and isinstance(unit, Sampled):
                unit.leader = leader
                leader.followers.append(unit)
            self._running.append(unit)
            admitted += 1
        if admitted:
            del self._waiting[:admitted]

    def _leader_of(self, unit: Unit) -> Sampled | None:
        """A running text of the same prompt that has not read it yet: it is read once for all of them."""
        if not isinstance(unit, Sampled) or unit.count > unit.prompt:
            return None
        for other in reversed(self._running):
            if other.order[0] != unit.order[0]:
                return None
            if isinstance(other, Sampled) and other.leader is None:
                return other if other.count == other.prompt else None
        return None

    def _has_room(self, unit: Unit, leader: Sampled | None) -> bool:
        used = sum(each.slots for each in self._running)
        if used + min(unit.slots, self.slots) > self.slots:
            return False
        soon = sum(each.unread() + min(each.still_to_write(), _GROWTH * each.slots) for each in self._running)
        own = 0 if leader else unit.unread()
        return soon + own + min(unit.still_to_write(), _GROWTH * unit.slots) <= self.backend.room()

    def _step(self) -> None:
        """One step of the backend, and what follows from it.

        Raises:
            CacheFull: nothing was read.
        """
        alone = len(self._running) == 1
        budget = ALONE if alone else AT_ONCE
        sampled: list[Work] = []
        others: list[Work] = []
        going_on: list[Sampled] = []  # a row each, in this order
        reading: list[Sampled] = []  # no row yet
        planned: list[tuple[Unit, int]] = []  # with so many rows
        for unit in self._running:
            work = unit.plan(budget)
            if not work:
                continue
            budget = max(0, budget - sum(len(each.tokens) for each in work if len(each.tokens) > 1))
            if isinstance(unit, Sampled):
                sampled += work
                (going_on if work[0].wanted else reading).append(unit)
            else:
                others += work
                planned.append((unit, sum(each.wanted for each in work)))
        if not sampled and not others:
            raise AssertionError("nothing to do for texts that run")
        rows = self.backend.step(sampled + others)
        for text in reading:
            text.has_read()
        first = len(going_on)
        if going_on:
            choices = self._chooser.choose(rows[:first], [text.ask() for text in going_on])
            for place, (text, choice) in enumerate(zip(going_on, choices, strict=True)):
                text.write(choice, rows[place : place + 1], self._chooser)
        for unit, count in planned:
            unit.take(rows[first : first + count], self._chooser)
            first += count
        self._flush([*going_on, *reading, *(unit for unit, _ in planned)])

    def _flush(self, units: Iterable[Unit]) -> None:
        now = time.monotonic()
        for unit in units:
            self._unflushed[unit.ticket] = None
        interval = max(_FLUSH_SECONDS, _FLUSH_SECONDS_EACH * len(self._running))
        for ticket in [*self._unflushed]:
            if ticket.is_done or now - ticket.flushed_at >= interval:  # the first words at once
                ticket.flush(now)
                del self._unflushed[ticket]
        if self._waiting and now - self._told_at > _SIGN_OF_LIFE:
            self._told_at = now
            for place, ticket in enumerate(dict.fromkeys(unit.ticket for unit in self._waiting), 1):
                if ticket not in self._unflushed:
                    ticket.show({"waiting": place})
                    ticket.flush(ticket.flushed_at)

    def _make_room(self) -> None:
        """Set the youngest text back; one that is alone and has not enough can't be helped."""
        youngest = self._running.pop()
        youngest.set_back()
        if self._running:
            bisect.insort(self._waiting, youngest, key=lambda unit: unit.order)
        else:
            self._waiting.insert(0, youngest)
            self._fail({youngest.ticket}, CacheTooSmall())

    def _sweep(self) -> None:
        """Take what is finished out of the backend."""
        if any(unit.is_done for unit in self._running):
            for unit in self._running:
                if unit.is_done:
                    unit.set_back()
            self._running = [unit for unit in self._running if not unit.is_done]

    def _fail(self, tickets: set[Ticket], error: Exception) -> None:
        self._forget(tickets)
        for ticket in tickets:
            ticket.fail(error)

    def _forget(self, tickets: set[Ticket]) -> None:
        for unit in self._running:
            if unit.ticket in tickets:
                unit.set_back()
        self._running = [unit for unit in self._running if unit.ticket not in tickets]
        self._waiting = [unit for unit in self._waiting if unit.ticket not in tickets]
        for ticket in tickets:
            self._unflushed.pop(ticket, None)


def check_prompt(prompt: list[int], continuations: list[list[int]], context: int, vocabulary: int) -> None:
    """Are these tokens that a model with such a window and vocabulary can read?

    Raises:
        RequestError: they are not.
    """
    if not prompt:
        raise RequestError("prompt", "must have at least one token")
    for field, tokens in (("prompt", prompt), *(("continuations", tokens) for tokens in continuations)):
        if tokens and (min(tokens) < 0 or max(tokens) >= vocabulary):
            raise RequestError(field, f"must have tokens from 0 to {vocabulary - 1}")
    length = len(prompt) + max(map(len, continuations), default=0)
    if length > context:
        what = "and its longest continuation have" if continuations else "has"
        raise RequestError("prompt", f"{what} {length} tokens, but the model's window {context}")

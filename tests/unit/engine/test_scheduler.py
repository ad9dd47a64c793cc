"""The scheduler on a toy model: company, little room and interruptions change no text; who leaves leaves nothing."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from unit.engine.toy import END, Toy, bytes_of

from copydesk.engine import chooser
from copydesk.engine.chooser import Ask
from copydesk.engine.sampling import Sampling, Strategy
from copydesk.engine.scheduler import CacheTooSmall, RequestError, Scheduler, Stopped
from copydesk.engine.ticket import Completion, Part, Scoring, Ticket
from copydesk.engine.window import Window

FREE = Sampling(temperature=1.0, top_p=1.0, repetition_penalty=1.0, max_new_tokens=40)


@contextmanager
def running(toy: Toy, **options: int) -> Iterator[Scheduler]:
    scheduler = Scheduler(toy, chooser, bytes_of, **options)
    try:
        yield scheduler
    finally:
        scheduler.stop()
    assert toy.sequences == {} or scheduler.busy  # nothing is left behind


@dataclass
class Text:
    """One finished text, put together from its parts."""

    text: str = ""
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    reason: str | None = None

    def add(self, part: Part) -> None:
        assert self.reason is None
        self.text += part.text
        self.tokens += part.tokens
        self.logprobs += part.logprobs
        self.reason = part.finish_reason


def collect(ticket: Ticket) -> list[Text]:
    texts: dict[int, Text] = {}
    for part in ticket.parts():
        if part.progress is None:
            texts.setdefault(part.index, Text()).add(part)
    return [texts[index] for index in sorted(texts)]


def together(scheduler: Scheduler, questions: Sequence[Completion]) -> list[list[Text]]:
    return [collect(ticket) for ticket in [scheduler.submit(question) for question in questions]]


def expected(toy: Toy, question: Completion, index: int = 0) -> Text:
    """The same, written down as a plain loop over whole windows."""
    sampling = replace(question.sampling, seed=question.sampling.seed + index, n=1)
    history, text = [*question.prompt], Text()
    keep = min(question.keep, toy.context // 2, len(question.prompt))
    view = [*history]
    while text.reason is None:
        row = toy.scores(view)
        ask = Ask(np.array(history, np.int32), sampling, len(text.tokens))
        token, logprob = chooser.choose(row[None], [ask])[0]
        if token == END:
            text.reason = "stop"
            break
        text.tokens.append(token)
        text.logprobs.append(logprob)
        history.append(token)
        view.append(token)
        if len(view) > toy.context:
            rest = view[keep:]
            view = view[:keep] + rest[-(len(rest) // 2) :]
        if len(text.tokens) == sampling.max_new_tokens:
            text.reason = "length"
    text.text = b"".join(map(bytes_of, text.tokens)).decode("utf-8", "ignore")
    return text


def questions(count: int, **fields: object) -> list[Completion]:
    """Prompts of many lengths, ways to choose of every kind."""
    made = []
    for number in range(count):
        prompt = [1 + (number * 7 + place * place) % 40 for place in range(1 + number * 5 % 30)]
        kind = [
            {},
            {"strategy": Strategy.GREEDY, "repetition_penalty": 1.4},
            {"strategy": Strategy.TOP_K, "top_k": 5},
            {"top_p": 0.6, "no_repeat_ngram_size": 2},
        ][number % 4]
        made.append(Completion(prompt, replace(FREE, seed=number, **{**kind, **fields})))
    return made


def test_thirty_two_together_are_what_each_is_alone() -> None:
    toy, asked = Toy(), questions(32)
    with running(toy, slots=32) as scheduler:
        assert together(scheduler, asked) == [[expected(toy, question)] for question in asked]
    assert max(map(len, toy.steps)) > 16  # they did go together
    assert {text.reason for text in (expected(toy, question) for question in asked)} == {"stop", "length"}


@pytest.mark.parametrize("capacity", [70, 100, 200])
def test_little_room_changes_nothing(capacity: int) -> None:
    toy, asked = Toy(capacity=capacity), questions(20)
    with running(toy, slots=20) as scheduler:
        assert together(scheduler, asked) == [[expected(toy, question)] for question in asked]
    assert toy.most <= capacity


def test_the_youngest_is_set_back_and_keeps_its_words() -> None:
    toy = Toy(capacity=90, end=-99.0)
    asked = [Completion([number + 1] * 4, replace(FREE, max_new_tokens=59, seed=number)) for number in range(2)]
    with running(toy) as scheduler:
        first, second = (scheduler.submit(question) for question in asked)
        assert collect(first) == [expected(toy, asked[0])]
        assert collect(second) == [expected(toy, asked[1])]
    assert toy.refused > 0


def test_long_prompts_are_read_in_parts_beside_those_who_write() -> None:
    toy = Toy(context=1000, end=-99.0)
    writer = Completion([1], replace(FREE, max_new_tokens=400))
    reader = Completion([2] * 700, replace(FREE, max_new_tokens=5))
    with running(toy) as scheduler:
        first = scheduler.submit(writer)
        next(parts := first.parts())
        assert collect(scheduler.submit(reader)) == [expected(toy, reader)]
        list(parts)
    beside = [step for step in toy.steps if len(step) == 2]
    assert len(beside) >= 6
    assert all(1 in step and max(step) <= 128 for step in beside)


def test_reading_shows_how_far_it_is() -> None:
    toy = Toy(context=1000)
    with running(toy) as scheduler:
        ticket = scheduler.submit(Completion([3] * 600, replace(FREE, max_new_tokens=1)))
        seen = [part.progress for part in ticket.parts() if part.progress]
    assert seen == [{"read": 256, "of": 600}, {"read": 512, "of": 600}]


@pytest.mark.parametrize("keep", [0, 3, 10, 99])
def test_a_text_outgrows_its_window(keep: int) -> None:
    toy = Toy(context=32, end=-99.0)
    asked = [Completion([5, 6, 7, 8] * 3, replace(FREE, max_new_tokens=150, seed=seed), keep) for seed in range(3)]
    with running(toy) as scheduler:
        assert together(scheduler, asked) == [[expected(toy, question)] for question in asked]


def test_a_window_slides_under_little_room_too() -> None:
    toy = Toy(context=32, capacity=50, end=-99.0)
    asked = [Completion([5, 6, 7, 8] * 3, replace(FREE, max_new_tokens=100, seed=seed), 12) for seed in range(4)]
    with running(toy) as scheduler:
        assert together(scheduler, asked) == [[expected(toy, question)] for question in asked]
    assert toy.most <= 50


def test_a_prompt_may_fill_the_whole_window() -> None:
    toy = Toy(context=32)
    question = Completion([4] * 32, FREE, keep=4)
    with running(toy) as scheduler:
        assert together(scheduler, [question]) == [[expected(toy, question)]]
        with pytest.raises(RequestError, match="prompt has 33 tokens, but the model's window 32"):
            scheduler.submit(Completion([4] * 33, FREE))


def test_a_smaller_window_can_be_asked_for() -> None:
    toy = Toy(context=64)
    question = Completion([4] * 8, replace(FREE, max_new_tokens=60), keep=4)
    with running(toy, context=24) as scheduler:
        assert together(scheduler, [question]) == [[expected(Toy(context=24), question)]]


def test_windows_keep_their_bounds() -> None:
    for size in (1, 2, 5, 32):
        window, count = Window.of(size, 99, 3), min(size, 3)
        for _ in range(200):
            count += 1
            if not window.fits(count):
                window = window.slid(count)
            view = window.view(np.arange(count, dtype=np.int32))
            assert len(view) == window.length(count)
            assert len(view) <= size
            assert view[-1] == count - 1
            assert list(view[: window.keep]) == list(range(window.keep))


@pytest.mark.parametrize(("slots", "capacity"), [(32, 10_000), (2, 10_000), (32, 130)])
def test_each_of_n_is_what_its_seed_gives_alone(slots: int, capacity: int) -> None:
    toy = Toy(capacity=capacity)
    question = Completion([*range(1, 31)], replace(FREE, n=5, seed=11, max_new_tokens=30))
    with running(toy, slots=slots) as scheduler:
        assert collect(scheduler.submit(question)) == [expected(toy, question, index) for index in range(5)]
    if capacity > 1000 and slots > 5:
        assert sum(size for step in toy.steps for size in step if size > 1) == 30  # the prompt was read once


def test_the_largest_seed_is_followed_by_the_smallest() -> None:
    toy = Toy()
    with running(toy) as scheduler:
        last = collect(scheduler.submit(Completion([1], replace(FREE, n=2, seed=2**31 - 1))))
    assert last[1] == expected(toy, Completion([1], replace(FREE, seed=0)))


def test_a_stop_text_ends_the_text_before_itself() -> None:
    toy = Toy(end=-99.0)
    whole = expected(toy, Completion([1], FREE))
    stop = whole.text[11:14]
    with running(toy) as scheduler:
        (cut,) = collect(scheduler.submit(Completion([1], replace(FREE, stop=("nowhere", stop)))))
    assert cut.text == whole.text[: whole.text.index(stop)]
    assert cut.reason == "stop"
    assert cut.tokens == whole.tokens[: len(cut.tokens)]
    assert len(cut.logprobs) == len(cut.tokens)


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.mark.parametrize("strategy", [Strategy.TOP_P, Strategy.BEAM])
def test_who_leaves_makes_room(strategy: Strategy) -> None:
    toy = Toy(context=10_000, capacity=100_000, end=-99.0)
    endless = Completion([1], replace(FREE, strategy=strategy, max_new_tokens=8000, n=2, num_beams=3))
    with running(toy, slots=3) as scheduler:
        parts = scheduler.submit(endless).parts()
        next(parts)
        waits = scheduler.submit(endless)
        waits.cancel()
        parts.close()
        wait(lambda: not toy.sequences)
        assert scheduler.busy == 0
        assert collect(scheduler.submit(Completion([1], replace(FREE, max_new_tokens=3))))


def test_more_than_the_slots_wait_for_their_turn() -> None:
    toy, asked = Toy(), questions(12)
    with running(toy, slots=3) as scheduler:
        assert together(scheduler, asked) == [[expected(toy, question)] for question in asked]
    assert max(map(len, toy.steps)) == 3


def test_who_waits_gets_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copydesk.engine.scheduler._SIGN_OF_LIFE", 0.0)
    toy = Toy(context=2000, end=-99.0)
    with running(toy, slots=1) as scheduler:
        scheduler.submit(Completion([1], replace(FREE, max_new_tokens=600)))
        scheduler.submit(Completion([1], replace(FREE, max_new_tokens=1)))
        third = scheduler.submit(Completion([1], replace(FREE, max_new_tokens=1)))
        assert next(third.parts()).progress == {"waiting": 2}


def test_scores_are_those_of_the_rows() -> None:
    toy = Toy()
    prompt, given = [1, 2, 3], [[4, 5, 6], [7], [], [4, 9, *range(10, 40)]]

    def by_hand(tokens: list[int]) -> list[float]:
        rows = [toy.scores(prompt + tokens[:place]) for place in range(len(tokens))]
        return chooser.logprobs_of(np.array(rows), tokens) if tokens else []

    for capacity in (10_000, 45):
        toy = Toy(capacity=capacity)
        with running(toy) as scheduler:
            company = scheduler.submit(Completion([1], FREE))
            ticket = scheduler.submit(Scoring(prompt, given))
            found = {part.index: part.logprobs for part in ticket.parts() if part.finish_reason}
            assert [found[place] for place in range(4)] == [by_hand(tokens) for tokens in given]
            assert collect(company) == [expected(toy, Completion([1], FREE))]


def test_what_never_fits_is_told() -> None:
    toy = Toy(capacity=20, end=-99.0)
    with running(toy) as scheduler:
        with pytest.raises(CacheTooSmall):
            collect(scheduler.submit(Completion([1], FREE)))
        assert collect(scheduler.submit(Completion([1], replace(FREE, max_new_tokens=10))))


@pytest.mark.parametrize(
    ("question", "field"),
    [
        (Completion([], FREE), "prompt"),
        (Completion([48], FREE), "prompt"),
        (Completion([-1], FREE), "prompt"),
        (Completion([1], replace(FREE, strategy=Strategy.BEAM, num_beams=2, n=3)), "n"),
        (Scoring([1], [[1], [99]]), "continuations"),
        (Scoring([1] * 60, [[1] * 5]), "prompt"),
    ],
)
def test_a_question_out_of_bounds_is_refused(question: Completion | Scoring, field: str) -> None:
    with running(Toy()) as scheduler, pytest.raises(RequestError, match=field):
        scheduler.submit(question)


def test_stopping_tells_who_waits() -> None:
    toy = Toy(context=10_000, end=-99.0)
    scheduler = Scheduler(toy, chooser, bytes_of, slots=1)
    tickets = [scheduler.submit(Completion([1], replace(FREE, max_new_tokens=5000))) for _ in range(2)]
    scheduler.stop()
    for ticket in tickets:
        with pytest.raises(Stopped):
            collect(ticket)
    with pytest.raises(Stopped):
        scheduler.submit(Completion([1], FREE))


def test_a_broken_step_ends_those_who_were_in_it_alone() -> None:
    class Breaks(Toy):
        broken = False

        def scores(self, tokens: Sequence[int]) -> np.ndarray:
            if len(tokens) == 5 and not self.broken:
                self.broken = True
                raise FloatingPointError("a bit flipped")
            return super().scores(tokens)

    toy = Breaks(end=-99.0)
    with running(toy) as scheduler:
        with pytest.raises(FloatingPointError):
            collect(scheduler.submit(Completion([1], FREE)))
        assert collect(scheduler.submit(Completion([1], FREE))) == [expected(toy, Completion([1], FREE))]


def test_many_threads_may_ask() -> None:
    toy, asked = Toy(), questions(24)
    found: dict[int, list[Text]] = {}
    with running(toy, slots=6) as scheduler:

        def ask(number: int) -> None:
            found[number] = collect(scheduler.submit(asked[number]))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [found[number] for number in range(24)] == [[expected(toy, question)] for question in asked]

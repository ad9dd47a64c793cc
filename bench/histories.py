"""Writing histories whose every character's origin is known: 145 logged ones, and others like them made from books."""

import datetime as dt
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Origin = Literal["brief", "machine", "human"]
Labels = list[Origin]
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MADE = 60
REVISIONS = 16
PHRASE = 5  # words that make a phrase: so many that were the machine's are not typed alike by chance


@dataclass(frozen=True)
class Step:
    """One revision, with the true origin of every character."""

    kind: Origin
    text: str
    truth: Labels
    span: tuple[int, int] | None = None  # a machine's: which characters it replaced, where that is recorded


@dataclass
class History:
    """What the desk would have kept of a text."""

    name: str
    steps: list[Step]
    drafts: list[tuple[int, str, bool]] = field(default_factory=list)  # (before which step, words, were they accepted)


def logged(path: Path) -> list[History]:
    """Keystroke logs of CoAuthor; each begins with the brief as the text, and goes on from there."""
    histories = []
    with path.open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            steps = [
                Step(one["kind"], one["text"], [origin for length, origin in one["spans"] for _ in range(length)])
                for one in line["revisions"]
            ]
            histories.append(History(line["session"], steps))
    return histories


def as_the_desk_counts(history: History) -> History:
    """The same with the desk's rule: words that moved, came back or were typed again alike are still whose they were.

    A keystroke log calls them the person's who cut and pasted them. Here a phrase is given back to the machine where a
    place of it turned into a person's that was the machine's before and is no more. It uses none of Copydesk's code.
    """
    steps: list[Step] = []
    for step in history.steps:
        truth = list(step.truth)
        if steps:  # a machine's step has the moved words too
            for start, end in _phrases(step, steps):
                truth[start:end] = _label_before(step.text[start:end], steps)
        steps.append(Step(step.kind, step.text, truth))
    return History(history.name, steps)


def _phrases(step: Step, earlier: Sequence[Step]) -> Iterator[tuple[int, int]]:
    """Places of the longest phrases, called a person's, that have to be given back."""
    words = [(found.start(), found.end()) for found in re.finditer(r"\w+", step.text)]
    index = 0
    while index + PHRASE <= len(words):
        start, stop = words[index][0], index + PHRASE
        if not _turned(step, earlier, start, words[stop - 1][1]):
            index += 1
            continue
        while stop < len(words) and _turned(step, earlier, start, words[stop][1]):
            stop += 1
        yield start, words[stop - 1][1]
        index = stop


def _turned(step: Step, earlier: Sequence[Step], start: int, end: int) -> bool:
    if "machine" in step.truth[start:end] or "brief" in step.truth[start:end]:
        return False
    phrase = step.text[start:end]
    before = earlier[-1]
    if phrase not in before.text:
        return any(_count(one, phrase, theirs=False) for one in earlier)
    more = _count(step, phrase, theirs=True) - _count(before, phrase, theirs=True)
    return more > 0 and _count(before, phrase, theirs=False) > _count(step, phrase, theirs=False)


def _count(step: Step, phrase: str, *, theirs: bool) -> int:
    """At how many places the phrase is wholly a person's, or in no letter."""
    return sum(_is(step, at, phrase, theirs) for at in _places(step.text, phrase))


def _is(step: Step, at: int, phrase: str, theirs: bool) -> bool:
    labels = {step.truth[place] == "human" for place in range(at, at + len(phrase)) if phrase[place - at].isalnum()}
    return labels == {theirs}


def _places(text: str, phrase: str) -> Iterator[int]:
    at = text.find(phrase)
    while at >= 0:
        yield at
        at = text.find(phrase, at + 1)


def _label_before(phrase: str, earlier: Sequence[Step]) -> Labels:
    for step in reversed(earlier):
        for at in _places(step.text, phrase):
            if _is(step, at, phrase, theirs=False):
                return step.truth[at : at + len(phrase)]
    raise LookupError(phrase)


def made(corpus: Path, count: int = MADE, seed: int = 1) -> list[History]:
    """Histories of edits drawn by chance; people's words and the machine's come from different books."""
    books = sorted(corpus.glob("*.txt"))
    chance = random.Random(seed)  # noqa: S311
    return [_Maker(chance, chance.sample(books, 2)).history(f"made {number}") for number in range(count)]


class _Maker:
    """Writes a text by chance and remembers who wrote each character."""

    def __init__(self, chance: random.Random, books: Sequence[Path]) -> None:
        self.chance = chance
        self.theirs, self.machines = (self._words(book) for book in books)
        self.text = ""
        self.truth: Labels = []
        self.cut: list[tuple[str, Labels]] = []
        self.drafts: list[tuple[int, str, bool]] = []

    def history(self, name: str) -> History:
        self._put(0, self._some(self.machines, 250), "machine")
        steps = [self._step("machine", (0, 0))]
        while len(steps) < REVISIONS:
            if self.chance.random() < 0.2:
                steps.append(self._redraft())
                continue
            for _ in range(self.chance.randint(1, 4)):
                self._act(len(steps))
            steps.append(self._step("human"))
        return History(name, steps, self.drafts)

    def _act(self, step: int) -> None:
        acts: list[Callable[[], None]] = [self._type, self._type, self._drop, self._reword, self._inflect, self._move]
        acts += [self._bring_back, lambda: self._accept(step), lambda: self._paste(step)]
        self.chance.choice(acts)()

    def _type(self) -> None:
        self._put(self._gap(), self._some(self.theirs, self.chance.randint(1, 30)) + " ", "human")

    def _drop(self) -> None:
        self.cut.append(self._take(*self._run(self.chance.randint(1, 25))))

    def _reword(self) -> None:
        start, end = self._run(self.chance.randint(1, 6))
        self._take(start, end)
        self._put(start, self._some(self.theirs, self.chance.randint(1, 6)) + " ", "human")

    def _inflect(self) -> None:
        words = list(re.finditer(r"[a-z]{4,}", self.text))
        word = self.chance.choice(words)
        if self.chance.random() < 0.5:
            self._put(word.end(), self.chance.choice(["s", "ed", "ing", "ly"]), "human")
        else:
            letter = word.group()[0].upper()
            self._take(word.start(), word.start() + 1)
            self._put(word.start(), letter, "human")

    def _move(self) -> None:
        words, labels = self._take(*self._run(self.chance.randint(6, 30)))
        self._put(self._gap(), words, labels)

    def _bring_back(self) -> None:
        long = [place for place, (words, _) in enumerate(self.cut) if len(words.split()) > PHRASE]
        if long:
            self._put(self._gap(), *self.cut.pop(self.chance.choice(long)))

    def _accept(self, step: int) -> None:
        words = self._some(self.machines, self.chance.randint(1, 15))
        self.drafts.append((step, words, True))
        at = self._gap()
        self._put(at, words, "machine")
        self._put(at + len(words), " ", "human")

    def _paste(self, step: int) -> None:
        words = self._some(self.machines, 60)
        self.drafts.append((step, words, False))
        start = self.chance.randint(0, 20)
        part = " ".join(words.split(" ")[start : start + self.chance.randint(8, 30)])
        at = self._gap()
        self._put(at, part, "machine")
        self._put(at + len(part), " ", "human")

    def _redraft(self) -> Step:
        start, end = self._run(self.chance.randint(5, 40))
        self._take(start, end)
        self._put(start, self._some(self.machines, self.chance.randint(5, 50)) + " ", "machine")
        return self._step("machine", (start, end))

    def _step(self, kind: Origin, span: tuple[int, int] | None = None) -> Step:
        return Step(kind, self.text, list(self.truth), span)

    def _put(self, at: int, words: str, labels: Origin | Labels) -> None:
        self.text = self.text[:at] + words + self.text[at:]
        self.truth[at:at] = [labels] * len(words) if isinstance(labels, str) else labels

    def _take(self, start: int, end: int) -> tuple[str, Labels]:
        taken = self.text[start:end], self.truth[start:end]
        self.text = self.text[:start] + self.text[end:]
        del self.truth[start:end]
        return taken

    def _gap(self) -> int:
        """Where a word begins."""
        return self.chance.choice([0, *(found.end() for found in re.finditer(r"\s+", self.text))])

    def _run(self, words: int) -> tuple[int, int]:
        starts = [0, *(found.end() for found in re.finditer(r"\s+", self.text)), len(self.text)]
        first = self.chance.randrange(max(len(starts) - words, 1))
        return starts[first], starts[min(first + words, len(starts) - 1)]

    def _words(self, book: Path) -> list[str]:
        return book.read_text(encoding="utf-8").split(" ")[2_000:]

    def _some(self, words: Sequence[str], count: int) -> str:
        start = self.chance.randrange(len(words) - count)
        return " ".join(words[start : start + count])

"""Runs of words that one text has from others, wherever they stand in them."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Container, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Generic, TypeVar

from copydesk.documents.textdiff.words import is_inside_word, is_word, offsets, tokens
from copydesk.documents.textdiff.work import Work

SEED = 5  # tokens that a run has at least, with spaces and punctuation: about three words
MOST_PLACES = 16  # at which one beginning of a run is tried; "and so on and so on" would be slow
FEWEST_WORDS = 4  # of a run that moved
MOST_TRIED = 400_000  # places at which runs of one comparison are looked for
AROUND = 60  # characters on either side of a new piece that are learned with it

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True)
class Run(Generic[Name]):
    """Characters `start` to `start + size` of the text looked at are those from `at` on in the text called `source`."""

    start: int
    size: int
    source: Name
    at: int


class Library(Generic[Name]):
    """Texts by name, in which runs of others are looked for."""

    def __init__(self) -> None:
        self.texts: dict[Name, str] = {}
        self._places: dict[str, list[tuple[Name, int]]] = {}

    def learn(
        self, name: Name, text: str, start: int = 0, end: int | None = None, only: Container[str] | None = None
    ) -> None:
        """Add a text, or one more piece of it: runs that touch characters `start` to `end` will be found.

        Args:
            only: how the runs begin that will be looked for, where that is known: the rest needs no place.
        """
        self.texts[name] = text
        first, last = _whole_words(text, start - AROUND, (len(text) if end is None else end) + AROUND)
        for at, seed in _seeds(text[first:last]):
            if only is not None and seed not in only:
                continue
            places = self._places.setdefault(seed, [])
            places.append((name, at + first))
            if len(places) > MOST_PLACES:
                del places[0]

    def runs(self, text: str, fewest_words: int = FEWEST_WORDS, work: Work | None = None) -> Iterator[Run[Name]]:
        """Runs of `text`, from left to right, each as long as it can be; of equally long ones what was learned last.

        Args:
            work: places that may still be tried; none is looked for after that.
        """
        looked = tokens(text)
        starts = offsets(looked)
        words = list(accumulate(map(is_word, looked), initial=0))
        index = 0
        while index <= len(looked) - SEED:
            # Whatever has fewer words in common is no run: most beginnings end here.
            enough = bisect_left(words, words[index] + fewest_words)
            if enough == len(words):
                return
            start = starts[index]
            least = text[start : starts[enough]]
            best: tuple[int, tuple[Name, int]] | None = None
            tried = self._places.get(text[start : starts[index + SEED]], ())
            if work is not None and not work.take(len(tried)):
                return
            for name, at in tried:
                if not self.texts[name].startswith(least, at):
                    continue
                size = self._common(text, start, starts, self.texts[name], at)
                if best is None or size >= best[0]:
                    best = (size, (name, at))
            stop = bisect_right(starts, start + best[0]) - 1 if best else index
            if best and words[stop] - words[index] >= fewest_words:
                yield Run(start, best[0], *best[1])
                index = stop
            else:
                index += 1

    @staticmethod
    def _common(text: str, start: int, starts: Sequence[int], other: str, at: int) -> int:
        """How many characters are the same, in whole words of both."""
        size = _same_length(text, start, other, at)
        stop = bisect_right(starts, start + size) - 1
        while is_inside_word(other, at + starts[stop] - start):
            stop -= 1
        return starts[stop] - start


def moved(
    before: str, gone: Iterable[tuple[int, int]], after: str, come: Iterable[tuple[int, int]]
) -> list[tuple[int, int, int]]:
    """(i, j, size) of runs that were taken out of `before` and stand elsewhere in `after`; each is used once."""
    library, work = Library[int](), Work(MOST_TRIED)
    whole: dict[str, int] = {}
    come = list(come)
    looked_for = {seed for start, end in come for _, seed in _seeds(after[start:end])}
    for start, end in gone:
        library.learn(start, before[start:end], only=looked_for)
        _name(whole, before, start, end)
    found: list[tuple[int, int, int]] = []
    left, come_to = _Taken(), _Taken()
    for start, end in come:
        runs = [(run.source + run.at, start + run.start, run.size) for run in library.runs(after[start:end], work=work)]
        runs += _moved_whole(whole, after, start, end)
        for i, j, size in sorted(runs, key=lambda run: -run[2]):
            if left.is_free(i, size) and come_to.is_free(j, size):
                left.take(i, size)
                come_to.take(j, size)
                found.append((i, j, size))
    return sorted(found)


class _Taken:
    """Places that don't overlap."""

    def __init__(self) -> None:
        self.places: list[tuple[int, int]] = []

    def is_free(self, start: int, size: int) -> bool:
        index = bisect_right(self.places, (start, size))
        before, after = self.places[index - 1 : index], self.places[index : index + 1]
        return all(one + length <= start for one, length in before) and all(start + size <= one for one, _ in after)

    def take(self, start: int, size: int) -> None:
        insort(self.places, (start, size))


def _name(whole: dict[str, int], text: str, start: int, end: int) -> None:
    piece = text[start:end].strip()
    if _is_telling(piece):
        whole.setdefault(piece, text.index(piece, start))


def _moved_whole(whole: dict[str, int], after: str, start: int, end: int) -> list[tuple[int, int, int]]:
    """A short line, or a word, is only known again when nothing else came or went with it."""
    piece = after[start:end].strip()
    return [(whole[piece], after.index(piece, start), len(piece))] if piece in whole else []


def _is_telling(piece: str) -> bool:
    return sum(char.isalnum() for char in piece) >= 6


def _seeds(text: str) -> Iterator[tuple[int, str]]:
    """Those without a word are none: a line of dashes is like any other."""
    cut = tokens(text)
    starts = offsets(cut)
    words = list(accumulate(map(is_word, cut), initial=0))
    for index in range(len(cut) - SEED + 1):
        if words[index + SEED] > words[index]:
            yield starts[index], text[starts[index] : starts[index + SEED]]


def _same_length(text: str, start: int, other: str, at: int) -> int:
    """How many characters are the same from there on."""
    size, step = 0, 32
    while step:
        if text[start + size : start + size + step] == other[at + size : at + size + step] != "":
            if start + size + step > len(text) or at + size + step > len(other):
                return min(len(text) - start, len(other) - at)
            size += step
            step *= 2
        else:
            step //= 2
    return size


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The same place, wider where it would begin or end inside a word."""
    start, end = max(start, 0), min(end, len(text))
    while is_inside_word(text, start):
        start -= 1
    while is_inside_word(text, end):
        end += 1
    return start, end

"""Where new words came from: from elsewhere in the text, from an earlier one, from the machine, from the brief."""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from copydesk.documents.authorship.spans import Origin, Source, Span, cut
from copydesk.documents.models import Kind, Revision
from copydesk.documents.textdiff.runs import Library, Run, moved
from copydesk.documents.textdiff.words import is_inside_word, is_word, offsets, tokens

FEWEST_WORDS = 5  # of a run that was taken from somewhere; shorter ones are typed by chance
MANY_WORDS = 20  # nobody types so many words alike
ISLAND = 24  # characters of words that were taken whole, which stood there before
_ORIGINS: dict[Kind, Origin] = {Kind.MACHINE: "machine", Kind.HUMAN: "human", Kind.TOOL: "tool"}


@dataclass(frozen=True)
class Place:
    """Characters `start` to `end` of the text `body`."""

    body: str
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.body[self.start : self.end]

    def span(self, revision: Revision) -> Span:
        """It belongs to whose revision it is."""
        return Span(self.start, self.end, _ORIGINS[revision.kind], revision.author_id, revision.number)


@dataclass(frozen=True)
class Before:
    """The text before a revision: with its spans; what stayed of it, in order, where that is now; when it was saved."""

    text: str
    spans: Sequence[Span]
    kept: Sequence[Span]
    saved_at: dt.datetime | None


@dataclass(frozen=True)
class New:
    """What a revision has that the text before it had not, in order; `where`: all that could have been changed.

    `islands`: what stayed inside `places`, and whose it is unless more is found around it; `gone`: where words were
    taken out of the text before.
    """

    where: Place
    places: Sequence[Place]
    islands: Sequence[Span]
    gone: Sequence[tuple[int, int]]


class Search:
    """Everything that stood in the document so far, and what could have been taken into it."""

    def __init__(self, sources: Iterable[Source]) -> None:
        waiting = sorted(sources, key=lambda source: source.written_at)
        self._given = [source for source in waiting if source.origin == "brief"]
        self._waiting = [source for source in waiting if source.origin == "machine" and not source.certain]
        self._certain = [source for source in waiting if source.origin == "machine" and source.certain]
        self._drafts = Library[Source]()
        self._briefs = Library[int]()
        self._earlier = Library[int]()
        self._spans: dict[int, list[Span]] = {}

    def learn_brief(self, revision: Revision) -> None:
        self._briefs.learn(revision.number, revision.body)

    def learn(self, revision: Revision, spans: list[Span]) -> None:
        """Keep what this revision brought; the rest is known from those before it."""
        self._spans[revision.number] = spans
        for start, end in _touching(span for span in spans if span.revision == revision.number):
            self._earlier.learn(revision.number, revision.body, start, end)

    def in_machine_words(self, revision: Revision, place: Place) -> list[Span]:
        """They are the machine's to the letter, but for first words that it was given to go on from."""
        own = [replace(place.span(revision), autodoc_id=revision.autodoc_id, at=0)]
        given = [source.text for source in self._given if source.autodoc_id == revision.autodoc_id]
        stop = next((place.start + len(words) for words in given if place.text.startswith(words)), place.start)
        of_brief = [replace(part, origin="brief") for part in cut(own, place.start, stop, place.start)]
        return of_brief + cut(own, stop, place.end, stop)

    def in_text(self, revision: Revision, before: Before, new: New) -> list[Span]:
        """Spans that tile a person's text: what stayed of the one before, and what is new."""
        self._learn_sources(revision.created_at)
        taken = self._taken_whole(revision, before, new)
        kept = [part for place in _without([new.where], taken) for part in _parts(before.kept, place)]
        return [*taken, *kept, *self._in_new_words(revision, before, new, taken)]

    def _in_new_words(self, revision: Revision, before: Before, new: New, whole: Sequence[Span]) -> list[Span]:
        """The rest of what is new, without what was taken as a `whole`."""
        taken = {span.autodoc_id for span in whole}
        found: list[Span] = []
        rest = _without([place for place in new.places if place.start < place.end], whole)
        looks: list[Callable[[list[Place]], list[Span]]] = [
            lambda places: _moved(before, new.gone, places),
            lambda places: self._restored(before, places),
            lambda places: self._accepted(revision, before, places, taken),
            lambda places: self._drafted(revision, before, places),
            lambda places: self._briefed(revision, places),
        ]
        for look in looks:
            new_spans = look(rest)
            found += new_spans
            rest = _without(rest, new_spans)
        stayed = [part for place in rest for part in _parts(new.islands, place)]
        return [*found, *stayed, *(place.span(revision) for place in _without(rest, stayed))]

    def _learn_sources(self, until: dt.datetime) -> None:
        while self._waiting and self._waiting[0].written_at <= until:
            source = self._waiting.pop(0)
            self._drafts.learn(source, source.text)

    def _restored(self, before: Before, places: Sequence[Place]) -> list[Span]:
        """What stood in an earlier text is still whose it was."""
        found: list[Span] = []
        for place in places:
            for run in self._earlier.runs(place.text, FEWEST_WORDS):
                if _was_repeated(before.text, place, run) and not _is_quoted(self._earlier, run):
                    continue
                found += cut(self._spans[run.source], run.at, run.at + run.size, place.start + run.start)
        return found

    def _taken_whole(self, revision: Revision, before: Before, new: New) -> list[Span]:
        """What was accepted since the text was last saved and stands there as one, though some of it stood before.

        Where "dawn" was deleted and "down" accepted, all four letters came with it: none of them stayed.
        """
        found: list[Span] = []
        stayed = [Place(new.where.body, start, end) for start, end in _touching(before.kept)]
        for source in self._since(revision, before):
            start, size = _as_one(source, new.where, new.places, found)
            parts = _inside(new.places, start, start + size)
            parts += [one for one in _inside(stayed, start, start + size) if one.end - one.start <= ISLAND]
            found += [_of_source(revision, source, one.start, one.start - start, one.end - one.start) for one in parts]
        return sorted(found, key=lambda span: span.start)

    def _accepted(
        self, revision: Revision, before: Before, places: Sequence[Place], taken: set[int | None]
    ) -> list[Span]:
        """What was accepted since the text was last saved, each once; and what goes on from there."""
        longest = {source.autodoc_id: source for source in self._longest(revision)}
        kept = {span.end: span for span in before.kept}
        going_on = (_going_on(longest, place, kept.get(place.start)) for place in places)
        found = [_of_source(revision, *one) for one in going_on if one]
        rest = _without(places, found)
        for source in self._since(revision, before):
            if source.autodoc_id not in taken:
                start, size = max((_beginning(source.text, place) for place in rest), key=_size, default=(0, 0))
                found += [_of_source(revision, source, start, 0, size)] if size else []
                rest = _without(rest, found[-1:]) if size else rest
        return found

    def _longest(self, revision: Revision) -> list[Source]:
        """What was accepted of each of the machine's texts: as much as was known when this revision was saved."""
        known = [source for source in self._certain if source.written_at <= revision.created_at]
        return [*{one.autodoc_id: one for one in sorted(known, key=lambda one: len(one.text))}.values()]

    def _since(self, revision: Revision, before: Before) -> list[Source]:
        """Those of them that were accepted after the text before was saved."""
        saved_at = before.saved_at
        return [one for one in self._longest(revision) if saved_at is None or saved_at < one.written_at]

    def _drafted(self, revision: Revision, before: Before, places: Sequence[Place]) -> list[Span]:
        return [
            _of_source(revision, run.source, place.start + run.start, run.at, run.size)
            for place in places
            for run in self._drafts.runs(place.text, FEWEST_WORDS)
            if not _was_repeated(before.text, place, run) or _is_quoted(self._drafts, run)
        ]

    def _briefed(self, revision: Revision, places: Sequence[Place]) -> list[Span]:
        return [
            Span(start, start + run.size, "brief", revision.author_id, revision.number, None, run.at)
            for place in places
            for run in self._briefs.runs(place.text)
            if _is_quoted(self._briefs, run)
            for start in [place.start + run.start]
        ]


def _moved(before: Before, gone: Sequence[tuple[int, int]], places: Sequence[Place]) -> list[Span]:
    if not places:
        return []
    runs = moved(before.text, gone, places[0].body, [(place.start, place.end) for place in places])
    return [span for i, j, size in runs for span in cut(before.spans, i, i + size, j)]


def _was_repeated(before: str, place: Place, run: Run[Any]) -> bool:
    """Do these words still stand where they stood, so that they are there once more now?"""
    words = place.text[run.start : run.start + run.size].strip()
    return 0 < before.count(words) < place.body.count(words)


def _is_quoted(library: Library[Any], run: Run[Any]) -> bool:
    """Is it a whole sentence, or many words? People take up phrases that they have before them without copying."""
    text = library.texts[run.source]
    words = text[run.at : run.at + run.size]
    first, last = run.at + len(words) - len(words.lstrip()), run.at + len(words.rstrip())
    return _words(words) >= MANY_WORDS or (_starts_sentence(text, first) and _ends_sentence(text, last))


def _starts_sentence(text: str, at: int) -> bool:
    left = text[:at].rstrip(" \"'“‘(")
    return not left or left[-1] in ".!?…:\n"


def _ends_sentence(text: str, at: int) -> bool:
    return text[at - 1] in ".!?…:\"'”’)" or not text[at:].lstrip(" ") or text[at:].lstrip(" ")[0] in ".!?…\n"


def _words(text: str) -> int:
    return sum(map(is_word, tokens(text)))


def _beginning(accepted: str, place: Place) -> tuple[int, int]:
    """(start, size) of the accepted words in `place`, as many from the first as are there: a word at least, or 0."""
    text = place.text
    ends = [end for end in offsets(tokens(accepted)) if _words(accepted[:end])]
    low, high = 0, len(ends)  # what is not there is not there with more words behind it
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if accepted[: ends[middle - 1]] in text else (low, middle - 1)
    words = accepted[: ends[low - 1]] if low else ""
    at = text.find(words)
    while words and at >= 0:
        if not is_inside_word(text, at) and not is_inside_word(text, at + len(words)):
            return place.start + at, len(words)
        at = text.find(words, at + 1)
    return place.start, 0


def _as_one(source: Source, where: Place, places: Sequence[Place], taken: Sequence[Span]) -> tuple[int, int]:
    """(start, size) of all of the accepted words, or of many from the first, where some of them are new; or size 0.

    The longest there is, and the nearest to where it was asked for. It may reach over what is no part of `places`, but
    over nothing that is `taken`.
    """
    accepted, asked_at = source.text, source.asked_at or 0
    ends = [end for end in offsets(tokens(accepted)) if _words(accepted[:end])]
    least = max((end for end in ends if _words(accepted[:end]) <= FEWEST_WORDS), default=0)
    best = (where.start, 0)
    at = where.body.find(accepted[:least], where.start, where.end) if least else -1
    while at >= 0:
        fits = [end for end in ends if end >= least and where.body.startswith(accepted[:end], at, where.end)]
        size = max((end for end in fits if not is_inside_word(where.body, at + end)), default=0)
        is_free = not any(span.start < at + size and at < span.end for span in taken)
        is_better = (size, -abs(at - asked_at)) > (best[1], -abs(best[0] - asked_at))
        if size and is_better and is_free and not is_inside_word(where.body, at) and _inside(places, at, at + size):
            best = (at, size)
        at = where.body.find(accepted[:least], at + 1, where.end)
    return best


def _inside(places: Iterable[Place], start: int, end: int) -> list[Place]:
    """The parts of `places` between `start` and `end`."""
    parts = (replace(one, start=max(one.start, start), end=min(one.end, end)) for one in places)
    return [one for one in parts if one.start < one.end]


def _size(part: tuple[int, int]) -> int:
    return part[1]


def _going_on(
    accepted: Mapping[int | None, Source], place: Place, left: Span | None
) -> tuple[Source, int, int, int] | None:
    """(source, start, at, size): more words of what was accepted in part before, right behind them."""
    source = accepted.get(left.autodoc_id) if left and left.autodoc_id else None
    if left is None or left.at is None or source is None:
        return None
    at, size = left.at + left.end - left.start, 0
    for end in offsets(tokens(source.text[at:])):
        if not place.text.startswith(source.text[at : at + end]):
            break
        size = end
    return (source, place.start, at, size) if _words(source.text[at : at + size]) else None


def _of_source(revision: Revision, source: Source, start: int, at: int, size: int) -> Span:
    """The machine's words, which this revision brought."""
    return Span(start, start + size, source.origin, None, revision.number, source.autodoc_id, at)


def _parts(islands: Sequence[Span], place: Place) -> list[Span]:
    """Of spans that leave something out, what is in `place`."""
    first = max(bisect_right(islands, place.start, key=lambda span: span.start) - 1, 0)
    last = bisect_left(islands, place.end, key=lambda span: span.start)
    inside = [span for span in islands[first:last] if span.end > place.start]
    return [
        part
        for span in inside
        for part in cut([span], max(span.start, place.start), min(span.end, place.end), max(span.start, place.start))
    ]


def _without(places: Sequence[Place], found: Sequence[Span]) -> list[Place]:
    """What is left of places, which are in order, without `found`, of which none lies across the edge of a place."""
    rest: list[Place] = []
    spans = sorted(found, key=lambda span: span.start)
    index = 0
    for place in places:
        start = place.start
        while index < len(spans) and spans[index].start < place.end:
            rest.append(replace(place, start=start, end=spans[index].start))
            start = max(start, spans[index].end)
            index += 1
        rest.append(replace(place, start=start))
    return [place for place in rest if place.start < place.end]


def _touching(spans: Iterable[Span]) -> list[tuple[int, int]]:
    """Places of spans in order; neighbours as one."""
    places: list[tuple[int, int]] = []
    for span in spans:
        if places and places[-1][1] == span.start:
            places[-1] = (places[-1][0], span.end)
        else:
            places.append((span.start, span.end))
    return places

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
    """The text before a revision: with its spans; what stayed of it, where that is now; when it was saved."""

    text: str
    spans: Sequence[Span]
    kept: Sequence[Span]
    saved_at: dt.datetime | None


@dataclass(frozen=True)
class New:
    """What a revision has that the text before it had not, in order.

    `islands`: what stayed inside `places`, and whose it is unless more is found around it; `gone`: where words were
    taken out of the text before.
    """

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

    def in_new_words(self, revision: Revision, before: Before, new: New) -> list[Span]:
        """Spans that tile the new words of a person's revision."""
        self._learn_sources(revision.created_at)
        found: list[Span] = []
        rest = [place for place in new.places if place.start < place.end]
        looks: list[Callable[[list[Place]], list[Span]]] = [
            lambda places: _moved(before, new.gone, places),
            lambda places: self._restored(before, places),
            lambda places: self._accepted(revision, before, places),
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

    def _accepted(self, revision: Revision, before: Before, places: Sequence[Place]) -> list[Span]:
        """What was taken into the text since it was last saved, each once; and what goes on from there."""
        known = [source for source in self._certain if source.written_at <= revision.created_at]
        longest = {source.autodoc_id: source for source in sorted(known, key=lambda source: len(source.text))}
        kept = {span.end: span for span in before.kept}
        going_on = (_going_on(longest, place, kept.get(place.start)) for place in places)
        found = [_of_source(revision, *one) for one in going_on if one]
        rest = _without(places, found)
        for source in longest.values():
            if before.saved_at is None or before.saved_at < source.written_at:
                start, size = max((_beginning(source.text, place) for place in rest), key=_size, default=(0, 0))
                found += [_of_source(revision, source, start, 0, size)] if size else []
                rest = _without(rest, found[-1:]) if size else rest
        return found

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
    """What is left of places, which are in order, where `found` was found inside them."""
    rest: list[Place] = []
    spans = sorted(found, key=lambda span: span.start)
    index = 0
    for place in places:
        start = place.start
        while index < len(spans) and spans[index].start < place.end:
            rest.append(replace(place, start=start, end=spans[index].start))
            start = spans[index].end
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

"""Pieces of a text with where they came from, and how they are cut, moved and joined."""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Origin = Literal["brief", "machine", "human", "tool"]


@dataclass(frozen=True)
class Span:
    """Characters `start` to `end` (exclusive) of the text came from `origin`, first in `revision`.

    `at` is the place of the first of them in what the machine wrote (`autodoc_id`), or in the brief.
    """

    start: int
    end: int
    origin: Origin
    author_id: int | None
    revision: int
    autodoc_id: int | None = None
    at: int | None = None


@dataclass(frozen=True)
class Source:
    """Words that a person could have taken over: a machine draft or a candidate (`machine`).

    `certain`: a person was seen taking these, from the first on, into a text that was not saved yet; they were written
    for its character `asked_at`, which may have moved until it was saved.
    `brief`: first words that people gave the draft `autodoc_id` to go on from. The brief itself is among the revisions.
    """

    origin: Literal["machine", "brief"]
    text: str
    autodoc_id: int | None
    written_at: dt.datetime
    certain: bool = False
    asked_at: int | None = None


def cut(spans: Sequence[Span], start: int, end: int, to: int) -> list[Span]:
    """The part of `spans` between `start` and `end`, moved to begin at `to`."""
    shift = to - start
    return [_part(span, max(span.start, start), min(span.end, end), shift) for span in spans_in(spans, start, end)]


def spans_in(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """Those that have a character between `start` and `end`; `spans` are in order and leave nothing out."""
    first = max(bisect_right(spans, start, key=lambda span: span.start) - 1, 0)
    last = bisect_left(spans, end, key=lambda span: span.start)
    return [span for span in spans[first:last] if span.end > start]


def joined(pieces: Iterable[Span]) -> list[Span]:
    """In order, none empty; neighbours that go on from each other in the same source are one."""
    result: list[Span] = []
    for piece in sorted(pieces, key=lambda piece: piece.start):
        if piece.start == piece.end:
            continue
        if result and _goes_on(result[-1], piece):
            result[-1] = replace(result[-1], end=piece.end)
        else:
            result.append(piece)
    return result


def _part(span: Span, start: int, end: int, shift: int) -> Span:
    at = None if span.at is None else span.at + start - span.start
    return replace(span, start=start + shift, end=end + shift, at=at)


def _goes_on(last: Span, piece: Span) -> bool:
    at = None if last.at is None else last.at + last.end - last.start
    return (last.end, last.origin, last.author_id, last.revision, last.autodoc_id, at) == (
        piece.start,
        piece.origin,
        piece.author_id,
        piece.revision,
        piece.autodoc_id,
        piece.at,
    )

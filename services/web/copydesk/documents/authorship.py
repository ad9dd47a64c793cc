"""Who wrote which character of the current text, computed from the revisions alone; the browser is never asked.

Walks the text from revision to revision with a word difference: what stays keeps its author, what is new belongs to
the author of the revision that brought it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from copydesk.documents.difference import changes
from copydesk.documents.models import Kind, Revision

Origin = Literal["brief", "machine", "human"]


@dataclass(frozen=True)
class Span:
    """Characters `start` to `end` (exclusive) of the text came from `origin`, first seen in `revision`."""

    start: int
    end: int
    origin: Origin
    author_id: int | None
    revision: int


def spans(revisions: Sequence[Revision]) -> list[Span]:
    """Spans that tile the newest text exactly, in order, none empty; neighbours differ.

    Args:
        revisions: every revision of one document, oldest first; briefs are passed over.
    """
    text, current = "", list[Span]()
    for revision in revisions:
        if revision.kind is Kind.BRIEF:
            continue
        current = _carry(text, current, revision)
        text = revision.body
    return current


def _carry(before: str, old: list[Span], revision: Revision) -> list[Span]:
    if revision.span_start is not None and revision.span_end is not None:
        return _replace(before, old, revision, revision.span_start, revision.span_end)
    if revision.kind is Kind.MACHINE:
        return _merge([Span(0, len(revision.body), "machine", None, revision.number)])
    new: list[Span] = []
    for change in changes(before, revision.body):
        if change.op == "same":
            new += _cut(old, change.i1, change.i2, change.j1)
        elif change.j2 > change.j1:
            new.append(Span(change.j1, change.j2, "human", revision.author_id, revision.number))
    return _merge(new)


def _replace(before: str, old: list[Span], revision: Revision, start: int, end: int) -> list[Span]:
    """A passage became the machine's, to the letter; the rest keeps its authors."""
    rest = len(before) - end
    stop = len(revision.body) - rest
    new = Span(start, stop, "machine", None, revision.number)
    return _merge([*_cut(old, 0, start, 0), new, *_cut(old, end, len(before), stop)])


def _cut(old: Sequence[Span], start: int, end: int, to: int) -> list[Span]:
    """The part of `old` between `start` and `end`, moved to begin at `to`."""
    shift = to - start
    return [
        replace(span, start=max(span.start, start) + shift, end=min(span.end, end) + shift)
        for span in old
        if span.start < end and span.end > start
    ]


def _merge(pieces: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for piece in pieces:
        if piece.start == piece.end:
            continue
        last = merged[-1] if merged else None
        if last and (last.origin, last.author_id, last.revision) == (
            piece.origin,
            piece.author_id,
            piece.revision,
        ):
            merged[-1] = replace(last, end=piece.end)
        else:
            merged.append(piece)
    return merged

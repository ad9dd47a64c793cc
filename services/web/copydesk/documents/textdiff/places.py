"""Places in a text that survive what is written around them: where characters of an older version stand in a newer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from copydesk.documents.models import Kind, Revision
from copydesk.documents.textdiff.difference import changes


@dataclass(frozen=True)
class Place:
    """Characters `start` to `end` (exclusive) of the text revision `base`; none: between two characters."""

    base: int
    start: int
    end: int


@dataclass(frozen=True)
class Change:
    """Characters `start` to `end` of the text before gave way to characters up to `stop` of the text after."""

    start: int
    end: int
    stop: int


def forward(texts: Sequence[Revision], places: Sequence[Place]) -> list[Place | None]:
    """Where each place stands in the newest text; none where its words are gone or were changed inside.

    Args:
        texts: the document's revisions, oldest first, from the oldest base on; briefs are passed over.
    """
    now: list[Place | None] = list(places)
    line = [one for one in texts if one.kind is not Kind.BRIEF]
    for before, after in pairwise(line):
        if any(place is not None and place.base == before.number for place in now):
            step = changed(before, after)
            now = [_move(place, step, after.number) if place and place.base < after.number else place for place in now]
    return now


def beside(place: Place | None, changed: Place, length: int, number: int) -> Place | None:
    """Where a place stands in revision `number`, in which `length` characters stand at `changed` and nothing else is
    new."""
    change = Change(changed.start, changed.end, changed.start + length)
    return _move(place, [change], number) if place else None


def changed(before: Revision, after: Revision) -> list[Change]:
    """What changed, in order: by the revision's own word where it says its place, else by the words that differ."""
    if after.span_start is not None:
        end = after.span_end or 0
        return [Change(after.span_start, end, len(after.body) - (len(before.body) - end))]
    head, tail = _common(before.body, after.body)
    old, new = before.body[head : len(before.body) - tail], after.body[head : len(after.body) - tail]
    return [Change(one.i1 + head, one.i2 + head, one.j2 + head) for one in changes(old, new) if one.op != "same"]


def _move(place: Place, step: Sequence[Change], number: int) -> Place | None:
    shift = 0
    for change in step:
        if _touches(change, place):
            return None
        if change.end <= place.start:
            shift = change.stop - change.end
    return Place(number, place.start + shift, place.end + shift)


def _touches(change: Change, place: Place) -> bool:
    """Did it change something inside the place? What borders on it, or was put in at its edges, did not."""
    if change.start == change.end:
        return place.start < change.start < place.end
    if place.start == place.end:
        return change.start < place.start < change.end
    return change.start < place.end and change.end > place.start


def _common(before: str, after: str) -> tuple[int, int]:
    """How many characters both begin with, and how many of the rest both end with."""
    shortest = min(len(before), len(after))
    head = _longest(lambda n: before.startswith(after[:n]), shortest)
    tail = _longest(lambda n: before.endswith(after[len(after) - n :]), shortest - head)
    return head, tail


def _longest(holds: Callable[[int], bool], most: int) -> int:
    """The largest number up to `most` for which it holds, where it holds for every smaller one: comparing long pieces
    is faster than comparing characters one by one."""
    least = 0
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if holds(middle) else (least, middle - 1)
    return least

"""Two texts that grew out of a third become one: what only one side changed is taken, the rest is left to a person.

No word that either side put in is ever dropped: it is in the merged text, or in a conflict that shows it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce
from itertools import pairwise

from copydesk.documents.textdiff import difference

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_WORD = re.compile(r"\w+")


class Choice(StrEnum):
    THEIRS = "theirs"
    MINE = "mine"
    BOTH = "both"  # theirs, then mine


@dataclass(frozen=True)
class Clean:
    """Words that need no choice."""

    text: str


@dataclass(frozen=True)
class Conflict:
    """`base` became `mine` on one side and `theirs` on the other."""

    base: str
    mine: str
    theirs: str

    def chosen(self, choice: Choice) -> str:
        if choice is Choice.BOTH:
            return _joined(self.theirs, self.mine)
        return self.mine if choice is Choice.MINE else self.theirs


Piece = Clean | Conflict


@dataclass(frozen=True)
class Merged:
    """The merged text in pieces."""

    pieces: tuple[Piece, ...]

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        return tuple(piece for piece in self.pieces if isinstance(piece, Conflict))

    def text(self, choices: Sequence[Choice] = (), *, otherwise: Choice = Choice.BOTH) -> str:
        """The whole text with the conflicts' `choices` in order; where there is none, `otherwise`."""
        left = list(choices)
        return "".join(
            piece.text if isinstance(piece, Clean) else piece.chosen(left.pop(0) if left else otherwise)
            for piece in self.pieces
        )


@dataclass(frozen=True)
class _Hunk:
    """Characters `start` to `end` of the base became `text`."""

    start: int
    end: int
    text: str
    mine: bool


@dataclass(frozen=True)
class _Group:
    """Hunks of either side that can't be told apart: they change the same characters `start` to `end` of the base."""

    start: int
    end: int
    hunks: tuple[_Hunk, ...]

    def side(self, base: str, *, mine: bool) -> str:
        """How this stretch reads on one side."""
        parts, at = [], self.start
        for hunk in self.hunks:
            if hunk.mine is mine:
                parts += [base[at : hunk.start], hunk.text]
                at = hunk.end
        return "".join([*parts, base[at : self.end]])

    def with_next(self, other: "_Group") -> "_Group":
        hunks = sorted((*self.hunks, *other.hunks), key=_order)
        return _Group(min(self.start, other.start), max(self.end, other.end), tuple(hunks))


def merge(base: str, mine: str, theirs: str) -> Merged:
    """What both sides made of `base`, word by word. The same change on both sides is one."""
    if theirs in (mine, base):
        return Merged((Clean(mine),) if mine else ())
    if base == mine:
        return Merged((Clean(theirs),) if theirs else ())
    hunks = [*_hunks(base, mine, mine=True), *_hunks(base, theirs, mine=False)]
    pieces: list[Piece] = []
    at = 0
    for group in _groups(base, sorted(hunks, key=_order)):
        pieces += [Clean(base[at : group.start]), *_resolved(base, group).pieces]
        at = group.end
    return Merged(_tidied([*pieces, Clean(base[at:])]))


def merge_titles(base: str, mine: str, theirs: str) -> Merged:
    """Titles are merged like texts, but chosen whole where they conflict: half of each makes no title."""
    merged = merge(base, mine, theirs)
    if merged.conflicts or not merged.text().strip():
        return Merged((Conflict(base, mine, theirs),))
    return merged


def _order(hunk: _Hunk) -> tuple[int, int]:
    return hunk.start, hunk.end


def _hunks(before: str, after: str, *, mine: bool) -> list[_Hunk]:
    """One side's changes, each of whole words; neighbours with little between them are one change."""
    changed = [one for one in difference.changes(before, after) if one.op != "same"]
    joined: list[tuple[int, int, int, int]] = []
    for number, change in enumerate(changed):
        least = changed[number - 1].i2 if number else 0
        most = changed[number + 1].i1 if number + 1 < len(changed) else len(before)
        i1, i2, j1, j2 = _whole_words(before, after, (change.i1, change.i2, change.j1, change.j2), least, most)
        if joined and _one_change(before, joined[-1], (i1, i2, j1, j2)):
            i1, j1 = joined[-1][0], joined[-1][2]
            joined.pop()
        joined.append((i1, i2, j1, j2))
    return [_Hunk(i1, i2, after[j1:j2], mine) for i1, i2, j1, j2 in joined]


def _whole_words(
    before: str, after: str, change: tuple[int, int, int, int], least: int, most: int
) -> tuple[int, int, int, int]:
    """A change inside a word is a change of the word."""
    i1, i2, j1, j2 = change
    while i1 > least and _is_word(before[i1 - 1]) and (_is_word(before[i1 : i1 + 1]) or _is_word(after[j1 : j1 + 1])):
        i1, j1 = i1 - 1, j1 - 1
    while i2 < most and _is_word(before[i2]) and (_is_word(before[i2 - 1 : i2]) or _is_word(after[j2 - 1 : j2])):
        i2, j2 = i2 + 1, j2 + 1
    return i1, i2, j1, j2


def _one_change(before: str, one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Is what stands between two changes of a line less than either? Then it stayed by chance: all was rewritten."""
    between = before[one[1] : other[0]]
    if "\n" in between:
        return False
    sizes = [max(i2 - i1, j2 - j1) for i1, i2, j1, j2 in (one, other)]
    return _WORD.search(between) is None or len(between) <= min(sizes)


def _groups(base: str, hunks: Sequence[_Hunk]) -> list[_Group]:
    """Hunks that overlap belong together; those that only touch do where taking both would spoil a word."""
    groups: list[_Group] = []
    for hunk in hunks:
        new = _Group(hunk.start, hunk.end, (hunk,))
        if groups and _overlap(groups[-1], new):
            groups[-1] = groups[-1].with_next(new)
        else:
            groups.append(new)
    whole: list[_Group] = []
    for run in _touching(groups):
        together = reduce(_Group.with_next, run)
        whole += run if _may_stand_together(base, run, together) else [together]
    return whole


def _overlap(before: _Group, after: _Group) -> bool:
    """Two insertions at one place overlap too: nobody knows which comes first."""
    return after.start < before.end or before.start == before.end == after.start == after.end


def _touching(groups: Sequence[_Group]) -> list[list[_Group]]:
    runs: list[list[_Group]] = []
    for group in groups:
        if runs and runs[-1][-1].end == group.start:
            runs[-1].append(group)
        else:
            runs.append([group])
    return runs


def _may_stand_together(base: str, run: Sequence[_Group], together: _Group) -> bool:
    """Not when they put in the same words, and not when two words would become a new one."""
    if len(run) == 1:
        return True
    resolved = [_resolved(base, group) for group in run]
    if any(one.conflicts for one in resolved):
        return False
    texts = [one.text() for one in resolved]
    if any(_same_words(one.strip(), other.strip()) for one, other in pairwise(texts)):
        return False
    before, after = _words_around(base, together.start, together.end)
    mine, theirs = (_WORD.findall(before + together.side(base, mine=side) + after) for side in (True, False))
    return set(_WORD.findall(before + "".join(texts) + after)) <= {*mine, *theirs}


def _same_words(one: str, other: str) -> bool:
    return bool(one and other) and (other.startswith(one) or one.endswith(other))


def _resolved(base: str, group: _Group) -> Merged:
    mine, theirs = group.side(base, mine=True), group.side(base, mine=False)
    return Merged(tuple(_resolve(base[group.start : group.end], mine, theirs)))


def _words_around(base: str, start: int, end: int) -> tuple[str, str]:
    """The word (or half of it) that stands directly before and after a stretch."""
    before, after = re.search(r"\w*\Z", base[max(0, start - 100) : start]), re.match(r"\w*", base[end : end + 100])
    return before.group() if before else "", after.group() if after else ""


def _resolve(base: str, mine: str, theirs: str) -> list[Piece]:
    """One stretch that both sides may have changed."""
    if theirs in (mine, base):
        return [Clean(mine)]
    if base == mine:
        return [Clean(theirs)]
    head, m, t, tail = _cores(mine, theirs)
    if head or tail:
        # Both begin (or end) with the same new words; where one left the rest as it was, the other's rest counts.
        if _left(base, t, head, tail) and not _left(base, m, head, tail):
            return [Clean(head + m + tail)]
        if _left(base, m, head, tail) and not _left(base, t, head, tail):
            return [Clean(head + t + tail)]
        if (not m or not t) and not set(_WORD.findall(m + t)) & set(_WORD.findall(base)):
            return [Clean(head + m + t + tail)]
    # Whole paragraphs that are the same need no choice; less than that would tear sentences apart.
    start, end = len(head[: head.rfind("\n") + 1].rstrip("\n")), len(tail[max(0, tail.find("\n")) :].lstrip("\n"))
    end = end if "\n" in tail else 0
    same, ends = mine[:start], mine[len(mine) - end :]
    return [Clean(same), Conflict(base, mine[start : len(mine) - end], theirs[start : len(theirs) - end]), Clean(ends)]


def _left(base: str, rest: str, head: str, tail: str) -> bool:
    """Is `rest` the end (or beginning) of the base, untouched?"""
    rest = rest.strip()
    if not rest:
        return False
    return (bool(head) and base.endswith(rest)) or (bool(tail) and base.startswith(rest))


def _cores(one: str, other: str) -> tuple[str, str, str, str]:
    """The words that both begin with, what is left of each, the words that both end with."""
    a, b = _TOKEN.findall(one), _TOKEN.findall(other)
    head = _common(a, b)
    tail = _common(a[head:][::-1], b[head:][::-1])
    return (
        "".join(a[:head]),
        "".join(a[head : len(a) - tail]),
        "".join(b[head : len(b) - tail]),
        "".join(a[len(a) - tail :]),
    )


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    shorter = min(len(a), len(b))
    return next((index for index in range(shorter) if a[index] != b[index]), shorter)


def _tidied(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Clean neighbours as one piece, none empty."""
    tidy: list[Piece] = []
    for piece in pieces:
        last = tidy[-1] if tidy else None
        if isinstance(piece, Conflict):
            tidy.append(piece)
        elif piece.text and isinstance(last, Clean):
            tidy[-1] = replace(last, text=last.text + piece.text)
        elif piece.text:
            tidy.append(piece)
    return tuple(tidy)


def _joined(one: str, other: str) -> str:
    """One after the other, with a space or an empty line between where there is none."""
    if not one or not other or one[-1].isspace() or other[0].isspace():
        return one + other
    return one + ("\n\n" if "\n" in one + other else " ") + other


def _is_word(character: str) -> bool:
    return bool(_WORD.match(character))

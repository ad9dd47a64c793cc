"""The difference of two texts in character positions: word by word, and letter by letter where a word was altered.

Texts are cut into words, spaces and punctuation; what belongs together is found by `alignment`; where words were
altered and not replaced (walk, walked) their letters are compared. Where a change could stand at several places with
the same result ("The cat. The dog." could have lost either "The"), it is put where people make changes: at the
start of a line, a sentence or a word.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from copydesk.documents.textdiff import alignment, altered, runs
from copydesk.documents.textdiff.alignment import Block
from copydesk.documents.textdiff.words import likeness, offsets, sentences, tokens, weight

_SENTENCE_END = re.compile(r"[.!?…:;][\"'’”)\]]*\s+$")

GAP = 8  # see `alignment`; a word of so many letters less 2 is worth one
LONG = 4_000  # characters; in longer texts sentences are looked for before words
SENTENCE = 20  # characters that one has at least to be sure of it
FURTHEST = 400  # characters that a change is slid at most


@dataclass(frozen=True)
class Change:
    """Characters `before[i1:i2]` became `after[j1:j2]`; for `same` both are equal.

    `moved_away` has no characters of `after`, `moved_here` none of `before`; those with the same number in `move`
    belong together and have the same characters.
    """

    op: Literal["same", "replace", "moved_away", "moved_here"]
    i1: int
    i2: int
    j1: int
    j2: int
    move: int | None = None


def changes(before: str, after: str) -> list[Change]:
    """Changes in order that tile both texts exactly: `same` and `replace`, in turn."""
    return _tiles(_same(before, after), len(before), len(after))


def changes_with_moves(before: str, after: str) -> list[Change]:
    """The same, but runs of some words that left one place and came to another are `moved_away` and `moved_here`."""
    found = changes(before, after)
    gone = [(one.i1, one.i2) for one in found if one.op == "replace" and one.i2 > one.i1]
    come = [(one.j1, one.j2) for one in found if one.op == "replace" and one.j2 > one.j1]
    moves = runs.moved(before, gone, after, come)
    away = sorted((i, i + size, move) for move, (i, _, size) in enumerate(moves))
    here = sorted((j, j + size, move) for move, (_, j, size) in enumerate(moves))
    result: list[Change] = []
    for one in found:
        if one.op == "same":
            result.append(one)
        else:
            result += _cut_at_moves(one, _between(away, one.i1, one.i2), _between(here, one.j1, one.j2))
    return result


def readable(before: str, after: str) -> list[dict[str, str]]:
    """For a page: `[{op: same | removed | added, text}]`, from which both texts can be read off whole."""
    parts = []
    for change in changes(before, after):
        if change.op == "same":
            parts.append({"op": "same", "text": before[change.i1 : change.i2]})
            continue
        if change.i2 > change.i1:
            parts.append({"op": "removed", "text": before[change.i1 : change.i2]})
        if change.j2 > change.j1:
            parts.append({"op": "added", "text": after[change.j1 : change.j2]})
    return parts


def carry(before: str, after: str, start: int, end: int) -> tuple[int, int] | None:
    """Where characters `start` to `end` of `before` stand in `after`; None: they are gone, or changed inside.

    An empty place (`start == end`) is between two characters: it stays with the one that stayed.
    """
    return carried(changes_with_moves(before, after), start, end)


def carried(found: Sequence[Change], start: int, end: int) -> tuple[int, int] | None:
    """The same as `carry`, for many places of one difference: `found` is what `changes_with_moves` gave."""
    came = {one.move: one for one in found if one.op == "moved_here"}
    for one in found:
        if one.op == "replace" or not one.i1 <= start <= end <= one.i2:
            continue
        if one.op == "same":
            return one.j1 + start - one.i1, one.j1 + end - one.i1
        if one.op == "moved_away" and start < end:
            return came[one.move].j1 + start - one.i1, came[one.move].j1 + end - one.i1
    return None


@dataclass(frozen=True)
class _Piece:
    """Words between two sentences that stayed: where they begin, and how many both begin and end with."""

    i: int
    j: int
    a: list[str]
    b: list[str]
    head: int
    tail: int

    @property
    def middles(self) -> tuple[list[str], list[str]]:
        return self.a[self.head : len(self.a) - self.tail], self.b[self.head : len(self.b) - self.tail]


def _same(before: str, after: str) -> list[Block]:
    """What stayed, in characters."""
    same: list[Block] = []
    pieces: list[_Piece] = []
    i = j = 0
    for i2, j2, size in [*_sentences_that_stayed(before, after), (len(before), len(after), 0)]:
        if i2 > i and j2 > j:
            a, b = tokens(before[i:i2]), tokens(after[j:j2])
            head = _common(a, b)
            pieces.append(_Piece(i, j, a, b, head, _common(a[head:][::-1], b[head:][::-1])))
        same.append((i2, j2, size))
        i, j = i2 + size, j2 + size
    same = alignment.joined(sorted(block for block in [*same, *_words(pieces)] if block[2]))
    return _slide(altered.with_altered_words(before, after, same), before, after)


def _sentences_that_stayed(before: str, after: str) -> list[Block]:
    """Those that occur once, so that only what lies between them has to be compared word by word."""
    if max(len(before), len(after)) < LONG:
        return []
    a, b = sentences(before), sentences(after)
    once = [pair for pair in alignment.once_in_both(a, b) if len(a[pair[0]]) >= SENTENCE]
    at_a, at_b = offsets(a), offsets(b)
    return [(at_a[i], at_b[j], len(a[i])) for i, j in alignment.rising(once)]


def _words(pieces: Sequence[_Piece]) -> list[Block]:
    """The words that stayed."""
    numbers: dict[str, int] = {}
    kinds: dict[str, int] = {}

    def number(token: str) -> int:
        if token not in kinds:
            kinds[token] = numbers.setdefault(likeness(token), len(numbers))
        return kinds[token]

    middles = [([*map(number, a)], [*map(number, b)]) for a, b in (piece.middles for piece in pieces)]
    alike = alignment.blocks(middles, [weight(like) for like in numbers], GAP)
    found: list[Block] = []
    for piece, runs_of_it in zip(pieces, alike, strict=True):
        a, b, head, tail = piece.a, piece.b, piece.head, piece.tail
        at_a, at_b = offsets(a), offsets(b)
        pairs = ((head + i + skip, head + j + skip) for i, j, size in runs_of_it for skip in range(size))
        inside = [(at_a[i], at_b[j], len(a[i])) for i, j in pairs if a[i] == b[j]]
        end, end_b = at_a[len(a) - tail], at_b[len(b) - tail]
        for i, j, size in [(0, 0, at_a[head]), *inside, (end, end_b, at_a[-1] - end)]:
            found.append((piece.i + i, piece.j + j, size))
    return found


def _tiles(same: Sequence[Block], size_a: int, size_b: int) -> list[Change]:
    tiles: list[Change] = []
    i = j = 0
    for i1, j1, size in [*same, (size_a, size_b, 0)]:
        if i1 > i or j1 > j:
            tiles.append(Change("replace", i, i1, j, j1))
        if size:
            tiles.append(Change("same", i1, i1 + size, j1, j1 + size))
        i, j = i1 + size, j1 + size
    return tiles


def _slide(same: list[Block], before: str, after: str) -> list[Block]:
    """Changes that only add or only remove, each put where people make changes."""
    result = [(0, 0, 0), *same, (len(before), len(after), 0)]
    for index in range(len(result) - 1):
        (i, j, size), (i2, j2, size2) = result[index], result[index + 1]
        if i + size == i2 and j + size < j2:
            shift = _best_shift(after, j + size, j2, size, size2)
        elif j + size == j2 and i + size < i2:
            shift = _best_shift(before, i + size, i2, size, size2)
        else:
            continue
        result[index] = (i, j, size + shift)
        result[index + 1] = (i2 + shift, j2 + shift, size2 - shift)
    return alignment.joined([block for block in result if block[2]])


def _best_shift(text: str, start: int, end: int, left: int, right: int) -> int:
    """By how many characters the change `text[start:end]` is moved; `left` and `right` stayed on either side of it."""
    least = most = 0
    while -least < min(left, FURTHEST) and text[start + least - 1] == text[end + least - 1]:
        least -= 1
    # What stands right of the change could run out of the text.
    while most < min(right, FURTHEST) and text[start + most] == text[end + most]:
        most += 1
    if least == most:
        return 0
    return max(range(least, most + 1), key=lambda shift: (_fitness(text, start + shift, end + shift), -abs(shift)))


def _fitness(text: str, start: int, end: int) -> int:
    """How likely people are to make a change of just these characters."""
    return _edge(text, start) + _edge(text, end)


def _edge(text: str, at: int) -> int:
    if at in (0, len(text)):
        return 5
    left, right = text[at - 1], text[at]
    if left == "\n":
        return 5
    if right == "\n":
        return 4
    if left.isspace() and not right.isspace():
        return 3 if _SENTENCE_END.search(text[max(0, at - 8) : at]) else 2
    if left.isspace() != right.isspace() or left.isalnum() != right.isalnum():
        return 1
    return 0


def _cut_at_moves(
    one: Change, away: Sequence[tuple[int, int, int]], here: Sequence[tuple[int, int, int]]
) -> list[Change]:
    """A replaced piece, cut where something went away or came; what is left of it stays replaced."""
    result: list[Change] = []
    i, j = one.i1, one.j1
    for start, end, move in away:
        result.append(Change("replace", i, start, j, j))
        result.append(Change("moved_away", start, end, j, j, move))
        i = end
    rest = Change("replace", i, one.i2, j, j)
    for start, end, move in here:
        result.append(replace(rest, j2=start))
        result.append(Change("moved_here", one.i2, one.i2, start, end, move))
        rest = Change("replace", one.i2, one.i2, end, end)
    result.append(replace(rest, j2=one.j2))
    return [change for change in result if change.i2 > change.i1 or change.j2 > change.j1]


def _between(places: Sequence[tuple[int, int, int]], start: int, end: int) -> Sequence[tuple[int, int, int]]:
    """Of places in order, those that begin there."""
    return places[bisect_left(places, (start,)) : bisect_left(places, (end,))]


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """How many words both begin with."""
    for index, (one, other) in enumerate(zip(a, b, strict=False)):
        if one != other:
            return index
    return min(len(a), len(b))

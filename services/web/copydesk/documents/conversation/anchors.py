"""Where the words of a comment stand in a text that is written on. Pure.

An anchor is the pieces of its words that still stand, in order. It holds while at least a third of their letters are
left; words that were moved as a whole are found again. With fewer it has no place, until its words come back.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from copydesk.documents.models import Kind, Revision
from copydesk.documents.textdiff import places
from copydesk.documents.textdiff.places import Change

LEFT = 3  # one letter in so many has to be left
Pieces = list[tuple[int, int]]


def carried(texts: Sequence[Revision], number: int, pieces: Pieces, quote: str) -> Pieces:
    """Where the pieces, which stand so in the text `number`, stand in the newest of `texts` (oldest first)."""
    line = [one for one in texts if one.kind is not Kind.BRIEF and one.number >= number]
    for before, after in pairwise(line):
        kept = _cut(pieces, places.changed(before, after))
        pieces = kept if _enough(kept, after.body, quote) else _again(before.body, after.body, pieces, quote)
    return pieces


def find(text: str, words: str) -> tuple[int, int] | None:
    """The first place where these words stand, however they are spaced."""
    pattern = r"\s+".join(re.escape(word) for word in words.split())
    found = re.search(pattern, text) if pattern else None
    return found.span() if found else None


def same(one: str, other: str) -> bool:
    """The same words, however they are spaced?"""
    return one.split() == other.split()


def _cut(pieces: Pieces, changes: Sequence[Change]) -> Pieces:
    """What of the pieces lies between the changes, at its new place."""
    kept: Pieces = []
    at = shift = 0
    for change in [*changes, None]:
        until = change.start if change else max((end for _, end in pieces), default=0)
        for start, end in pieces:
            left, right = max(start, at), min(end, until)
            if left < right:
                _add(kept, left + shift, right + shift)
        if change:
            at, shift = change.end, change.stop - change.end
    return kept


def _add(kept: Pieces, start: int, end: int) -> None:
    if kept and kept[-1][1] == start:
        kept[-1] = (kept[-1][0], end)
    else:
        kept.append((start, end))


def _enough(pieces: Pieces, text: str, quote: str) -> bool:
    letters = sum(_letters(text[start:end]) for start, end in pieces)
    return letters > 0 and letters * LEFT >= _letters(quote)


def _letters(words: str) -> int:
    """Letters and digits; of words that have none, whatever can be seen."""
    return sum(map(str.isalnum, words)) or len("".join(words.split()))


def _again(before: str, after: str, pieces: Pieces, quote: str) -> Pieces:
    """Words that were moved, or came back: in the text exactly once."""
    last = before[pieces[0][0] : pieces[-1][1]] if pieces else ""
    for words in (last, quote):
        if words and after.count(words) == 1:
            start = after.index(words)
            return [(start, start + len(words))]
    return []

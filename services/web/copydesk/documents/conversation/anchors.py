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

_BETWEEN = r"[*_~`\\]*\s+[*_~`\\#>-]*"
LEFT = 3  # one letter in so many has to be left
Pieces = list[tuple[int, int]]


def carried(texts: Sequence[Revision], number: int, pieces: Pieces, quote: str) -> Pieces:
    """Where the pieces, which stand so in the text `number`, stand in the newest of `texts` (oldest first)."""
    line = [one for one in texts if one.kind is not Kind.BRIEF and one.number >= number]
    for before, after in pairwise(line):
        pieces = _moved(before, after, pieces, quote) if pieces else _back(before.body, after.body, quote)
    return pieces


def _moved(before: Revision, after: Revision, pieces: Pieces, quote: str) -> Pieces:
    """Words that stand once in both texts are the same words, wherever; of others, what the comparison leaves."""
    words = before.body[pieces[0][0] : pieces[-1][1]]
    if len(_all(words, before.body)) == 1 and len(found := _all(words, after.body)) == 1:
        return found
    kept = _whole(_cut(pieces, places.changed(before, after)), after.body)
    return kept if _enough(kept, after.body, quote) else []


def _back(before: str, after: str, quote: str) -> Pieces:
    """Words that were gone and are there again: once, and not only because they stand twice."""
    found = _all(quote, after)
    return found if len(found) == 1 and not _all(quote, before) else []


def _all(words: str, text: str) -> Pieces:
    """Where these words stand, not as a part of other words."""
    pattern = rf"(?<!\w(?=\w)){re.escape(words)}(?!(?<=\w)\w)"
    return [one.span() for one in re.finditer(pattern, text)] if words in text else []


def find(text: str, words: str) -> tuple[int, int] | None:
    """The first place where these words stand, however they are spaced and whatever Markdown stands between them."""
    pattern = _BETWEEN.join(re.escape(word) for word in words.split())
    found = re.search(pattern, text) if pattern else None
    return found.span() if found else None


def same(one: str, other: str) -> bool:
    """The same words, however they are spaced, as they are written or as they are read?"""
    if one.split() == other.split():
        return True
    letters, others = ([char for char in words if char.isalnum()] for words in (one, other))
    return letters == others != []


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
    """Is a third of the letters and digits left? Of words that have none: of whatever can be seen."""
    counts = str.isalnum if any(map(str.isalnum, quote)) else _is_seen
    left = sum(counts(char) for start, end in pieces for char in text[start:end])
    return left > 0 and left * LEFT >= sum(map(counts, quote))


def _is_seen(char: str) -> bool:
    return not char.isspace()


def _whole(pieces: Pieces, text: str) -> Pieces:
    """Whole words at both ends, where a comparison cut through one; and no spaces, which nobody commented on."""
    full = [(start, end) for start, end in pieces if text[start:end].strip()]
    if full:
        start, end = full[0]
        start = end - len(text[start:end].lstrip())
        while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
            start -= 1
        full[0] = (start, end)
        start, end = full[-1]
        end = start + len(text[start:end].rstrip())
        while end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
            end += 1
        full[-1] = (start, end)
    return full

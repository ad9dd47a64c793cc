"""Words that were altered and not replaced (walk, walked): what stayed of their letters."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from copydesk.documents.textdiff import alignment
from copydesk.documents.textdiff.alignment import Block
from copydesk.documents.textdiff.pairing import IMPOSSIBLE, best_pairs
from copydesk.documents.textdiff.words import is_word, offsets, tokens, weight
from copydesk.documents.textdiff.work import affordable

if TYPE_CHECKING:
    from copydesk.documents.textdiff.pairing import Scores

ALIKE = 0.6  # share of letters that two words have in common, from which one is taken for the other, altered
MOST_PAIRS = 40_000  # of words in one replaced piece; a longer piece was written anew
MOST_OF_ALL = 4_000_000  # pairs of words in all pieces of a comparison
GAP = 8

Piece = tuple[int, int, list[str], list[str]]  # where it begins in both texts, and its words


def with_altered_words(before: str, after: str, same: Sequence[Block]) -> list[Block]:
    """`same`, and in the pieces between them the letters that stayed in altered words."""
    pieces: list[Piece] = []
    i = j = 0
    for i2, j2, size in [*same, (len(before), len(after), 0)]:
        if i2 > i and j2 > j:
            pieces.append((i, j, tokens(before[i:i2]), tokens(after[j:j2])))
        i, j = i2 + size, j2 + size
    pieces = [piece for piece in pieces if len(piece[2]) * len(piece[3]) <= MOST_PAIRS]
    fits = affordable([len(a) * len(b) for _, _, a, b in pieces], MOST_OF_ALL)
    found = _inside([piece for piece, fit in zip(pieces, fits, strict=True) if fit])
    return alignment.joined(sorted(block for block in [*same, *found] if block[2]))


def _inside(pieces: Sequence[Piece]) -> list[Block]:
    result: list[Block] = []
    several = [piece for piece in pieces if len(piece[2]) * len(piece[3]) > 1]
    sizes = [(len(a), len(b)) for _, _, a, b in several]
    pairs = best_pairs(sizes, lambda number: _scores(several[number][2], several[number][3]), GAP)
    for (i, j, a, b), found in zip(several, pairs, strict=True):
        at_a, at_b = offsets(a), offsets(b)
        for one, other in found:
            result += _letters(a[one], b[other], i + at_a[one], j + at_b[other])
    for i, j, a, b in pieces:
        if len(a) == len(b) == 1 and _are_alike(a[0], b[0]):
            result += _letters(a[0], b[0], i, j)
    return result


def _are_alike(one: str, other: str) -> bool:
    from rapidfuzz.distance import Indel

    if one == other or not (is_word(one) and is_word(other)):
        return one == other
    return Indel.normalized_similarity(one, other, score_cutoff=ALIKE) > 0


def _scores(a: Sequence[str], b: Sequence[str]) -> "Scores":
    import numpy as np
    from rapidfuzz import process
    from rapidfuzz.distance import Indel

    alike = process.cdist(a, b, scorer=Indel.normalized_similarity, score_cutoff=ALIKE, dtype=np.float32)
    words = np.array([is_word(token) for token in a])[:, None] & np.array([is_word(token) for token in b])[None, :]
    worth = (np.array([weight(token) for token in a])[:, None] * alike).astype(np.int32)
    found: Scores = np.where((alike == 1) | (words & (alike > 0)), worth, IMPOSSIBLE).astype(np.int32)
    return found


def _letters(one: str, other: str, i: int, j: int) -> list[Block]:
    """Equal runs of two words that begin there, none of which is a single letter inside."""
    from rapidfuzz.distance import Indel

    equal = [match for match in Indel.opcodes(one, other) if match.tag == "equal"]
    return [
        (i + match.src_start, j + match.dest_start, match.src_end - match.src_start)
        for match in equal
        if match.src_end - match.src_start > 1 or match.src_start == 0 or match.src_end == len(one)
    ]

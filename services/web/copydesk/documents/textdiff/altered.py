"""Words that were altered and not replaced (walk, walked): what stayed of their letters."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from copydesk.documents.textdiff import alignment
from copydesk.documents.textdiff.alignment import IMPOSSIBLE, Block
from copydesk.documents.textdiff.words import is_word, offsets, tokens, weight

if TYPE_CHECKING:
    from copydesk.documents.textdiff.alignment import Scores

ALIKE = 0.6  # share of letters that two words have in common, from which one is taken for the other, altered
MOST_PAIRS = 40_000  # of words in one replaced piece; a longer piece was written anew
GAP = 8


def with_altered_words(before: str, after: str, same: Sequence[Block]) -> list[Block]:
    """`same`, and in the pieces between them the letters that stayed in altered words."""
    result: list[Block] = []
    i = j = 0
    for block in [*same, (len(before), len(after), 0)]:
        if block[0] > i and block[1] > j:
            inside = _inside(before[i : block[0]], after[j : block[1]])
            result += [(i + one, j + other, size) for one, other, size in inside]
        result.append(block)
        i, j = block[0] + block[2], block[1] + block[2]
    return alignment.joined([block for block in result if block[2]])


def _inside(before: str, after: str) -> list[Block]:
    a, b = tokens(before), tokens(after)
    if len(a) * len(b) > MOST_PAIRS:
        return []
    at_a, at_b = offsets(a), offsets(b)
    result: list[Block] = []
    for i, j in alignment.best_pairs(_scores(a, b), GAP):
        result += [(at_a[i] + one, at_b[j] + other, size) for one, other, size in _letters(a[i], b[j])]
    return result


def _scores(a: Sequence[str], b: Sequence[str]) -> "Scores":
    import numpy as np
    from rapidfuzz import process
    from rapidfuzz.distance import Indel

    alike = process.cdist(a, b, scorer=Indel.normalized_similarity, score_cutoff=ALIKE, dtype=np.float32)
    words = np.array([is_word(token) for token in a])[:, None] & np.array([is_word(token) for token in b])[None, :]
    worth = (np.array([weight(token) for token in a])[:, None] * alike).astype(np.int32)
    found: Scores = np.where((alike == 1) | (words & (alike > 0)), worth, IMPOSSIBLE).astype(np.int32)
    return found


def _letters(one: str, other: str) -> list[Block]:
    """Equal runs of two words, none of which is a single letter inside."""
    from rapidfuzz.distance import Indel

    equal = [match for match in Indel.opcodes(one, other) if match.tag == "equal"]
    return [
        (match.src_start, match.dest_start, match.src_end - match.src_start)
        for match in equal
        if match.src_end - match.src_start > 1 or match.src_start == 0 or match.src_end == len(one)
    ]

"""Which parts of two sequences belong together: a best alignment in which a few long gaps are better than many.

A longest common subsequence would keep every "the" that two unrelated sentences share. Here opening a gap costs, so
that such islands are kept only where they are worth the two gaps they make.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.int32]

Block = tuple[int, int, int]  # a[i : i + size] belongs to b[j : j + size]

IMPOSSIBLE = -1_000_000
EXACT_BELOW = 500_000  # pairs of tokens; above that, runs that occur once in both cut the texts into smaller pieces
COMMON_BELOW = 100_000_000  # pairs; above that even a common subsequence takes too long, and a bit of memory a pair
SHINGLE = 4  # tokens of a run that has to occur once


def blocks(a: Sequence[int], b: Sequence[int], weights: Sequence[int], gap: int) -> list[Block]:
    """Equal runs in order, none empty, none overlapping.

    Args:
        a, b: tokens by number.
        weights: what it is worth to keep a token, by its number.
        gap: what it costs to leave tokens out of one side, however many.
    """
    found: list[Block] = []
    # (i1, i2, j1, j2), the first on top; an explicit stack because a text can have thousands of anchors.
    waiting = [(0, len(a), 0, len(b))]
    while waiting:
        i1, i2, j1, j2 = waiting.pop()
        pairs = (i2 - i1) * (j2 - j1)
        if pairs == 0:
            continue
        if pairs <= EXACT_BELOW:
            found += _shift(_exact(a[i1:i2], b[j1:j2], weights, gap), i1, j1)
            continue
        anchors = _shift(_anchors(a[i1:i2], b[j1:j2]), i1, j1)
        if anchors:
            waiting += reversed(_between(anchors, i1, i2, j1, j2))
            found += anchors
        elif pairs <= COMMON_BELOW:
            found += _shift(_common(a[i1:i2], b[j1:j2], weights, gap), i1, j1)
        else:
            half_a, half_b = (i1 + i2) // 2, (j1 + j2) // 2
            waiting += [(half_a, i2, half_b, j2), (i1, half_a, j1, half_b)]
    return joined(sorted(found))


def joined(found: Sequence[Block]) -> list[Block]:
    """Blocks that touch in both texts become one."""
    result: list[Block] = []
    for i, j, size in found:
        if result and (result[-1][0] + result[-1][2], result[-1][1] + result[-1][2]) == (i, j):
            result[-1] = (result[-1][0], result[-1][1], result[-1][2] + size)
        else:
            result.append((i, j, size))
    return result


def best_pairs(scores: "Scores", gap: int) -> list[tuple[int, int]]:
    """Pairs (row, column) in order with the greatest sum, less `gap` for each run of rows or columns left out (Gotoh).

    Args:
        scores: (n, m), what it is worth to pair a row with a column; `IMPOSSIBLE` where they can't be.
    """
    # Here, not above: most commands and jobs import these modules and compare no texts.
    import numpy as np

    n, m = scores.shape
    paired, deleted, continued, opened = (np.zeros((n + 1, m + 1), dtype=bool) for _ in range(4))
    best = np.full(m + 1, -gap, dtype=np.int32)
    best[0] = 0
    opened[0, 1] = True  # row 0: one gap that starts at once
    without_row = np.full(m + 1, IMPOSSIBLE, dtype=np.int32)
    pair, without_column = without_row.copy(), without_row.copy()
    for row in range(1, n + 1):
        np.greater_equal(without_row, best - gap, out=continued[row])
        without_row = np.maximum(without_row, best - gap)
        pair[1:] = best[:-1] + scores[row - 1]
        either = np.maximum(pair, without_row)
        without_column[1:] = np.maximum.accumulate(either)[:-1] - gap
        np.greater_equal(either[:-1] - gap, without_column[1:], out=opened[row, 1:])
        best = np.maximum(either, without_column)
        np.equal(pair, best, out=paired[row])
        np.equal(without_row, best, out=deleted[row])
    return _walk_back(n, m, paired, deleted, continued, opened)


def _walk_back(
    n: int,
    m: int,
    paired: "NDArray[np.bool_]",
    deleted: "NDArray[np.bool_]",
    continued: "NDArray[np.bool_]",
    opened: "NDArray[np.bool_]",
) -> list[tuple[int, int]]:
    found = []
    i, j = n, m
    while i and j:
        if paired[i, j]:
            i, j = i - 1, j - 1
            found.append((i, j))
        elif deleted[i, j]:
            while continued[i, j] and i > 1:
                i -= 1
            i -= 1
        else:
            while not opened[i, j]:
                j -= 1
            j -= 1
    return found[::-1]


def _exact(a: Sequence[int], b: Sequence[int], weights: Sequence[int], gap: int) -> list[Block]:
    import numpy as np

    one, other = np.asarray(a), np.asarray(b)
    worth = np.asarray(weights, dtype=np.int32)[one]
    scores = np.where(one[:, None] == other[None, :], worth[:, None], np.int32(IMPOSSIBLE)).astype(np.int32)
    return joined([(i, j, 1) for i, j in best_pairs(scores, gap)])


def _common(a: Sequence[int], b: Sequence[int], weights: Sequence[int], gap: int) -> list[Block]:
    """A longest common subsequence, without islands that are worth less than the gaps around them."""
    from rapidfuzz.distance import LCSseq

    matches = LCSseq.opcodes(a, b)
    equal = [(one.src_start, one.dest_start, one.src_end - one.src_start) for one in matches if one.tag == "equal"]
    return [(i, j, size) for i, j, size in equal if sum(weights[token] for token in a[i : i + size]) > 2 * gap]


def once_in_both(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Places of what occurs once in either, in the order of the first."""
    once_a, once_b = _once(a), _once(b)
    return [(i, once_b[item]) for item, i in once_a.items() if item in once_b]


def _anchors(a: Sequence[int], b: Sequence[int]) -> list[Block]:
    """Runs that occur once in either text, in an order that both share (patience)."""
    found: list[Block] = []
    for i, j in rising(once_in_both(_shingles(a), _shingles(b))):
        free = max((found[-1][0] + found[-1][2] - i, found[-1][1] + found[-1][2] - j, 0) if found else (0,))
        if free < SHINGLE:
            found.append((i + free, j + free, SHINGLE - free))
    return joined(found)


def _shingles(tokens: Sequence[int]) -> list[tuple[int, ...]]:
    return list(zip(*(tokens[skip:] for skip in range(SHINGLE)), strict=False))


def _once(items: Sequence[Hashable]) -> dict[Hashable, int]:
    count = Counter(items)
    return {item: place for place, item in enumerate(items) if count[item] == 1}


def rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of `pairs`, which are in the order of their first, in which the second rises too."""
    tops: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, (_, j) in enumerate(pairs):
        height = bisect_left(tops, j)
        before.append(ends[height - 1] if height else -1)
        tops[height : height + 1] = [j]
        ends[height : height + 1] = [index]
    chosen = []
    index = ends[-1] if ends else -1
    while index >= 0:
        chosen.append(pairs[index])
        index = before[index]
    return chosen[::-1]


def _between(anchors: Sequence[Block], i1: int, i2: int, j1: int, j2: int) -> list[tuple[int, int, int, int]]:
    rest = []
    for i, j, size in anchors:
        rest.append((i1, i, j1, j))
        i1, j1 = i + size, j + size
    return [*rest, (i1, i2, j1, j2)]


def _shift(found: Sequence[Block], i: int, j: int) -> list[Block]:
    return [(one + i, other + j, size) for one, other, size in found]

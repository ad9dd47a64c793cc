"""Which parts of two sequences belong together: a best alignment in which a few long gaps are better than many.

A longest common subsequence would keep every "the" that two unrelated sentences share. Here opening a gap costs, so
that such islands are kept only where they are worth the two gaps they make. How much is looked at is bounded (`work`):
past that, what is left of long pieces is compared by a longest common subsequence after all, and then not at all.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from copydesk.documents.textdiff.pairing import IMPOSSIBLE, best_pairs
from copydesk.documents.textdiff.work import Work, affordable

Block = tuple[int, int, int]  # a[i : i + size] belongs to b[j : j + size]
Tokens = tuple[Sequence[int], Sequence[int]]  # of both texts, by number

EXACT_BELOW = 500_000  # pairs of tokens; above that, runs that occur once in both cut the texts into smaller pieces
COMMON_BELOW = 100_000_000  # pairs; above that even a common subsequence takes too long, and a bit of memory a pair
SHINGLE = 4  # tokens of a run that has to occur once

# Of all pieces of one comparison together:
MOST_EXACT = 12_000_000  # pairs of tokens; two texts of 20,000 words that have nothing in common take 9 million
MOST_COMMON = 3_000_000_000  # pairs; sixty to a step, they are a hundred times as cheap
MOST_SCANNED = 2_000_000  # tokens among which runs that occur once are looked for


@dataclass
class _Leaves:
    """Pieces that are small enough to be compared: (number, i1, i2, j1, j2)."""

    exact: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    common: list[tuple[int, int, int, int, int]] = field(default_factory=list)


def blocks(pieces: Sequence[Tokens], weights: Sequence[int], gap: int) -> list[list[Block]]:
    """For each piece, equal runs in order, none empty, none overlapping.

    Args:
        pieces: tokens of both texts; all are one comparison, and share what it may cost.
        weights: what it is worth to keep a token, by its number.
        gap: what it costs to leave tokens out of one side, however many.
    """
    found: list[list[Block]] = [[] for _ in pieces]
    leaves, scans = _Leaves(), Work(MOST_SCANNED)
    for number, (a, b) in enumerate(pieces):
        found[number] += _cut(number, a, b, leaves, scans)
    fits = affordable([_pairs(leaf) for leaf in leaves.exact], MOST_EXACT)
    chosen = [leaf for leaf, fit in zip(leaves.exact, fits, strict=True) if fit]
    for (number, i1, _, j1, _), runs in zip(chosen, _exact(pieces, chosen, weights, gap), strict=True):
        found[number] += _shift(runs, i1, j1)
    coarse = leaves.common + [leaf for leaf, fit in zip(leaves.exact, fits, strict=True) if not fit]
    fits = affordable([_pairs(leaf) for leaf in coarse], MOST_COMMON)
    for (number, i1, i2, j1, j2), fit in zip(coarse, fits, strict=True):
        if fit:
            a, b = pieces[number]
            found[number] += _shift(_common(a[i1:i2], b[j1:j2], weights, gap), i1, j1)
    return [joined(sorted(one)) for one in found]


def _cut(number: int, a: Sequence[int], b: Sequence[int], leaves: _Leaves, scans: Work) -> list[Block]:
    """A piece is cut at runs that occur once in both, which are given back, until what is left is small enough."""
    found: list[Block] = []
    # (i1, i2, j1, j2), the first on top; an explicit stack because a text can have thousands of anchors.
    waiting = [(0, len(a), 0, len(b))]
    while waiting:
        i1, i2, j1, j2 = waiting.pop()
        pairs = (i2 - i1) * (j2 - j1)
        if pairs == 0:
            continue
        if pairs <= EXACT_BELOW:
            leaves.exact.append((number, i1, i2, j1, j2))
            continue
        looks = scans.take(i2 - i1 + j2 - j1)
        anchors = _shift(_anchors(a[i1:i2], b[j1:j2]), i1, j1) if looks else []
        if anchors:
            waiting += reversed(_between(anchors, i1, i2, j1, j2))
            found += anchors
        elif pairs <= COMMON_BELOW:
            leaves.common.append((number, i1, i2, j1, j2))
        else:
            half_a, half_b = (i1 + i2) // 2, (j1 + j2) // 2
            waiting += [(half_a, i2, half_b, j2), (i1, half_a, j1, half_b)]
    return found


def _pairs(leaf: tuple[int, int, int, int, int]) -> int:
    _, i1, i2, j1, j2 = leaf
    return (i2 - i1) * (j2 - j1)


def joined(found: Sequence[Block]) -> list[Block]:
    """Blocks that touch in both texts become one."""
    result: list[Block] = []
    for i, j, size in found:
        if result and (result[-1][0] + result[-1][2], result[-1][1] + result[-1][2]) == (i, j):
            result[-1] = (result[-1][0], result[-1][1], result[-1][2] + size)
        else:
            result.append((i, j, size))
    return result


def _exact(
    pieces: Sequence[Tokens], leaves: Sequence[tuple[int, int, int, int, int]], weights: Sequence[int], gap: int
) -> list[list[Block]]:
    """Each leaf's best alignment, counted from its own start."""
    if not leaves:
        return []
    import numpy as np

    worth = np.asarray(weights, dtype=np.int32)
    used = {number for number, *_ in leaves}
    numbered = {number: (np.asarray(pieces[number][0]), np.asarray(pieces[number][1])) for number in used}

    def scores(leaf: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.int32]]":
        number, i1, i2, j1, j2 = leaves[leaf]
        one, other = numbered[number][0][i1:i2], numbered[number][1][j1:j2]
        return np.where(one[:, None] == other[None, :], worth[one][:, None], np.int32(IMPOSSIBLE)).astype(np.int32)

    sizes = [(i2 - i1, j2 - j1) for _, i1, i2, j1, j2 in leaves]
    return [joined([(i, j, 1) for i, j in pairs]) for pairs in best_pairs(sizes, scores, gap)]


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
    for i, j in rising(_shingles_once_in_both(a, b)):
        free = max((found[-1][0] + found[-1][2] - i, found[-1][1] + found[-1][2] - j, 0) if found else (0,))
        if free < SHINGLE:
            found.append((i + free, j + free, SHINGLE - free))
    return joined(found)


def _shingles_once_in_both(a: Sequence[int], b: Sequence[int]) -> list[tuple[int, int]]:
    """Places of runs of four that occur once in either, in the order of the first."""
    import numpy as np

    if min(len(a), len(b)) < SHINGLE:
        return []
    # Both texts one behind the other, so that equal runs have equal numbers: of two, then of two times two.
    runs = np.concatenate([np.asarray(a, dtype=np.int64), np.asarray(b, dtype=np.int64)])
    for apart in (1, 2):
        following = np.append(runs[apart:], np.zeros(apart, dtype=np.int64))
        _, runs = np.unique(runs * (runs.max() + 1) + following, return_inverse=True)
    one, other = runs[: len(a) - SHINGLE + 1], runs[len(a) : len(runs) - SHINGLE + 1]
    (found_a, at_a, count_a), (found_b, at_b, count_b) = (
        np.unique(side, return_index=True, return_counts=True) for side in (one, other)
    )
    once_a, once_b = count_a == 1, count_b == 1
    _, in_a, in_b = np.intersect1d(found_a[once_a], found_b[once_b], assume_unique=True, return_indices=True)
    return sorted(zip(at_a[once_a][in_a].tolist(), at_b[once_b][in_b].tolist(), strict=True))


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

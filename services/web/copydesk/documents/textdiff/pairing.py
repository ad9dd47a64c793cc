"""Pairs with the greatest worth, in order, with a price for each gap between them: Gotoh's algorithm, for many at once.

A step for one row of one small piece costs as much as for one row of a hundred, so pieces of about the same size go
through together. What comes out is the same as for each alone.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.int32]
    Way = NDArray[np.bool_]

Pairs = list[tuple[int, int]]

IMPOSSIBLE = -1_000_000
MOST_CELLS = 4_000_000  # that are held at once; four bytes each, and four for its score


def best_pairs(sizes: Sequence[tuple[int, int]], scores: Callable[[int], "Scores"], gap: int) -> list[Pairs]:
    """For each piece, pairs (row, column) in order with the greatest sum, less `gap` for each run left out.

    Args:
        sizes: rows and columns of each piece, none 0.
        scores: of a piece by its number, what it is worth to pair a row with a column; `IMPOSSIBLE`: they can't be.
    """
    found: list[Pairs] = [[] for _ in sizes]
    for numbers in _alike(sizes):
        for number, pairs in zip(numbers, _together([scores(number) for number in numbers], gap), strict=True):
            found[number] = pairs
    return found


def _alike(sizes: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Numbers of pieces that are about as high and as wide as each other, as many as are held at once."""
    kinds: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for number, (rows, columns) in enumerate(sizes):
        kinds[rows.bit_length(), columns.bit_length()].append(number)
    batches = []
    for (rows, columns), numbers in kinds.items():
        most = max(1, MOST_CELLS >> (rows + columns))
        batches += [numbers[start : start + most] for start in range(0, len(numbers), most)]
    return batches


def _together(several: Sequence["Scores"], gap: int) -> list[Pairs]:
    # Here, not above: most commands and jobs import these modules and compare no texts.
    import numpy as np

    count = len(several)
    n, m = (max(one.shape[axis] for one in several) for axis in (0, 1))
    scores = np.full((n, count, m), IMPOSSIBLE, dtype=np.int32)
    for number, one in enumerate(several):
        scores[: one.shape[0], number, : one.shape[1]] = one
    paired, deleted, continued, opened = (np.zeros((n + 1, count, m + 1), dtype=bool) for _ in range(4))
    best = np.full((count, m + 1), -gap, dtype=np.int32)
    best[:, 0] = 0
    opened[0, :, 1] = True  # row 0: one gap that starts at once
    without_row = np.full((count, m + 1), IMPOSSIBLE, dtype=np.int32)
    pair, without_column = without_row.copy(), without_row.copy()
    for row in range(1, n + 1):
        ended = best - gap
        np.greater_equal(without_row, ended, out=continued[row])
        np.maximum(without_row, ended, out=without_row)
        np.add(best[:, :-1], scores[row - 1], out=pair[:, 1:])
        either = np.maximum(pair, without_row)
        np.subtract(either, gap, out=ended)
        np.maximum.accumulate(ended[:, :-1], axis=1, out=without_column[:, 1:])
        np.greater_equal(ended[:, :-1], without_column[:, 1:], out=opened[row][:, 1:])
        np.maximum(either, without_column, out=best)
        np.equal(pair, best, out=paired[row])
        np.equal(without_row, best, out=deleted[row])
    return [
        _walk_back(one.shape, paired[:, number], deleted[:, number], continued[:, number], opened[:, number])
        for number, one in enumerate(several)
    ]


def _walk_back(size: tuple[int, ...], paired: "Way", deleted: "Way", continued: "Way", opened: "Way") -> Pairs:
    found = []
    i, j = size
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

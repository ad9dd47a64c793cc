"""A backend of no sense but full determinism: a row of scores is drawn from the tokens of its own sequence alone."""

import zlib
from collections.abc import Sequence

import numpy as np

from copydesk.engine.backend import CacheFull, Work

END = 0
LETTERS = 48  # tokens; the first ends a text


def bytes_of(token: int) -> bytes:
    """Letters from "A", then halves of a character."""
    if token == END:
        return b""
    return "é".encode()[token % 2 : token % 2 + 1] if token >= LETTERS - 4 else bytes([64 + token])


class Toy:
    """Keeps each sequence's tokens; `capacity` of them, shared ones once, in all."""

    description = "toy 1"

    def __init__(self, context: int = 64, capacity: int = 10_000, spread: float = 2.0, end: float = -2.0) -> None:
        self.context, self.vocabulary, self.end_of_text = context, LETTERS, END
        self.capacity, self.spread, self.end = capacity, spread, end
        self.sequences: dict[int, list[tuple[int, object]]] = {}  # tokens, each with what it is shared by
        self.steps: list[list[int]] = []  # how many tokens of each sequence were read
        self.most = 0  # tokens in the cache
        self.refused = 0
        self._next = 0

    def used(self) -> int:
        return len({id(cell) for cells in self.sequences.values() for _, cell in cells})

    def room(self) -> int:
        return self.capacity - self.used()

    def open(self) -> int:
        self._next += 1
        self.sequences[self._next] = []
        return self._next

    def fork(self, sequence: int) -> int:
        number = self.open()
        self.sequences[number] = self.sequences[sequence].copy()
        return number

    def close(self, sequence: int) -> None:
        del self.sequences[sequence]

    def step(self, work: Sequence[Work]) -> np.ndarray:
        if sum(len(each.tokens) for each in work) > self.room():
            self.refused += 1
            raise CacheFull
        assert len({each.sequence for each in work}) == len(work)
        rows = []
        for each in work:
            cells = self.sequences[each.sequence]
            assert 0 < len(each.tokens) <= self.context - len(cells)
            assert 0 <= each.wanted <= len(each.tokens)
            for place, token in enumerate(each.tokens):
                assert isinstance(token, int)
                cells.append((token, object()))
                if place >= len(each.tokens) - each.wanted:
                    rows.append(self.scores([number for number, _ in cells]))
        self.steps.append([len(each.tokens) for each in work])
        self.most = max(self.most, self.used())
        return np.array(rows, np.float32).reshape(-1, self.vocabulary)

    def scores(self, tokens: Sequence[int]) -> np.ndarray:
        """What the model thinks of the next token after `tokens`, as float32."""
        seed = zlib.crc32(np.asarray(tokens, np.int32).tobytes())
        scores = np.random.default_rng(seed).standard_normal(self.vocabulary) * self.spread
        scores[END] += self.end
        return scores.astype(np.float32)

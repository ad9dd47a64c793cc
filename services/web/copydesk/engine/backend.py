"""What writes the numbers: a model in memory that says, for texts under way, how likely each next token is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Work:
    """Tokens to read at the end of one sequence, and for how many of the last of them scores are wanted."""

    sequence: int
    tokens: Sequence[int]
    wanted: int = 1  # 0: only read


class CacheFull(Exception):
    """The cache has no room for these tokens: close a sequence first."""


class Backend(Protocol):
    """One model. Sequences are texts under way, named by numbers; one thread drives it."""

    description: str  # for the record: program, version, precision, kind of processor
    context: int  # tokens that one sequence can have
    vocabulary: int
    end_of_text: int

    def room(self) -> int:
        """Tokens that still fit into the cache, all sequences together."""

    def open(self) -> int:
        """A new empty sequence."""

    def fork(self, sequence: int) -> int:
        """Another sequence with the same past; cheap, what is read before stays shared."""

    def close(self, sequence: int) -> None:
        """Forget a sequence."""

    def step(self, work: Sequence[Work]) -> NDArray[np.float32]:
        """Read all of `work` at once: (rows, vocabulary), a row for each wanted token in the order of `work`.

        The rows are valid until the next step. What a row says depends on the tokens of its own sequence alone.

        Raises:
            CacheFull: nothing was read.
            ValueError: a token is not of the vocabulary, or a sequence would outgrow the context.
        """

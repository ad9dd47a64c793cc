"""A text longer than the model's window: which of its tokens the model sees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Window:
    """The first `keep` tokens of a text, and all from `start` on.

    When it is full its first `keep` tokens stay (the brief; at most half the window) with the last half of the rest.
    What the model sees thus depends on the text's tokens alone, never on when they were read.
    """

    size: int  # tokens that the model can see
    keep: int = 0
    start: int = 0

    @classmethod
    def of(cls, size: int, keep: int, prompt: int) -> "Window":
        """A window of `size` at the beginning of a text with `prompt` tokens of prompt; `keep` is cut to that."""
        keep = max(0, min(keep, size // 2, prompt))
        return cls(size, keep, keep)

    def length(self, tokens: int) -> int:
        """How many of a text of `tokens` tokens it shows."""
        return self.keep + tokens - self.start

    def fits(self, tokens: int) -> bool:
        """Is a text of `tokens` tokens not too long for it?"""
        return self.length(tokens) <= self.size

    def slid(self, tokens: int) -> "Window":
        """The next window, for a text of `tokens` tokens that this one can't hold."""
        rest = tokens - self.start
        return Window(self.size, self.keep, tokens - rest // 2)

    def view(self, text: NDArray[np.int32]) -> NDArray[np.int32]:
        """What the model sees of `text` (tokens,)."""
        if self.start == self.keep:
            return text
        return np.concatenate((text[: self.keep], text[self.start :]))

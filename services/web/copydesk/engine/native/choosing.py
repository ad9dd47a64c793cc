"""`Chooser` in C, on the kernel's threads: what `copydesk.engine.chooser` does in numpy, some thirty times faster."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from copydesk.engine.chooser import Ask, Candidates, Choice, Numbers, Rows, bits
from copydesk.engine.native.backend import NativeBackend
from copydesk.engine.native.library import CHOICE, kernel
from copydesk.engine.sampling import Sampling, Strategy

_STRATEGIES = {Strategy.GREEDY: 0, Strategy.BEAM: 0, Strategy.TOP_K: 1, Strategy.TOP_P: 2}


class NativeChooser:
    """Chooses on the threads of one backend; to be called by the thread that drives it."""

    def __init__(self, backend: NativeBackend) -> None:
        self._backend = backend  # kept: its address is what the kernel is given
        self._kernel = kernel()

    def choose(self, rows: Rows, asks: Sequence[Ask], /) -> list[Choice]:
        """See `Chooser`."""
        choices = np.empty(len(asks), CHOICE)
        histories = [np.ascontiguousarray(ask.history, np.int32) for ask in asks]  # they live until the kernel returns
        for number, (ask, history) in enumerate(zip(asks, histories, strict=True)):
            choices[number] = _row(ask.sampling, history, bits(ask.sampling.seed, ask.index))
        rows = _contiguous(rows)
        if self._kernel.gpt2_choose(self._backend.handle, *_table(rows), choices.ctypes.data):
            raise MemoryError
        return [Choice(*pair) for pair in zip(choices["token"].tolist(), choices["logprob"].tolist(), strict=True)]

    def likeliest(self, row: Rows, k: int, history: Numbers, sampling: Sampling, /) -> Candidates:
        """See `Chooser`."""
        row = np.ascontiguousarray(row, np.float32)
        history = np.ascontiguousarray(history, np.int32)
        like = np.empty(1, CHOICE)
        like[0] = _row(sampling, history, 0)
        tokens, scores, logprobs = np.empty(k, np.int32), np.empty(k, np.float32), np.empty(k, np.float32)
        count = self._kernel.gpt2_likeliest(
            row.ctypes.data, len(row), like.ctypes.data, k, tokens.ctypes.data, scores.ctypes.data, logprobs.ctypes.data
        )
        if count < 0:
            raise MemoryError
        return Candidates(tokens[:count], scores[:count].astype(np.float64), logprobs[:count].astype(np.float64))

    def logprobs_of(self, rows: Rows, tokens: Sequence[int], /) -> list[float]:
        """See `Chooser`."""
        rows = _contiguous(rows)
        numbers, logprobs = np.asarray(tokens, np.int32), np.empty(len(tokens), np.float32)
        if len(numbers) != len(rows) or not all(0 <= token < rows.shape[1] for token in tokens):
            raise ValueError("a token for each row, all of the vocabulary")
        answer = self._kernel.gpt2_logprobs(
            self._backend.handle, *_table(rows), numbers.ctypes.data, logprobs.ctypes.data
        )
        if answer:
            raise MemoryError
        return [float(value) for value in logprobs]


def _row(sampling: Sampling, history: NDArray[np.int32], chance: int) -> tuple[float | int, ...]:
    """The fields of `CHOICE`."""
    return (
        history.ctypes.data,
        sampling.top_p,
        chance,
        sampling.temperature,
        sampling.repetition_penalty,
        len(history),
        _STRATEGIES[sampling.strategy],
        sampling.top_k,
        sampling.no_repeat_ngram_size,
        0,
        0.0,
    )


def _contiguous(rows: Rows) -> Rows:
    """Rows may lie apart, but each in one piece."""
    return rows if rows.strides[1] == 4 and rows.dtype == np.float32 else np.ascontiguousarray(rows, np.float32)


def _table(rows: Rows) -> tuple[int, int, int, int]:
    """Rows, address, stride, vocabulary."""
    return len(rows), rows.ctypes.data, rows.strides[0] // 4, rows.shape[1]

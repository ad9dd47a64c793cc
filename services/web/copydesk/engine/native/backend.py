"""The kernel as a `Backend`: reads a model folder into memory, and shares out the pages of its cache among texts."""

import ctypes
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from copydesk.engine.backend import CacheFull, Work
from copydesk.engine.errors import EngineCannotStart, ModelBroken
from copydesk.engine.memory import ROWS_AT_ONCE
from copydesk.engine.models import ModelFolder
from copydesk.engine.native.library import PAGE_POSITIONS, Shape, description, kernel
from copydesk.engine.precision import Precision
from copydesk.engine.verify import expected_shapes

_TOKENS_AT_ONCE = 256  # read in one go; the kernel's working memory grows with it
_PREFIX = "transformer."

# The kernel's numbers for a model's parts (gpt2.h), by their names in Hugging Face's files.
_GLOBAL_PARTS = {"wpe.weight": 0, "ln_f.weight": 1, "ln_f.bias": 2}
_LAYER_PARTS = {
    name: number
    for number, name in enumerate(
        (
            *("ln_1.weight", "ln_1.bias"),
            *("attn.c_attn.weight", "attn.c_attn.bias", "attn.c_proj.weight", "attn.c_proj.bias"),
            *("ln_2.weight", "ln_2.bias"),
            *("mlp.c_fc.weight", "mlp.c_fc.bias", "mlp.c_proj.weight", "mlp.c_proj.bias"),
        ),
        start=3,
    )
}
_EMBEDDING = "wte.weight"
_ALL = slice(None)


@dataclass
class _Text:
    """One sequence: how many tokens were read, and where their keys and values are."""

    row: int  # in the table of pages
    length: int = 0
    pages: list[int] = field(default_factory=list)


class NativeBackend:
    """One model in memory. One thread drives it; the kernel has threads of its own."""

    def __init__(
        self,
        model: ModelFolder,
        *,
        precision: Precision = Precision.INT8,
        threads: int = 1,
        cache_tokens: int = 8192,
        sequences: int = 256,
    ) -> None:
        """Load `model`, with room for `cache_tokens` tokens of at most `sequences` texts.

        Raises:
            EngineCannotStart: the kernel is missing, or the model's shape is none that it knows.
            ModelBroken: a weight is missing or of another shape.
        """
        self._kernel = kernel()
        self.description = description(precision.value)
        self.context, self.vocabulary = model.context, int(model.config["vocab_size"])
        self.end_of_text = model.end_of_text
        pages = max(1, math.ceil(cache_tokens / PAGE_POSITIONS))
        self._handle = self._kernel.gpt2_new(ctypes.byref(_shape(model, precision, pages, threads)))
        if not self._handle:
            raise EngineCannotStart(f"The shape of {model.name} is not one that the engine knows, or memory ran out.")
        self._load(model)
        self.weight_bytes = int(self._kernel.gpt2_bytes(self._handle))
        self._free = list(range(pages - 1, -1, -1))  # taken from the end, so that few pages are ever touched
        self._users = np.zeros(pages, np.int32)
        self._table = np.zeros((sequences, math.ceil(self.context / PAGE_POSITIONS)), np.int32)
        self._rows = list(range(sequences - 1, -1, -1))
        self._texts: dict[int, _Text] = {}
        self._next = 0
        self._stride = math.ceil(self.vocabulary / 16) * 16
        self._scores = np.empty((0, self._stride), np.float32)

    def __del__(self) -> None:
        handle, self._handle = getattr(self, "_handle", None), None
        if handle:
            self._kernel.gpt2_free(handle)

    @property
    def handle(self) -> int:
        """The model's address, for other functions of the kernel."""
        return int(self._handle)

    def room(self) -> int:
        """Tokens that still fit into the cache, all sequences together."""
        return len(self._free) * PAGE_POSITIONS

    def open(self) -> int:
        """A new empty sequence.

        Raises:
            CacheFull: there are too many already.
        """
        if not self._rows:
            raise CacheFull
        self._next += 1
        self._texts[self._next] = _Text(self._rows.pop())
        return self._next

    def fork(self, sequence: int) -> int:
        """Another sequence with the same past. Its pages are shared until one of the two goes on in one."""
        past = self._texts[sequence]
        number = self.open()
        text = self._texts[number]
        text.length, text.pages = past.length, past.pages.copy()
        self._table[text.row, : len(text.pages)] = text.pages
        self._users[text.pages] += 1
        return number

    def close(self, sequence: int) -> None:
        """Forget a sequence."""
        text = self._texts.pop(sequence)
        self._rows.append(text.row)
        for page in reversed(text.pages):
            self._leave(page)

    def step(self, work: Sequence[Work]) -> NDArray[np.float32]:
        """See `Backend.step`."""
        self._check(work)
        rows = sum(each.wanted for each in work)
        if len(self._scores) < rows:
            self._scores = np.empty((rows, self._stride), np.float32)
        done = 0
        for part in _parts(work):
            done += self._read(part, done)
        return self._scores[:rows, : self.vocabulary]

    def _check(self, work: Sequence[Work]) -> None:
        pages = 0
        for each in work:
            text = self._texts[each.sequence]
            length = text.length + len(each.tokens)
            if not each.tokens or length > self.context or not 0 <= each.wanted <= len(each.tokens):
                raise ValueError(f"{length} tokens of a window of {self.context}, {each.wanted} wanted")
            if min(each.tokens) < 0 or max(each.tokens) >= self.vocabulary:
                raise ValueError(f"a token is not of the {self.vocabulary} that the model knows")
            pages += math.ceil(length / PAGE_POSITIONS) - len(text.pages) + self._goes_on_in_shared(text)
        if pages > len(self._free):
            raise CacheFull

    def _goes_on_in_shared(self, text: _Text) -> bool:
        return text.length % PAGE_POSITIONS != 0 and self._users[text.pages[-1]] > 1

    def _read(self, part: Sequence[Work], done: int) -> int:
        """Let the kernel read `part`; scores go from row `done` on. Returns how many."""
        tokens: list[int] = []
        positions: list[int] = []
        rows: list[int] = []
        wanted: list[int] = []
        for each in part:
            text = self._texts[each.sequence]
            start, count = text.length, len(each.tokens)
            self._grow(text, count)
            tokens += each.tokens
            positions += range(start, start + count)
            rows += [text.row] * count
            wanted += range(len(tokens) - each.wanted, len(tokens))
        # One array for all four: each conversion costs as much as reading a small batch's numbers.
        numbers = np.array(tokens + positions + rows + wanted, np.int32)
        count, address = len(tokens), numbers.ctypes.data
        self._kernel.gpt2_step(
            self._handle,
            count,
            address,
            address + 4 * count,
            address + 8 * count,
            self._table.ctypes.data,
            self._table.shape[1],
            len(wanted),
            address + 12 * count,
            self._scores.ctypes.data + 4 * done * self._stride,
            self._stride,
        )
        return len(wanted)

    def _grow(self, text: _Text, count: int) -> None:
        """Pages for `count` more tokens; a shared one that is not full is copied first."""
        if self._goes_on_in_shared(text):
            page = self._take()
            self._kernel.gpt2_copy_page(self._handle, text.pages[-1], page)
            self._leave(text.pages[-1])
            text.pages[-1] = page
            self._table[text.row, len(text.pages) - 1] = page
        text.length += count
        while len(text.pages) * PAGE_POSITIONS < text.length:
            page = self._take()
            self._table[text.row, len(text.pages)] = page
            text.pages.append(page)

    def _take(self) -> int:
        page = self._free.pop()
        self._users[page] = 1
        return page

    def _leave(self, page: int) -> None:
        self._users[page] -= 1
        if not self._users[page]:
            self._free.append(page)

    def _load(self, model: ModelFolder) -> None:
        """One piece of the file at a time: what was read of a mapped file counts as ours until it is closed."""
        for name, part, layer in _parts_of(model):
            values = _weights(model, name)
            self._enough(self._kernel.gpt2_set(self._handle, part, layer, values.ctypes.data), model)
        for first in range(0, self.vocabulary, ROWS_AT_ONCE):
            rows = _weights(model, _EMBEDDING, slice(first, min(first + ROWS_AT_ONCE, self.vocabulary)))
            address = rows.ctypes.data
            self._enough(self._kernel.gpt2_set_embeddings(self._handle, first, len(rows), address), model)

    def _enough(self, answer: int, model: ModelFolder) -> None:
        if answer:
            raise EngineCannotStart(f"There is not enough memory for {model.name}.")


def _weights(model: ModelFolder, name: str, rows: slice = _ALL) -> NDArray[np.float32]:
    """Rows of one weight.

    Raises:
        ModelBroken: it is missing, or of another shape than the configuration says.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(model.weights, framework="np") as tensors:
            key = name if name in tensors.keys() else _PREFIX + name  # noqa: SIM118
            weight = tensors.get_slice(key)
            found, expected = tuple(weight.get_shape()), expected_shapes(model)[name]
            if found != expected:
                raise ModelBroken(f"{model.name}: {name} is {found}, not {expected}.")
            return np.ascontiguousarray(weight[rows], np.float32)
    except SafetensorError as error:
        raise ModelBroken(f"{name} of {model.name} can't be read: {error}") from error


def _shape(model: ModelFolder, precision: Precision, pages: int, threads: int) -> Shape:
    config = model.config
    return Shape(
        layers=config["n_layer"],
        width=config["n_embd"],
        heads=config["n_head"],
        inner=model.inner_width,
        context=model.context,
        vocabulary=config["vocab_size"],
        epsilon=config.get("layer_norm_epsilon", 1e-5),
        exact=precision is Precision.F32,
        pages=pages,
        threads=threads,
        tokens=_TOKENS_AT_ONCE,
    )


def _parts_of(model: ModelFolder) -> Iterator[tuple[str, int, int]]:
    for name, part in _GLOBAL_PARTS.items():
        yield name, part, 0
    for layer in range(model.config["n_layer"]):
        for name, part in _LAYER_PARTS.items():
            yield f"h.{layer}.{name}", part, layer


def _parts(work: Sequence[Work]) -> Iterator[list[Work]]:
    """The same work in parts of at most `_TOKENS_AT_ONCE` tokens, in the same order."""
    part: list[Work] = []
    room = _TOKENS_AT_ONCE
    for each in work:
        start = 0
        while start < len(each.tokens):
            here = list(each.tokens[start : start + room])
            rest = len(each.tokens) - start - len(here)
            part.append(Work(each.sequence, here, min(len(here), max(0, each.wanted - rest))))
            start += len(here)
            room -= len(here)
            if not room:
                yield part
                part, room = [], _TOKENS_AT_ONCE
    if part:
        yield part

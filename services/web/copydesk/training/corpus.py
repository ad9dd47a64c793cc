"""A folder of books as two streams of tokens: one to learn from, one of other books to be judged by."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from copydesk.training.errors import CorpusTooSmallError, NoBooksError
from copydesk.training.files import replace_file
from copydesk.training.tokenizer import end_of_text

HELD_OUT_SHARE = 0.1  # of the books
Tokens = npt.NDArray[np.unsignedinteger]


@dataclass(frozen=True)
class Corpus:
    """Token streams; each book ends in the end-of-text token."""

    train: Tokens  # (tokens,)
    held_out: Tokens  # (tokens,)
    held_out_characters: int
    fingerprint: str  # of the books and the tokenizer, SHA-256


def book_paths(folder: Path) -> list[Path]:
    """Every .txt file of the folder, by name."""
    paths = sorted(folder.glob("*.txt"))
    if not paths:
        raise NoBooksError(str(folder))
    return paths


def split_books(folder: Path) -> tuple[list[Path], list[Path]]:
    """The books to learn from, and a tenth (at least one) that nothing may learn from.

    Whole books, since the end of a book is foretold better by whoever has read its beginning. Which ones follows
    from their names alone, so that a book keeps its side when others come and go around it.
    """
    paths = book_paths(folder)
    by_digest = sorted(paths, key=lambda path: hashlib.sha256(path.name.encode()).digest())
    held_out = set(by_digest[: math.ceil(len(paths) * HELD_OUT_SHARE)])
    if len(held_out) == len(paths):
        raise CorpusTooSmallError("(one book: none is left to learn from)")
    return [path for path in paths if path not in held_out], [path for path in paths if path in held_out]


def training_texts(folder: Path) -> Iterator[str]:
    """The books that may be learnt from: what the tokenizer, too, is trained on."""
    for path in split_books(folder)[0]:
        yield _text(path)


def load_corpus(folder: Path, tokenizer: Tokenizer, cache: Path) -> Corpus:
    """The folder's tokens, from `cache` where the same books were cut by the same tokenizer before."""
    fingerprint = _fingerprint(folder, tokenizer)
    path = cache / f"tokens-{fingerprint[:16]}.npz"
    if path.exists():
        return _read_cache(path, fingerprint)
    corpus = _encode(folder, tokenizer, fingerprint)
    cache.mkdir(parents=True, exist_ok=True)
    replace_file(path, lambda temporary: _write_cache(temporary, corpus))
    return corpus


def batch_windows(tokens: Tokens, step: int, *, batch: int, context: int, seed: int) -> npt.NDArray[np.int32]:
    """The windows of training step `step`: int32 (batch, context + 1).

    Every epoch cuts the stream at a new offset and visits each window once, in an order that depends on nothing
    but the seed and the epoch. The step number alone is therefore the place to resume from.
    """
    count = (len(tokens) - context) // context
    if count < 1:
        raise CorpusTooSmallError(f"({len(tokens)} tokens, context {context})")
    rows = [_window(tokens, step * batch + row, count, context, seed) for row in range(batch)]
    return np.stack(rows).astype(np.int32)


def _window(tokens: Tokens, number: int, count: int, context: int, seed: int) -> Tokens:
    epoch, place = divmod(number, count)
    offset, order = _epoch_order(count, context, seed, epoch, len(tokens))
    start = min(offset + int(order[place]) * context, len(tokens) - context - 1)
    return tokens[start : start + context + 1]


_last_order: dict[tuple[int, ...], tuple[int, npt.NDArray[np.int64]]] = {}


def _epoch_order(count: int, context: int, seed: int, epoch: int, length: int) -> tuple[int, npt.NDArray[np.int64]]:
    """Where the epoch's first window begins, and the order of its windows; only the latest two are kept."""
    key = (count, context, seed, epoch, length)
    if key not in _last_order:
        random = np.random.default_rng((seed, epoch))
        while len(_last_order) > 1:
            del _last_order[next(iter(_last_order))]
        _last_order[key] = int(random.integers(context)), random.permutation(count)
    return _last_order[key]


def _fingerprint(folder: Path, tokenizer: Tokenizer) -> str:
    digest = hashlib.sha256(f"held out {HELD_OUT_SHARE} of the books\n{tokenizer.to_str()}".encode())
    for path in book_paths(folder):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _text(path: Path) -> str:
    """A book's paragraphs, one a line, blank lines dropped."""
    return "\n".join(line for line in path.read_text(encoding="utf-8").split("\n") if line.strip())


def _encode(folder: Path, tokenizer: Tokenizer, fingerprint: str) -> Corpus:
    train, held_out = ([_text(path) for path in paths] for paths in split_books(folder))
    return Corpus(
        train=_tokens(tokenizer, train),
        held_out=_tokens(tokenizer, held_out),
        held_out_characters=sum(map(len, held_out)),
        fingerprint=fingerprint,
    )


def _tokens(tokenizer: Tokenizer, texts: list[str]) -> Tokens:
    end = end_of_text(tokenizer)
    kind = np.uint16 if tokenizer.get_vocab_size() <= 2**16 else np.uint32
    return np.concatenate([np.array([*tokenizer.encode(text).ids, end], kind) for text in texts])


def _write_cache(path: Path, corpus: Corpus) -> None:
    with path.open("wb") as file:
        np.savez(file, train=corpus.train, held_out=corpus.held_out, characters=np.array(corpus.held_out_characters))


def _read_cache(path: Path, fingerprint: str) -> Corpus:
    with np.load(path) as stored:
        return Corpus(stored["train"], stored["held_out"], int(stored["characters"]), fingerprint)

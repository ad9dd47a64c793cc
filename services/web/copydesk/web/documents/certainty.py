"""How sure the model was of what it wrote, from the probabilities that were kept with the draft."""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from copydesk.autodocs import probabilities
from copydesk.config import settings
from copydesk.engine import models
from copydesk.engine.vocabulary import Vocabulary

SURE = ((60, "very sure of its words"), (40, "sure of its words"), (25, "fairly sure"), (12, "often unsure"))
UNSURE = "guessing"
DOUBTS = ((0.02, 3), (0.08, 2), (0.2, 1))  # below this probability a token is marked so deeply

Piece = tuple[str, int]  # text, and how deep the doubt: 0 to 3


def mean_percent(raw: bytes | None) -> int | None:
    """The mean probability of the draft's tokens; None where the engine told none."""
    values = probabilities.unpack(raw) if raw else []
    return round(100 * sum(map(math.exp, values)) / len(values)) if values else None


def in_words(percent: int | None) -> str:
    if percent is None:
        return ""
    return next((words for least, words in SURE if percent >= least), UNSURE)


def pieces(text: str, tokens: Sequence[int], raw: bytes | None, model: str) -> list[Piece]:
    """`text` in pieces that tile it, each with its doubt; empty where it can't be told."""
    found = logprobs(text, tokens, raw, model)
    body = text.lstrip()
    start = len(text) - len(body)
    if not found:
        return []
    return [(text[:start], 0)] * (start > 0) + _merge(body, [_doubt(value) for value in found[start:]])


def logprobs(text: str, tokens: Sequence[int], raw: bytes | None, model: str) -> list[float]:
    """The log-probability of each character of `text`; empty where it can't be told.

    That needs the model's vocabulary at hand, and a text that is the tokens' own: trimmed, but not changed.
    """
    vocabulary = _vocabulary(model)
    if vocabulary is None or not raw or len(raw) != 2 * len(tokens):
        return []
    whole = b"".join(vocabulary.bytes_of(token) for token in tokens).decode("utf-8", "replace")
    body = text.lstrip()
    at = whole.find(body)
    if at < 0 or not text:
        return []
    values = list(_by_character(vocabulary, tokens, probabilities.unpack(raw)))[at : at + len(body)]
    return [0.0] * (len(text) - len(body)) + values + [0.0] * (len(body) - len(values))


def _by_character(vocabulary: Vocabulary, tokens: Sequence[int], values: Sequence[float]) -> Iterator[float]:
    """The log-probability of each character; one that several tokens spell has the least of theirs."""
    rest, least = b"", 0.0
    for token, value in zip(tokens, values, strict=True):
        least = min(least, value) if rest else value
        rest += vocabulary.bytes_of(token)
        try:
            characters = rest.decode("utf-8")
        except UnicodeDecodeError:
            continue
        yield from [least] * len(characters)
        rest = b""


def _doubt(logprob: float) -> int:
    return next((depth for below, depth in DOUBTS if math.exp(logprob) < below), 0)


def _merge(text: str, marks: Sequence[int]) -> list[Piece]:
    """Neighbours of the same depth as one piece; white space is marked only between words of the same depth."""
    depths = [*marks, *[0] * (len(text) - len(marks))]
    for at, character in enumerate(text):
        if character.isspace():
            following = next((depths[later] for later in range(at, len(text)) if not text[later].isspace()), 0)
            depths[at] = depths[at - 1] if at and depths[at - 1] == following else 0
    return [
        ("".join(character for character, _ in run), depth)
        for depth, run in groupby(zip(text, depths, strict=True), key=lambda pair: pair[1])
    ]


@lru_cache(maxsize=4)
def _vocabulary(model: str) -> Vocabulary | None:
    """Read once a process: half a megabyte of JSON."""
    folder = models.folder_of(model, Path(settings().models_dir))
    try:
        return None if folder is None else Vocabulary.read(folder)
    except (OSError, ValueError):
        return None

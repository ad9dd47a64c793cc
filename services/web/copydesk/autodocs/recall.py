"""Comparing a draft with what came when it was written again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

AROUND = 12  # tokens shown on each side of the first difference


@dataclass(frozen=True)
class Comparison:
    """Identical, or where the first difference is: a token and a character of the model's words, from 0."""

    identical: bool
    token: int | None = None
    character: int | None = None
    expected: str = ""
    got: str = ""


def first_difference(expected: Sequence[int], got: Sequence[int]) -> int | None:
    """The place of the first token that differs; None: there is none."""
    for place, (one, other) in enumerate(zip(expected, got, strict=False)):
        if one != other:
            return place
    return None if len(expected) == len(got) else min(len(expected), len(got))


def compare_tokens(expected: Sequence[int], got: Sequence[int], decode: Callable[[Sequence[int]], str]) -> Comparison:
    """Compare token by token; `decode` turns tokens into text for the excerpts."""
    place = first_difference(expected, got)
    if place is None:
        return Comparison(True)
    start = max(0, place - AROUND)
    character = _first_character(decode(expected), decode(got))
    return Comparison(
        False,
        token=place,
        character=len(decode(expected[:place])) if character is None else character,  # the same text, spelt otherwise
        expected=decode(expected[start : place + AROUND]),
        got=decode(got[start : place + AROUND]),
    )


def compare_texts(expected: str, got: str) -> Comparison:
    """For servers that don't name their tokens."""
    place = _first_character(expected, got)
    if place is None:
        return Comparison(True)
    start = max(0, place - 4 * AROUND)
    end = place + 4 * AROUND
    return Comparison(False, character=place, expected=expected[start:end], got=got[start:end])


def _first_character(expected: str, got: str) -> int | None:
    if expected == got:
        return None
    pairs = zip(expected, got, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(expected), len(got)))

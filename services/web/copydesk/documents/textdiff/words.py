"""A text cut into words, spaces and punctuation, to be compared."""

import re
from collections.abc import Iterable
from itertools import accumulate

# Scripts without spaces between words: there a character is a word.
_UNSPACED = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|\s|[^\w\s]")

_TYPED_ALIKE = {
    ord(char): like
    for like, chars in {'"': "“”„«»", "'": "‘’‚", "-": "–—−", " ": "\u00a0\u202f"}.items()
    for char in chars
}
_SENTENCE = re.compile(r"[^.!?\n]*[.!?\n]+[^\S\n]*|[^.!?\n]+")


def tokens(text: str) -> list[str]:
    """Words, punctuation, and each white space by itself; together they are the text."""
    return _TOKEN.findall(text)


def sentences(text: str) -> list[str]:
    """Pieces that end with a full stop or a line, with the spaces behind them; together they are the text."""
    return _SENTENCE.findall(text)


def likeness(token: str) -> str:
    """The same for tokens that differ only in their case, or in how a quote, a dash or a space is typed."""
    return token.casefold().translate(_TYPED_ALIKE)


def is_word(token: str) -> bool:
    return token[0].isalnum() or token[0] == "_"


def is_inside_word(text: str, at: int) -> bool:
    """Are the characters on both sides of this place of one word?"""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def weight(token: str) -> int:
    """What it is worth to keep a token: long words are seldom typed again by chance."""
    if is_word(token):
        return 2 + min(len(token), 10)
    return 3 if token.startswith("\n") else 1


def offsets(all_tokens: Iterable[str]) -> list[int]:
    """Where each token starts, and where the last one ends."""
    return list(accumulate(map(len, all_tokens), initial=0))

"""What a changed text proposes: other words for a few places."""

from collections.abc import Callable
from dataclasses import dataclass

from copydesk.documents.textdiff.difference import changes


@dataclass(frozen=True)
class Proposal:
    """Characters `start` to `end` (exclusive) should become `replacement`."""

    start: int
    end: int
    replacement: str


def proposals(before: str, after: str) -> list[Proposal]:
    """The contiguous changes between two texts, in whole words; those with only a space between them are one."""
    raw = [Proposal(one.i1, one.i2, after[one.j1 : one.j2]) for one in changes(before, after) if one.op != "same"]
    altered = _joined(before, raw, lambda between: all(map(_is_word, between)))
    whole = [_whole_words(before, one) for one in altered]
    return [_trimmed(before, one) for one in _joined(before, whole, lambda between: not between.strip(" "))]


def _joined(text: str, found: list[Proposal], belong: Callable[[str], bool]) -> list[Proposal]:
    """Neighbours as one, where what stands between them says that they belong together."""
    joined: list[Proposal] = []
    for one in found:
        last = joined[-1] if joined else None
        if last and belong(text[last.end : one.start]):
            joined[-1] = Proposal(last.start, one.end, last.replacement + text[last.end : one.start] + one.replacement)
        else:
            joined.append(one)
    return joined


def _whole_words(text: str, one: Proposal) -> Proposal:
    """Where a word was altered (walk, walked), the word is what is replaced."""
    start, end, words = one.start, one.end, one.replacement
    removed = text[start:end]
    if _is_word(removed[:1]) or _is_word(words[:1]):
        while start and _is_word(text[start - 1]):
            start -= 1
    if _is_word(removed[-1:]) or _is_word(words[-1:]):
        while end < len(text) and _is_word(text[end]):
            end += 1
    return Proposal(start, end, text[start : one.start] + words + text[one.end : end])


def _trimmed(text: str, one: Proposal) -> Proposal:
    """Without the white space at its end that stays."""
    removed, words = text[one.start : one.end], one.replacement
    while removed and words and removed[-1] == words[-1] and removed[-1].isspace():
        removed, words = removed[:-1], words[:-1]
    return Proposal(one.start, one.start + len(removed), words)


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"

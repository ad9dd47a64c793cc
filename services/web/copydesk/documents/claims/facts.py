"""What the rules for numbers, dates, names and quotes share."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["name", "number", "date", "quote"]

# Addresses and code say nothing about the world: what stands in them is never a claim. What each has in it comes first:
# a text without it need not be searched.
_NOT_PROSE = {
    "://": re.compile(r"https?://\S{1,2000}"),
    "www.": re.compile(r"www\.\S{1,2000}"),
    "](": re.compile(r"\]\([^)\s]{0,2000}\)"),
    "@": re.compile(r"[\w.+-]{1,64}@[\w.-]{1,255}"),
    "`": re.compile(r"`[^`\n]{0,500}`"),
}
WORD = re.compile(r"[^\W_]+(?:[’'\-‑][^\W_]+)*")


def listed(words: str) -> list[str]:
    """The words of a list that is written as running text, to be read by people too."""
    return words.split()


@dataclass(frozen=True)
class Place:
    """Characters `start` to `end` (exclusive) of a text."""

    start: int
    end: int


def prose(text: str) -> str:
    """The text with addresses and code blanked out, every character in its place."""
    for mark, form in _NOT_PROSE.items():
        if mark in text:
            text = form.sub(lambda match: " " * len(match[0]), text)
    return text


def blank(text: str, places: Iterable[Place]) -> str:
    """The text with these places blanked out: what was understood as one thing is not read as another."""
    pieces, at = [], 0
    for place in sorted(places, key=lambda one: one.start):
        if place.start >= at:
            pieces += [text[at : place.start], "x" * (place.end - place.start)]
            at = place.end
    return "".join([*pieces, text[at:]])


def fold(word: str) -> str:
    """The form in which words are compared: no capitals, one apostrophe, no possessive."""
    folded = word.casefold().replace("’", "'").replace("‑", "-")
    return folded[:-2] if folded.endswith("'s") else folded.rstrip("'")

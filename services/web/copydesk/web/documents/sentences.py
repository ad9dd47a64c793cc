"""A text in paragraphs and sentences with their places, for picking a passage without script."""

import re
from dataclasses import dataclass

_PARAGRAPH = re.compile(r"[^\n]+")
_SENTENCE = re.compile(r"\S.*?(?:[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？]|\s*$)")


@dataclass(frozen=True)
class Sentence:
    """Characters `start` to `end` (exclusive) of the text."""

    start: int
    end: int
    text: str

    @property
    def value(self) -> str:
        return f"{self.start}-{self.end}"


def paragraphs(text: str) -> list[list[Sentence]]:
    """Every sentence, paragraph by paragraph; white space between them belongs to none."""
    found = [_sentences(paragraph[0], paragraph.start()) for paragraph in _PARAGRAPH.finditer(text)]
    return [one for one in found if one]


def covered(values: list[str]) -> tuple[int, int] | None:
    """From the first to the last of the places `start-end`; None when there is none, or one is nonsense."""
    places = []
    for value in values:
        start, _, end = value.partition("-")
        if not (start.isascii() and start.isdigit() and end.isascii() and end.isdigit() and len(value) < 24):
            return None
        places.append((int(start), int(end)))
    return (min(start for start, _ in places), max(end for _, end in places)) if places else None


def _sentences(paragraph: str, at: int) -> list[Sentence]:
    found = []
    for one in _SENTENCE.finditer(paragraph):
        words = one[0].rstrip()
        found.append(Sentence(at + one.start(), at + one.start() + len(words), words))
    return found

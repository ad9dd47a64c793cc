"""Quoted passages, in curly and in straight marks."""

import re
from dataclasses import dataclass

from copydesk.documents.claims.facts import WORD, Place, fold

LONGEST = 800  # characters; a mark that was never closed does not swallow the rest of the text
_QUOTED = re.compile(
    rf"(?=[“„«\"‘'])(?:“(?P<curly>[^“”\n]{{1,{LONGEST}}})”|„(?P<low>[^„“”\n]{{1,{LONGEST}}})[“”]|«(?P<angle>[^«»\n]{{1,{LONGEST}}})»"
    rf"|(?<![\w\"])\"(?P<straight>[^\"\n]{{1,{LONGEST}}})\"(?!\w)"
    rf"|(?<!\w)‘(?P<single>[^‘\n]{{1,{LONGEST}}}?)’(?!\w)"
    rf"|(?<![\w'])'(?P<plain>[^'\n ](?:[^'\n]|'(?=\w)){{1,{LONGEST}}})'(?!\w))"
)
_LEFT_OUT = re.compile(r"\[?(?:…|\.\.\.)\]?")


@dataclass(frozen=True)
class Quote(Place):
    """The words between the marks; `parts` are its words, folded, cut where something was left out."""

    parts: tuple[tuple[str, ...], ...]


def scan(text: str) -> list[Quote]:
    """Every quoted passage. One small word in marks is a word looked at, not somebody's."""
    found = []
    for match in _QUOTED.finditer(text):
        start, end = match.span(match.lastgroup or 0)
        end = start + len(text[start:end].rstrip(" ,.;"))
        words = WORD.findall(match[0])
        if words and (len(words) > 1 or words[0][0].isupper()):
            parts = tuple(tuple(map(fold, WORD.findall(part))) for part in _LEFT_OUT.split(text[start:end]))
            found.append(Quote(start, end, tuple(part for part in parts if part)))
    return found

"""Small rules without a model: quotes, dashes, spaces, ellipses, the house's spellings. Each has a name.

A rule lists changes; whatever touches code, links or front matter is left out. Doing it twice is doing it once.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby

from copydesk.documents.housestyle.prose import Kept

MOST_ROUNDS = 8
NBSP, DASHES = "\u00a0", {"en": " – ", "em": "—"}


class Rule(StrEnum):
    """In the order in which they are applied."""

    SPELLINGS = "spellings"
    ELLIPSES = "ellipses"
    DASHES = "dashes"
    RANGES = "ranges"
    QUOTES = "quotes"
    SPACES = "spaces"
    NONBREAKING = "nonbreaking"


SAYS = {
    Rule.SPELLINGS: "House spellings",
    Rule.ELLIPSES: "Three dots become an ellipsis (…)",
    Rule.DASHES: "-- and spaced hyphens become the house’s dash",
    Rule.RANGES: "Numbers from–to take an en dash",
    Rule.QUOTES: "Straight quotes and apostrophes become curly (“ ” ’)",
    Rule.SPACES: "No double spaces, none at a line’s end or before a comma or full stop",
    Rule.NONBREAKING: "Numbers stay on one line with their units (10 km, 5 %), titles with names (Mr Hill)",
}


@dataclass(frozen=True)
class Edit:
    """Characters `start` to `end` (exclusive) become `words`."""

    start: int
    end: int
    words: str


@dataclass(frozen=True)
class Style:
    """Which rules, which dash, and the spellings: what is replaced, and by what."""

    rules: frozenset[Rule] = frozenset(Rule) - {Rule.NONBREAKING}
    dash: str = "en"
    spellings: Mapping[str, str] = field(default_factory=dict)


def tidy(text: str, style: Style) -> str:
    """The text with every rule of the style applied, until none finds anything more."""
    spellings, kept = Spellings(style.spellings), Kept(text)
    for _ in range(MOST_ROUNDS):
        before = text
        for rule in Rule:
            edits = list(_edits(rule, text, style, spellings, kept)) if rule in style.rules else []
            if edits:
                text = _apply(text, edits)
                kept = Kept(text)
        if text == before:
            break
    return text


def count(text: str, style: Style) -> dict[Rule, int]:
    """How many places each rule would change in this text, on or off, each by itself."""
    spellings, kept = Spellings(style.spellings), Kept(text)
    return {rule: sum(1 for _ in _edits(rule, text, style, spellings, kept)) for rule in Rule}


def _edits(rule: Rule, text: str, style: Style, spellings: "Spellings", kept: Kept) -> Iterable[Edit]:
    """The changes of one rule, in order, none over another, none of what is kept."""
    at = 0
    for one in _FINDERS[rule](text, style, spellings):
        if one.start >= at and text[one.start : one.end] != one.words and not kept.holds(one.start, one.end):
            yield one
            at = one.end


def _apply(text: str, edits: Iterable[Edit]) -> str:
    pieces, at = [], 0
    for one in edits:
        pieces += [text[at : one.start], one.words]
        at = one.end
    return "".join([*pieces, text[at:]])


class Spellings:
    """What the house spells otherwise, looked up by the first word, so that ten thousand cost no more than ten."""

    def __init__(self, spellings: Mapping[str, str]) -> None:
        by_length = sorted(spellings.items(), key=lambda pair: (_first(pair[0]), -len(pair[0])))
        self._by_first = {key: list(pairs) for key, pairs in groupby(by_length, key=lambda pair: _first(pair[0]))}

    def find(self, text: str) -> Iterable[Edit]:
        if not self._by_first:
            return
        for token in re.finditer(r"\w+", text):
            for wrong, right in self._by_first.get(token[0].lower(), ()):
                end = token.start() + len(wrong)
                if _is(text[token.start() : end], wrong) and not re.match(r"\w", text[end : end + 1]):
                    yield Edit(token.start(), end, _in_case_of(text[token.start() : end], wrong, right))
                    break


def _first(words: str) -> str:
    found = re.search(r"\w+", words)
    return found[0].lower() if found else ""


def _is(written: str, wrong: str) -> bool:
    """A spelling in small letters is meant in any case; one with capitals exactly so."""
    return written.lower() == wrong if wrong == wrong.lower() else written == wrong


def _in_case_of(written: str, wrong: str, right: str) -> str:
    if wrong != wrong.lower() or written == written.lower() or right != right.lower():
        return right
    if written == written.upper() and len(written) > 1:
        return right.upper()
    return right[:1].upper() + right[1:] if written[:1].isupper() else right


def _ellipses(text: str) -> Iterable[Edit]:
    for found in re.finditer(r"(?<![./\\])(?:\.\.\.|\. \. \.)(?![./\\]| \.)", text):
        yield Edit(found.start(), found.end(), "…")


def _dashes(text: str, style: Style) -> Iterable[Edit]:
    # Neither options (git --help) nor marks of Markdown, nor sums (5 - 3).
    pattern = r"(?<=[^\s\-|<!>]) (?:--?-?) (?=[^\s\-|>])|(?<=[^\W\d_])---?(?=[^\W\d_])"
    for found in re.finditer(pattern, text):
        sum_of_two = "--" not in found[0] and (text[found.start() - 1] + text[found.end()]).isdigit()
        if not sum_of_two and not _list_mark(text, found.start()):
            yield Edit(found.start(), found.end(), DASHES[style.dash])


_LIST_MARK = re.compile(r"(?:[ \t>]*(?:[-*+]|\d{1,9}[.)]|#{1,6}))*[ \t>]*")


def _list_mark(text: str, at: int) -> bool:
    """Does only the mark of a list, a quotation or a heading stand before it on its line?"""
    return bool(_LIST_MARK.fullmatch(text, text.rfind("\n", 0, at) + 1, at))


def _ranges(text: str) -> Iterable[Edit]:
    # Neither dates (2024-05-01), nor telephone numbers, nor parts of names (COVID-19).
    pattern = r"(?<![\w\-–—.,/:+#@=])(\d{1,4})-(\d{1,4})(?![\w\-–—/:=@]|[.,]\d)"
    for found in re.finditer(pattern, text):
        first, last = found[1], found[2]
        short = 1 < len(last) < len(first)  # 1990-95
        whole = first[: len(first) - len(last)] + last if short else last
        if last[0] != "0" and first[0] != "0" and int(whole) > int(first) and (len(first), len(last)) != (3, 4):
            yield Edit(found.end(1), found.start(2), "–")


_OPENS = "([{‘“«–—-/"
_ELIDED = re.compile(r"(?:tis|twas|twere|twill|til|em|cause|bout|round|n)(?!\w)|\d\ds?(?!\w)", re.I)


def _quotes(text: str) -> Iterable[Edit]:
    opened = False
    for found in re.finditer(r"""["'“”]|\n[ \t]*\n""", text):
        mark, at = found[0], found.start()
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        if mark[0] == "\n":
            opened = False
        elif mark in "“”":
            opened = mark == "“"
        elif mark == '"':
            if before.isdigit() and not opened:
                continue  # inches
            opened = _begins(text, at)
            yield Edit(at, at + 1, "“" if opened else "”")
        elif not (before.isdigit() and (after.isdigit() or after in ('"', "”"))):  # feet, minutes
            elided = not before.isalnum() and _ELIDED.match(text, at + 1)
            yield Edit(at, at + 1, "‘" if _begins(text, at) and not elided else "’")


def _begins(text: str, at: int) -> bool:
    """Does a quotation begin here? After space or an opening mark, and before something."""
    if text[at + 1 : at + 2].strip() == "":
        return False
    while at and text[at - 1] in "*_~'\"":
        at -= 1
    return not at or text[at - 1].isspace() or text[at - 1] in _OPENS


def _spaces(text: str) -> Iterable[Edit]:
    for found in re.finditer(r"(?<=\S) {2,}(?=[^\s|])", text):
        if "|" not in _line(text, found.start()) and not _list_mark(text, found.start()):
            yield Edit(found.start(), found.end(), " ")
    # Two spaces and a line below are Markdown's line break.
    for found in re.finditer(r"(?<=\S)(?:[ \t]|[ \t]{2,}(?=\n[ \t]*(?:\n|\Z)|\Z))(?=\n|\Z)", text):
        if not _list_mark(text, found.start()):
            yield Edit(found.start(), found.end(), "")
    for found in re.finditer(r"(?<=[\w”’)]) +(?=[,;:.!?](?:\s|[”’\"']|\Z))", text):
        if "|" not in _line(text, found.start()) and not _list_mark(text, found.start()):
            yield Edit(found.start(), found.end(), "")


def _line(text: str, at: int) -> str:
    end = text.find("\n", at)
    return text[text.rfind("\n", 0, at) + 1 : end if end >= 0 else len(text)]


_UNITS = r"(?:%|‰|°[CF]?|km|cm|mm|m|kg|g|mg|l|ml|ha|kW|MW|GW|GB|MB|kB|Hz|px|pt|million|billion)(?!\w)"
_BEFORE_NAMES, _BEFORE_NUMBERS = r"(?:Mr|Mrs|Ms|Dr|Prof|St)\.?", r"(?:[Nn]os?|pp?|[Vv]ol|[Ff]ig|[Cc]h)\."


def _nonbreaking(text: str) -> Iterable[Edit]:
    pattern = rf"(?<=\d) (?={_UNITS})|(?<![\w.])(?:{_BEFORE_NAMES} (?=[A-Z])|{_BEFORE_NUMBERS} (?=\d))"
    for found in re.finditer(pattern, text):
        yield Edit(found.end() - 1, found.end(), NBSP)


_FINDERS: Mapping[Rule, Callable[[str, Style, Spellings], Iterable[Edit]]] = {
    Rule.SPELLINGS: lambda text, style, spellings: spellings.find(text),
    Rule.ELLIPSES: lambda text, style, spellings: _ellipses(text),
    Rule.DASHES: lambda text, style, spellings: _dashes(text, style),
    Rule.RANGES: lambda text, style, spellings: _ranges(text),
    Rule.QUOTES: lambda text, style, spellings: _quotes(text),
    Rule.SPACES: lambda text, style, spellings: _in_order(_spaces(text)),
    Rule.NONBREAKING: lambda text, style, spellings: _nonbreaking(text),
}


def _in_order(edits: Iterable[Edit]) -> Sequence[Edit]:
    return sorted(edits, key=lambda one: (one.start, one.end))

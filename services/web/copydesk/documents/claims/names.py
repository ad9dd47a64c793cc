"""Names: runs of words with capitals that the beginning of a sentence, a heading or the calendar does not explain."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from copydesk.documents.claims.facts import WORD, Place, fold, listed

TITLES = frozenset(
    listed(
        """mr mrs ms miss mx dr prof professor sir dame lady lord councillor cllr mayor president minister
        chancellor king queen prince princess captain sergeant judge bishop father sister brother uncle aunt rev
        reverend saint"""
    )
)
_ABBREVIATIONS = TITLES | frozenset(listed("st jr sr no vs etc inc ltd co"))
# Words that often begin a sentence: a capital on them says nothing.
_COMMON = frozenset(
    listed(
        """a about above across after again against ago all almost along already also although always am among an
        and another any anyone anything anyway are around as ask at away back be because become been before
        behind being below beneath beside besides best better between beyond both but by call can come consider
        could critics dear despite did do does don't down during each early either else enough even ever every
        everybody everyone everything except far few finally find first five follow for four friends from
        further get give given go good had half has have having he he's hello hence her here here's hers herself
        him himself his how however i i'd i'll i'm i've if imagine in indeed inside instead into is isn't it
        it's its itself just keep last late later least left less lest let let's like likewise little look made
        make many maybe me meanwhile mind mine more moreover most much must my myself near nearly neither never
        nevertheless new next no nobody none nonetheless nor not nothing now nowhere o of off often oh ok old on
        once one only onto or other others our ours ourselves out outside over own past people perhaps please
        quite rather read really recently remember right say second see seven several shall she she's should
        since six so some somebody someone something sometimes somewhere soon still such suddenly take ten than
        that that's the their theirs them themselves then there there's therefore these they they're things
        think this those though three through throughout thus time to today together tomorrow tonight too
        towards truth try two under unless unlike until up upon us use used usually very visit visitors walk
        want was watch we we'll we're we've well were what what's whatever when whenever where whereas wherever
        whether which whichever while who who's whoever whole whom whose why will with within without wonder
        would yes yesterday yet you you'll you're you've your yours"""
    )
)
_CALENDAR = frozenset(
    listed(
        """monday tuesday wednesday thursday friday saturday sunday january february march april may june july
        august september october november december"""
    )
)
_SENTENCE_END = frozenset(".!?…:")
_LAST_WORD = re.compile(r"[^\W_]+$")
_JOINT = re.compile(
    r" (?:(?:of|de|da|di|du|del|della|der|den|dem|van|von|la|le|el|al|bin|ibn|y|&)(?: the| la| der| den)? )"
)
_UPPER = "".join(chr(code) for code in range(0x2FFF) if chr(code).isupper())
_CAPITAL = re.compile(rf"(?=[{_UPPER}])(?<![^\W_])(?<![^\W_][’'\-‑]){WORD.pattern}")
_OPENING = frozenset("“‘\"'«„")


class Token(NamedTuple):
    """A word with a capital; `starts`: that may come from where it stands."""

    start: int
    end: int
    word: str
    folded: str
    starts: bool
    in_heading: bool

    @property
    def acronym(self) -> bool:
        return len(self.word) > 1 and self.word.isupper()


@dataclass(frozen=True)
class Name(Place):
    """`parts`: its words, folded, without titles and joints; one tuple for each name in "Marr of the Gallery"."""

    parts: tuple[tuple[str, ...], ...]
    places: tuple[Place, ...]


def tokens(text: str) -> list[Token]:
    """The text's words with capitals, each with whether that may be explained by its place."""
    found: list[Token] = []
    headings = _headings(text)
    heading = next(headings, None)
    for match in _CAPITAL.finditer(text):
        start, end = match.span()
        while heading and heading.end <= start:
            heading = next(headings, None)
        in_heading = bool(heading and heading.start <= start)
        found.append(Token(start, end, match[0], fold(match[0]), _starts(text, start), in_heading))
    return found


def scan(text: str, words: Sequence[Token], lower: frozenset[str]) -> list[Name]:
    """Every name. `words`: the text's `tokens`; `lower`: words (folded) that are written small somewhere."""
    sure = frozenset(one.folded for one in words if not (one.starts or one.in_heading)) - _CALENDAR
    names, at = [], 0
    while at < len(words):
        stop = at + 1
        while stop < len(words) and _linked(text, words[stop - 1], words[stop]):
            stop += 1
        name = _name(text, words[at:stop], sure, lower)
        if name is not None:
            names.append(name)
        at = stop
    return names


def small(text: str) -> frozenset[str]:
    """The words that are written small."""
    marks = "“”‘’\"'()[]{}.,;:!?…—–-*_#>"
    return frozenset(fold(word.strip(marks)) for word in set(text.split()) if word.strip(marks)[:1].islower())


def _linked(text: str, one: Token, other: Token) -> bool:
    """Do two words with capitals belong to one name: "Ines Marr", "J. Marr", "Museum of the Sea"?"""
    gap = text[one.end : other.start]
    if len(gap) > 24:
        return False
    if len(one.word) == 1 or one.folded in _ABBREVIATIONS:
        gap = gap.removeprefix(".")
        if not gap:
            return True
    return gap in (" ", "\u00a0", "/") or bool(_JOINT.fullmatch(gap))


def _name(text: str, run: Sequence[Token], sure: frozenset[str], lower: frozenset[str]) -> Name | None:
    """The run without words whose capital says nothing; None when nothing is left."""
    kept = [one for one in run if one.folded in sure] if run[0].in_heading else list(run)
    while kept and _says_nothing(kept[0], len(kept), sure, lower):
        kept.pop(0)
    while kept and (kept[-1].folded in _CALENDAR or (len(kept) > 1 and kept[-1].folded in _COMMON)):
        kept.pop()
    parts = [part for part in _parts(text, kept) if any(one.folded not in TITLES for one in part)]
    if not parts:
        return None
    return Name(
        parts[0][0].start,
        parts[-1][-1].end,
        tuple(tuple(one.folded for one in part if one.folded not in TITLES) for part in parts),
        tuple(Place(part[0].start, part[-1].end) for part in parts),
    )


def _parts(text: str, kept: Sequence[Token]) -> list[list[Token]]:
    """The run cut at its joints."""
    parts: list[list[Token]] = []
    for place, one in enumerate(kept):
        if place and not _JOINT.fullmatch(text[kept[place - 1].end : one.start]):
            parts[-1].append(one)
        else:
            parts.append([one])
    return parts


def _says_nothing(first: Token, length: int, sure: frozenset[str], lower: frozenset[str]) -> bool:
    """Is the capital of a run's first word explained by its place, or is it no name at all?"""
    word = first.folded
    if word in _CALENDAR or word in _COMMON or ("'" in word and word.split("'")[0] in _COMMON):
        return True
    if not first.starts or first.acronym or any(letter.isupper() for letter in first.word[1:]):
        return False
    if word in lower or word.endswith("ly"):
        return True
    return length == 1 and word not in sure


def _starts(text: str, at: int) -> bool:
    """Does a sentence, a line or speech begin here?"""
    last = at
    while last and at - last < 24 and not text[last - 1].isalnum():
        last -= 1
    gap = text[last:at]
    if last == 0 or at - last == 24 or "\n" in gap:
        return True
    if gap.isspace() or not gap:
        return False
    if any(mark in _OPENING for mark in gap):
        return True
    if gap.startswith(".") and (before := _LAST_WORD.search(text[max(0, last - 12) : last])):
        word = before[0]
        return not ((len(word) == 1 and word.isalpha()) or fold(word) in _ABBREVIATIONS)
    return any(mark in _SENTENCE_END for mark in gap)


def _headings(text: str) -> Iterator[Place]:
    """Lines in which capitals say little: headings, titles, shouting."""
    at = 0
    for line in text.splitlines(keepends=True):
        if len(line) < 200 and (line.isupper() or not line.rstrip().endswith((".", "!", "?", ",", ";", "”", '"'))):
            words = [word for word in WORD.findall(line) if word[0].isalpha()]
            if line.isupper() or (len(words) > 3 and sum(word[0].isupper() for word in words) >= 0.6 * len(words)):
                yield Place(at, at + len(line))
        at += len(line)

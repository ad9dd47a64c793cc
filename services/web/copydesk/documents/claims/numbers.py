"""Numbers in figures and in words, each with its value and what it counts: 1,200 and "twelve hundred" are one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from copydesk.documents.claims.facts import Place, listed

UNITS = dict(
    zip(
        listed(
            """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
            sixteen seventeen eighteen nineteen"""
        ),
        range(20),
        strict=True,
    )
)
TENS = dict(zip(listed("twenty thirty forty fifty sixty seventy eighty ninety"), range(20, 100, 10), strict=True))
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
MULTIPLES = {"dozen": 12, "hundred": 100, **SCALES}
ORDINALS = dict(
    zip(
        listed(
            """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
            fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"""
        ),
        range(1, 21),
        strict=True,
    )
)
ORDINALS |= {f"twenty-{word}": 20 + value for word, value in ORDINALS.items() if value < 10} | {
    "thirtieth": 30,
    "thirty-first": 31,
}
PARTS = {"third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
CURRENCIES = {"pound": "£", "pounds": "£", "euro": "€", "euros": "€", "dollar": "$", "dollars": "$", "pence": "p"}
# "Her first show" says something that can be wrong; "the first time", "at first", "second thoughts" seldom do.
_IDLE = frozenset(
    listed(
        """time times glance sight place thing things thought thoughts impression hand step steps light half person
        one ones few of two three day days morning evening night name names in and but or to that who which
        instinct page line word words nature"""
    )
)
_BELOW_HUNDRED = frozenset({*UNITS, *TENS})
_BEGIN = _BELOW_HUNDRED | {word for word in ORDINALS if "-" not in word}
_NUMBERISH = frozenset({*_BELOW_HUNDRED, *MULTIPLES, *ORDINALS, *PARTS, *(f"{part}s" for part in PARTS), "a", "and"})
_LINKS = frozenset(" -\n\u00a0\u2011")
_WHOSE = frozenset(listed("her his its their our my whose"))

_FIGURE = re.compile(
    r"(?=[£$€¥\d])(?<![\w.])(?<![A-Za-z][-‑])(?P<before>[£$€¥]\s?)?"
    r"(?P<whole>\d{1,3}(?:[,\u00a0\u202f\u2009 ]\d{3})+(?!\d)|\d{1,30})(?P<decimal>\.\d{1,20})?"
    r"(?:(?P<ordinal>st|nd|rd|th)\b|[ \u00a0]?(?P<percent>%|per[ ]?cent\b)"
    r"|(?P<short>k|m|bn)\b|[ \u00a0](?P<scale>thousand|million|billion|trillion)\b)?"
    r"(?:[ \u00a0]?(?P<after>€|£|(?:pounds?|euros?|dollars?|pence)\b))?",
    re.IGNORECASE,
)
_LIST_MARK = re.compile(r"^[ \t]{0,8}\d{1,9}[.)](?=\s)", re.MULTILINE)
_SIMPLE = re.compile(r"[^\W\d_]+")
_SHORT = {"k": 10**3, "m": 10**6, "bn": 10**9}
_A_HUNDRED = rf"(?:a|half)(?=[ -](?:a|{'|'.join([*MULTIPLES, *PARTS])})\b)"
_PERCENT = re.compile(r"[ \u00a0]per ?cent\b|[ \u00a0]?%", re.IGNORECASE)


@dataclass(frozen=True)
class Number(Place):
    """A number and its unit: "" for mere counting, "th" for a rank, "%", or a currency."""

    value: Fraction
    unit: str


def scan(text: str) -> list[Number]:
    """Every number, in order; "one" alone is a pronoun more often than not and is left out."""
    figures = list(_figures(text))
    taken = {at for one in figures for at in range(one.start, one.end)}
    words = [one for one in _in_words(text) if one.start not in taken]
    return sorted([*figures, *words], key=lambda one: one.start)


def _figures(text: str) -> Iterator[Number]:
    marks = {match.end() - 1 for match in _LIST_MARK.finditer(text)}
    for match in _FIGURE.finditer(text):
        if match.end("whole") in marks:
            continue
        value = Fraction(re.sub(r"\D", "", match["whole"]) + (match["decimal"] or ""))
        unit = match["before"].strip() if match["before"] else CURRENCIES.get((match["after"] or "").lower(), "")
        unit = unit or (match["after"] or "")
        if match["scale"]:
            value *= SCALES[match["scale"].lower()]
        elif match["short"] and unit:
            value *= _SHORT[match["short"].lower()]
        yield Number(match.start(), match.end(), value, "th" if match["ordinal"] else "%" if match["percent"] else unit)


def _in_words(text: str) -> Iterator[Number]:
    lowered = text.lower() if len(text.lower()) == len(text) else text
    # Most number words stand in no text at all: looking for the others alone is fast.
    there = sorted(_BEGIN & set(_SIMPLE.findall(lowered)))
    done = 0
    for match in re.finditer(rf"\b(?:{'|'.join([*there, _A_HUNDRED])})\b", lowered):
        if match.start() < done:
            continue
        words = _run(lowered, match.start())
        first = words[0][2]
        stop, value = _cardinal(text, words, 0) if first not in ORDINALS else (0, None)
        if value is not None and not (stop == 1 and first == "one"):
            done, unit = _unit(text, words, stop)
            yield Number(match.start(), done, value, unit)
        elif first in ORDINALS and len(words) > 1 and words[1][2] not in _IDLE and _is_theirs(lowered, match.start()):
            done = words[1][1]
            yield Number(match.start(), done, Fraction(ORDINALS[first]), "th")


def _run(text: str, at: int) -> list[tuple[int, int, str]]:
    """The words from here on that nothing but a space or a hyphen is between; as far as they can be one number."""
    words: list[tuple[int, int, str]] = []
    while len(words) < 16 and (match := _SIMPLE.match(text, at)):
        words.append((match.start(), match.end(), match[0]))
        if text[match.end() : match.end() + 1] not in _LINKS or (len(words) > 1 and match[0] not in _NUMBERISH):
            break
        at = match.end() + 1
    return words


def _is_theirs(text: str, at: int) -> bool:
    """Does "her", "its" … stand right before?"""
    before = text[max(0, at - 6) : at - 1].split()
    return text[at - 1 : at].isspace() and bool(before) and before[-1] in _WHOSE


def _cardinal(text: str, words: Sequence[tuple[int, int, str]], at: int) -> tuple[int, Fraction | None]:
    """Where the number that begins with word `at` ends, and its value."""
    first = words[at][2]
    following = _follower(text, words, at)
    if first == "half":
        scale = _follower(text, words, at + 1) if following == "a" else ""
        return (at + 3, Fraction(SCALES[scale], 2)) if scale in SCALES else (at + 1, None)
    if first in ("a", "one", "two", "three", "four") and (part := PARTS.get(following.removesuffix("s"))):
        after = _follower(text, words, at + 1)
        if following.endswith("s") or after == "of" or (not after and following == "quarter"):
            return at + 2, Fraction(UNITS.get(first, 1), part)
    if first == "a":
        if following not in MULTIPLES:
            return at + 1, None
        return _compose(text, words, at + 1, 1)
    return _compose(text, words, at, 0)


def _compose(text: str, words: Sequence[tuple[int, int, str]], at: int, current: int) -> tuple[int, Fraction | None]:
    """Units, tens and scales as far as they make one number: "two hundred and five thousand"."""
    total, least, begun = 0, 10**15, at
    while at < len(words):
        word = words[at][2]
        if at > begun and not _joined(text, words[at - 1], words[at]):
            break
        if word == "and" and current >= 100 and current % 100 == 0 and _counts(text, words, at + 1):
            at += 1
            continue
        if word in UNITS and (current % 100 == 0 or (UNITS[word] < 10 <= current % 100 and current % 10 == 0)):
            current += UNITS[word]
        elif word in TENS and current % 100 == 0:
            current += TENS[word]
        elif word in TENS and 11 <= current <= 20 and not total:  # nineteen eighty-seven
            current = 100 * current + TENS[word]
        elif word in ("hundred", "dozen") and 0 < current < 100:
            current *= MULTIPLES[word]
        elif word in SCALES and current and SCALES[word] < least:
            least = SCALES[word]
            total, current = total + current * least, 0
        else:
            break
        at += 1
    return at, Fraction(total + current)


def _counts(text: str, words: Sequence[tuple[int, int, str]], at: int) -> bool:
    return at < len(words) and words[at][2] in _BELOW_HUNDRED and _joined(text, words[at - 1], words[at])


def _joined(text: str, one: tuple[int, int, str], other: tuple[int, int, str]) -> bool:
    return text[one[1] : other[0]] in _LINKS


def _follower(text: str, words: Sequence[tuple[int, int, str]], at: int) -> str:
    """The word after word `at`, where nothing but a space or a hyphen is between them."""
    return words[at + 1][2] if at + 1 < len(words) and _joined(text, words[at], words[at + 1]) else ""


def _unit(text: str, words: Sequence[tuple[int, int, str]], at: int) -> tuple[int, str]:
    """Where the number ends with its unit, and the unit."""
    end = words[at - 1][1]
    if percent := _PERCENT.match(text, end):
        return percent.end(), "%"
    following = _follower(text, words, at - 1)
    if following in CURRENCIES:
        return words[at][1], CURRENCIES[following]
    return end, ""

"""Dates, years, days of the week and times of day in their usual English forms: 14 March, March 14th, 14/3 are one."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from copydesk.documents.claims.facts import Place, listed
from copydesk.documents.claims.numbers import ORDINALS, UNITS

_MONTH_NAMES = listed("January February March April May June July August September October November December")
_DAY_NAMES = listed("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
MONTHS |= {name[:3]: number for name, number in MONTHS.items()} | {"Sept": 9}
WEEKDAYS = {name: number for number, name in enumerate(_DAY_NAMES)}
_RANKS = "|".join(sorted(ORDINALS, key=len, reverse=True))
_HOURS = "|".join(name for name, value in UNITS.items() if 0 < value < 13)

_SHORT = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
_MONTH = rf"(?P<month>{'|'.join(_MONTH_NAMES)}|{_SHORT})\b(?:(?<!\w{{5}})\.(?=\s\d))?"
_DAY = rf"(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?|(?P<rank>(?i:{_RANKS})))"
_WEEKDAY = rf"(?:(?P<weekday>{'|'.join(_DAY_NAMES)}),?\s{{1,3}}(?:the\s)?)?"
_YEAR = r"(?:,?\s{1,3}(?P<year>1\d{3}|20\d\d)\b(?![,.]\d))?"
_FORMS = [
    re.compile(rf"\b(?=[A-Z]){_WEEKDAY}{_MONTH}\s{{1,3}}(?:the\s)?{_DAY}\b(?![:,.]?\d){_YEAR}"),
    re.compile(r"(?=\d)(?<![\w/.-])(?P<year>\d{4})-(?P<numeric>\d{2})-(?P<second>\d{2})(?![\w/-])"),
    re.compile(r"(?=\d)(?<![\w/.])(?P<numeric>\d{1,2})/(?P<second>\d{1,2})(?:/(?P<year>\d{4}|\d\d))?(?![\w/])"),
    re.compile(r"(?=\d)(?<![\w/.])(?P<numeric>\d{1,2})\.(?P<second>\d{1,2})\.(?P<year>\d{4}|\d\d)(?![\w/])"),
    re.compile(rf"\b(?=[A-Z]){_MONTH},?\s{{1,3}}(?P<year>1\d{{3}}|20\d\d)\b"),
    re.compile(rf"\b(?P<weekday>{'|'.join(_DAY_NAMES)})(?=s?\b)"),
    re.compile(rf"\b(?P<month>{'|'.join(_MONTH_NAMES)})\b"),
]
# Days before a month and ranks before a century are looked for backwards: months and centuries are rare, words are not.
_MONTH_AHEAD = re.compile(rf"(?<=[\s]){_MONTH}{_YEAR}")
_DAY_BEFORE = re.compile(rf"\b{_WEEKDAY}{_DAY}\s{{1,3}}(?:of\s)?\Z")
_RANK_BEFORE = re.compile(rf"\b(?:(?P<figure>\d{{1,2}})(?:st|nd|rd|th)|(?P<rank>(?i:{_RANKS})))[ -]\Z")
_HOUR_BEFORE = re.compile(rf"\b(?P<about>\d{{1,2}}|(?i:{_HOURS})) \Z")
# "14 to 16 March", "14–16 March": the first day has its month from the second.
_RANGE = re.compile(
    rf"(?=\d)\b(?P<first>\d{{1,2}})(?:st|nd|rd|th)?(?:\s?[–-]\s?|\s(?:to|and|or|until)\s){_DAY}\s(?:of\s)?{_MONTH}"
)
_DECADE = re.compile(r"\b(?:the )?(?P<decade>1[1-9]\d|20\d)0s\b")
_LONE_YEAR = re.compile(r"(?<![\w.,/£$€¥:-])(?P<year>1[5-9]\d\d|20\d\d)\b(?![,.]\d|\s?%|[-–/]\w*[a-z])")
_TIME = re.compile(
    r"(?=\d)(?<![\w.:])(?:(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d))?\s?(?P<half>[ap])(?:m\b|\.m\.)"
    r"|(?P<clock>\d{1,2}):(?P<past>\d\d)(?![\d:]))",
    re.IGNORECASE,
)
_CENTURY = re.compile(r"\bcentury\b")
_O_CLOCK = re.compile(r"\bo[’']clock\b")
# Words first, names of months second: "May I", "March on".
_MAY_BE_VERBS = frozenset({"May", "March"})


@dataclass(frozen=True)
class Reading:
    """One way to understand a date; unknown parts are None. Centuries, decades and times stand in `other`."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    other: str = ""


@dataclass(frozen=True)
class Date(Place):
    readings: tuple[Reading, ...]


def scan(text: str) -> list[Date]:
    """Every date, in order, none within another."""
    found: list[Date] = []
    taken: set[int] = set()
    for date in _everything(text):
        if date.readings and date.start not in taken and date.end - 1 not in taken:
            found.append(date)
            taken.update(range(date.start, date.end))
    return sorted(found, key=lambda one: one.start)


def _everything(text: str) -> Iterator[Date]:
    """All that can be read as a date, what is surest first."""
    for match in _RANGE.finditer(text):
        first = _valid(Reading(month=MONTHS[match["month"]], day=int(match["first"])))
        yield Date(match.start(), match.end("first"), first)
    for match, day in _with_before(text, _MONTH_AHEAD, _DAY_BEFORE):
        readings = _readings(match.groupdict() | day.groupdict())
        yield Date(match.start() - len(day[0]), match.end(), readings)
    for form in _FORMS:
        for match in form.finditer(text):
            if not (match[0] in _MAY_BE_VERBS and _begins_sentence(text, match.start())):
                yield Date(match.start(), match.end(), _readings(match.groupdict()))
    yield from _spans_and_times(text)
    for match in _LONE_YEAR.finditer(text):
        yield Date(match.start(), match.end(), (Reading(year=int(match["year"])),))


def _spans_and_times(text: str) -> Iterator[Date]:
    """Centuries, decades, times of day."""
    for match, rank in _with_before(text, _CENTURY, _RANK_BEFORE):
        number = int(rank["figure"]) if rank["figure"] else ORDINALS[rank["rank"].lower()]
        yield Date(match.start() - len(rank[0]), match.end(), (Reading(other=f"century {number}"),))
    for match in _DECADE.finditer(text):
        yield Date(match.start(), match.end(), (Reading(other=f"decade {match['decade']}0"),))
    for match, hour in _with_before(text, _O_CLOCK, _HOUR_BEFORE):
        yield Date(match.start() - len(hour[0]), match.end(), tuple(_around_the_clock(hour["about"])))
    for match in _TIME.finditer(text):
        yield Date(match.start(), match.end(), tuple(_times(match.groupdict())))


def _with_before(
    text: str, form: re.Pattern[str], before: re.Pattern[str]
) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """Matches of `form`, each with the match of `before` that ends where it begins."""
    for match in form.finditer(text):
        if found := before.search(text[max(0, match.start() - 48) : match.start()]):
            yield match, found


def _readings(parts: dict[str, str | None]) -> tuple[Reading, ...]:
    year = _full_year(parts.get("year"))
    if (first := parts.get("numeric")) and (second := parts.get("second")):
        if len(parts.get("year") or "") == 4 and len(first) == len(second) == 2 and "weekday" not in parts:
            pairs = [(int(first), int(second)), (int(second), int(first))]
        else:
            pairs = [(int(second), int(first)), (int(first), int(second))]
        both = [_valid(Reading(year, month, day)) for month, day in dict.fromkeys(pairs)]
        return tuple(one for some in both for one in some)
    rank, day = parts.get("rank"), parts.get("day")
    month, weekday = parts.get("month"), parts.get("weekday")
    return _valid(
        Reading(
            year,
            MONTHS[month] if month else None,
            int(day) if day else ORDINALS[rank.lower()] if rank else None,
            WEEKDAYS[weekday] if weekday else None,
        )
    )


def _valid(reading: Reading) -> tuple[Reading, ...]:
    """The reading, if there can be such a day."""
    if reading.day is not None:
        try:
            dt.date(reading.year or 2000, reading.month or 1, reading.day)
        except ValueError:
            return ()
    return (reading,)


def _full_year(digits: str | None) -> int | None:
    if not digits:
        return None
    year = int(digits)
    return year if year > 99 else year + (2000 if year < 70 else 1900)


def _times(parts: dict[str, str | None]) -> Iterator[Reading]:
    """The minutes of the day that can be meant."""
    if hours := parts["hour"]:
        half = 12 if (parts["half"] or "").lower() == "p" else 0
        choices = {(int(hours) % 12 + half) * 60 + int(parts["minute"] or 0)} if int(hours) < 13 else set()
    else:
        choices = {int(parts["clock"] or 0) * 60 + int(parts["past"] or 0)}
    yield from (Reading(other=f"time {minutes}") for minutes in sorted(choices) if minutes < 24 * 60)


def _around_the_clock(about: str) -> Iterator[Reading]:
    """Five o'clock is in the morning or in the afternoon."""
    hour = UNITS.get(about.lower()) or int(about if about.isdecimal() else 0)
    yield from (Reading(other=f"time {minutes}") for minutes in (hour % 12 * 60, (hour % 12 + 12) * 60))


def _begins_sentence(text: str, at: int) -> bool:
    before = text[max(0, at - 200) : at].rstrip(" “‘\"'*_#>-\t")
    return not before or before[-1] in ".!?…:\n"

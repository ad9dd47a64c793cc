"""What a brief says, in a form that can be asked: does it hold this number, this date, this name, these words?"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from copydesk.documents.claims import dates, names, numbers
from copydesk.documents.claims.dates import Date, Reading
from copydesk.documents.claims.facts import WORD, Place, blank, fold, prose
from copydesk.documents.claims.names import Name
from copydesk.documents.claims.numbers import Number
from copydesk.documents.claims.quotes import Quote


@dataclass(frozen=True)
class Brief:
    """The facts of a brief."""

    numbers: frozenset[tuple[Fraction, str]]
    ranks: frozenset[Fraction]
    readings: frozenset[Reading]
    words: dict[str, list[int]]  # where each word stands
    initials: frozenset[str]
    small: frozenset[str]
    running: str  # all of its words, one after the other

    @classmethod
    def read(cls, text: str) -> "Brief":
        plain = prose(text)
        dated = dates.scan(plain)
        rest = blank(plain, dated)
        counted = numbers.scan(rest)
        tokens = names.tokens(plain)
        small = names.small(text)
        words: dict[str, list[int]] = defaultdict(list)
        for place, word in enumerate(WORD.findall(text)):
            for each in {fold(word), *fold(word).split("-")}:
                words[each].append(place)
        days, hours = _days_and_hours(dated)
        values = frozenset((one.value, one.unit) for one in counted)
        values |= {(Fraction(one.year), "") for date in dated for one in date.readings if one.year}
        return cls(
            numbers=values | {(value, unit) for value in {value for value, _ in values} | hours for unit in ("", "th")},
            ranks=frozenset(days),
            readings=frozenset(one for date in dated for one in date.readings),
            words=dict(words),
            initials=frozenset(_initials(names.scan(plain, tokens, small))),
            small=small,
            running=f" {' '.join(fold(word) for word in WORD.findall(text))} ",
        )

    def holds_number(self, one: Number) -> bool:
        return (one.value, one.unit) in self.numbers or (one.unit == "th" and one.value in self.ranks)

    def holds_date(self, one: Date) -> bool:
        return any(map(self._holds, one.readings))

    def holds_quote(self, one: Quote) -> bool:
        return all(f" {' '.join(part)} " in self.running for part in one.parts)

    def unsupported(self, name: Name) -> Iterator[Place]:
        """Nothing when the whole name is the brief's; otherwise those of its parts that are not."""
        if self._near(tuple(word for part in name.parts for word in part)):
            return
        for part, place in zip(name.parts, name.places, strict=True):
            if not self._near(part):
                yield place

    def _holds(self, asked: Reading) -> bool:
        if asked.other:
            return asked in self.readings or (asked.other.startswith("decade") and self._decade(asked.other))
        if asked.day is None:
            return self._parts_hold(asked)
        return any(
            (known.month, known.day) == (asked.month, asked.day)
            and self._year_fits(asked, known)
            and self._weekday_fits(asked, known)
            for known in self.readings
        )

    def _parts_hold(self, asked: Reading) -> bool:
        """A year, a month or a day of the week alone, or a month with its year."""
        month = asked.month is None or any(known.month == asked.month for known in self.readings)
        weekday = asked.weekday is None or any(asked.weekday in _weekdays(known) for known in self.readings)
        return month and weekday and (asked.year is None or self._year(asked.year))

    def _year(self, year: int) -> bool:
        return any(known.year == year for known in self.readings) or (Fraction(year), "") in self.numbers

    def _decade(self, decade: str) -> bool:
        first = int(decade.rpartition(" ")[2])
        return any(known.year is not None and first <= known.year < first + 10 for known in self.readings)

    def _year_fits(self, asked: Reading, known: Reading) -> bool:
        if asked.year is None or asked.year == known.year:
            return True
        return known.year is None and self._year(asked.year)

    def _weekday_fits(self, asked: Reading, known: Reading) -> bool:
        if asked.weekday is None or asked.weekday in _weekdays(known):
            return True
        year = known.year or asked.year
        if year is None or known.weekday is not None:
            return False
        return asked.weekday in _weekdays(Reading(year, known.month, known.day))

    def _near(self, wanted: tuple[str, ...]) -> bool:
        """Do these words stand close together somewhere, in any order?"""
        if len(wanted) == 1 and wanted[0] in self.initials:
            return True
        places = [self.words.get(word, self.words.get(word.removesuffix("s"), [])) for word in wanted]
        if not all(places):
            return False
        reach = len(wanted) + 2
        return any(all(any(abs(at - first) < reach for at in others) for others in places[1:]) for first in places[0])


def _weekdays(known: Reading) -> set[int]:
    """The day of the week that is named, or that follows from a whole date."""
    if known.weekday is not None:
        return {known.weekday}
    if known.year and known.month and known.day:
        return {dt.date(known.year, known.month, known.day).weekday()}
    return set()


def _days_and_hours(dated: list[Date]) -> tuple[set[Fraction], set[Fraction]]:
    """For "the 14th" where the brief says "14 March", and "ten in the morning" where it says "10am"."""
    readings = [one for date in dated for one in date.readings]
    minutes = [int(one.other.split()[1]) for one in readings if one.other.startswith("time ")]
    days = {Fraction(one.day) for one in readings if one.day is not None}
    return days, {Fraction(minute // 60 % 12 or 12) for minute in minutes}


def _initials(found: list[Name]) -> Iterator[str]:
    for name in found:
        words = [word for part in name.parts for word in part]
        if len(words) > 1:
            yield "".join(word[0] for word in words)

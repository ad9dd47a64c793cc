"""What a text claims and the brief does not support: names, numbers, dates and quotes. Rules, no model.

A claim is not an error: it is a place to look at first. Whatever is copied from the brief is supported.
"""

from dataclasses import dataclass
from functools import lru_cache

from copydesk.documents.claims import dates, names, numbers, quotes
from copydesk.documents.claims.facts import Kind, Place, blank, prose
from copydesk.documents.claims.support import Brief

__all__ = ["Claim", "Kind", "find"]


@dataclass(frozen=True)
class Claim:
    """Characters `start` to `end` (exclusive) of the text, which are `words`."""

    start: int
    end: int
    kind: Kind
    words: str


def find(text: str, brief: str) -> list[Claim]:
    """The claims in `text` that `brief` does not support, in order, none within another."""
    return list(_found(text, brief))


@lru_cache(maxsize=8)
def _found(text: str, brief: str) -> tuple[Claim, ...]:
    """A page, its checks and its marks ask for the same; a long text takes a quarter of a second."""
    source = Brief.read(brief)
    found: list[tuple[Place, Kind]] = []
    plain = prose(text)
    quoted = [one for one in quotes.scan(plain) if not source.holds_quote(one)]
    found += [(one, "quote") for one in quoted]
    plain = blank(plain, quoted)
    dated = dates.scan(plain)
    found += [(one, "date") for one in dated if not source.holds_date(one)]
    plain = blank(plain, dated)
    counted = numbers.scan(plain)
    found += [(one, "number") for one in counted if not source.holds_number(one)]
    plain = blank(plain, counted)
    for name in names.scan(plain, names.tokens(plain), source.small | names.small(text)):
        found += [(place, "name") for place in source.unsupported(name)]
    return tuple(
        Claim(place.start, place.end, kind, text[place.start : place.end])
        for place, kind in sorted(found, key=lambda one: one[0].start)
    )

"""The orders of a list, and the places in it at which a page begins: by the values of a row, never by counting rows.

Each order ends with the document's id, so that no two rows are equal; all its columns go the same way, so that one
comparison of rows says what comes after another.
"""

import base64
import datetime as dt
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, DateTime, SQLColumnExpression, Uuid, cast, func, literal, text, tuple_

from copydesk.documents.finding.models import TITLE_KEY, DocumentSearch
from copydesk.documents.models import Document, State

SIZES = (25, 50, 100)
MOST_CURSOR = 1000
MOST_SCORE = 2_000_000_000


class By(StrEnum):
    CHANGED = "changed"
    TITLE = "title"
    DUE = "due"
    STATE = "state"
    MATCH = "match"  # best first; only where something is searched for


DESCENDS_FIRST = (By.CHANGED, By.MATCH)  # the newest, the best


@dataclass(frozen=True)
class Order:
    by: By = By.CHANGED
    descending: bool = True

    @property
    def written(self) -> str:
        """As an address says it."""
        return f"-{self.by.value}" if self.descending else self.by.value

    def reversed(self) -> "Order":
        return Order(self.by, not self.descending)


@dataclass(frozen=True)
class Place:
    """Beside which row a page lies."""

    values: tuple[Any, ...]
    backwards: bool = False  # the page that ends before it; else the one that begins after it


def read(written: str, *, searches: bool) -> Order:
    """The order that an address names; where it names none, the best match of a search, or the newest."""
    name = written.removeprefix("-")
    if name in set(By) and (searches or name != By.MATCH):
        return Order(By(name), written.startswith("-") or name == By.MATCH)
    return Order(By.MATCH) if searches else Order()


def first_click(by: By) -> Order:
    """How a column is put in order when it was not before."""
    return Order(by, by in DESCENDS_FIRST)


def columns(order: Order, score: ColumnElement[int] | None = None) -> Sequence[SQLColumnExpression[Any]]:
    """What a row is compared by; for matches by their `score`."""
    if order.by is By.TITLE:
        return (DocumentSearch.title_key, Document.id)
    if order.by is By.DUE:
        # As the index has it, letter by letter.
        due: ColumnElement[Any] = func.coalesce(Document.due_at, text("'infinity'::timestamp with time zone"))
        return (due, Document.id)
    if order.by is By.STATE:
        return (Document.state, Document.updated_at, Document.id)
    if order.by is By.MATCH and score is not None:
        return (score, Document.updated_at, Document.id)
    return (Document.updated_at, Document.id)


def beyond(order: Order, compared: Sequence[SQLColumnExpression[Any]], place: Place) -> ColumnElement[bool]:
    """Does a row come after the place, or before it, where the page lies before it?"""
    values = tuple_(*(_bound(value, kind) for value, kind in zip(place.values, _KINDS[order.by], strict=True)))
    downwards = order.descending is not place.backwards
    return tuple_(*compared) < values if downwards else tuple_(*compared) > values


def place_of(order: Order, document: Document, *, title_key: str = "", score: int = 0) -> tuple[Any, ...]:
    """The values of a row, in the order of its columns."""
    return {
        By.TITLE: (title_key, document.id),
        By.DUE: (document.due_at, document.id),
        By.STATE: (document.state.value, document.updated_at, document.id),
        By.MATCH: (score, document.updated_at, document.id),
        By.CHANGED: (document.updated_at, document.id),
    }[order.by]


def write_place(values: tuple[Any, ...]) -> str:
    """As an address says it: letters, digits, - and _."""
    plain = [value.isoformat() if isinstance(value, dt.datetime) else value for value in values]
    raw = json.dumps([str(value) if isinstance(value, uuid.UUID) else value for value in plain])
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def read_place(order: Order, written: str, *, backwards: bool) -> Place | None:
    """The place that an address names; none for nonsense, and for the place of another order."""
    if not written or len(written) > MOST_CURSOR:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)))
        kinds = _KINDS[order.by]
        if not isinstance(values, list) or len(values) != len(kinds):
            return None
        return Place(tuple(kind(value) for kind, value in zip(kinds, values, strict=True)), backwards)
    except (ValueError, TypeError, AttributeError, RecursionError):  # the last but one: of a number as UUID
        return None


def _moment(value: Any) -> dt.datetime:
    moment = dt.datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError
    return moment


def _moment_or_none(value: Any) -> dt.datetime | None:
    return None if value is None else _moment(value)


def _words(value: Any) -> str:
    if not isinstance(value, str) or len(value.encode()) > 4 * TITLE_KEY or "\x00" in value:
        raise ValueError
    return value


def _state(value: Any) -> str:
    return State(value).value


def _score(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value <= MOST_SCORE:
        raise ValueError
    return value


_KINDS: dict[By, tuple[Callable[[Any], Any], ...]] = {
    By.CHANGED: (_moment, uuid.UUID),
    By.TITLE: (_words, uuid.UUID),
    By.DUE: (_moment_or_none, uuid.UUID),
    By.STATE: (_state, _moment, uuid.UUID),
    By.MATCH: (_score, _moment, uuid.UUID),
}


def _bound(value: Any, kind: Callable[[Any], Any]) -> ColumnElement[Any]:
    if kind is _moment_or_none and value is None:
        return text("'infinity'::timestamp with time zone")  # type: ignore[return-value]
    if isinstance(value, dt.datetime):
        return cast(literal(value), DateTime(timezone=True))
    if isinstance(value, uuid.UUID):
        return cast(literal(value, Uuid()), Uuid())
    return literal(value)

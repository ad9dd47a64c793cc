"""What somebody looks for: read from an address, written into one, and as the WHERE of a list."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, true

from copydesk.accounts.models import Role, User
from copydesk.documents.finding import searching
from copydesk.documents.models import Document, State

MOST_CHARACTERS = 200  # of what is searched for, and of a model's name
LARGEST_ID = 2**63 - 1
# Before the text is delivered; afterwards a date is history. A question stops the clock.
BEFORE_DELIVERY = (State.DRAFTING, State.DRAFT_FAILED, State.CHOOSING, State.UNASSIGNED, State.EDITING, State.QUESTION)
CLOCK_RUNS = tuple(state for state in BEFORE_DELIVERY if state is not State.QUESTION)
WAITS_FOR = {
    Role.SPONSOR: (State.SIGNOFF, State.QUESTION, State.CHOOSING, State.DRAFT_FAILED, State.APPROVED),
    Role.EDITOR: (State.EDITING,),
    Role.ADMIN: (State.DRAFT_FAILED, State.UNASSIGNED),
}


class Due(StrEnum):
    OVERDUE = "overdue"
    TODAY = "today"
    WEEK = "week"  # until Sunday
    NONE = "none"


class Since(StrEnum):
    """Changed within …: said in days, so that a kept view does not grow old."""

    TODAY = "today"
    WEEK = "7"
    MONTH = "30"
    YEAR = "365"


class Arguments(Protocol):
    """An address's arguments; each name can come more than once."""

    def getlist(self, name: str, /) -> list[str]: ...


@dataclass(frozen=True)
class Filters:
    """One field a filter; the names are those of the address."""

    q: str = ""
    state: tuple[State, ...] = ()
    editor: int | None = None  # 0: nobody
    sponsor: int | None = None
    due: Due | None = None
    since: Since | None = None
    model: str = ""
    mine: bool = False  # only what waits for the viewer

    def pairs(self) -> Iterator[tuple[str, str]]:
        """As an address says it; nothing for what is not filtered by."""
        if self.q:
            yield "q", self.q
        for state in self.state:
            yield "state", state.value
        for name in ("editor", "sponsor", "due", "since"):
            if (value := getattr(self, name)) is not None:
                yield name, str(value)
        if self.model:
            yield "model", self.model
        if self.mine:
            yield "mine", "1"

    def without(self, name: str, value: str) -> "Filters":
        """The same with one of them taken off."""
        if name == "state":
            return replace(self, state=tuple(one for one in self.state if one != value))
        return replace(self, **{name: getattr(Filters(), name)})

    @property
    def is_empty(self) -> bool:
        return self == Filters()


def read(arguments: Arguments) -> Filters:
    """What can be understood of an address; the rest is as if it were not there."""

    def last(name: str) -> str:
        values = arguments.getlist(name)
        return values[-1].replace("\x00", "").strip() if values else ""

    wanted = arguments.getlist("state")
    return Filters(
        q=" ".join(last("q").split())[:MOST_CHARACTERS],
        state=tuple(state for state in State if state.value in wanted),
        editor=_number(last("editor")),
        sponsor=_number(last("sponsor")),
        due=Due(last("due")) if last("due") in set(Due) else None,
        since=Since(last("since")) if last("since") in set(Since) else None,
        model=last("model")[:MOST_CHARACTERS],
        mine=last("mine") == "1",
    )


def where(filters: Filters, viewer: User, *, now: dt.datetime, zone: ZoneInfo) -> Sequence[ColumnElement[bool]]:
    """All but the viewer's rights, and the model, of which this room knows nothing. Days are those of the `zone`."""
    now = now.astimezone(zone)
    found: list[ColumnElement[bool]] = []
    if filters.q:
        found.append(searching.matches(filters.q))
    if filters.state:
        found.append(Document.state.in_(filters.state))
    if filters.editor is not None:
        found.append(Document.editor_id == filters.editor if filters.editor else Document.editor_id.is_(None))
    if filters.sponsor is not None:
        found.append(Document.sponsor_id == filters.sponsor)
    if filters.due is not None:
        found.append(_due(filters.due, now))
    if filters.since is not None:
        found.append(Document.updated_at >= _since(filters.since, now))
    if filters.mine:
        found.append(waits_for(viewer))
    return found


def waits_for(viewer: User) -> ColumnElement[bool]:
    """Is it this person's move? Beside their rights: it says nothing about whose document it is otherwise."""
    return and_(
        Document.state.in_(WAITS_FOR[viewer.role]),
        Document.editor_id == viewer.id if viewer.role is Role.EDITOR else true(),
    )


def midnight(now: dt.datetime, *, days: int = 0) -> dt.datetime:
    """The beginning of this day, or of one some days away."""
    return dt.datetime.combine(now.date() + dt.timedelta(days=days), dt.time(), tzinfo=now.tzinfo)


def _due(due: Due, now: dt.datetime) -> ColumnElement[bool]:
    if due is Due.NONE:
        return Document.due_at.is_(None)
    if due is Due.OVERDUE:
        return and_(Document.state.in_(CLOCK_RUNS), Document.due_at < now)
    left = 1 if due is Due.TODAY else 7 - now.weekday()
    return and_(
        Document.state.in_(BEFORE_DELIVERY),
        Document.due_at >= midnight(now),
        Document.due_at < midnight(now, days=left),
    )


def _since(since: Since, now: dt.datetime) -> dt.datetime:
    return midnight(now, days=0 if since is Since.TODAY else 1 - int(since.value))


def _number(value: str) -> int | None:
    if value.isascii() and value.isdigit() and len(value) < 20 and int(value) <= LARGEST_ID:
        return int(value)
    return None

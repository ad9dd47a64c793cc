"""Documents: everything the viewer may see, filtered, searched, in any order, page by page."""

from dataclasses import dataclass

from flask import redirect, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role, User
from copydesk.documents.bulk import acts as bulk
from copydesk.documents.bulk.models import BulkAct
from copydesk.documents.errors import DocumentNotFound
from copydesk.documents.finding import listing, orders, views
from copydesk.documents.finding.filters import WAITS_FOR, Filters
from copydesk.documents.finding.listing import CAP
from copydesk.documents.finding.orders import SIZES, By
from copydesk.documents.finding.views import SavedView
from copydesk.documents.models import State
from copydesk.web.documents.listing import asked as asking
from copydesk.web.documents.listing.asked import Asked, address
from copydesk.web.documents.listing.filter_bar import bar
from copydesk.web.documents.listing.rows import rows
from copydesk.web.documents.routes import blueprint
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person
from copydesk.web.templating import STATE_LABELS

NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
LAST_BULK = "bulk"  # in the cookie: what was done to many a moment ago
COLUMNS = ((By.TITLE, "Document"), (By.STATE, "State"), (By.DUE, "Due"), (By.CHANGED, "Changed"))
CARDS = {
    Role.SPONSOR: (
        (State.SIGNOFF, "to sign off"),
        (State.CHOOSING, "to choose from"),
        (State.DRAFTING, "being drafted"),
        (State.EDITING, "with an editor"),
        (State.APPROVED, "to publish"),
    ),
    Role.EDITOR: (
        (State.EDITING, "to edit"),
        (State.UNASSIGNED, "free to take"),
        (State.SIGNOFF, "with the sponsor"),
        (State.APPROVED, "approved"),
    ),
    Role.ADMIN: (
        (State.DRAFT_FAILED, "failed drafts"),
        (State.UNASSIGNED, "without an editor"),
        (State.EDITING, "being edited"),
        (State.SIGNOFF, "in sign-off"),
    ),
}


@dataclass(frozen=True)
class Card:
    count: int
    words: str
    url: str
    mine: bool  # do these wait for the viewer?


@dataclass(frozen=True)
class Tab:
    label: str
    count: int
    url: str
    on: bool


@dataclass(frozen=True)
class Column:
    """A heading by which the list can be put in order; `aria`: how it is now, or none."""

    label: str
    url: str
    aria: str | None


@blueprint.get("")
@approved()
def index() -> ResponseReturnValue:
    me, session = person(), db.session()
    kept = views.of(session, me)
    first = next((view for view in kept if view.opens_first), None)
    if first is not None and not request.args:
        return redirect(asking.read_query(first.query).url)
    asked = asking.read(request.args)
    looked = asked.looked(me)
    found = listing.page(session, looked, asked.place, size=asked.size)
    counts = listing.counts(session, me)
    filters = asked.filters
    return render_template(
        "documents/list.html",
        asked=asked,
        filters=filters,
        waiting=heading(sum(counts.get(state, 0) for state in WAITS_FOR[me.role])),
        bar=bar(session, me, asked),
        cards=_cards(me, counts) if filters.is_empty else [],
        tabs=_tabs(asked, counts),
        rows=rows(session, found.documents, me, filters.q),
        total=sum(counts.values()),
        found=sum(counts.values()) if filters.is_empty else listing.found(session, looked),
        columns={by.value: _column(asked, by, label) for by, label in COLUMNS},
        next_url=_beside(asked, "after", found.next),
        back_url=_beside(asked, "before", found.back),
        sizes=[(size, address(filters, asked.order, size)) for size in SIZES],
        views=[(view, _view_url(view)) for view in kept],
        bulk=_just_done(me),
        most=listing.BULK,
        cap=CAP,
        found_cap=listing.most(filters),
    )


def heading(waiting: int) -> str:
    """“Two texts wait for you”."""
    if waiting == 0:
        return "Nothing waits for you"
    number = NUMBERS[waiting] if waiting < len(NUMBERS) else counted(waiting)
    return f"{number} text{'s' if waiting > 1 else ''} wait{'s' if waiting == 1 else ''} for you"


def counted(number: int) -> str:
    """“37”, or “1,000+” where counting ended."""
    return f"{number:,}" if number <= CAP else f"{CAP:,}+"


def _cards(me: User, counts: dict[State, int]) -> list[Card]:
    plain = orders.Order()
    return [
        Card(
            counts.get(state, 0), words, address(Filters(state=(state,)), plain, SIZES[0]), state in WAITS_FOR[me.role]
        )
        for state, words in CARDS[me.role]
    ]


def _tabs(asked: Asked, counts: dict[State, int]) -> list[Tab]:
    """One a state where there is something, and one for all; the other filters stay."""
    filters = asked.filters

    def url(*states: State) -> str:
        return address(Filters(**{**vars(filters), "state": states}), asked.order, asked.size)

    shown = [state for state in State if counts.get(state) or state in filters.state]
    some = [Tab(STATE_LABELS[one], counts.get(one, 0), url(one), filters.state == (one,)) for one in shown]
    return [Tab("All", sum(counts.values()), url(), not filters.state), *some]


def _column(asked: Asked, by: By, label: str) -> Column:
    on = asked.order.by is by
    order = asked.order.reversed() if on else orders.first_click(by)
    aria = ("descending" if asked.order.descending else "ascending") if on else None
    return Column(label, address(asked.filters, order, asked.size), aria)


def _beside(asked: Asked, name: str, place: str) -> str:
    return address(asked.filters, asked.order, asked.size, {name: place}) if place else ""


def _view_url(view: SavedView) -> str:
    return asking.read_query(view.query).url


def _just_done(me: User) -> BulkAct | None:
    """What the viewer did to many a moment ago: said once, with the way back."""
    number = cookie.pop(LAST_BULK, None)
    try:
        return bulk.of(db.session(), me, number) if isinstance(number, int) else None
    except DocumentNotFound:
        return None

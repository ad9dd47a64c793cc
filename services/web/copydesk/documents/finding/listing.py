"""Pages of documents, and how many there are, for one viewer. What they may not see is never counted or found."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, literal, select, union_all
from sqlalchemy.orm import Session, defer

from copydesk.accounts.models import User
from copydesk.config import settings
from copydesk.documents import policy
from copydesk.documents.finding import filters as filtering
from copydesk.documents.finding import orders, searching
from copydesk.documents.finding.filters import Filters
from copydesk.documents.finding.models import DocumentSearch
from copydesk.documents.finding.orders import By, Order, Place
from copydesk.documents.models import Document, Revision, State

CAP = 1000  # nobody reads a number beyond it, and counting on costs time
RANKED = 500  # of all that a search finds, the newest are put in order by how well they match
BULK = 500  # documents at most that one act is done to


@dataclass(frozen=True)
class Looked:
    """Who looks for what, in which order; the same for the page, the count and the acts on all that was found."""

    viewer: User
    filters: Filters
    order: Order
    now: dt.datetime
    zone: ZoneInfo  # whose days are meant
    also: tuple[ColumnElement[bool], ...] = ()  # conditions of which this room knows nothing

    def conditions(self) -> list[ColumnElement[bool]]:
        visible = policy.visible_to(self.viewer, claiming=settings().claiming)
        return [visible, *filtering.where(self.filters, self.viewer, now=self.now, zone=self.zone), *self.also]


@dataclass(frozen=True)
class Page:
    documents: Sequence[Document]
    next: str  # the places of the pages beside this one, as an address says them; "": there is none
    back: str


def page(session: Session, looked: Looked, place: Place | None, *, size: int) -> Page:
    """One page; two statements at most, whatever the desk holds."""
    query = _matches(looked, place, size) if looked.order.by is By.MATCH else _rows(looked, place, size)
    rows = list(session.execute(query))
    more = len(rows) > size
    rows = rows[:size]
    backwards = place is not None and place.backwards
    if backwards:
        rows.reverse()
    documents = [row[0] for row in rows]
    if not documents:
        return Page([], "", "")
    ends = [orders.write_place(_values(looked.order, row)) for row in (rows[0], rows[-1])]
    has_back, has_next = (more, True) if backwards else (place is not None, more)
    return Page(documents, ends[1] if has_next else "", ends[0] if has_back else "")


def ids(session: Session, looked: Looked) -> list[uuid.UUID]:
    """Those that one act may be done to: all that was found, or the first of them."""
    order = looked.order if looked.order.by is not By.MATCH else Order()
    shown = _sorted(looked, order, None).with_only_columns(Document.id).limit(BULK)
    return list(session.scalars(shown))


def found(session: Session, looked: Looked) -> int:
    """How many there are; one more than `most` stands for more than that."""
    query = select(Document.id).where(*looked.conditions()).limit(most(looked.filters) + 1)
    if looked.filters.q:
        # Newest first, as they are ranked: else PostgreSQL reads every index entry to count common words in few texts.
        query = query.order_by(Document.updated_at.desc(), Document.id.desc())
    some = query.subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one()


def most(filters: Filters) -> int:
    """Where counting ends."""
    return RANKED if filters.q else CAP


def counts(session: Session, viewer: User) -> dict[State, int]:
    """How many the viewer may see in each state; one more than `CAP` stands for more than that."""
    visible = policy.visible_to(viewer, claiming=settings().claiming)
    some = [
        select(literal(state.value).label("state"), func.count().label("count")).select_from(
            select(literal(1)).select_from(Document).where(visible, Document.state == state).limit(CAP + 1).subquery()
        )
        for state in State
    ]
    return {State(state): count for state, count in session.execute(union_all(*some)) if count}


def words_of(session: Session, documents: Sequence[Document], *, most: int) -> dict[uuid.UUID, tuple[str, str]]:
    """The brief and the text of these, each only as far as an excerpt looks."""
    head = (Revision.document_id == Document.id) & (Revision.number == Document.text_number)
    query = select(Document.id, func.left(Document.brief, most), func.left(func.coalesce(Revision.body, ""), most))
    query = query.outerjoin(Revision, head).where(Document.id.in_([one.id for one in documents]))
    return {row[0]: (row[1], row[2]) for row in session.execute(query)}


def _rows(looked: Looked, place: Place | None, size: int) -> Select[Any]:
    return _sorted(looked, looked.order, place).limit(size + 1)


def _sorted(looked: Looked, order: Order, place: Place | None) -> Select[Any]:
    query = select(Document).where(*looked.conditions()).options(defer(Document.brief))
    if order.by is By.TITLE:
        query = query.add_columns(DocumentSearch.title_key)
        query = query.join(DocumentSearch, DocumentSearch.document_id == Document.id)
    return _placed(query, order, orders.columns(order), place)


def _matches(looked: Looked, place: Place | None, size: int) -> Select[Any]:
    """The newest of what matches, ranked; only the rows of the page are read whole."""
    newest = select(Document.id, Document.updated_at).where(*looked.conditions())
    hits = newest.order_by(Document.updated_at.desc(), Document.id.desc()).limit(RANKED).subquery()
    ranked = (
        select(hits.c.id, hits.c.updated_at, searching.score(looked.filters.q).label("score"))
        .join(DocumentSearch, DocumentSearch.document_id == hits.c.id)
        .subquery()
    )
    compared = (ranked.c.score, ranked.c.updated_at, ranked.c.id)
    shown = _placed(select(ranked), looked.order, compared, place).limit(size + 1).subquery()
    query = select(Document, shown.c.score).join(shown, shown.c.id == Document.id).options(defer(Document.brief))
    return _placed(query, looked.order, (shown.c.score, shown.c.updated_at, shown.c.id), place, only_sort=True)


def _placed(
    query: Select[Any],
    order: Order,
    compared: Sequence[SQLColumnExpression[Any]],
    place: Place | None,
    *,
    only_sort: bool = False,
) -> Select[Any]:
    if place is not None and not only_sort:
        query = query.where(orders.beyond(order, compared, place))
    downwards = order.descending is not (place is not None and place.backwards)
    return query.order_by(*(one.desc() if downwards else one.asc() for one in compared))


def _values(order: Order, row: Any) -> tuple[Any, ...]:
    if order.by is By.TITLE:
        return orders.place_of(order, row[0], title_key=row[1])
    return orders.place_of(order, row[0], score=row[1] if order.by is By.MATCH else 0)

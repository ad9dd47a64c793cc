"""What an address of the list asks for, and the addresses of its neighbours."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from flask import url_for
from sqlalchemy import ColumnElement, select
from werkzeug.datastructures import MultiDict

from copydesk.accounts.models import User
from copydesk.autodocs.models import Autodoc
from copydesk.documents.finding import filters as filtering
from copydesk.documents.finding import orders
from copydesk.documents.finding.filters import Arguments, Filters
from copydesk.documents.finding.listing import Looked
from copydesk.documents.finding.orders import SIZES, By, Order, Place
from copydesk.documents.models import Document
from copydesk.web import clock

MOST_QUERY = 2000  # characters of an address that are read


@dataclass(frozen=True)
class Asked:
    """An address in parts."""

    filters: Filters
    order: Order
    size: int
    place: Place | None

    @property
    def query(self) -> str:
        """Filters and order as they are kept: the same list has the same words."""
        return written(self.filters, self.order)

    @property
    def url(self) -> str:
        """The first page of this list."""
        return address(self.filters, self.order, self.size)

    def looked(self, viewer: User) -> Looked:
        model = self.filters.model
        also: tuple[ColumnElement[bool], ...] = ()
        if model:
            also = (Document.id.in_(select(Autodoc.document_id).where(Autodoc.model == model)),)
        return Looked(viewer, self.filters, self.order, dt.datetime.now(dt.UTC), clock.viewer_zone(), also)


def read(arguments: Arguments) -> Asked:
    """Nonsense in an address is as if it were not there."""
    filters = filtering.read(arguments)
    order = orders.read(_last(arguments, "sort"), searches=bool(filters.q))
    size = next((one for one in SIZES if str(one) == _last(arguments, "size")), SIZES[0])
    after, before = _last(arguments, "after"), _last(arguments, "before")
    place = orders.read_place(order, after or before, backwards=not after)
    return Asked(filters, order, size, place)


def read_query(query: str) -> Asked:
    """The same of what stands behind a question mark."""
    return read(MultiDict(parse_qsl(query[:MOST_QUERY], max_num_fields=50)))


def written(filters: Filters, order: Order) -> str:
    pairs = list(filters.pairs())
    if order.by is By.MATCH and not filters.q:  # the search was taken off
        order = Order()
    if order != orders.read("", searches=bool(filters.q)):
        pairs.append(("sort", order.written))
    return urlencode(pairs)


def address(filters: Filters, order: Order, size: int, more: Mapping[str, str] | None = None) -> str:
    """Where this list is; everything, where nothing is asked for."""
    pairs = {"size": str(size)} if size != SIZES[0] else {}
    query = "&".join(filter(None, (written(filters, order), urlencode(pairs | dict(more or {})))))
    return f"{url_for('documents.index')}?{query or 'all=1'}"


def _last(arguments: Arguments, name: str) -> str:
    values = arguments.getlist(name)
    return values[-1] if values else ""

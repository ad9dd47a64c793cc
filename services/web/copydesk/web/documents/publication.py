"""What the card “Publication” on the page of a document says."""

import datetime as dt
from typing import Any

from flask import url_for

from copydesk.documents import editions
from copydesk.documents.models import Document
from copydesk.web.extensions import db


def publication(document: Document) -> dict[str, Any]:
    """What the card on the document's page says."""
    session = db.session()
    everything = editions.of(session, document.id)
    page = editions.page_of(session, document) if document.edition else None
    current = next((one for one in everything if one.number == document.edition), None)
    return {
        "now": dt.datetime.now(dt.UTC),
        "editions": [one for one in reversed(everything) if one.state is not editions.EditionState.CANCELLED],
        "current": current,
        "scheduled": next((one for one in everything if one.state is editions.EditionState.SCHEDULED), None),
        "page": page,
        "address": page and url_for("reading.show", slug=page.slug, _external=True),
        "key": page.key if page else "",
    }

"""What the editor's script works on: in the page as a JSON island, at `desk.json`, and in the answer of a save.

Places are counted in characters as Python counts them; the script converts them once.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from copydesk.autodocs import authors
from copydesk.documents import revising, suggestions
from copydesk.documents.authorship import Span
from copydesk.documents.models import Document, Revision
from copydesk.documents.paragraphs import Paragraph
from copydesk.web import house
from copydesk.web.documents import live, reviews, suggested
from copydesk.web.documents.routes import blueprint, config, load
from copydesk.web.extensions import db
from copydesk.web.guards import approved


@blueprint.get("/<uuid:document_id>/desk.json")
@approved()
def desk(document_id: uuid.UUID) -> ResponseReturnValue:
    """The text as it stands now, and all that the desk knows about its words."""
    return desk_data(load(document_id))


def desk_data(document: Document) -> dict[str, Any]:
    """All of it, from the database."""
    head = revising.head_text(db.session(), document)
    return described(document, head, authors.spans(db.session(), document) if head else [])


def standing(document: Document) -> dict[str, Any]:
    """For a page that goes on after an act on its text: what stands in the database now."""
    head = revising.head_text(db.session(), document)
    if head is None:
        return {}
    return {"revision": head.number, "title": head.title, "body": head.body, "desk": desk_data(document)}


def described(
    document: Document,
    head: Revision | None,
    spans: Sequence[Span],
    paragraphs: Sequence[Paragraph] | None = None,
) -> dict[str, Any]:
    """The same from what a page has loaded already."""
    paragraphs = reviews.found(document, head, spans) if paragraphs is None else paragraphs
    return {
        "document": str(document.id),
        "person": {"id": current_user.id, "name": current_user.name},
        "head": head.number if head else 0,
        "title": head.title if head else document.title,
        "text": head.body if head else "",
        "spans": [_span(one) for one in spans],
        "paragraphs": reviews.described(paragraphs),
        "limits": {"words": document.most_words, "characters": config().text_max_chars},
        "suggestions": suggested.listed(document),
        "suggestions_version": suggestions.version(db.session(), document),
        "house": house.described(),
        **live.of_page(document),
        "urls": {
            **live.urls(document),
            "desk": url_for("documents.desk", document_id=document.id),
            "before": url_for("documents.before", document_id=document.id),
            "looking": url_for("documents.looking_data", document_id=document.id),
            "suggest": url_for("documents.suggest", document_id=document.id),
            "suggestions": url_for("documents.open_suggestions", document_id=document.id),
            "comments": url_for("documents.comments", document_id=document.id),
            "tidy": url_for("documents.tidy", document_id=document.id),
        },
    }


def _span(one: Span) -> dict[str, Any]:
    return {
        "start": one.start,
        "end": one.end,
        "origin": one.origin,
        "author": one.author_id,
        "revision": one.revision,
        "draft": getattr(one, "autodoc_id", None),
    }

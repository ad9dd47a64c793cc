"""The pages of readers: what is published, as it is, with its label, who is responsible, and what was corrected."""

import secrets
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from copydesk.autodocs import authors, readings
from copydesk.autodocs.readings import Reading
from copydesk.documents import access, markdown
from copydesk.documents.editions import PublicPage
from copydesk.documents.errors import DocumentNotFound
from copydesk.documents.exporting.as_html import as_data
from copydesk.documents.models import Document
from copydesk.web.extensions import db
from copydesk.web.guards import public

blueprint = Blueprint("reading", __name__, url_prefix="/read")


@blueprint.get("/<slug>")
@public
def show(slug: str) -> ResponseReturnValue:
    """What readers have now."""
    reading = load(slug)
    return _answer("reading/edition.html", reading)


@blueprint.get("/<slug>/<int:number>")
@public
def edition(slug: str, number: int) -> ResponseReturnValue:
    """An older edition stays readable, with a word about the one that replaced it."""
    return _answer("reading/edition.html", load(slug, number))


@blueprint.get("/<slug>/<int:number>/hands")
@public
def hands(slug: str, number: int) -> ResponseReturnValue:
    """Who wrote which words."""
    reading = load(slug, number)
    tiles = authors.spans_of(db.session(), reading.document, reading.revision.number)
    pieces = [{"origin": one.origin, "text": reading.revision.body[one.start : one.end]} for one in tiles]
    return _answer("reading/hands.html", reading, spans=pieces)


def _answer(template: str, reading: Reading, **more: Any) -> Response:
    body = None if template.endswith("hands.html") else markdown.render(reading.revision.body)
    response = make_response(
        render_template(
            template,
            reading=reading,
            body=body,
            label=reading.label,
            structured=as_data(readings.article(reading, address(reading))),
            key=request.args.get("key", ""),
            **more,
        )
    )
    if not reading.is_public:
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def load(slug: str, number: int | None = None) -> Reading:
    """The edition, if whoever asks may read it: public, or with the key, or one of the document's people."""
    session = db.session()
    known = slug.isprintable()  # a name of ours has letters, digits and dashes; a database takes no NUL
    page = session.scalars(select(PublicPage).where(PublicPage.slug == slug)).one_or_none() if known else None
    if page is None:
        abort(404)
    document = session.get_one(Document, page.document_id)
    reading = readings.of(session, document, page, number)
    if reading is None or not (reading.is_public or _has_key(page) or _is_one_of_its_people(document)):
        abort(404)
    return reading


def address(reading: Reading) -> str:
    return url_for("reading.show", slug=reading.page.slug, _external=True)


def _has_key(page: PublicPage) -> bool:
    return secrets.compare_digest(request.args.get("key", "").encode(), page.key.encode())


def _is_one_of_its_people(document: Document) -> bool:
    if not current_user.is_authenticated:
        return False
    try:
        access.get(db.session(), document.id, current_user)
    except DocumentNotFound:
        return False
    return True

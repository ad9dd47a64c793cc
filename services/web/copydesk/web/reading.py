"""The pages of readers: what is published, as it is, with its label, who is responsible, and what was corrected."""

import datetime as dt
import json
import secrets
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import select

from copydesk.accounts.models import User
from copydesk.autodocs import authors
from copydesk.documents import access, chain, editions, markdown
from copydesk.documents.disclosure import Reason
from copydesk.documents.editions import Edition, EditionState, PublicPage
from copydesk.documents.errors import DocumentNotFound
from copydesk.documents.models import Document, Kind, Revision
from copydesk.web.documents.page_data import shares
from copydesk.web.extensions import db
from copydesk.web.guards import public

blueprint = Blueprint("reading", __name__, url_prefix="/read")

FEED = 50  # entries; whoever asks once a day misses none of a busy desk's
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# https://cv.iptc.org/newscodes/digitalsourcetype
_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
LABELS = {
    Reason.UNREAD: "A machine wrote passages of this text that no person has changed or reviewed.",
    Reason.NOBODY: "A machine wrote this text or parts of it, and nobody has taken responsibility for it yet.",
}


@dataclass(frozen=True)
class Reading:
    """What one page shows."""

    document: Document
    page: PublicPage
    edition: Edition
    revision: Revision
    everything: list[Edition]  # that can be read, newest first
    writers: list[str]
    shares: dict[str, int]
    is_public: bool

    @property
    def corrections(self) -> list[Edition]:
        """The later editions' notes, newest first, up to the one that is read."""
        return [one for one in self.everything if one.change is not None and one.number <= self.edition.number]

    @property
    def first(self) -> Edition:
        return self.everything[-1]


@blueprint.get("/feed.atom")
@public
def feed() -> ResponseReturnValue:
    """What everyone can read, the last change first, for programs that follow the desk."""
    found = editions.public_pages(db.session(), limit=FEED)
    changed = max((one.ended_at or one.public_at or one.live_at for one, _ in found), default=EPOCH)
    words = render_template("reading/feed.xml", found=found, changed=changed)
    response = Response(words, mimetype="application/atom+xml")
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


@blueprint.get("/<slug>")
@public
def show(slug: str) -> ResponseReturnValue:
    """What readers have now."""
    reading = _load(slug)
    return _answer("reading/edition.html", reading)


@blueprint.get("/<slug>/<int:number>")
@public
def edition(slug: str, number: int) -> ResponseReturnValue:
    """An older edition stays readable, with a word about the one that replaced it."""
    return _answer("reading/edition.html", _load(slug, number))


@blueprint.get("/<slug>/<int:number>/hands")
@public
def hands(slug: str, number: int) -> ResponseReturnValue:
    """Who wrote which words."""
    reading = _load(slug, number)
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
            label=[LABELS[Reason(one)] for one in reading.edition.label],
            structured=_structured(reading),
            key=request.args.get("key", ""),
            **more,
        )
    )
    if not reading.is_public:
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _load(slug: str, number: int | None = None) -> Reading:
    """The edition, if whoever asks may read it: public, or with the key, or one of the document's people."""
    session, now = db.session(), dt.datetime.now(dt.UTC)
    page = session.scalars(select(PublicPage).where(PublicPage.slug == slug)).one_or_none()
    if page is None:
        abort(404)
    document = session.get_one(Document, page.document_id)
    everything = [one for one in reversed(editions.of(session, document.id)) if one.state in editions.WENT_OUT]
    current = next((one for one in everything if one.number == document.edition), None)
    wanted = current if number is None else next((one for one in everything if one.number == number), None)
    if current is None or wanted is None:
        abort(404)
    # Once one was public all are: whoever read the first may read what became of it.
    is_public = any(one.is_public(now) for one in everything)
    if not (is_public or _has_key(page) or _is_one_of_its_people(document)):
        abort(404)
    revision = chain.revision(session, document, wanted.revision_number)
    if revision is None:
        abort(404)
    tiles = authors.spans_of(session, document, revision.number)
    writers = _writers(document, {one.author_id for one in tiles if one.origin == Kind.HUMAN.value})
    return Reading(document, page, wanted, revision, everything, writers, shares(tiles), is_public)


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


def _writers(document: Document, ids: set[int | None]) -> list[str]:
    """The people whose words stand in the text; the editor first."""
    query = select(User.id, User.name).where(User.id.in_([one for one in ids if one is not None]))
    found = sorted(db.session.execute(query), key=lambda row: (row.id != document.editor_id, row.name))
    return [row.name for row in found]


def _structured(reading: Reading) -> Markup:
    """schema.org's Article, for machines that read the page."""
    url = url_for("reading.show", slug=reading.page.slug, _external=True)
    editor = reading.edition.responsible or reading.edition.confirmed_by
    article: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": reading.revision.title,
        "url": url,
        "datePublished": reading.first.live_at.isoformat(timespec="seconds"),
        "dateModified": reading.edition.live_at.isoformat(timespec="seconds"),
        "author": [{"@type": "Person", "name": name} for name in reading.writers],
        "publisher": {"@type": "Organization", "name": reading.document.sponsor.organization},
        "digitalSourceType": _IPTC + _source_type(reading.shares),
        "correction": [
            {"@type": "CorrectionComment", "text": one.note, "datePublished": one.live_at.isoformat(timespec="seconds")}
            for one in reading.corrections
        ],
    }
    if editor is not None:
        article["editor"] = {"@type": "Person", "name": editor.name}
    if reading.edition.state is EditionState.RETRACTED:
        article["creativeWorkStatus"] = "Retracted"
    # As Flask's own tojson does: no sign that could end the element.
    words = json.dumps(article, ensure_ascii=False)
    for sign in "<>&":
        words = words.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(words)  # noqa: S704  escaped in the lines above


def _source_type(share: dict[str, int]) -> str:
    if not share["machine"]:
        return "digitalCreation"
    return "compositeWithTrainedAlgorithmicMedia" if share["human"] else "trainedAlgorithmicMedia"

"""What everyone can read, for programs that follow the desk: Atom, and JSON Feed 1.1 (https://jsonfeed.org/version/1.1).

Complete: every entry has its whole text, under its label and its corrections. What was retracted says so instead.
"""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import tuple_

from copydesk.documents import editions, notices
from copydesk.documents.editions import Edition, EditionState
from copydesk.documents.exporting import as_html
from copydesk.documents.models import Revision
from copydesk.web.extensions import db
from copydesk.web.guards import public

blueprint = Blueprint("feeds", __name__, url_prefix="/read")
ENTRIES = 50  # whoever asks once a day misses none of a busy desk's
TITLE = "Published with Copydesk"
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Entry:
    """One text of a feed."""

    edition: Edition
    url: str
    title: str
    author: str
    published: dt.datetime
    changed: dt.datetime
    summary: str
    html: str
    markdown: str  # empty: it was retracted

    @property
    def is_retracted(self) -> bool:
        return self.edition.state is EditionState.RETRACTED


@blueprint.get("/feed.atom")
@public
def atom() -> ResponseReturnValue:
    """The last change first."""
    found = _entries()
    changed = max((one.changed for one in found), default=EPOCH)
    words = render_template("reading/feed.xml", found=found, changed=changed, title=TITLE)
    return _answer(words, "application/atom+xml")


@blueprint.get("/feed.json")
@public
def as_json() -> ResponseReturnValue:
    """The same as JSON Feed."""
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "feed_url": url_for("feeds.as_json", _external=True),
        "items": [_item(one) for one in _entries()],
    }
    return _answer(json.dumps(feed, ensure_ascii=False), "application/feed+json")


def _entries() -> list[Entry]:
    """In three queries, however many there are."""
    session = db.session()
    found = editions.public_pages(session, limit=ENTRIES)
    everything = editions.of_several(session, [one.document_id for one, _ in found])
    places = [(one.document_id, one.revision_number) for one, _ in found]
    query = session.query(Revision).where(tuple_(Revision.document_id, Revision.number).in_(places))
    revisions = {(one.document_id, one.number): one for one in query}
    return [
        _entry(
            edition,
            url_for("reading.show", slug=page.slug, _external=True),
            everything[edition.document_id],
            revisions[edition.document_id, edition.revision_number],
        )
        for edition, page in found
    ]


def _entry(edition: Edition, url: str, everything: list[Edition], revision: Revision) -> Entry:
    retracted = edition.state is EditionState.RETRACTED
    told = notices.of(edition, everything)
    person = edition.editor or edition.responsible or edition.document.sponsor
    note = f"{edition.change.value.capitalize()}: {edition.note}" if edition.change else ""
    return Entry(
        edition=edition,
        url=url,
        title=f"Retracted: {revision.title}" if retracted else revision.title,
        author=person.name,
        published=everything[-1].live_at,
        changed=edition.ended_at or edition.public_at or edition.live_at,
        summary=edition.retraction or note,
        html=str(as_html.fragment(told, "" if retracted else revision.body)),
        markdown="" if retracted else revision.body,
    )


def _item(one: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": f"urn:uuid:{one.edition.document_id}",
        "url": one.url,
        "title": one.title,
        "content_html": one.html,
        "date_published": one.published.isoformat(timespec="seconds"),
        "date_modified": one.changed.isoformat(timespec="seconds"),
        "authors": [{"name": one.author}],
        # The format lets whoever publishes add what begins with an underscore.
        "_copydesk": {
            "edition": one.edition.number,
            "state": one.edition.state.value,
            "machine_written": bool(one.edition.label),
            "sha256": one.edition.sha256,
            "markdown": one.markdown,
        },
    }
    return item | ({"summary": one.summary} if one.summary else {})


def _answer(words: str, mimetype: str) -> Response:
    response = Response(words, content_type=f"{mimetype}; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=60"
    return response

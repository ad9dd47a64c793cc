"""What a webhook says of an edition. `docs/webhooks.schema.json` describes it, and a test holds both together."""

import datetime as dt
import json
from typing import Any

from sqlalchemy.orm import Session

from copydesk.autodocs import readings
from copydesk.autodocs.readings import Reading
from copydesk.config import settings
from copydesk.documents import notices
from copydesk.documents.editions import EditionState, PublicPage
from copydesk.documents.exporting import as_html
from copydesk.documents.models import Document
from copydesk.webhooks.models import Delivery, Event

STANDING = {Event.RETRACTED: EditionState.RETRACTED}  # all others are about an edition that readers have


def build(session: Session, delivery: Delivery) -> str | None:
    """The body; None: what it would tell is not so any more."""
    if delivery.document_id is None:
        return _message(delivery, {"message": "This is a test from Copydesk. Nothing was published."})
    document = session.get(Document, delivery.document_id)
    page = session.get(PublicPage, delivery.document_id)
    if document is None or page is None:
        return None
    reading = readings.of(session, document, page, delivery.edition)
    if reading is None or not reading.is_public:
        return None
    if reading.edition.state is not STANDING.get(delivery.event, EditionState.LIVE):
        return None
    return _message(delivery, facts(reading))


def facts(reading: Reading) -> dict[str, Any]:
    """The edition with all that has to stand beside it. Of a retracted one the text is left out."""
    edition, text = reading.edition, "" if reading.is_retracted else reading.revision.body
    url = f"{settings().base_url}/read/{reading.page.slug}"
    answers = edition.answers_for_it
    return {
        "document": str(reading.document.id),
        "edition": edition.number,
        "state": edition.state.value,
        "title": reading.revision.title,
        "slug": reading.page.slug,
        "url": url,
        "markdown": text,
        "html": str(as_html.fragment(notices.of(edition, reading.everything), text)),
        "html_text_only": str(as_html.fragment((), text)),
        "label": reading.label,
        "machine_share": reading.shares["machine"],
        "digital_source_type": reading.source_type,
        "authors": reading.writers,
        "byline": reading.byline,
        "publisher": reading.document.sponsor.organization,
        "responsible": {"name": answers[0], "role": answers[1]} if answers else None,
        "review": reading.review or None,
        "published_at": readings.moment(reading.first.live_at),
        "modified_at": readings.moment(edition.ended_at or edition.live_at),
        "change": edition.change and edition.change.value,
        "note": edition.note,
        "retraction": edition.retraction,
        "corrections": [
            {"change": one.change and one.change.value, "note": one.note, "at": readings.moment(one.live_at)}
            for one in reading.corrections
        ],
        "sha256": edition.sha256,
        "hands_url": f"{url}/{edition.number}/hands",
        "record_url": f"{settings().base_url}/documents/{reading.document.id}/record.json",
    }


def _message(delivery: Delivery, data: dict[str, Any]) -> str:
    at = delivery.created_at.astimezone(dt.UTC).isoformat(timespec="milliseconds")
    message = {"id": delivery.message_id, "type": delivery.event.value, "timestamp": at, "data": data}
    return json.dumps(message, ensure_ascii=False)

"""The open suggestions as pages and the editor's script show them."""

from typing import Any

from flask import url_for
from flask_login import current_user

from copydesk.documents import policy, suggestions
from copydesk.documents.models import Document
from copydesk.documents.suggestions import Placed
from copydesk.documents.workflow import Act
from copydesk.web.documents.routes import config
from copydesk.web.extensions import db

AROUND = 48  # characters shown on each side of a change


def listed(document: Document) -> list[dict[str, Any]]:
    """In the order of the text, with what this request's person may do about each, in a constant number of queries."""
    decides = policy.can(Act.ACCEPT_SUGGESTION, current_user, document, claiming=config().claiming)
    takes_back = policy.can(Act.TAKE_BACK_SUGGESTION, current_user, document, claiming=config().claiming)
    return [_described(document, one, decides, takes_back) for one in suggestions.placed(db.session(), document)]


def _described(document: Document, found: Placed, decides: bool, takes_back: bool) -> dict[str, Any]:
    one, place = found.suggestion, found.place
    start, end = (place.start, place.end) if place else (one.start, one.end)

    def url(act: str) -> str:
        return url_for(f"documents.{act}_suggestion", document_id=document.id, number=one.number)

    mine = one.author_id == current_user.id
    return {
        "number": one.number,
        "author": one.author.name,
        "author_id": one.author_id,
        "mine": mine,
        "at": one.created_at,
        "gone": place is None,
        "start": start,
        "end": end,
        "words": found.words,
        "replacement": one.replacement,
        "before": _tail(found.text[:start]),
        "after": _head(found.text[end:]),
        "note": one.note,
        "accept": url("accept") if decides and place is not None else None,
        "refuse": url("refuse") if decides else None,
        "take_back": url("take_back") if takes_back and mine else None,
    }


def _tail(text: str) -> str:
    """The end of what stands before, on the same line, from a word's beginning."""
    line = text.rpartition("\n")[2]
    return line if len(line) <= AROUND else "…" + line[-AROUND:].partition(" ")[2]


def _head(text: str) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= AROUND else line[:AROUND].rpartition(" ")[0] + "…"

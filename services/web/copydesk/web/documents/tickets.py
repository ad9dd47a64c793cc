"""One form, one document: a form that arrives twice (an impatient click, a browser that sends again after a broken
connection) does not make a second document with a second draft.

The page of a new form carries the id that its document will have, signed for the person it was shown to.
"""

import hashlib
import uuid

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select

from copydesk.documents import text
from copydesk.documents.models import Document
from copydesk.web.extensions import db
from copydesk.web.guards import person


def issue(document_id: uuid.UUID | None = None) -> str:
    """A ticket for one more document of the person who looks at this page; with the id that was kept for it."""
    return str(_serializer().dumps((document_id or uuid.uuid4()).hex))


def redeem(ticket: str | None) -> uuid.UUID:
    """The id the ticket stands for; a new one if there is none, or it was made up, or is somebody else's."""
    try:
        return uuid.UUID(hex=_serializer().loads(ticket or ""))
    except (BadSignature, ValueError, TypeError, AttributeError):
        return uuid.uuid4()


def made_before(document_id: uuid.UUID, *, title: str, brief: str) -> Document | None:
    """The document that this form made when it came the first time."""
    document = db.session().scalar(select(Document).where(Document.id == document_id))
    if document is None or document.sponsor_id != person().id:
        return None
    # Gone back to and written anew, a form is another document, and no word of it may be lost.
    same = (document.title, document.brief) == (text.title(title), text.brief(brief))
    return document if same else None


def _serializer() -> URLSafeSerializer:
    digest = {"digest_method": hashlib.sha256}
    return URLSafeSerializer(current_app.secret_key or "", salt=f"new document of {person().id}", signer_kwargs=digest)

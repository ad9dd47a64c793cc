"""The record of a document: who, or what, wrote every character; as a file for machines and a page for people."""

import uuid

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from copydesk import audit
from copydesk.autodocs import records
from copydesk.documents.records.record import encode
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person
from copydesk.web.record_page import record_page


@blueprint.get("/<uuid:document_id>/record.json")
@approved()
def record(document_id: uuid.UUID) -> ResponseReturnValue:
    """Everything, in the form that `copydesk verify` checks; `?download` has the browser keep it as a file."""
    document = load(document_id)
    raw = encode(records.of(db.session(), document))
    note_taken(document_id)
    db.session.commit()  # with figures that were counted for it
    return as_file(raw, document_id)


@blueprint.get("/<uuid:document_id>/record")
@approved()
def record_to_read(document_id: uuid.UUID) -> ResponseReturnValue:
    """The same for people."""
    document = load(document_id)
    raw = encode(records.of(db.session(), document))
    db.session.commit()
    return render_template("documents/record.html", document=document, kept=None, **record_page(raw))


def note_taken(document_id: uuid.UUID) -> None:
    """The record left the desk as a file. Not an event of the document's own: the record would tell of itself."""
    audit.record(db.session(), "record.exported", actor_id=person().id, object_type="record", object_id=document_id)


def as_file(raw: bytes, document_id: uuid.UUID) -> Response:
    response = Response(raw, mimetype="application/json")
    if "download" in request.args:
        response.headers.set("Content-Disposition", "attachment", filename=f"record-{document_id}.json")
    return response

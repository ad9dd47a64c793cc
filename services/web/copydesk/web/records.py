"""Records of documents that are deleted: their people and admins still read them."""

import uuid

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.documents.records import kept_records
from copydesk.documents.records.kept_records import KeptRecord
from copydesk.web.documents.record import as_file, note_taken
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person
from copydesk.web.record_page import record_page

blueprint = Blueprint("records", __name__, url_prefix="/records")
PAGE = 50


@blueprint.get("")
@approved(Role.ADMIN)
def index() -> ResponseReturnValue:
    """Every deleted document, the last one first."""
    page = min(max(1, request.args.get("page", 1, type=int)), 10_000)
    found = kept_records.newest(db.session(), limit=PAGE + 1, offset=(page - 1) * PAGE)
    return render_template("admin/records.html", kept=found[:PAGE], page=page, more=len(found) > PAGE)


@blueprint.get("/<uuid:document_id>")
@approved()
def show(document_id: uuid.UUID) -> ResponseReturnValue:
    kept = _load(document_id)
    return render_template("documents/record.html", document=None, kept=kept, **record_page(kept.record.encode()))


@blueprint.get("/<uuid:document_id>/record.json")
@approved()
def record(document_id: uuid.UUID) -> ResponseReturnValue:
    """Byte for byte as it was kept."""
    raw = _load(document_id).record.encode()
    note_taken(document_id)
    db.session.commit()
    return as_file(raw, document_id)


def _load(document_id: uuid.UUID) -> KeptRecord:
    return kept_records.get(db.session(), document_id, person())

"""For admins: everything that readers ever had, with its label, who reviewed it and who is responsible."""

import csv
import datetime as dt
import io

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from copydesk import audit
from copydesk.accounts.models import Role
from copydesk.documents import editions
from copydesk.documents.editions import Edition
from copydesk.web.csv_cells import harmless
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person

blueprint = Blueprint("disclosure", __name__, url_prefix="/admin")
PAGE = 50
COLUMNS = (
    "document", "title", "edition", "change", "state", "live_at", "public_at", "machine_percent", "label",
    "editor", "responsible", "responsible_role", "signed_by", "statement", "signed_at", "emergency", "sha256",
)  # fmt: skip


@blueprint.get("/disclosure")
@approved(Role.ADMIN)
def show() -> ResponseReturnValue:
    """The last ones first."""
    page = min(max(1, request.args.get("page", 1, type=int)), 10_000)
    found = editions.went_out(db.session(), limit=PAGE + 1, offset=(page - 1) * PAGE)
    return render_template("admin/disclosure.html", found=found[:PAGE], page=page, more=len(found) > PAGE)


@blueprint.get("/disclosure.csv")
@approved(Role.ADMIN)
def as_csv() -> ResponseReturnValue:
    """One line an edition."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for one in editions.went_out(db.session(), limit=None):
        table.writerow([harmless(cell) for cell in _row(one)])
    audit.record(db.session(), "disclosure.exported", actor_id=person().id, object_type="desk", object_id="disclosure")
    db.session.commit()
    response = Response(out.getvalue(), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename="disclosure.csv")
    response.headers["Cache-Control"] = "no-store"
    return response


def _row(one: Edition) -> list[object]:
    name, role = one.answers_for_it or ("", "")
    stated = one.statement.examined or "as worded by the desk" if one.statement else ""
    return [
        one.document_id,
        one.document.title,
        one.number,
        one.change or "",
        one.state.value,
        _moment(one.live_at),
        _moment(one.public_at),
        one.machine_share,
        " ".join(one.label),
        one.editor.name if one.editor else "",
        name,
        role,
        one.signer.name if one.signer else "",
        stated,
        _moment(one.signed_at or one.confirmed_at),
        one.emergency or "",
        one.sha256,
    ]


def _moment(value: dt.datetime | None) -> str:
    return value.astimezone(dt.UTC).isoformat(timespec="seconds") if value else ""

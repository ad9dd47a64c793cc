"""Files that the sponsor gives the editor to read: given, fetched, taken away."""

import io
import uuid

from flask import flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from copydesk import audit
from copydesk.accounts.models import Role
from copydesk.documents.asking import attachments
from copydesk.documents.errors import InvalidInput
from copydesk.web.documents import new, page_data
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.extensions import db, talisman
from copydesk.web.forms import AttachmentForm
from copydesk.web.guards import approved, person

OWNERS = (Role.SPONSOR, Role.ADMIN)
# Whatever a browser makes of a file, it is not a page of the desk.
SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"

blueprint.add_app_template_filter(attachments.in_words, "file_size")


@blueprint.post("/<uuid:document_id>/attachments")
@approved(*OWNERS)
def attach(document_id: uuid.UUID) -> ResponseReturnValue:
    document, form = load(document_id), AttachmentForm()
    if not form.validate_on_submit():
        return _refuse(document_id, form, "The form was incomplete or too old. Please choose the files again.")
    try:
        made = attachments.add(db.session(), document.id, person(), new.uploads(form.attachment.data))
    except InvalidInput as error:
        db.session.rollback()
        return _refuse(document_id, form, str(error))
    db.session.commit()
    flash("Added." if len(made) > 1 else f"“{made[0].name}” is added.", "success")
    return _back(document_id)


@blueprint.get("/<uuid:document_id>/attachments/<int:number>")
@approved()
@talisman(content_security_policy=SANDBOX)  # type: ignore[untyped-decorator]  # it ships no types
def attachment(document_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """The file, to be kept and never shown in the desk's own name."""
    found = attachments.get(db.session(), load(document_id), number)
    response = send_file(
        io.BytesIO(found.content or b""),
        mimetype=found.media_type,
        as_attachment=True,
        download_name=found.name,
        etag=found.sha256,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    audit.record(
        db.session(),
        "attachment.exported",
        actor_id=person().id,
        object_type="attachment",
        object_id=found.id,
        after={"document": str(document_id)},
    )
    db.session.commit()
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.post("/<uuid:document_id>/attachments/<int:number>/remove")
@approved(*OWNERS)
def remove_attachment(document_id: uuid.UUID, number: int) -> ResponseReturnValue:
    load(document_id)
    gone = attachments.remove(db.session(), document_id, person(), number)
    db.session.commit()
    flash(f"“{gone.name}” is removed.", "success")
    return _back(document_id)


def _refuse(document_id: uuid.UUID, form: AttachmentForm, why: str) -> ResponseReturnValue:
    form.attachment.errors = [why]
    page = page_data.document_page(load(document_id), attachment_form=form)
    return render_template("documents/document.html", **page), 400


def _back(document_id: uuid.UUID) -> ResponseReturnValue:
    return redirect(url_for("documents.show", document_id=document_id, _anchor="reading-matter"), 303)

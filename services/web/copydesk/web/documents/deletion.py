"""Deleting a document: a page of its own, because it can't be undone; what stays is the record."""

import uuid

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.autodocs import deletion
from copydesk.documents import access
from copydesk.documents.errors import InvalidInput
from copydesk.documents.models import Document
from copydesk.documents.workflow import Act
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.extensions import db
from copydesk.web.forms import DeletionForm
from copydesk.web.guards import approved, person


@blueprint.route("/<uuid:document_id>/delete", methods=["GET", "POST"])
@approved(Role.ADMIN)
def delete(document_id: uuid.UUID) -> ResponseReturnValue:
    document, form = load(document_id), DeletionForm()
    access.expect(document, Act.DELETE)
    if not form.validate_on_submit():
        return _page(document, form)
    words = {"reason": form.reason.data or "", "title": form.title.data or ""}
    try:
        kept = deletion.delete(db.session(), document_id, person(), **words)
    except InvalidInput as error:
        db.session.rollback()
        getattr(form, error.field).errors = [str(error)]
        return _page(load(document_id), form)
    db.session.commit()
    flash(f"“{kept.title}” is deleted. Its record is kept here.", "success")
    return redirect(url_for("records.show", document_id=document_id), 303)


def _page(document: Document, form: DeletionForm) -> ResponseReturnValue:
    page = render_template("documents/delete.html", document=document, form=form)
    return page, 400 if form.is_submitted() else 200

"""By when it should be delivered: the sponsor or an admin sets the date."""

import uuid

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.documents.errors import InvalidInput
from copydesk.documents.routing import deadlines
from copydesk.web import clock
from copydesk.web.documents.page_data import document_page
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.extensions import db
from copydesk.web.forms import DueForm
from copydesk.web.guards import approved, person, wants_json


@blueprint.post("/<uuid:document_id>/due")
@approved(Role.SPONSOR, Role.ADMIN)
def set_due(document_id: uuid.UUID) -> ResponseReturnValue:
    document, form = load(document_id), DueForm()
    try:
        form.validate_on_submit()
        deadlines.set_due(db.session(), document_id, person(), clock.due_of(form))
    except InvalidInput as error:
        db.session.rollback()
        form.due.errors = [str(error)]
        return render_template("documents/document.html", **document_page(load(document_id), due_form=form)), 400
    db.session.commit()
    if wants_json():
        return {"ok": True}
    flash("The date is set." if document.due_at else "There is no date any more.", "success")
    return redirect(url_for("documents.show", document_id=document_id), 303)

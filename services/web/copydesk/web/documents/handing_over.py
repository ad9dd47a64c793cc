"""An admin makes somebody else a document's sponsor."""

import uuid

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.documents import access
from copydesk.documents.errors import InvalidInput
from copydesk.documents.signoff import handing_over
from copydesk.documents.workflow import Act
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.extensions import db
from copydesk.web.forms import HandOverForm
from copydesk.web.guards import approved, person


@blueprint.route("/<uuid:document_id>/hand-over", methods=["GET", "POST"])
@approved(Role.ADMIN)
def hand_over(document_id: uuid.UUID) -> ResponseReturnValue:
    document, form = load(document_id), HandOverForm()
    access.expect(document, Act.HAND_OVER)
    found = handing_over.sponsors(db.session(), document)
    form.sponsor.choices = [(str(one.id), f"{one.name}, {one.organization}") for one in found]
    if form.validate_on_submit():
        typed = form.sponsor.data or ""
        chosen = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0
        try:
            document = handing_over.hand_over(
                db.session(), document_id, person(), chosen, reason=form.reason.data or ""
            )
        except InvalidInput as error:
            db.session.rollback()
            getattr(form, error.field).errors = [str(error)]
            document = load(document_id)
        else:
            db.session.commit()
            flash(f"{document.sponsor.name} answers for this text now. Both were told.", "success")
            return redirect(url_for("documents.show", document_id=document_id), 303)
    page = render_template("documents/hand_over.html", document=document, form=form)
    return page, 400 if form.is_submitted() else 200

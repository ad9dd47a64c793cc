"""What a check found, and a person answers for: said, and taken back."""

import uuid

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.documents.delivery import waivers
from copydesk.documents.errors import InvalidInput
from copydesk.web.documents import reviews
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.errors import answer
from copydesk.web.extensions import db
from copydesk.web.forms import WaiveForm
from copydesk.web.guards import approved, person, wants_json


@blueprint.post("/<uuid:document_id>/waivers")
@approved(Role.EDITOR)
def waive_check(document_id: uuid.UUID) -> ResponseReturnValue:
    load(document_id)
    form = WaiveForm()
    if not form.validate_on_submit():
        return _refuse(document_id, next(iter(form.errors.values()))[0])
    try:
        waivers.waive(
            db.session(),
            document_id,
            person(),
            fingerprint=form.fingerprint.data or "",
            reason=form.reason.data or "",
        )
    except InvalidInput as error:
        db.session.rollback()
        return _refuse(document_id, str(error))
    return _done(document_id, "Noted. It may stay, and the record says why.")


@blueprint.post("/<uuid:document_id>/waivers/<int:waiver_id>/take-back")
@approved(Role.EDITOR)
def take_back_waiver(document_id: uuid.UUID, waiver_id: int) -> ResponseReturnValue:
    load(document_id)
    waivers.take_back(db.session(), document_id, person(), waiver_id)
    return _done(document_id, "Taken back. The check counts again.")


def _refuse(document_id: uuid.UUID, why: str) -> ResponseReturnValue:
    if wants_json():
        return answer(400, why)
    flash(why, "error")
    return redirect(url_for("documents.show", document_id=document_id, _anchor="before-delivery"), 303)


def _done(document_id: uuid.UUID, said: str) -> ResponseReturnValue:
    db.session.commit()
    if not wants_json():
        flash(said, "success")
        return redirect(url_for("documents.show", document_id=document_id, _anchor="before-delivery"), 303)
    card, several = reviews.card_now(load(document_id))
    return {"ok": True, "said": said, "paragraphs": reviews.described(several), "card": card}

"""The form of a new document as it is typed: kept, deleted, put back."""

import uuid

from flask import flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from copydesk.accounts.models import Role
from copydesk.documents.asking import unfinished
from copydesk.documents.asking.unfinished import BecameADocument, Kept
from copydesk.web.documents import new, tickets
from copydesk.web.documents.routes import blueprint
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person, wants_json

NOT_KEPT = {"csrf_token", "ticket", "kept_version", "attachment", "submit"}
BESIDE = "This brief was changed in another window. Your words are kept beside it, as a brief of their own."


@blueprint.app_context_processor
def counted() -> dict[str, object]:
    """For the quiet line on the list of documents; asked only by the page that shows it."""
    return {"count_unfinished": lambda: unfinished.count(db.session(), person())}


@blueprint.post("/unfinished")
@approved(Role.SPONSOR)
def keep_brief() -> ResponseReturnValue:
    """Keep what stands in the form: by script every few seconds, without it by a button."""
    number = tickets.redeem(request.form.get("ticket"))
    try:
        kept = _keep(number)
    except BecameADocument as error:
        if wants_json():
            return {"error": str(error), "ticket": tickets.issue()}, 409
        kept = _keep(uuid.uuid4())
    db.session.commit()
    if wants_json():
        return _told(kept)
    if kept is not None and kept.beside:
        flash(BESIDE, "warning")
    elif kept is not None:
        flash("Kept. You find it under “Unfinished” when you start a new document.", "success")
    return redirect(url_for("documents.index"), 303)


@blueprint.post("/unfinished/<uuid:number>/delete")
@approved(Role.SPONSOR)
def delete_unfinished(number: uuid.UUID) -> ResponseReturnValue:
    gone = unfinished.remove(db.session(), person(), number)
    session[new.DELETED] = {"number": str(gone.id), "name": gone.name}
    db.session.commit()
    return redirect(url_for("documents.new"), 303)


@blueprint.post("/unfinished/<uuid:number>/restore")
@approved(Role.SPONSOR)
def restore_unfinished(number: uuid.UUID) -> ResponseReturnValue:
    unfinished.restore(db.session(), person(), number)
    db.session.commit()
    flash("It is back.", "success")
    return redirect(url_for("documents.new"), 303)


def _keep(number: uuid.UUID) -> Kept | None:
    fields = {name: value for name, value in request.form.items() if name not in NOT_KEPT}
    version = request.form.get("kept_version", 0, type=int)
    return unfinished.keep(db.session(), person(), number, fields, version=version, new=uuid.uuid4())


def _told(kept: Kept | None) -> dict[str, object]:
    """What the page's script goes on with: the next sending is for what was kept now."""
    if kept is None:
        return {"kept": False, "csrf": generate_csrf()}
    one = kept.unfinished
    return {
        "kept": True,
        "kept_at": one.kept_at.isoformat(),
        "version": one.version,
        "ticket": tickets.issue(one.id),
        "address": url_for("documents.new", unfinished=one.id),
        "says": BESIDE if kept.beside else "",
        "csrf": generate_csrf(),
    }

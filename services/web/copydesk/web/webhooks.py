"""The admin's pages of webhooks: where to tell, what, and how each delivery went."""

from collections.abc import Callable

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError

from copydesk.accounts.models import Role
from copydesk.web.documents.routes import config
from copydesk.web.extensions import db
from copydesk.web.forms import TOLD, WebhookForm
from copydesk.web.guards import approved, person
from copydesk.webhooks import operations, signing
from copydesk.webhooks.models import Webhook
from copydesk.webhooks.operations import WebhookError, WebhookNotFound

blueprint = Blueprint("webhooks", __name__, url_prefix="/admin/webhooks")
PAGE = 30
BUSY = "A message is being sent at this moment. Please try again in a few seconds."


@blueprint.get("")
@approved(Role.ADMIN)
def index() -> ResponseReturnValue:
    return _list(WebhookForm(formdata=None))


@blueprint.post("")
@approved(Role.ADMIN)
def add() -> ResponseReturnValue:
    """The answer is the page with the secret: it is never shown again."""
    form = WebhookForm()
    if not form.validate_on_submit():
        return _list(form), 400
    try:
        hook = operations.add(db.session(), person(), form.url.data or "", form.events.data or [])
        db.session.commit()
    except WebhookError as error:
        db.session.rollback()
        getattr(form, error.field or "url").errors = [str(error)]
        return _list(form), 400
    return _page(hook, shown=True)


@blueprint.get("/<int:webhook_id>")
@approved(Role.ADMIN)
def show(webhook_id: int) -> ResponseReturnValue:
    try:
        return _page(operations.get(db.session(), webhook_id))
    except WebhookNotFound as error:
        return _gone(error)


@blueprint.post("/<int:webhook_id>/events")
@approved(Role.ADMIN)
def change(webhook_id: int) -> ResponseReturnValue:
    chosen = request.form.getlist("events")
    return _do(webhook_id, lambda: operations.change_events(db.session(), person(), webhook_id, chosen), "Kept.")


@blueprint.post("/<int:webhook_id>/switch")
@approved(Role.ADMIN)
def switch(webhook_id: int) -> ResponseReturnValue:
    on = request.form.get("on") == "yes"
    said = "It is on. What is published from now on is told." if on else "It is off."
    return _do(webhook_id, lambda: operations.switch(db.session(), person(), webhook_id, on=on), said)


@blueprint.post("/<int:webhook_id>/secret")
@approved(Role.ADMIN)
def rotate(webhook_id: int) -> ResponseReturnValue:
    """A new secret, shown once."""
    try:
        hook = operations.rotate(db.session(), person(), webhook_id)
        db.session.commit()
    except WebhookNotFound as error:
        return _gone(error)
    return _page(hook, shown=True)


@blueprint.post("/<int:webhook_id>/test")
@approved(Role.ADMIN)
def test(webhook_id: int) -> ResponseReturnValue:
    said = "A test is on its way. Reload this page to see how it went."
    return _do(webhook_id, lambda: operations.send_test(db.session(), person(), webhook_id), said)


@blueprint.post("/<int:webhook_id>/deliveries/<int:delivery_id>/resend")
@approved(Role.ADMIN)
def resend(webhook_id: int, delivery_id: int) -> ResponseReturnValue:
    said = "It is sent once more."
    return _do(webhook_id, lambda: operations.resend(db.session(), person(), delivery_id), said)


@blueprint.post("/<int:webhook_id>/remove")
@approved(Role.ADMIN)
def remove(webhook_id: int) -> ResponseReturnValue:
    return _do(None, lambda: operations.remove(db.session(), person(), webhook_id), "The webhook is removed.")


def _do(webhook_id: int | None, act: Callable[[], object], said: str) -> ResponseReturnValue:
    back = url_for("webhooks.index") if webhook_id is None else url_for("webhooks.show", webhook_id=webhook_id)
    try:
        act()
        db.session.commit()
    except WebhookNotFound as error:
        return _gone(error)
    except (WebhookError, OperationalError) as error:  # the second: the row is held longer than we wait
        db.session.rollback()
        flash(str(error) if isinstance(error, WebhookError) else BUSY, "error")
        return redirect(back, 303)
    flash(said, "success")
    return redirect(back, 303)


def _gone(error: WebhookNotFound) -> ResponseReturnValue:
    db.session.rollback()
    flash(str(error), "error")
    return redirect(url_for("webhooks.index"), 303)


def _list(form: WebhookForm) -> str:
    return render_template("admin/webhooks.html", hooks=operations.everything(db.session()), form=form, choices=TOLD)


def _page(hook: Webhook, *, shown: bool = False) -> ResponseReturnValue:
    session, page = db.session(), min(max(1, request.args.get("page", 1, type=int)), 10_000)
    found = operations.deliveries(session, hook.id, limit=PAGE + 1, offset=(page - 1) * PAGE)
    secret = signing.shown(operations.secrets_of(hook, config(), operations.now(session))[0]) if shown else None
    response = make_response(
        render_template(
            "admin/webhook.html",
            hook=hook,
            now=operations.now(session),
            secret=secret,
            choices=TOLD,
            deliveries=found[:PAGE],
            page=page,
            more=len(found) > PAGE,
        )
    )
    response.headers["Cache-Control"] = "no-store"
    return response

"""The admin's page of routing: what every editor has in hand, and the rules by which the desk gives and reminds."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.documents.errors import InvalidInput
from copydesk.documents.routing import load, rules
from copydesk.documents.routing.rules import Rules
from copydesk.web.extensions import db
from copydesk.web.forms import RoutingForm
from copydesk.web.guards import approved, person

blueprint = Blueprint("routing", __name__)


@blueprint.route("/admin/routing", methods=["GET", "POST"])
@approved(Role.ADMIN)
def index() -> ResponseReturnValue:
    form = RoutingForm(obj=rules.rules(db.session()))
    if form.validate_on_submit():
        try:
            rules.choose(db.session(), person(), _chosen(form))
        except InvalidInput as error:
            db.session.rollback()
            form[error.field].errors = [str(error)]
            return _page(form), 400
        db.session.commit()
        flash("The rules are kept. They hold from now on.", "success")
        return redirect(url_for("routing.index"), 303)
    return _page(form), 400 if form.is_submitted() else 200


def _chosen(form: RoutingForm) -> Rules:
    return Rules(
        choose_by_load=bool(form.choose_by_load.data),
        days_to_edit=form.days_to_edit.data,
        hours_before=form.hours_before.data if form.hours_before.data is not None else -1,
        days_between=form.days_between.data or 0,
    )


def _page(form: RoutingForm) -> str:
    return render_template("admin/routing.html", form=form, loads=load.of_editors(db.session()))

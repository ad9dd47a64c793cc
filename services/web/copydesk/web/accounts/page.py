"""One's own account: what others read of one, the address, the password, and where one is logged in."""

from flask import flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts import login_sessions, operations, second_steps
from copydesk.web import agents
from copydesk.web.accounts import webauthn
from copydesk.web.accounts.forms import ChangeAddressForm, ChangePasswordForm, LeaveForm, PersonForm
from copydesk.web.accounts.routes import blueprint
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person
from copydesk.web.login_cookie import session_id

NOT_YOURS = "This is not your password."


@blueprint.get("/settings/account")
@approved()
def settings() -> ResponseReturnValue:
    return account_page()


@blueprint.post("/settings/account")
@approved()
def describe() -> ResponseReturnValue:
    form = PersonForm()
    if not form.validate_on_submit():
        return account_page(who=form), 400
    operations.describe(db.session(), person(), name=form.name.data or "", organization=form.organization.data or "")
    db.session.commit()
    flash("That is kept.", "success")
    return redirect(url_for("account.settings"), 303)


def account_page(
    who: PersonForm | None = None,
    address: ChangeAddressForm | None = None,
    password: ChangePasswordForm | None = None,
    leave: LeaveForm | None = None,
) -> str:
    """The page; a form that was not good comes back on it as it was typed."""
    user = person()
    return render_template(
        "auth/account.html",
        who=who or PersonForm(formdata=None, obj=user),
        address=address or ChangeAddressForm(formdata=None, prefix="address"),
        password=password or ChangePasswordForm(user, formdata=None, prefix="password"),
        leave=leave or LeaveForm(formdata=None, prefix="leave"),
        sessions=[(one, agents.in_words(one.agent)) for one in login_sessions.of(db.session(), user)],
        here=session_id(session),
        steps=second_steps.of(db.session(), user),
        passkeys=webauthn.available(),
    )

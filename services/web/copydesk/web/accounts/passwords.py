"""A forgotten password, and a new one."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_security import hash_password, login_user

from copydesk.accounts import credentials, operations
from copydesk.accounts.models import User
from copydesk.web import known_browsers
from copydesk.web.accounts import links
from copydesk.web.accounts.evenly import evenly
from copydesk.web.accounts.forms import AddressForm, ChangePasswordForm, NewPasswordForm
from copydesk.web.accounts.links import LinkVoid, Purpose
from copydesk.web.accounts.page import NOT_YOURS, account_page
from copydesk.web.accounts.routes import blueprint
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person, public
from copydesk.web.limits import LETTERS, LETTERS_TO_ONE, limiter, network, once_more


@blueprint.route("/reset", methods=["GET", "POST"])
@public
@limiter.limit(LETTERS, key_func=network, methods=["POST"])
@evenly
def forgotten() -> ResponseReturnValue:
    form = AddressForm()
    if not form.validate_on_submit():
        return render_template("auth/forgotten.html", form=form), 400 if form.is_submitted() else 200
    user = operations.find_by_email(db.session(), form.email.data or "")
    if user is not None and user.active and once_more(LETTERS_TO_ONE, "letters", str(user.id)):
        credentials.ask_to_reset(db.session(), user, links.address(Purpose.RESET, user, "account.reset"))
        db.session.commit()
    flash(
        f"If {form.email.data} has an account, a letter is on its way there. Its link is good for an hour.", "success"
    )
    return redirect(url_for("security.login"), 303)


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> ResponseReturnValue:
    user = _of(token)
    if user is None:
        return render_template("auth/link_void.html", again=url_for("account.forgotten")), 410
    form = NewPasswordForm(user)
    if not form.validate_on_submit():
        page = render_template("auth/new_password.html", form=form, token=token, user=user)
        return page, 400 if form.is_submitted() else 200
    credentials.reset_password(db.session(), user, hash_password(form.password.data))
    db.session.commit()
    known_browsers.remember(user)  # they read the account's letters: strangers' wrong guesses do not keep them out
    flash("Your new password is kept. Please log in with it.", "success")
    return redirect(url_for("security.login"), 303)


@blueprint.post("/settings/account/password")
@approved()
def change_password() -> ResponseReturnValue:
    user = person()
    form = ChangePasswordForm(user, prefix="password")
    good = form.validate()
    if form.current.data and not user.verify_and_update_password(form.current.data):
        form.current.errors = [*form.current.errors, NOT_YOURS]
        good = False
    if not good:
        return account_page(password=form), 400
    credentials.change_password(db.session(), user, hash_password(form.password.data))
    db.session.commit()
    login_user(user)  # every session has ended, this one too
    flash("Your new password is kept. Everybody else who was logged in as you is logged out.", "success")
    return redirect(url_for("account.settings"), 303)


def _of(token: str) -> User | None:
    try:
        user = links.read(db.session(), Purpose.RESET, token).user
    except LinkVoid:
        return None
    return user if user.active else None

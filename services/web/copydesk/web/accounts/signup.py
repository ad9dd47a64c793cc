"""Asking for access, and confirming that the address is one's own.

What is answered never depends on whether the address has an account: only its owner's letters tell.
"""

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import hash_password

from copydesk import audit
from copydesk.accounts import credentials, invitations, letters, operations
from copydesk.accounts.errors import EmailTaken, InvitationVoid
from copydesk.accounts.models import Role, User
from copydesk.notifications import access_requests
from copydesk.web.accounts import links
from copydesk.web.accounts.evenly import evenly
from copydesk.web.accounts.forms import AddressForm, JoinForm, SignupForm
from copydesk.web.accounts.links import LinkVoid, Purpose
from copydesk.web.accounts.routes import blueprint, config
from copydesk.web.extensions import db
from copydesk.web.guards import public
from copydesk.web.limits import ASKING, LETTERS, LETTERS_TO_ONE, limiter, network, once_more

ASKED = "signed_up_as"  # in the cookie: what the page afterwards repeats


@blueprint.route("/signup/<any(sponsor, editor):role>", methods=["GET", "POST"])
@public
@limiter.limit(ASKING, key_func=network, methods=["POST"])
@evenly
def signup(role: str) -> ResponseReturnValue:
    form = SignupForm()
    if not form.validate_on_submit():
        return render_template("auth/signup.html", form=form, role=role), 400 if form.is_submitted() else 200
    password_hash = hash_password(form.password.data)
    try:
        user = operations.request_access(
            db.session(),
            name=form.name.data or "",
            email=form.email.data or "",
            organization=form.organization.data or "",
            password_hash=password_hash,
            role=Role(role),
            confirmed=not config().asks_to_confirm,
        )
        access_requests.tell_admins(db.session(), user)
        if not user.is_confirmed:
            ask_to_confirm(user)
        db.session.commit()
    except EmailTaken:
        db.session.rollback()
        _tell_known(form.email.data or "")
    session[ASKED] = form.email.data
    return redirect(url_for("account.asked"))


@blueprint.get("/signup/done")
@public
def asked() -> ResponseReturnValue:
    """The account waits for approval; the same page for an address that has one already."""
    address = session.get(ASKED)
    if address is None:
        return redirect(url_for("home.landing"))
    return render_template("auth/asked.html", address=address, confirms=config().asks_to_confirm)


@blueprint.route("/confirm", methods=["GET", "POST"])
@public
@limiter.limit(LETTERS, key_func=network, methods=["POST"])
@evenly
def send_confirmation() -> ResponseReturnValue:
    """The letter once more."""
    form = AddressForm()
    if not form.validate_on_submit():
        page = render_template("auth/send_confirmation.html", form=form)
        return page, 400 if form.is_submitted() else 200
    user = operations.find_by_email(db.session(), form.email.data or "")
    if user is not None and user.active and not user.is_confirmed:
        ask_to_confirm(user)
        db.session.commit()
    flash(f"If {form.email.data} has an account that waits for it, a letter is on its way there.", "success")
    return redirect(url_for("security.login"), 303)


@blueprint.route("/confirm/<token>", methods=["GET", "POST"])
@public
def confirm(token: str) -> ResponseReturnValue:
    try:
        user = links.read(db.session(), Purpose.CONFIRM, token).user
    except LinkVoid:
        return render_template("auth/link_void.html", again=url_for("account.send_confirmation")), 410
    if request.method == "GET" and not user.is_confirmed:
        return render_template("auth/confirm.html", user=user, token=token)
    credentials.confirm(db.session(), user)
    db.session.commit()
    flash("Your address is confirmed.", "success")
    return redirect(url_for("security.login"), 303)


@blueprint.route("/join/<token>", methods=["GET", "POST"])
@public
@limiter.limit(ASKING, key_func=network, methods=["POST"])
def join(token: str) -> ResponseReturnValue:
    """Behind the link of an invitation: a name and a password, and one is in."""
    try:
        invitation = invitations.read(db.session(), token)
    except InvitationVoid:
        return render_template("auth/link_void.html", again=None), 410
    form = JoinForm(invitation.email)
    if not form.validate_on_submit():
        page = render_template("auth/join.html", form=form, invitation=invitation, token=token)
        return page, 400 if form.is_submitted() else 200
    try:
        user = invitations.accept(
            db.session(),
            token,
            name=form.name.data or "",
            organization=form.organization.data or "",
            password_hash=hash_password(form.password.data),
        )
    except InvitationVoid:
        db.session.rollback()
        return render_template("auth/link_void.html", again=None), 410
    db.session.commit()
    flash(f"Welcome, {user.name}. Please log in with your new password.", "success")
    return redirect(url_for("security.login"), 303)


def ask_to_confirm(user: User) -> None:
    if once_more(LETTERS_TO_ONE, "letters", str(user.id)):
        credentials.ask_to_confirm(db.session(), user, links.address(Purpose.CONFIRM, user, "account.confirm"))


def _tell_known(email: str) -> None:
    user = operations.find_by_email(db.session(), email)
    if user is None:
        return
    if not user.is_confirmed:
        ask_to_confirm(user)
    elif once_more(LETTERS_TO_ONE, "letters", str(user.id)):
        letters.tell_known(db.session(), user)
        audit.record(db.session(), "account.requested_again", actor_id=None, object_type="user", object_id=user.id)
    db.session.commit()

"""Asking for access, waiting, and the person's own settings."""

from urllib.parse import urlsplit

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user
from flask_security import hash_password, logout_user

from copydesk.accounts import operations
from copydesk.accounts.errors import EmailTaken
from copydesk.accounts.models import Role
from copydesk.notifications import access_requests
from copydesk.web.extensions import db
from copydesk.web.forms import SignupForm
from copydesk.web.guards import any_account, public
from copydesk.web.templating import THEMES

blueprint = Blueprint("account", __name__)


@blueprint.route("/signup/<any(sponsor, editor):role>", methods=["GET", "POST"])
@public
def signup(role: str) -> ResponseReturnValue:
    form = SignupForm()
    if not form.validate_on_submit():
        return render_template("auth/signup.html", form=form, role=role), 400 if form.is_submitted() else 200
    try:
        user = operations.request_access(
            db.session(),
            name=form.name.data or "",
            email=form.email.data or "",
            organization=form.organization.data or "",
            password_hash=hash_password(form.password.data),
            role=Role(role),
        )
        access_requests.tell_admins(db.session(), user)
        db.session.commit()
    except EmailTaken as error:
        db.session.rollback()
        form.email.errors = [*form.email.errors, str(error)]
        return render_template("auth/signup.html", form=form, role=role), 400
    login_user(user)
    return redirect(url_for("account.waiting"))


@blueprint.get("/waiting")
@any_account
def waiting() -> ResponseReturnValue:
    if current_user.is_approved:
        return redirect(url_for("documents.today"))
    return render_template("auth/waiting.html")


@blueprint.get("/logout")
@public
def leave() -> ResponseReturnValue:
    """Log out whoever typed the address; a link on somebody else's page only gets a question (POST is the button)."""
    if not current_user.is_authenticated:
        return redirect(url_for("home.landing"))
    asked_by = request.headers.get("Sec-Fetch-Site", "none")
    if asked_by not in ("none", "same-origin") or request.headers.get("Sec-Fetch-Dest", "document") != "document":
        return render_template("auth/logout.html")
    logout_user()
    flash("You are logged out.", "success")
    return redirect(url_for("home.landing"))


@blueprint.post("/theme")
@public
def theme() -> ResponseReturnValue:
    """Light, dark or as the system says; kept in the browser for a year, where script sets the same cookie."""
    chosen = request.form.get("theme", "auto")
    if chosen not in THEMES:
        chosen = "auto"
    response = make_response(redirect(_back()))
    response.set_cookie("theme", chosen, max_age=365 * 86400, samesite="Lax", secure=request.is_secure)
    return response


def _back() -> str:
    """The page the person came from, if it is one of ours."""
    parts = urlsplit(request.referrer or "")
    return (parts.path or "/") if parts.netloc == request.host else url_for("home.landing")

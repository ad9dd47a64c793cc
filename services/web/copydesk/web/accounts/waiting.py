"""Waiting to be let in, logging out, light or dark."""

from urllib.parse import urlsplit

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_security import logout_user

from copydesk.web.accounts.routes import blueprint
from copydesk.web.cookies import host_name
from copydesk.web.guards import any_account, public
from copydesk.web.templating import THEMES


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
    name, secure = host_name("theme"), request.is_secure
    response.set_cookie(name, chosen, max_age=365 * 86400, samesite="Lax", secure=secure)
    return response


def _back() -> str:
    """The page the person came from, if it is one of ours."""
    parts = urlsplit(request.referrer or "")
    return (parts.path or "/") if parts.netloc == request.host else url_for("home.landing")

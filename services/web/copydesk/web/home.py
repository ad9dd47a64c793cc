"""The front door."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from copydesk.web.guards import public

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@public
def landing() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(url_for("documents.today" if current_user.is_approved else "account.waiting"))
    return render_template("landing.html")

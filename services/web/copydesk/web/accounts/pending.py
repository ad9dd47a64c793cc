"""Between the password and the second step: who is half in, kept in the signed cookie for ten minutes."""

import time

from flask import current_app, redirect, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import login_user
from flask_security.utils import validate_redirect_url

from copydesk.accounts import second_steps
from copydesk.accounts.models import Role, User
from copydesk.web.extensions import db

KEY = "half_in"
LASTS = 600  # seconds


class AskForSecondStep:
    """Takes the place of Flask-Security's own second factors, whose view of logging in asks here."""

    def tf_enter(
        self, user: User, remember_me: bool | None, primary_authn_via: str, next_loc: str | None
    ) -> ResponseReturnValue | None:
        """Where to go on, or None: the password was enough."""
        steps = second_steps.of(db.session(), user)
        if not steps and not needs_one(user):
            return None
        session.clear()
        session[KEY] = {
            "user": user.id,
            "state": user.fs_uniquifier,
            "at": int(time.time()),
            "staying": bool(remember_me),
            "next": next_loc or "",
        }
        return redirect(url_for("account.second_step" if steps else "account.first_second_step"))


def needs_one(user: User) -> bool:
    """Must this person have a second step on this desk?"""
    return user.role is Role.ADMIN and current_app.config["COPYDESK"].admins_need_second_step


def half_in() -> User | None:
    """Who has given their password, and not yet the second step."""
    kept = session.get(KEY)
    if not isinstance(kept, dict) or not 0 <= time.time() - kept.get("at", 0) <= LASTS:
        session.pop(KEY, None)
        return None
    user = db.session.get(User, kept.get("user"))
    if user is None or not user.active or user.fs_uniquifier != kept.get("state"):
        session.pop(KEY, None)
        return None
    return user


def let_in(user: User) -> str:
    """Both steps are taken. Returns where the person wanted to be."""
    kept = session.pop(KEY, {})
    login_user(user, remember=bool(kept.get("staying")))
    where = str(kept.get("next") or "")
    valid = where and validate_redirect_url(where) and where.startswith("/")
    return where if valid else url_for("documents.today")

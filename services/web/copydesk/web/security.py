"""Logging in and out: Flask-Security on our own pages, with our own words."""

import datetime as dt
from typing import Any

from flask import Flask, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_security import SQLAlchemyUserDatastore, user_authenticated
from flask_security.forms import LoginForm
from flask_security.utils import validate_redirect_url
from sqlalchemy import select
from wtforms import BooleanField, EmailField, PasswordField, SubmitField
from wtforms.validators import InputRequired, Length

from copydesk import audit
from copydesk.accounts import zones
from copydesk.accounts.development import is_development_person
from copydesk.accounts.models import NamedRole, Status, User
from copydesk.config import Settings
from copydesk.web import clock, known_browsers, limits, login_cookie, metrics
from copydesk.web.accounts import pending
from copydesk.web.extensions import db, security

WRONG = "That email and password don't match. Please check both."
TOO_OFTEN = (
    "Too many attempts to log in with this address went wrong. Please try again {when}; "
    "with a new password, by a letter to the address, it works at once."
)
CONFIRM = "Please confirm your address first: press the button behind the link of the letter that was sent to you."
OUT = {
    Status.REJECTED: "Your request for access was declined. The reason given: {reason}",
    Status.SUSPENDED: "Your account is suspended. The reason given: {reason}",
}


class DeskLoginForm(LoginForm):
    """Email and password; one message for every mismatch, so that nobody can find out who has an account."""

    email = EmailField("Email", [InputRequired("Please enter your email address."), Length(max=320)])
    password = PasswordField("Password", [InputRequired("Please enter your password."), Length(max=1024)])
    remember = BooleanField("Stay logged in on this device")
    submit = SubmitField("Log in")

    def validate_next(self, field: Any) -> None:
        """An address outside the desk is forgotten, and is no reason to refuse the log-in."""
        if not validate_redirect_url(field.data):
            field.data = ""

    def validate(self, **kwargs: Any) -> bool:
        if self.email.data and _settings().is_production and is_development_person(self.email.data):
            self.form_errors.append(WRONG)
            return False
        attempts = _attempts(self.email.data or "")
        if limits.reached(*attempts):
            self.form_errors.append(TOO_OFTEN.format(when=limits.in_words(limits.when())))
            return False
        if super().validate(**kwargs):
            return self._is_confirmed()
        if self.user is not None and self.user_authenticated:
            self._say_why_out(self.user)
        elif not (self.email.data and self.password.data):
            return False  # the fields say what is missing
        else:
            self.form_errors.append(WRONG)
        self.email.errors, self.password.errors = [], []
        limits.count(*attempts)
        note_failure(self.user)
        return False

    def _is_confirmed(self) -> bool:
        """The password was right; letters to the address must reach the person, too."""
        if self.user.is_confirmed or not _settings().asks_to_confirm:
            return True
        self.form_errors.append(CONFIRM)
        return False

    def _say_why_out(self, user: User) -> None:
        words = OUT.get(user.status)
        self.form_errors.append(words.format(reason=user.status_reason) if words else WRONG)


def install(app: Flask, settings: Settings) -> None:
    """Flask-Security with nothing switched on that is not ours to offer yet."""
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106  a scheme, not a password
        SECURITY_PASSWORD_SALT=settings.password_salt.get_secret_value(),
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_DEPRECATED_PASSWORD_SCHEMES=[],
        SECURITY_LOGIN_URL="/login",
        SECURITY_LOGOUT_URL="/logout",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_LOGIN_USER_TEMPLATE="auth/login.html",
        SECURITY_POST_LOGIN_VIEW="/documents/today",
        SECURITY_POST_LOGOUT_VIEW="/",
        SECURITY_FRESHNESS=dt.timedelta(seconds=-1),  # no page to log in afresh until an act asks for it
        SECURITY_REGISTERABLE=False,
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_JOIN_USER_ROLES=False,
        SECURITY_RETURN_GENERIC_RESPONSES=False,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
        SECURITY_CSRF_IGNORE_UNAUTH_ENDPOINTS=False,
        SECURITY_FLASH_MESSAGES=False,
        SECURITY_STATIC_FOLDER=None,
        SECURITY_USE_REGISTER_V2=True,
        SECURITY_PASSWORD_CHECK_BREACHED=False,
    )
    datastore = SQLAlchemyUserDatastore(db, User, NamedRole)
    security.init_app(app, datastore, login_form=DeskLoginForm, register_blueprint=True)
    login_cookie.install(app)
    app.extensions["security"].two_factor_plugins = pending.AskForSecondStep()
    app.extensions["security"].unauthn_handler(_unauthenticated)
    app.before_request(_say_why_out)
    user_authenticated.connect(_note_login, app)


def _note_login(app: Flask, user: User, **_: Any) -> None:
    login_cookie.begin(user)
    known_browsers.remember(user)
    zones.saw(user, clock.browser_zone())
    audit.record(db.session(), "account.logged_in", actor_id=user.id, object_type="user", object_id=user.id)
    db.session.commit()


def _attempts(email: str) -> tuple[Any, ...]:
    """What counts attempts for this account: of a browser it knows by themselves, of all others together."""
    account = email.strip().lower()
    browser = known_browsers.of(account)
    if browser is None:
        return limits.LOGGING_IN_AS_ONE, "log-in", account
    return limits.LOGGING_IN_FROM_ONE, "log-in", account, browser


def note_failure(user: User | None) -> None:
    """Somebody tried to log in and could not. What they typed is not kept: it may be a password in the wrong field."""
    metrics.LOGIN_FAILURES.inc()
    object_id = user.id if user is not None else "unknown"
    audit.record(db.session(), "account.login_failed", actor_id=None, object_type="user", object_id=object_id)
    db.session.commit()


def _say_why_out() -> ResponseReturnValue | None:
    """A person whose access ended while they were here is told so at their next click."""
    uniquifier = session.get("_user_id")
    if uniquifier is None or current_user.is_authenticated:
        return None
    user = db.session.scalars(select(User).where(User.fs_uniquifier == uniquifier)).one_or_none()
    g.pop("_login_user", None)
    session.clear()
    words = OUT.get(user.status) if user is not None else None
    if user is not None and words is not None:
        flash(words.format(reason=user.status_reason), "error")
        return redirect(url_for("security.login")) if request.endpoint != "security.login" else None
    return None


def _unauthenticated(mechanisms: Any = None, headers: Any = None) -> ResponseReturnValue:
    return redirect(url_for("security.login"))


def _settings() -> Settings:
    from flask import current_app

    return current_app.config["COPYDESK"]  # type: ignore[no-any-return]

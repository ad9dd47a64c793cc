"""The second step of logging in, and logging in by a passkey alone."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import login_user

from copydesk import audit
from copydesk.accounts import second_steps
from copydesk.accounts.models import User
from copydesk.accounts.second_steps import WrongCode
from copydesk.web import limits, login_cookie, postponed
from copydesk.web.accounts import webauthn
from copydesk.web.accounts.forms import CodeForm, PasswordAgainForm
from copydesk.web.accounts.pending import half_in, let_in
from copydesk.web.accounts.routes import blueprint
from copydesk.web.accounts.webauthn import PasskeyRefused
from copydesk.web.extensions import db
from copydesk.web.guards import approved, fresh, person, public
from copydesk.web.limits import LOGGING_IN, SECOND_STEPS, limiter, network

LATE = "That took too long. Please log in again."
TOO_OFTEN = "Too many codes were wrong. Please try again {when}."


@blueprint.route("/login/second", methods=["GET", "POST"])
@public
def second_step() -> ResponseReturnValue:
    """A code of the app, or one from the drawer; a passkey by script."""
    user = half_in()
    if user is None:
        flash(LATE, "warning")
        return redirect(url_for("security.login"))
    form = CodeForm()
    if not form.validate_on_submit():
        return _page(user, form), 400 if form.is_submitted() else 200
    if limits.reached(SECOND_STEPS, "second-step", str(user.id)):
        form.code.errors = [TOO_OFTEN.format(when=limits.in_words(limits.when()))]
        return _page(user, form), 429
    code = form.code.data or ""
    try:
        left = None
        if sum(letter.isalnum() for letter in code) >= second_steps.CODE_LENGTH:
            left = second_steps.use_recovery_code(db.session(), user, code)
        else:
            second_steps.use_app(db.session(), user, code)
    except WrongCode as error:
        db.session.rollback()
        limits.count(SECOND_STEPS, "second-step", str(user.id))
        _failed(user)
        form.code.errors = [str(error)]
        return _page(user, form), 400
    if left is not None:
        flash(f"This recovery code is used up. {left} are left; new ones are made in your account.", "warning")
    return redirect(let_in(user), 303)


@blueprint.post("/login/second/passkey/options")
@public
def second_passkey_options() -> ResponseReturnValue:
    user = half_in()
    return webauthn.options_to_use(user) if user is not None else ({"error": LATE}, 403)


@blueprint.post("/login/second/passkey")
@public
def second_passkey() -> ResponseReturnValue:
    user = half_in()
    if user is None:
        return {"error": LATE}, 403
    try:
        webauthn.use(_credential(), user)
    except PasskeyRefused as error:
        _failed(user)
        return {"error": str(error)}, 400
    return {"next": let_in(user)}


@blueprint.post("/login/passkey/options")
@public
@limiter.limit(LOGGING_IN, key_func=network)
def passkey_options() -> ResponseReturnValue:
    return webauthn.options_to_use(None)


@blueprint.post("/login/passkey")
@public
@limiter.limit(LOGGING_IN, key_func=network, deduct_when=lambda response: response.status_code != 200)
def log_in_by_passkey() -> ResponseReturnValue:
    """It is both steps at once: something one has, and the finger or number that opens it."""
    try:
        user = webauthn.use(_credential())
    except PasskeyRefused as error:
        _failed(None)
        return {"error": str(error)}, 400
    login_user(user, remember=request.form.get("remember") == "y")
    return {"next": url_for("documents.today")}


@blueprint.route("/verify", methods=["GET", "POST"])
@approved()
def verify() -> ResponseReturnValue:
    """Before something dangerous: the password once more."""
    user, form = person(), PasswordAgainForm()
    if not form.validate_on_submit():
        return _verify_page(form), 400 if form.is_submitted() else 200
    if limits.reached(SECOND_STEPS, "verify", str(user.id)):
        form.password.errors = [TOO_OFTEN.format(when=limits.in_words(limits.when()))]
        return _verify_page(form), 429
    if not user.verify_and_update_password(form.password.data):
        limits.count(SECOND_STEPS, "verify", str(user.id))
        _failed(user)
        form.password.errors = ["This is not your password."]
        return _verify_page(form), 400
    _proved(user, "password")
    return redirect(form.where(), 303)


@blueprint.get("/verify/then")
@approved()
@fresh("documents.today")
def postponed_act() -> ResponseReturnValue:
    """What was sent before: to be done now, or to be left."""
    found = postponed.kept()
    if found is None:
        return redirect(url_for("documents.today"))
    return render_template("auth/postponed.html", postponed=found)


@blueprint.post("/verify/passkey/options")
@approved()
def verify_passkey_options() -> ResponseReturnValue:
    return webauthn.options_to_use(person())


@blueprint.post("/verify/passkey")
@approved()
def verify_passkey() -> ResponseReturnValue:
    try:
        webauthn.use(_credential(), person())
    except PasskeyRefused as error:
        _failed(person())
        return {"error": str(error)}, 400
    _proved(person(), "passkey")
    return {"next": PasswordAgainForm().where()}


def _proved(user: User, by: str) -> None:
    """Once more, before something dangerous."""
    login_cookie.prove()
    facts = {"by": by}
    audit.record(db.session(), "account.proved", actor_id=user.id, object_type="user", object_id=user.id, after=facts)
    db.session.commit()


def _credential() -> str:
    return request.form.get("credential", "")[:20_000]


def _failed(user: User | None) -> None:
    from copydesk.web.security import note_failure

    note_failure(user)


def _page(user: User, form: CodeForm) -> str:
    steps = second_steps.of(db.session(), user)
    return render_template("auth/second_step.html", form=form, steps=steps, passkeys=bool(steps.passkeys))


def _verify_page(form: PasswordAgainForm) -> str:
    steps = second_steps.of(db.session(), person())
    return render_template("auth/verify.html", form=form, passkeys=bool(steps.passkeys))

"""The second step in one's account: an app for codes, passkeys, codes for the drawer."""

import io

import qrcode
from flask import abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from qrcode.image.svg import SvgPathImage

from copydesk.accounts import second_steps
from copydesk.accounts.models import User
from copydesk.accounts.second_steps import PasskeyKnown, WrongCode
from copydesk.web.accounts import webauthn
from copydesk.web.accounts.forms import CodeForm
from copydesk.web.accounts.pending import half_in, let_in, needs_one
from copydesk.web.accounts.routes import blueprint
from copydesk.web.accounts.webauthn import PasskeyRefused
from copydesk.web.extensions import db
from copydesk.web.guards import approved, fresh, person, public

SECRET = "app_secret"  # in the cookie, encrypted, until a code of it was typed  # noqa: S105
HERE = "account.settings"


@blueprint.route("/settings/account/app", methods=["GET", "POST"])
@approved()
@fresh(HERE)
def add_app() -> ResponseReturnValue:
    answer = _learn(person())
    if answer is not None:
        return answer
    db.session.commit()
    return _codes(person(), url_for(HERE))


@blueprint.route("/login/set-up", methods=["GET", "POST"])
@public
def first_second_step() -> ResponseReturnValue:
    """An admin who must have a second step and has none sets it up before they are in."""
    user = half_in()
    if user is None or second_steps.of(db.session(), user):
        return redirect(url_for("security.login"))
    answer = _learn(user)
    if answer is not None:
        return answer
    where = let_in(user)
    return _codes(user, where)


@blueprint.post("/settings/account/app/remove")
@approved()
@fresh(HERE, "remove your app")
def remove_app() -> ResponseReturnValue:
    second_steps.remove_app(db.session(), person(), needed=needs_one(person()))
    db.session.commit()
    flash("The app is removed.", "success")
    return redirect(url_for(HERE) + "#second-step", 303)


@blueprint.post("/settings/account/passkeys/options")
@approved()
@fresh(HERE)
def passkey_to_add() -> ResponseReturnValue:
    return webauthn.options_to_add(person())


@blueprint.post("/settings/account/passkeys")
@approved()
@fresh(HERE)
def add_passkey() -> ResponseReturnValue:
    try:
        made = webauthn.add(person(), request.form.get("name", ""), request.form.get("credential", "")[:20_000])
    except (PasskeyRefused, PasskeyKnown) as error:
        return {"error": str(error)}, 400
    db.session.commit()
    flash(f"The passkey “{made.name}” is added.", "success")
    return {"next": url_for(HERE) + "#second-step"}


@blueprint.post("/settings/account/passkeys/<int:passkey_id>/remove")
@approved()
@fresh(HERE, "remove a passkey")
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    if not second_steps.remove_passkey(db.session(), person(), passkey_id, needed=needs_one(person())):
        abort(404)
    db.session.commit()
    flash("The passkey is removed.", "success")
    return redirect(url_for(HERE) + "#second-step", 303)


@blueprint.post("/settings/account/recovery-codes")
@approved()
@fresh(HERE, "make new recovery codes")
def make_recovery_codes() -> ResponseReturnValue:
    if not second_steps.of(db.session(), person()):
        abort(409)
    return _codes(person(), url_for(HERE))


def _learn(user: User) -> ResponseReturnValue | None:
    """The page on which an app learns a secret; None: it has, and has shown a code of it."""
    secret = session.get(SECRET) if request.method == "POST" else None
    if secret is None:
        secret = session[SECRET] = second_steps.new_secret()
    form = CodeForm()
    if form.validate_on_submit():
        try:
            second_steps.add_app(db.session(), user, secret, form.code.data or "")
        except (WrongCode, ValueError) as error:
            form.code.errors = [str(error)]
        else:
            session.pop(SECRET, None)
            return None
    address, letters = second_steps.shown(secret, user)
    page = render_template(
        "auth/add_app.html", form=form, picture=_picture(address), letters=letters, first=request.endpoint
    )
    return page, 400 if form.is_submitted() else 200


def _codes(user: User, where: str) -> ResponseReturnValue:
    """New codes for the drawer, on the only page that ever shows them."""
    codes = second_steps.new_recovery_codes(db.session(), user)
    db.session.commit()
    return render_template("auth/recovery_codes.html", codes=codes, where=where)


def _picture(address: str) -> Markup:
    """The address as squares that a phone can read."""
    with io.BytesIO() as drawn:
        qrcode.make(address, image_factory=SvgPathImage, border=2).save(drawn)
        svg = drawn.getvalue().decode()
    return Markup(svg[svg.index("<svg") :])  # noqa: S704  # nosec B704  # drawn by us: squares alone

"""Another address for letters and logging in: asked for with the password, confirmed by a letter to the new one."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts import credentials
from copydesk.accounts.errors import EmailTaken
from copydesk.web.accounts import links
from copydesk.web.accounts.evenly import evenly
from copydesk.web.accounts.forms import ChangeAddressForm
from copydesk.web.accounts.links import LinkVoid, Purpose
from copydesk.web.accounts.page import NOT_YOURS, account_page
from copydesk.web.accounts.routes import blueprint
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person, public


@blueprint.post("/settings/account/address")
@approved()
@evenly
def ask_to_change() -> ResponseReturnValue:
    user = person()
    form = ChangeAddressForm(prefix="address")
    good = form.validate()
    if form.current.data and not user.verify_and_update_password(form.current.data):
        form.current.errors = [*form.current.errors, NOT_YOURS]
        good = False
    new = form.email.data or ""
    if good and new.lower() == user.email.lower():
        form.email.errors = [*form.email.errors, "This is your address already."]
        good = False
    if not good:
        return account_page(address=form), 400
    url = links.address(Purpose.CHANGE, user, "account.change_address", new=new)
    credentials.ask_to_change_address(db.session(), user, new, url)
    db.session.commit()
    flash(
        f"A letter is on its way to {new}. Your address changes when you press the button behind its link.", "success"
    )
    return redirect(url_for("account.settings"), 303)


@blueprint.route("/address/<token>", methods=["GET", "POST"])
@public
def change_address(token: str) -> ResponseReturnValue:
    again = url_for("account.settings")
    try:
        opened = links.read(db.session(), Purpose.CHANGE, token)
    except LinkVoid:
        return render_template("auth/link_void.html", again=again), 410
    if request.method == "GET":
        return render_template("auth/change_address.html", new=opened.address, token=token)
    try:
        credentials.change_address(db.session(), opened.user, opened.address)
    except EmailTaken:
        db.session.rollback()
        return render_template("auth/link_void.html", again=again), 410
    db.session.commit()
    flash(f"Your address is {opened.address} now.", "success")
    return redirect(again, 303)

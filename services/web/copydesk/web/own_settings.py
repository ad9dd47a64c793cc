"""A person's own settings: their clock, and what they hear of by mail."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts import zones
from copydesk.accounts.errors import NoSuchTimeZone
from copydesk.notifications import choices
from copydesk.notifications.kinds import GROUPS, Group, How, groups_for
from copydesk.web.extensions import db
from copydesk.web.forms import SettingsForm
from copydesk.web.guards import approved, person

blueprint = Blueprint("own_settings", __name__)

WAYS = {How.PAGE: "In Copydesk only", How.AT_ONCE: "Mail at once", How.DIGEST: "In the daily digest"}


@blueprint.get("/settings")
@approved()
def show() -> ResponseReturnValue:
    hour = choices.digest_hour(db.session(), person())
    return _page(SettingsForm(time_zone=person().time_zone, hour=str(hour)))


@blueprint.post("/settings")
@approved()
def keep() -> ResponseReturnValue:
    form = SettingsForm()
    try:
        if not form.validate_on_submit():
            return _page(form), 400
        zones.choose(db.session(), person(), form.time_zone.data or "")
    except NoSuchTimeZone as error:
        form.time_zone.errors = [str(error)]
        return _page(form), 400
    choices.choose(db.session(), person(), _wanted(), hour=int(form.hour.data))
    db.session.commit()
    flash("Your settings are kept.", "success")
    return redirect(url_for("own_settings.show"), 303)


def _wanted() -> dict[Group, How]:
    """What was chosen; what is no choice, or not this person's to make, stays as it is."""
    wanted = {}
    for group in groups_for(person().role):
        value = request.form.get(f"how-{group.value}", "")
        if value in set(How):
            wanted[group] = How(value)
    return wanted


def _page(form: SettingsForm) -> str:
    chosen = choices.of(db.session(), person()) | (_wanted() if form.is_submitted() else {})
    return render_template(
        "own_settings.html",
        form=form,
        rows=[(group, GROUPS[group], chosen[group]) for group in groups_for(person().role)],
        ways=WAYS,
        zones=sorted(zones.names()),
    )

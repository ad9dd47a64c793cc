"""Where a person is logged in, and ending it from elsewhere."""

import uuid

from flask import abort, flash, redirect, session, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts import login_sessions
from copydesk.web.accounts.routes import blueprint
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person
from copydesk.web.login_cookie import session_id


@blueprint.post("/settings/account/sessions/<uuid:login_id>/end")
@approved()
def end_session(login_id: uuid.UUID) -> ResponseReturnValue:
    if not login_sessions.end(db.session(), person(), login_id):
        abort(404)
    db.session.commit()
    flash("That browser is logged out.", "success")
    return redirect(url_for("account.settings") + "#sessions", 303)


@blueprint.post("/settings/account/sessions/end-others")
@approved()
def end_other_sessions() -> ResponseReturnValue:
    count = login_sessions.end_others(db.session(), person(), session_id(session))
    db.session.commit()
    flash("You are logged out everywhere but here." if count else "You are logged in nowhere else.", "success")
    return redirect(url_for("account.settings") + "#sessions", 303)

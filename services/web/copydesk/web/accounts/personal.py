"""What the desk knows of a person, for themselves; and leaving it."""

import json
from typing import Any

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_security import logout_user
from sqlalchemy import or_, select

from copydesk import audit
from copydesk.accounts import login_sessions, operations, second_steps
from copydesk.accounts.errors import StillResponsible
from copydesk.accounts.models import Role, User
from copydesk.audit import AuditEvent
from copydesk.documents import operations as document_operations
from copydesk.documents.conversation.models import Comment
from copydesk.documents.models import Document
from copydesk.notifications import choices
from copydesk.web.accounts.forms import LeaveForm
from copydesk.web.accounts.page import account_page
from copydesk.web.accounts.routes import blueprint
from copydesk.web.extensions import db
from copydesk.web.guards import approved, fresh, person

HERE = "account.settings"


@blueprint.get("/settings/account/data.json")
@approved()
@fresh(HERE)
def data() -> ResponseReturnValue:
    """Everything about this person in one file."""
    words = json.dumps(_everything(person()), indent=1, ensure_ascii=False, default=str)
    audit.record(db.session(), "account.exported", actor_id=person().id, object_type="user", object_id=person().id)
    db.session.commit()
    headers = {"Content-Disposition": 'attachment; filename="copydesk-account.json"'}
    return Response(words + "\n", mimetype="application/json", headers=headers)


@blueprint.post("/settings/account/leave")
@approved()
@fresh(HERE, "delete your account")
def delete_account() -> ResponseReturnValue:
    user, form = person(), LeaveForm(prefix="leave")
    good = form.validate()
    if good and (form.email.data or "").lower() != user.email.lower():
        form.email.errors = [*form.email.errors, "This is not your address."]
        good = False
    if not good:
        return account_page(leave=form), 400
    if user.role is Role.SPONSOR and document_operations.unfinished_of(db.session(), user):
        raise StillResponsible
    document_operations.release_work(db.session(), user, user, why="The editor left the desk.")
    operations.leave(db.session(), user, pseudonym=bool(form.pseudonym.data))
    db.session.commit()
    logout_user()
    flash("Your account is deleted. Thank you for your work.", "success")
    return redirect(url_for("home.landing"), 303)


def _everything(user: User) -> dict[str, Any]:
    session = db.session()
    mine = select(Document).where(or_(Document.sponsor_id == user.id, Document.editor_id == user.id))
    steps = second_steps.of(session, user)
    return {
        "person": {
            "name": user.name,
            "email": user.email,
            "organization": user.organization,
            "role": user.role.value,
            "since": user.created_at,
            "address_confirmed": user.confirmed_at,
            "time_zone": user.time_zone,
            "browser_time_zone": user.seen_time_zone,
            "away": user.away,
        },
        "second_step": {
            "app": steps.app,
            "passkeys": [{"name": one.name, "since": one.created_at, "used": one.used_at} for one in steps.passkeys],
            "recovery_codes_left": steps.recovery_codes,
        },
        "logged_in": [
            {"since": one.began_at, "seen": one.seen_at, "address": one.address, "browser": one.agent}
            for one in login_sessions.of(session, user)
        ],
        "hears_of": {group.value: how.value for group, how in choices.of(session, user).items()},
        "documents": [
            {"id": one.id, "title": one.title, "as": "sponsor" if one.sponsor_id == user.id else "editor"}
            for one in session.scalars(mine.order_by(Document.created_at, Document.id))
        ],
        "comments": [
            {"at": one.created_at, "words": one.words}
            for one in session.scalars(select(Comment).where(Comment.author_id == user.id).order_by(Comment.id))
        ],
        "acts": [
            {"at": one.at, "act": one.action, "on": f"{one.object_type} {one.object_id}", "from": one.address}
            for one in session.scalars(select(AuditEvent).where(AuditEvent.actor_id == user.id).order_by(AuditEvent.id))
        ],
    }

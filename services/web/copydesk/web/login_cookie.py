"""The cookie of somebody who is logged in names a row of `login_sessions`: without the row it opens nothing.

Flask-Login's own cookie to stay logged in is not used: it would bring a session back that was ended elsewhere.
"""

import datetime as dt
import time
import uuid
from collections.abc import MutableMapping
from typing import Any

from flask import Flask, request, session
from flask_login import user_logged_out
from flask_security.utils import set_request_attr

from copydesk import audit
from copydesk.accounts import login_sessions
from copydesk.accounts.models import User
from copydesk.web.extensions import db

KEY = "login"
PROVED = "proved_at"  # when somebody last showed who they are, in seconds since 1970
FRESH = dt.timedelta(minutes=15)  # how long that is enough for what is dangerous


def install(app: Flask) -> None:
    """After Flask-Security, whose loader this replaces."""
    app.login_manager.user_loader(_load)  # type: ignore[attr-defined]
    user_logged_out.connect(_leave, app)


def session_id(cookie: MutableMapping[str, Any]) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(cookie.get(KEY)))
    except ValueError:
        return None


def is_fresh() -> bool:
    """Has this person shown a moment ago who they are? A browser that was left open has not."""
    proved = session.get(PROVED)
    return isinstance(proved, int) and 0 <= time.time() - proved <= FRESH.total_seconds()


def prove() -> None:
    """They have shown it again: whatever knew the old cookie does not know this one."""
    found = session_id(session)
    if found is not None and (new := login_sessions.rename(db.session(), found)) is not None:
        session[KEY] = str(new)
    session[PROVED] = int(time.time())


def begin(user: User) -> None:
    """Somebody has just proved who they are: a new row, and a cookie that knows nothing of what was before."""
    staying = session.pop("_remember", None) == "set" or session.pop("staying", False)
    old = session_id(session)
    if old is not None:
        login_sessions.leave(db.session(), old)
    made = login_sessions.begin(
        db.session(), user, address=request.remote_addr, agent=request.user_agent.string, staying=staying
    )
    session[KEY] = str(made.id)
    session[PROVED] = int(time.time())
    session.permanent = staying


def _load(uniquifier: str) -> User | None:
    """The person of this request, or nobody."""
    found = session_id(session)
    user = login_sessions.person(db.session(), found, uniquifier) if found is not None else None
    if user is None or not user.active:
        return None
    set_request_attr("fs_authn_via", "session")
    return user


def _leave(app: Flask, user: User, **_: Any) -> None:
    found = session_id(session)
    session.pop(KEY, None)
    if found is not None:
        login_sessions.leave(db.session(), found)
        audit.record(db.session(), "account.logged_out", actor_id=user.id, object_type="user", object_id=user.id)
        db.session.commit()

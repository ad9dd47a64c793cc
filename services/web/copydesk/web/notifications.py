"""What a person was told: the bell on every page, the list, and the link in mails that ends them."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from copydesk.accounts.models import User
from copydesk.notifications import reading, unsubscribing
from copydesk.notifications.kinds import GROUPS, Group
from copydesk.notifications.unsubscribing import NoSuchLink
from copydesk.web.extensions import csrf, db
from copydesk.web.guards import approved, person, public

blueprint = Blueprint("notifications", __name__)


@blueprint.app_context_processor
def bell() -> dict[str, Any]:
    return {"unread_notices": _unread}


@blueprint.get("/notifications")
@approved()
def index() -> ResponseReturnValue:
    only_unread = request.args.get("show") == "unread"
    before = request.args.get("before", type=int)
    page = reading.page(db.session(), person(), before=before, only_unread=only_unread)
    return render_template(
        "notifications/index.html",
        page=page,
        only_unread=only_unread,
        first=before is None,
        kept_days=reading.KEPT.days,
        groups=GROUPS,
    )


@blueprint.get("/notifications/<int:notice_id>")
@approved()
def follow(notice_id: int) -> ResponseReturnValue:
    """Mark it read and lead on. A link, so that it opens in another window too; a browser that only fetches ahead
    changes nothing. The address was written by this desk, and the database refuses any that is not a page of it.
    """
    notice = reading.own(db.session(), person(), notice_id)
    if notice is None:
        abort(404)
    address = notice.address
    if "prefetch" not in request.headers.get("Sec-Purpose", ""):
        reading.mark(db.session(), person(), notice_id)
        db.session.commit()
    return redirect(address, 303)


@blueprint.post("/notifications/<int:notice_id>")
@approved()
def mark(notice_id: int) -> ResponseReturnValue:
    if reading.own(db.session(), person(), notice_id) is None:
        abort(404)
    reading.mark(db.session(), person(), notice_id, read=request.form.get("read") != "no")
    db.session.commit()
    return _back()


@blueprint.post("/notifications")
@approved()
def mark_all() -> ResponseReturnValue:
    """All up to the newest that was on the page."""
    up_to = request.form.get("up_to", type=int)
    if up_to is None or not 0 <= up_to < 2**63:
        abort(400)
    reading.mark_all(db.session(), person(), up_to=up_to)
    db.session.commit()
    flash("Everything is marked as read.", "success")
    return redirect(url_for("notifications.index"), 303)


@blueprint.get("/unsubscribe/<token>")
@public
def ask_to_stop(token: str) -> ResponseReturnValue:
    """Only asks: programs that look through mails follow every link in them."""
    reader, group = _reader(token)
    return _answer("notifications/unsubscribe.html", token, reader, group)


@blueprint.post("/unsubscribe/<token>")
@public
def stop(token: str) -> ResponseReturnValue:
    reader, group = _reader(token)
    unsubscribing.stop(db.session(), reader, group)
    db.session.commit()
    return _answer("notifications/unsubscribed.html", token, reader, group)


csrf.exempt(stop)  # mail providers post there for their users (RFC 8058); the signed address is the right to do it


def _reader(token: str) -> tuple[User, Group | None]:
    try:
        return unsubscribing.read(db.session(), token)
    except NoSuchLink:
        abort(404)


def _answer(template: str, token: str, reader: User, group: Group | None) -> ResponseReturnValue:
    html = render_template(template, token=token, reader=reader, title=GROUPS[group].title if group else None)
    return html, 200, {"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}


def _back() -> ResponseReturnValue:
    """The part of the list where the person was."""
    before = request.form.get("before", type=int)
    show = "unread" if request.form.get("show") == "unread" else None
    return redirect(url_for("notifications.index", show=show, before=before), 303)


def _unread() -> int:
    """For the header of every page, an error's too: there the database may be what is away."""
    if not (current_user.is_authenticated and current_user.is_approved):
        return 0
    try:
        return reading.unread(db.session(), person())
    except SQLAlchemyError:
        return 0

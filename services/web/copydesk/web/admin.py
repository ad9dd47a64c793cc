"""The admin's rooms: who asks to be let in, and who is in."""

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, or_, select

from copydesk.accounts import operations
from copydesk.accounts.models import Role, Status, User
from copydesk.documents import operations as document_operations
from copydesk.web.extensions import db
from copydesk.web.forms import ReasonForm, SearchForm
from copydesk.web.guards import approved, person

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
PAGE = 50


@blueprint.get("/signups")
@approved(Role.ADMIN)
def signups() -> ResponseReturnValue:
    tab = "decided" if request.args.get("tab") == "decided" else "pending"
    pending = select(User).where(User.status == Status.PENDING).order_by(User.created_at, User.id)
    decided = select(User).where(User.decided_at.is_not(None)).order_by(User.decided_at.desc(), User.id)
    people = db.session.scalars((pending if tab == "pending" else decided).limit(200)).all()
    waiting = db.session.scalar(select(func.count()).where(User.status == Status.PENDING))
    return render_template("admin/signups.html", people=people, tab=tab, waiting=waiting, reason_form=ReasonForm())


@blueprint.post("/signups/<int:user_id>/approve")
@approved(Role.ADMIN)
def approve(user_id: int) -> ResponseReturnValue:
    user = _load(user_id)
    operations.approve(db.session(), user, person())
    return _done(f"{user.name} can log in now.", "admin.signups")


@blueprint.post("/signups/<int:user_id>/reject")
@approved(Role.ADMIN)
def reject(user_id: int) -> ResponseReturnValue:
    return _with_reason(user_id, operations.reject, "{} was declined, and is told why.", "admin.signups")


@blueprint.get("/users")
@approved(Role.ADMIN)
def users() -> ResponseReturnValue:
    search = SearchForm(request.args)
    after = max(0, request.args.get("after", 0, type=int))
    query = select(User).where(User.id > after).order_by(User.id).limit(PAGE + 1)
    if search.validate() and search.q.data:
        words = "%" + search.q.data.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(or_(User.name.ilike(words), User.email.ilike(words), User.organization.ilike(words)))
    people = db.session.scalars(query).all()
    return render_template(
        "admin/users.html",
        people=people[:PAGE],
        next_after=people[PAGE - 1].id if len(people) > PAGE else None,
        q=search.q.data or "",
        reason_form=ReasonForm(),
    )


@blueprint.post("/users/<int:user_id>/suspend")
@approved(Role.ADMIN)
def suspend(user_id: int) -> ResponseReturnValue:
    def out(session, user, actor, reason):  # type: ignore[no-untyped-def]
        operations.suspend(session, user, actor, reason)
        document_operations.release_work(session, user, actor)

    return _with_reason(user_id, out, "{} is out. Texts they were editing went back to the desk.", "admin.users")


@blueprint.post("/users/<int:user_id>/restore")
@approved(Role.ADMIN)
def restore(user_id: int) -> ResponseReturnValue:
    user = _load(user_id)
    operations.restore(db.session(), user, person())
    return _done(f"{user.name} can log in again.", "admin.users")


def _load(user_id: int) -> User:
    user = db.session.get(User, user_id)
    if user is None:
        abort(404)
    return user


def _with_reason(user_id: int, act: Callable[..., None], said: str, back: str) -> ResponseReturnValue:
    user, form = _load(user_id), ReasonForm()
    if not form.validate_on_submit():
        flash(next(iter(form.errors.values()))[0], "error")
        return redirect(url_for(back))
    act(db.session(), user, person(), form.reason.data or "")
    return _done(said.format(user.name), back)


def _done(message: str, back: str) -> ResponseReturnValue:
    db.session.commit()
    flash(message, "success")
    return redirect(url_for(back))

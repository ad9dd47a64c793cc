"""The admin's rooms: who asks to be let in, and who is in."""

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, or_, select

from copydesk.accounts import invitations, operations
from copydesk.accounts.errors import AlreadyDecided, StillResponsible
from copydesk.accounts.models import Role, Status, User
from copydesk.documents import operations as document_operations
from copydesk.web.accounts.forms import InviteForm
from copydesk.web.accounts.routes import config
from copydesk.web.extensions import db
from copydesk.web.forms import NoteForm, ReasonForm, SearchForm
from copydesk.web.guards import approved, fresh, person

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
    undoable = {user.id for user in people if operations.can_undo(user, person())}
    answered = db.session.get(User, request.args.get("answered", 0, type=int))
    if answered is not None and not operations.can_undo(answered, person()):
        answered = None
    return render_template(
        "admin/signups.html",
        people=people,
        tab=tab,
        waiting=waiting,
        undoable=undoable,
        answered=answered,
        reason_form=ReasonForm(),
    )


@blueprint.post("/signups/<int:user_id>/approve")
@approved(Role.ADMIN)
def approve(user_id: int) -> ResponseReturnValue:
    user = _load(user_id)
    operations.approve(db.session(), user, person())
    db.session.commit()
    return redirect(url_for("admin.signups", answered=user.id))


@blueprint.post("/signups/<int:user_id>/reject")
@approved(Role.ADMIN)
def reject(user_id: int) -> ResponseReturnValue:
    return _with_reason(user_id, operations.reject, None, "admin.signups", answered=user_id)


@blueprint.post("/signups/<int:user_id>/undo")
@approved(Role.ADMIN)
def undo(user_id: int) -> ResponseReturnValue:
    """The answer of a moment ago is taken back: the request waits again."""
    user = _load(user_id)
    operations.undo_decision(db.session(), user, person())
    return _done(f"The request of {user.name} waits again.", "admin.signups")


@blueprint.post("/signups/several")
@approved(Role.ADMIN)
def decide_several() -> ResponseReturnValue:
    """The same answer for all that are ticked; who was answered meanwhile is passed over."""
    wanted = [int(one) for one in request.form.getlist("user") if one.isascii() and one.isdigit() and len(one) < 19]
    reason = (request.form.get("reason") or "").strip()
    decline = request.form.get("act") == "reject"
    if decline and not reason:
        flash("Please give a reason; the people will read it.", "error")
        return redirect(url_for("admin.signups"))
    done = 0
    for user in db.session.scalars(select(User).where(User.id.in_(wanted[:200])).order_by(User.id)).all():
        try:
            with db.session.begin_nested():
                if decline:
                    operations.reject(db.session(), user, person(), reason[:1000])
                else:
                    operations.approve(db.session(), user, person())
        except AlreadyDecided:
            continue
        done += 1
    verb = "declined, and told why" if decline else "let in"
    return _done(f"{done} {'person was' if done == 1 else 'people were'} {verb}.", "admin.signups")


@blueprint.post("/users/<int:user_id>/note")
@approved(Role.ADMIN)
def note(user_id: int) -> ResponseReturnValue:
    """What the admins remember of a person, for themselves."""
    user, form = _load(user_id), NoteForm()
    if not form.validate_on_submit():
        flash(next(iter(form.errors.values()))[0], "error")
        return redirect(_back())
    operations.keep_note(db.session(), user, person(), (form.note.data or "").strip())
    db.session.commit()
    flash(f"The note on {user.name} is kept.", "success")
    return redirect(_back(), 303)


@blueprint.post("/users/<int:user_id>/role")
@approved(Role.ADMIN)
@fresh("admin.users", "give {name} other work")
def change_role(user_id: int) -> ResponseReturnValue:
    """Other work: what an editor had in hand goes back to the desk; a sponsor's texts need another sponsor first."""
    user = _load(user_id)
    role = request.form.get("role", "")
    if role not in set(Role):
        abort(400)
    if user.role is Role.SPONSOR and role != Role.SPONSOR and document_operations.unfinished_of(db.session(), user):
        raise StillResponsible
    if user.role is Role.EDITOR and role != Role.EDITOR:
        document_operations.release_work(db.session(), user, person(), why="The editor does other work now.")
    operations.change_role(db.session(), user, person(), Role(role))
    return _done(f"{user.name} is {role} from now on, and logs in anew.", "admin.users")


@blueprint.post("/invitations")
@approved(Role.ADMIN)
@fresh("admin.users", "invite somebody")
def invite() -> ResponseReturnValue:
    form = InviteForm()
    if not form.validate_on_submit():
        flash(next(iter(form.errors.values()))[0], "error")
        return redirect(url_for("admin.users"))
    email = form.email.data or ""
    address = config().base_url + url_for("account.join", token="")
    invitations.invite(db.session(), person(), email=email, role=Role(form.role.data), address=address)
    return _done(f"An invitation is on its way to {email}.", "admin.users")


@blueprint.post("/invitations/<int:invitation_id>/take-back")
@approved(Role.ADMIN)
def take_back(invitation_id: int) -> ResponseReturnValue:
    if not invitations.take_back(db.session(), person(), invitation_id):
        abort(404)
    return _done("The invitation is taken back: its link opens nothing any more.", "admin.users")


@blueprint.get("/users")
@approved(Role.ADMIN)
def users() -> ResponseReturnValue:
    search = SearchForm(request.args)
    after = max(0, request.args.get("after", 0, type=int))
    query = select(User).where(User.id > after).order_by(User.id).limit(PAGE + 1)
    if search.validate() and search.q.data:
        words = "%" + search.q.data.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(or_(User.name.ilike(words), User.email.ilike(words), User.organization.ilike(words)))
    for name, known in (("role", Role), ("status", Status)):
        wanted = request.args.get(name, "")
        if wanted in set(known):
            query = query.where(getattr(User, name) == wanted)
    people = db.session.scalars(query).all()
    return render_template(
        "admin/users.html",
        people=people[:PAGE],
        next_after=people[PAGE - 1].id if len(people) > PAGE else None,
        q=search.q.data or "",
        role=request.args.get("role", ""),
        status=request.args.get("status", ""),
        reason_form=ReasonForm(),
        invite_form=InviteForm(formdata=None),
        invitations=invitations.open_ones(db.session()),
    )


@blueprint.post("/users/<int:user_id>/suspend")
@approved(Role.ADMIN)
@fresh("admin.users", "suspend {name}")
def suspend(user_id: int) -> ResponseReturnValue:
    def out(session, user, actor, reason):  # type: ignore[no-untyped-def]
        operations.suspend(session, user, actor, reason)
        document_operations.release_work(session, user, actor)

    return _with_reason(user_id, out, "{} is out. Texts they were editing went back to the desk.", "admin.users")


@blueprint.post("/users/<int:user_id>/restore")
@approved(Role.ADMIN)
@fresh("admin.users", "let {name} in again")
def restore(user_id: int) -> ResponseReturnValue:
    user = _load(user_id)
    operations.restore(db.session(), user, person())
    return _done(f"{user.name} can log in again.", "admin.users")


def _back() -> str:
    return url_for("admin.signups" if request.form.get("from") == "signups" else "admin.users")


def _load(user_id: int) -> User:
    user = db.session.get(User, user_id)
    if user is None:
        abort(404)
    return user


def _with_reason(
    user_id: int, act: Callable[..., None], said: str | None, back: str, answered: int | None = None
) -> ResponseReturnValue:
    user, form = _load(user_id), ReasonForm()
    if not form.validate_on_submit():
        flash(next(iter(form.errors.values()))[0], "error")
        return redirect(url_for(back))
    act(db.session(), user, person(), form.reason.data or "")
    if said is None:  # the page says it itself
        db.session.commit()
        return redirect(url_for(back, answered=answered))
    return _done(said.format(user.name), back)


def _done(message: str, back: str) -> ResponseReturnValue:
    db.session.commit()
    flash(message, "success")
    return redirect(url_for(back))

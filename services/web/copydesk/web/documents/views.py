"""Views: a list that a person keeps by a name."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from copydesk.documents.errors import InvalidInput
from copydesk.documents.finding import views
from copydesk.web.documents.listing import asked as asking
from copydesk.web.documents.routes import blueprint
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person


@blueprint.get("/views")
@approved()
def list_views() -> ResponseReturnValue:
    """Mine and everyone's, to be renamed, put in order, deleted."""
    kept = [(view, asking.read_query(view.query).url) for view in views.of(db.session(), person())]
    deleted = request.args.get("deleted", type=int)
    return render_template("documents/views.html", views=kept, deleted=deleted, most_name=views.MOST_NAME)


@blueprint.post("/views")
@approved()
def keep_view() -> ResponseReturnValue:
    """The list as its address says it, by a name."""
    asked = asking.read_query(request.form.get("query", ""))
    try:
        view = views.keep(
            db.session(),
            person(),
            name=request.form.get("name", ""),
            query=asked.query,
            shared=request.form.get("shared") == "1",
        )
        if request.form.get("first") == "1" and not view.shared:
            views.open_first(db.session(), person(), view.id)
    except InvalidInput as error:
        return _refused(error, asked.url)
    db.session.commit()
    flash(f"Kept as “{view.name}”.", "success")
    return redirect(asked.url, 303)


@blueprint.post("/views/<int:view_id>/rename")
@approved()
def rename_view(view_id: int) -> ResponseReturnValue:
    return _change(lambda: views.rename(db.session(), person(), view_id, request.form.get("name", "")), "Renamed.")


@blueprint.post("/views/<int:view_id>/first")
@approved()
def open_view_first(view_id: int) -> ResponseReturnValue:
    """Opened whenever no other list is asked for; a second time: not any more."""
    on = request.form.get("first") == "1"
    says = "It opens first now." if on else "All documents open first again."
    return _change(lambda: views.open_first(db.session(), person(), view_id if on else None), says)


@blueprint.post("/views/<int:view_id>/up")
@approved()
def move_view_up(view_id: int) -> ResponseReturnValue:
    return _change(lambda: views.move_up(db.session(), person(), view_id), "")


@blueprint.post("/views/<int:view_id>/delete")
@approved()
def delete_view(view_id: int) -> ResponseReturnValue:
    view = views.delete_view(db.session(), person(), view_id)
    db.session.commit()
    return redirect(url_for("documents.list_views", deleted=view.id), 303)


@blueprint.post("/views/<int:view_id>/take-back")
@approved()
def take_back_view(view_id: int) -> ResponseReturnValue:
    return _change(lambda: views.take_back(db.session(), person(), view_id), "It is back.")


def _change(change: Callable[[], object], says: str) -> ResponseReturnValue:
    url = url_for("documents.list_views")
    try:
        change()
    except InvalidInput as error:
        return _refused(error, url)
    db.session.commit()
    if says:
        flash(says, "success")
    return redirect(url, 303)


def _refused(error: InvalidInput, url: str) -> ResponseReturnValue:
    db.session.rollback()
    flash(str(error), "error")
    return redirect(url, 303)

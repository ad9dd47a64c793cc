"""Acts on many documents: the ones that are ticked, all on the page, or all that were found."""

import tempfile
import uuid
from collections.abc import Sequence

from flask import Response, flash, redirect, render_template, request, send_file, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk import audit
from copydesk.accounts.models import Role, Status, User
from copydesk.autodocs import records, requests
from copydesk.config import settings
from copydesk.documents import exporting, policy
from copydesk.documents.bulk import acts, export, undoing
from copydesk.documents.bulk.models import BulkAct, BulkKind, Outcome
from copydesk.documents.errors import EditorNotAvailable, InvalidInput, NotAllowed
from copydesk.documents.finding import listing
from copydesk.documents.models import Document
from copydesk.documents.records.record import encode
from copydesk.documents.workflow import Act
from copydesk.web.documents.listing import asked as asking
from copydesk.web.documents.listing.asked import Asked
from copydesk.web.documents.lists import LAST_BULK
from copydesk.web.documents.routes import blueprint
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person

OWNERS = (Role.SPONSOR, Role.ADMIN)
IN_MEMORY = 5_000_000  # bytes of an export; more of it lies on the disk


@blueprint.post("/bulk")
@approved()
def do_to_many() -> ResponseReturnValue:
    """One of the bar's buttons. What is hard to take back is asked once more."""
    me, asked = person(), asking.read_query(request.form.get("query", ""))
    act = request.form.get("act", "")
    try:
        which = _which(asked, me)
        if act == "export":
            return _export(me, which)
        if act == "withdraw" and request.form.get("sure") != "yes":
            return _ask_first(me, asked, which)
        done = _do(act, me, which)
    except InvalidInput as error:
        db.session.rollback()
        flash(str(error), "error")
        return redirect(asked.url, 303)
    db.session.commit()
    cookie[LAST_BULK] = done.id
    return redirect(asked.url, 303)


@blueprint.get("/bulk")
@approved()
def recent_bulk() -> ResponseReturnValue:
    """What I did to many within the hour."""
    return render_template("documents/bulk.html", acts=acts.recent(db.session(), person()))


@blueprint.post("/bulk/<int:act_id>/undo")
@approved()
def undo_bulk(act_id: int) -> ResponseReturnValue:
    act = undoing.undo(db.session(), person(), act_id)
    db.session.commit()
    stays = len(act.those(Outcome.STAYS))
    flash("Undone." if not stays else "Undone as far as it could be. Please see below what stays.", "success")
    return redirect(url_for("documents.recent_bulk"), 303)


def _do(act: str, me: User, which: Sequence[uuid.UUID]) -> BulkAct:
    session = db.session()
    if act == BulkKind.REMIND:
        return acts.remind(session, me, which)
    if me.role not in OWNERS:
        raise NotAllowed
    if act == BulkKind.ASSIGN:
        return acts.assign(session, me, which, _editor(session))
    if act == BulkKind.WITHDRAW:
        return acts.withdraw(session, me, which, requests.withdraw)
    raise InvalidInput("act", "Please choose what to do with these documents.")


def _which(asked: Asked, me: User) -> list[uuid.UUID]:
    if request.form.get("which") == "found":
        return listing.ids(db.session(), asked.looked(me))
    name = "on_page" if request.form.get("which") == "page" else "document"
    try:
        found = [uuid.UUID(one) for one in request.form.getlist(name)[: acts.MOST + 1]]
    except ValueError:
        raise InvalidInput("document", "The form did not arrive whole. Please try again.") from None
    if not found:
        raise acts.NothingChosen
    return found


def _editor(session: Session) -> User | None:
    """Whom the bar's select names; none: back to the desk.

    Raises:
        EditorNotAvailable: there is nobody of this number who could edit.
    """
    value = request.form.get("to", "")
    if value == "nobody":
        return None
    if not value:
        raise InvalidInput("to", "Please choose who edits these documents.")
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise EditorNotAvailable
    query = select(User).where(User.id == int(value), User.role == Role.EDITOR, User.status == Status.APPROVED)
    editor = session.scalars(query).one_or_none()
    if editor is None:
        raise EditorNotAvailable
    return editor


def _ask_first(me: User, asked: Asked, which: Sequence[uuid.UUID]) -> ResponseReturnValue:
    """The titles of what would be withdrawn, and of what can't be."""
    if me.role not in OWNERS:
        raise NotAllowed
    if len(set(which)) > acts.MOST:
        raise acts.TooMany(len(set(which)))
    claiming = settings().claiming
    query = select(Document).where(Document.id.in_(which), policy.visible_to(me, claiming=claiming))
    documents = db.session.scalars(query.order_by(Document.title, Document.id)).all()
    can = [one for one in documents if policy.can(Act.WITHDRAW, me, one, claiming=claiming)]
    cannot = [one for one in documents if one not in can]
    return render_template("documents/bulk_withdraw.html", asked=asked, can=can, cannot=cannot)


def _export(me: User, which: Sequence[uuid.UUID]) -> Response:
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  the response closes it
    try:
        written = export.write(db.session(), me, which, lambda session, one: encode(records.of(session, one)), file)
    except BaseException:
        file.close()
        raise
    db.session.rollback()  # nothing of it was to be changed
    for one in written:
        audit.record(
            db.session(),
            exporting.EXPORTED,
            actor_id=me.id,
            object_type="document",
            object_id=one,
            after={"format": "zip", "edition": None, "record": True},
            note=f"The text as Markdown, with the record; one of {len(written)} in a file.",
        )
    db.session.commit()
    file.seek(0)
    response = send_file(file, mimetype="application/zip", as_attachment=True, download_name="documents.zip")
    response.headers["Cache-Control"] = "no-store"
    return response

"""Many briefs at once: a file is sent, its rows are shown, and only then documents are made of them."""

import datetime as dt
import uuid
from typing import Any

from flask import Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.autodocs import many as making
from copydesk.documents.asking import batches, csv_briefs
from copydesk.documents.asking.csv_briefs import Unreadable
from copydesk.documents.text import count_words
from copydesk.web import clock
from copydesk.web.documents.routes import blueprint
from copydesk.web.extensions import db
from copydesk.web.forms import ManyBriefsForm
from copydesk.web.guards import approved, person


@blueprint.route("/many", methods=["GET", "POST"])
@approved(Role.SPONSOR)
def many() -> ResponseReturnValue:
    form = ManyBriefsForm()
    if not form.validate_on_submit():
        return _start(form)
    sent = form.file.data
    try:
        batch = batches.keep(db.session(), person(), sent.filename or "", sent.read())
        db.session.commit()
    except Unreadable as error:
        db.session.rollback()
        form.file.errors = [str(error)]
        return _start(form)
    return redirect(url_for("documents.planned", number=batch.id), 303)


@blueprint.get("/many/example.csv")
@approved(Role.SPONSOR)
def many_example() -> ResponseReturnValue:
    return _as_file(csv_briefs.write(csv_briefs.COLUMNS, csv_briefs.EXAMPLE), "briefs.csv")


@blueprint.get("/many/<uuid:number>")
@approved(Role.SPONSOR)
def planned(number: uuid.UUID) -> ResponseReturnValue:
    """What will happen to each row; after it was confirmed, what did."""
    batch = batches.get(db.session(), person(), number)
    if batch.confirmed_at is not None:
        made = [one for one in batch.outcomes if one.document]
        left = [one for one in batch.outcomes if not one.document]
        return render_template("asking/many_done.html", batch=batch, made=made, left=left)
    rows = batches.plan(db.session(), batch.typed, _today())
    room = making.room(db.session(), person())
    beyond = making.beyond(rows, room)
    return render_template(
        "asking/many_planned.html",
        batch=batch,
        rows=rows,
        words={one.asked.line: count_words(one.asked.brief) for one in rows},
        kept={one.asked.line: sum(1 for line in one.asked.must_keep.split("\n") if line.strip()) for one in rows},
        good=sum(1 for one in rows if not one.problems),
        beyond=beyond,
        room=room,
    )


@blueprint.post("/many/<uuid:number>/create")
@approved(Role.SPONSOR)
def create_many(number: uuid.UUID) -> ResponseReturnValue:
    making.create(db.session(), person(), number, today=_today(), due_at=_end_of)
    db.session.commit()
    return redirect(url_for("documents.planned", number=number), 303)


@blueprint.get("/many/<uuid:number>/not-created.csv")
@approved(Role.SPONSOR)
def not_created(number: uuid.UUID) -> ResponseReturnValue:
    """The rows without a document, each with the reason: to mend and to send again."""
    batch = batches.get(db.session(), person(), number)
    return _as_file(batches.not_created(batch), "not-created.csv")


def _start(form: Any) -> ResponseReturnValue:
    html = render_template(
        "asking/many.html",
        form=form,
        most_rows=csv_briefs.MOST_ROWS,
        most_bytes=csv_briefs.MOST_BYTES // (1024 * 1024),
        room=making.room(db.session(), person()),
    )
    return html, 400 if form.is_submitted() else 200


def _today() -> dt.date:
    return dt.datetime.now(clock.viewer_zone()).date()


def _end_of(day: dt.date) -> dt.datetime:
    """The end of that working day on the person's clock."""
    return clock.moment(day.isoformat(), "due")


def _as_file(content: bytes, name: str) -> Response:
    response = Response(content, mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "no-store"
    return response

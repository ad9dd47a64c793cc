"""The admin's page of the queue: how it stands, how it went, and what can be done about it."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from copydesk import audit
from copydesk.accounts.models import Role, User
from copydesk.audit import AuditEvent
from copydesk.autodocs import queue, replays, requests, timings
from copydesk.autodocs.limits import TooManyDrafts
from copydesk.autodocs.models import Autodoc, DraftKind
from copydesk.autodocs.queue import Counts, Line
from copydesk.config import Settings
from copydesk.documents import access
from copydesk.documents.errors import DocumentError, InvalidInput
from copydesk.mail import MailState, outbox
from copydesk.web.extensions import db
from copydesk.web.forms import PauseForm
from copydesk.web.guards import approved, person
from copydesk.web.queue_chart import charts, duration, rate

blueprint = Blueprint("queue", __name__, url_prefix="/admin/queue")
PAGE = 25
OTHERS = 20  # letters and replays that failed: the newest are shown
OTHERS_FOR = dt.timedelta(days=7)
MOST_AT_ONCE = 200  # drafts that "Try all again" asks for in one request


@blueprint.get("")
@approved(Role.ADMIN)
def show() -> ResponseReturnValue:
    return render_template("admin/queue.html", **_page(), pause_form=PauseForm())


@blueprint.get("/live")
@approved(Role.ADMIN)
def live() -> ResponseReturnValue:
    """What a watching page asks for every few seconds: the part of it that changes."""
    return render_template("admin/_queue.html", **_page())


@blueprint.post("/pause")
@approved(Role.ADMIN)
def pause() -> ResponseReturnValue:
    form = PauseForm()
    try:
        if not form.validate_on_submit():
            raise InvalidInput("note", next(iter(form.errors.values()))[0])
        queue.pause(db.session(), person(), form.note.data or "")
    except InvalidInput as error:
        db.session.rollback()
        form.note.errors = [str(error)]
        return render_template("admin/queue.html", **_page(), pause_form=form), 400
    return _done(None)  # the page itself says that it is paused


@blueprint.post("/resume")
@approved(Role.ADMIN)
def resume() -> ResponseReturnValue:
    queue.resume(db.session(), person())
    return _done("Drafting goes on.")


@blueprint.post("/<int:autodoc_id>/retry")
@approved(Role.ADMIN)
def retry(autodoc_id: int) -> ResponseReturnValue:
    draft = _load(autodoc_id)
    document = requests.retry(db.session(), draft.document_id, person(), waits=False)
    return _done(f"“{document.title}” is in the queue again.")


@blueprint.post("/retry-all")
@approved(Role.ADMIN)
def retry_all() -> ResponseReturnValue:
    """Ask for every failed draft again, each in a transaction of its own: one that can't be stops no other."""
    asked, full = 0, None
    for line in queue.failed(db.session(), limit=MOST_AT_ONCE):
        if line.kind is not DraftKind.WHOLE:
            continue
        try:
            requests.retry(db.session(), line.document_id, person(), waits=False)
            db.session.commit()
            asked += 1
        except TooManyDrafts as error:
            db.session.rollback()
            full = str(error)
            break
        except DocumentError:  # somebody was quicker
            db.session.rollback()
    if full:
        flash(full, "error")
    return _done(f"{_drafts(asked)} in the queue again." if asked else None)


@blueprint.post("/<int:autodoc_id>/stop")
@approved(Role.ADMIN)
def stop(autodoc_id: int) -> ResponseReturnValue:
    draft = _load(autodoc_id)
    if draft.kind is not DraftKind.WHOLE:
        access.get(db.session(), draft.document_id, person(), lock=True)
        before = draft.state
        requests.stop(db.session(), Autodoc.id == autodoc_id)
        audit.record(
            db.session(),
            "draft.stopped",
            actor_id=person().id,
            object_type="autodoc",
            object_id=autodoc_id,
            before={"state": before.value},
            after={"state": draft.state.value},
        )
        return _done("The words for a passage were stopped.")
    document = requests.cancel(db.session(), draft.document_id, person())
    return _done(f"The draft of “{document.title}” was stopped.")


@blueprint.post("/letters/<int:mail_id>/send-again")
@approved(Role.ADMIN)
def send_again(mail_id: int) -> ResponseReturnValue:
    if not outbox.send_again(db.session(), mail_id):
        return _done("This letter is on its way already.")
    audit.record(
        db.session(),
        "mail.sent_again",
        actor_id=person().id,
        object_type="mail",
        object_id=mail_id,
        before={"state": MailState.FAILED.value},
        after={"state": MailState.QUEUED.value},
    )
    return _done("The letter is in the queue again.")


def heading(counts: Counts) -> str:
    """“3 drafts wait, 2 are being written”."""
    if not counts.waiting:
        return f"{_drafts(counts.writing)} being written" if counts.writing else "Nothing waits for the machine"
    waits = f"{counts.waiting:,} draft{'s wait' if counts.waiting > 1 else ' waits'}"
    if not counts.writing:
        return waits
    return f"{waits}, {counts.writing:,} {'are' if counts.writing > 1 else 'is'} being written"


def _page() -> dict[str, Any]:
    """Everything both templates need, in a constant number of queries."""
    session = db.session()
    span = timings.SPANS.get(request.args.get("span", ""), timings.SPANS["hour"])
    page, failed_page = _number("page"), _number("failed")
    course = timings.course(session, span)
    counts = queue.counts(session)
    failed = queue.failed(session, limit=PAGE + 1, offset=(failed_page - 1) * PAGE)
    since = dt.datetime.now(dt.UTC) - OTHERS_FOR
    waiting = queue.live(session, limit=PAGE + 1, offset=(page - 1) * PAGE)
    return {
        "heading": heading(counts),
        "counts": counts,
        "paused": queue.paused(session),
        "workers": queue.workers(session, dt.timedelta(seconds=_config().worker_stalled_after)),
        "span": span,
        "spans": timings.SPANS.values(),
        "course": course,
        "charts": charts(course),
        "waiting": waiting[:PAGE],
        "page": page,
        "more": len(waiting) > PAGE,
        "failed": failed[:PAGE],
        "histories": _histories(failed[:PAGE]),
        "failed_replays": replays.failed(session, since=since, limit=OTHERS),
        "failed_letters": outbox.failed(session, since=since, limit=OTHERS),
        "failed_page": failed_page,
        "more_failed": len(failed) > PAGE,
        "now": dt.datetime.now(dt.UTC),
        "duration": duration,
        "rate": rate,
    }


def _histories(lines: Sequence[Line]) -> dict[int, list[tuple[AuditEvent, str | None]]]:
    """What happened to each of these drafts: the acts that the audit log holds, with who did them."""
    ids = [str(line.autodoc_id) for line in lines]
    if not ids:
        return {}
    query = (
        select(AuditEvent, User.name)
        .outerjoin(User, User.id == AuditEvent.actor_id)
        .where(AuditEvent.object_type == "autodoc", AuditEvent.object_id.in_(ids))
        .order_by(AuditEvent.id)
    )
    found: dict[int, list[tuple[AuditEvent, str | None]]] = {}
    for event, name in db.session.execute(query):
        found.setdefault(int(event.object_id), []).append((event, name))
    return found


def _drafts(count: int) -> str:
    return f"{count:,} draft{'s are' if count != 1 else ' is'}"


def _number(name: str) -> int:
    return min(max(1, request.args.get(name, 1, type=int)), 10_000)


def _load(autodoc_id: int) -> Autodoc:
    draft = db.session.get(Autodoc, autodoc_id)
    if draft is None:
        abort(404)
    return draft


def _config() -> Settings:
    return current_app.config["COPYDESK"]  # type: ignore[no-any-return]


def _done(said: str | None) -> ResponseReturnValue:
    db.session.commit()
    if said:
        flash(said, "success")
    span = request.args.get("span")
    return redirect(url_for("queue.show", span=span if span in timings.SPANS else None), 303)

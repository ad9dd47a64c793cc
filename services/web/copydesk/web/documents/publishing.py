"""After the signature: questions on the way there, publication, and what can be done about it afterwards."""

import uuid
from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.autodocs import authors
from copydesk.documents import access, editions, operations, publishing
from copydesk.documents.errors import CommentNeeded, InvalidInput
from copydesk.documents.models import Change, Document
from copydesk.documents.publishing import Times
from copydesk.documents.workflow import Act
from copydesk.web import clock
from copydesk.web.documents.page_data import document_page
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.extensions import db
from copydesk.web.forms import PublishForm, QuestionForm, ReopenForm, WhyForm
from copydesk.web.guards import approved, person

OWNERS = (Role.SPONSOR, Role.ADMIN)
NOTES = {
    "retract": (
        Act.RETRACT,
        "Retract this text",
        "It stays at its address, under a notice that it was taken back. Sponsor and editor are told.",
        "What readers are told",
        "Say what was wrong, so that nobody has to guess.",
        "Retract it",
    ),
    "publish-in-emergency": (
        Act.PUBLISH_IN_EMERGENCY,
        "Publish in an emergency",
        "The saved text goes out at once, unsigned and with the label. A second person has to stand for it afterwards.",
        "Why it can’t wait",
        "The sponsor and the editor read it, and the record keeps it.",
        "Publish it now",
    ),
}


@blueprint.post("/<uuid:document_id>/ask")
@approved(Role.EDITOR)
def ask(document_id: uuid.UUID) -> ResponseReturnValue:
    return _say(document_id, Act.ASK, "The sponsor is asked. The text waits for the answer.")


@blueprint.post("/<uuid:document_id>/answer")
@approved(Role.SPONSOR)
def answer(document_id: uuid.UUID) -> ResponseReturnValue:
    return _say(document_id, Act.ANSWER, "The editor has your answer and goes on.")


@blueprint.post("/<uuid:document_id>/go-on-without")
@approved(Role.EDITOR)
def go_on_without(document_id: uuid.UUID) -> ResponseReturnValue:
    load(document_id)
    operations.move(db.session(), document_id, Act.GO_ON, person())
    return _done(document_id, "You go on without an answer.")


@blueprint.route("/<uuid:document_id>/publish", methods=["GET", "POST"])
@approved(*OWNERS)
def publish(document_id: uuid.UUID) -> ResponseReturnValue:
    """Now or later, for all or with the link."""
    document, form = load(document_id), PublishForm()
    access.expect(document, Act.PUBLISH)
    if not form.validate_on_submit():
        return _publish_page(document, form)
    try:
        edition = publishing.publish(
            db.session(), document_id, person(), _times(form), note=form.note.data or "", spans_of=authors.spans
        )
    except InvalidInput as error:
        db.session.rollback()
        getattr(form, "note" if error.field == "note" else "at").errors = [str(error)]
        return _publish_page(load(document_id), form)
    live = edition.state is editions.EditionState.LIVE
    return _done(document_id, "Published." if live else "The time is set. The text goes out by itself.")


@blueprint.post("/<uuid:document_id>/cancel-time")
@approved(*OWNERS)
def cancel_time(document_id: uuid.UUID) -> ResponseReturnValue:
    load(document_id)
    publishing.cancel_schedule(db.session(), document_id, person())
    return _done(document_id, "The time is cancelled. The text stays approved.")


@blueprint.post("/<uuid:document_id>/open-to-all")
@approved(*OWNERS)
def open_to_all(document_id: uuid.UUID) -> ResponseReturnValue:
    load(document_id)
    publishing.open_to_all(db.session(), document_id, person())
    return _done(document_id, "Everyone can read it now.")


@blueprint.post("/<uuid:document_id>/stand-for-it")
@approved(*OWNERS)
def confirm_emergency(document_id: uuid.UUID) -> ResponseReturnValue:
    load(document_id)
    publishing.confirm_emergency(db.session(), document_id, person(), authors.spans)
    return _done(document_id, "Your name stands for this text now.")


@blueprint.route("/<uuid:document_id>/reopen", methods=["GET", "POST"])
@approved(*OWNERS)
def reopen(document_id: uuid.UUID) -> ResponseReturnValue:
    """Correct or update: a new round begins, readers keep what they have."""
    document, form = load(document_id), ReopenForm()
    access.expect(document, Act.REOPEN)
    if form.validate_on_submit():
        publishing.reopen(db.session(), document_id, person(), Change(form.change.data), reason=form.reason.data or "")
        return _done(document_id, "The text is open again. Readers keep the edition they have.")
    return render_template("documents/reopen.html", document=document, form=form), 400 if form.is_submitted() else 200


@blueprint.post("/<uuid:document_id>/keep-edition")
@approved(*OWNERS)
def keep_edition(document_id: uuid.UUID) -> ResponseReturnValue:
    load(document_id)
    publishing.keep_edition(db.session(), document_id, person())
    return _done(document_id, "The published text stays as it is.")


@blueprint.route("/<uuid:document_id>/retract", methods=["GET", "POST"])
@approved(*OWNERS)
def retract(document_id: uuid.UUID) -> ResponseReturnValue:
    def act(why: str) -> None:
        publishing.retract(db.session(), document_id, person(), note=why)

    return _with_reason(document_id, "retract", act, "Retracted. The page says so.")


@blueprint.route("/<uuid:document_id>/publish-in-emergency", methods=["GET", "POST"])
@approved(Role.ADMIN)
def publish_in_emergency(document_id: uuid.UUID) -> ResponseReturnValue:
    def act(why: str) -> None:
        publishing.publish_in_emergency(
            db.session(), document_id, person(), reason=why, note=why, spans_of=authors.spans
        )

    return _with_reason(document_id, "publish-in-emergency", act, "Published. A second person has to stand for it.")


def _with_reason(document_id: uuid.UUID, name: str, act: Callable[[str], None], said: str) -> ResponseReturnValue:
    document, form = load(document_id), WhyForm()
    wanted, heading, explains, label, hint, button = NOTES[name]
    access.expect(document, wanted)
    if form.validate_on_submit():
        act(form.why.data or "")
        return _done(document_id, said)
    words = {"heading": heading, "explains": explains, "label": label, "hint": hint, "button": button}
    page = render_template("documents/why.html", document=document, form=form, **words)
    return page, 400 if form.is_submitted() else 200


def _say(document_id: uuid.UUID, act: Act, said: str) -> ResponseReturnValue:
    """A question or its answer; a blank one comes back to the page with the words to say so."""
    document, form = load(document_id), QuestionForm()
    try:
        if not form.validate_on_submit():
            raise CommentNeeded
        operations.move(db.session(), document_id, act, person(), comment=form.words.data or "")
    except InvalidInput:
        db.session.rollback()
        document = load(document_id)
        form.words.errors = form.words.errors or ["Please write what you want to know."]
        return render_template("documents/document.html", **document_page(document, question_form=form)), 400
    return _done(document_id, said)


def _publish_page(document: Document, form: PublishForm) -> ResponseReturnValue:
    page = render_template("documents/publish.html", document=document, form=form)
    return page, 400 if form.is_submitted() else 200


def _times(form: PublishForm) -> Times:
    """What was chosen, as moments.

    Raises:
        InvalidInput: `live_at`: no time was given, or none that there is.
    """
    how = form.how.data
    if how == "now":
        return Times()
    if how == "link":
        return Times(for_all=False)
    chosen = clock.moment(form.at.data or "", "live_at", form.zone.data)
    return Times(chosen, chosen) if how == "time" else Times(public_at=chosen)


def _done(document_id: uuid.UUID, said: str) -> ResponseReturnValue:
    db.session.commit()
    if request.accept_mimetypes.best == "application/json":
        return {"ok": True}
    flash(said, "success")
    return redirect(url_for("documents.show", document_id=document_id), 303)

"""What people do to a document: each view is guard, form, operation, redirect."""

import uuid
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, User
from copydesk.autodocs import authors, requests
from copydesk.documents import operations, restoring, reviews, revising
from copydesk.documents.errors import ChecksFailed, InvalidInput, OpenSuggestions, StaleHead, UnreadMachineText
from copydesk.documents.figures import effort
from copydesk.documents.models import Document
from copydesk.documents.revising import Text
from copydesk.documents.workflow import Act
from copydesk.web.documents import conflicts, desk_data, page_data
from copydesk.web.documents.responsible import offer_responsible, said
from copydesk.web.documents.routes import blueprint, chosen_editor, config, load, offer_editors
from copydesk.web.extensions import db
from copydesk.web.forms import ApproveForm, AssignForm, CommentForm, DeclineForm, TextForm
from copydesk.web.guards import approved, person, wants_json

OWNERS = (Role.SPONSOR, Role.ADMIN)


@blueprint.post("/<uuid:document_id>/save")
@approved(Role.EDITOR)
def save(document_id: uuid.UUID) -> ResponseReturnValue:
    return _write(document_id, revising.save, "Saved.")


@blueprint.post("/<uuid:document_id>/deliver")
@approved(Role.EDITOR)
def deliver(document_id: uuid.UUID) -> ResponseReturnValue:
    return _write(document_id, _deliver, "Delivered. The sponsor reads it now.")


@blueprint.post("/<uuid:document_id>/request-changes")
@approved(Role.SPONSOR)
def request_changes(document_id: uuid.UUID) -> ResponseReturnValue:
    return _comment(CommentForm(), document_id, Act.REQUEST_CHANGES, "changes_form", "The editor is asked for changes.")


@blueprint.post("/<uuid:document_id>/decline")
@approved(Role.EDITOR)
def decline(document_id: uuid.UUID) -> ResponseReturnValue:
    return _comment(DeclineForm(), document_id, Act.DECLINE, "decline_form", "You gave the text back to the desk.")


@blueprint.post("/<uuid:document_id>/approve")
@approved(Role.SPONSOR)
def approve(document_id: uuid.UUID) -> ResponseReturnValue:
    document, form = load(document_id), ApproveForm()
    offer_responsible(form, document)
    if not form.validate_on_submit():
        return _page(document, 400, approve_form=form)
    try:
        operations.sign(db.session(), document_id, person(), sha256=form.sha256.data or "", said=said(form))
    except InvalidInput as error:
        db.session.rollback()
        document = load(document_id)
        offer_responsible(form, document)
        getattr(form, error.field).errors = [str(error)]
        return _page(document, 400, approve_form=form)
    return _done(document_id, "Approved. Your name stands for this text now.")


@blueprint.post("/<uuid:document_id>/assign")
@approved(*OWNERS)
def assign(document_id: uuid.UUID) -> ResponseReturnValue:
    document, form = load(document_id), AssignForm()
    offer_editors(form, none="Nobody: back to the desk")
    try:
        document = operations.assign(db.session(), document_id, person(), chosen_editor(form))
    except InvalidInput as error:
        db.session.rollback()
        form.editor.errors = [str(error)]
        return _page(load(document_id), 400, assign_form=form)
    name = document.editor.name if document.editor else None
    return _done(document_id, f"{name} edits this text now." if name else "The text waits for an editor.")


@blueprint.post("/<uuid:document_id>/claim")
@approved(Role.EDITOR)
def claim(document_id: uuid.UUID) -> ResponseReturnValue:
    operations.move(db.session(), document_id, Act.CLAIM, person())
    return _done(document_id, "The text is yours.")


@blueprint.post("/<uuid:document_id>/keep")
@approved(*OWNERS)
def keep(document_id: uuid.UUID) -> ResponseReturnValue:
    operations.move(db.session(), document_id, Act.KEEP, person())
    return _done(document_id, "The earlier text is back.")


@blueprint.post("/<uuid:document_id>/retry")
@approved(*OWNERS)
def retry(document_id: uuid.UUID) -> ResponseReturnValue:
    requests.retry(db.session(), document_id, person())
    return _done(document_id)


@blueprint.post("/<uuid:document_id>/redraft")
@approved(*OWNERS)
def redraft(document_id: uuid.UUID) -> ResponseReturnValue:
    requests.redraft(db.session(), document_id, person())
    return _done(document_id)


@blueprint.post("/<uuid:document_id>/choose/<int:number>")
@approved(*OWNERS)
def choose(document_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """One of the drafts that lie side by side becomes the text."""
    load(document_id)
    several = requests.side_by_side(db.session(), document_id)
    chosen = next((draft.id for draft in several if draft.number == number), 0)
    document = requests.choose(db.session(), document_id, person(), chosen)
    todo = f"{document.editor.name} edits it now." if document.editor else "It waits for an editor."
    return _done(document_id, f"Draft {number} is the text. {todo} The others are kept.")


@blueprint.post("/<uuid:document_id>/cancel")
@approved(*OWNERS)
def cancel(document_id: uuid.UUID) -> ResponseReturnValue:
    requests.cancel(db.session(), document_id, person())
    return _done(document_id, "The draft was stopped.")


@blueprint.post("/<uuid:document_id>/withdraw")
@approved(*OWNERS)
def withdraw(document_id: uuid.UUID) -> ResponseReturnValue:
    requests.withdraw(db.session(), document_id, person())
    return _done(document_id, "The document was withdrawn. Everything is kept.")


@blueprint.post("/<uuid:document_id>/take-up-again")
@approved(*OWNERS)
def take_up_again(document_id: uuid.UUID) -> ResponseReturnValue:
    restoring.take_up_again(db.session(), document_id, person())
    return _done(document_id, "It was taken up again. Please see where it stands.")


def _write(
    document_id: uuid.UUID, act: Callable[..., object], said: str, *, then: str = "documents.show"
) -> ResponseReturnValue:
    """Save or deliver what the editor typed; whatever goes wrong, the typed text is on the page that comes back."""
    document, form = load(document_id), TextForm()
    if not form.validate_on_submit():
        return _page(document, 400, save_form=form)
    written = conflicts.written(form)
    try:
        act(db.session(), document_id, person(), written)
        stored = _stored(db.session(), load(document_id), written)
    except (ChecksFailed, OpenSuggestions, UnreadMachineText) as error:
        db.session.rollback()
        return _held(document_id, written, error)
    except InvalidInput as error:
        db.session.rollback()
        field = getattr(form, error.field)
        field.errors, field.anchor = [str(error)], error.anchor
        return _page(load(document_id), 400, save_form=form)
    except StaleHead as error:
        db.session.rollback()
        return conflicts.page(load(document_id), form, error)
    return _done(document_id, said, then=then, **stored)


def _deliver(session: Session, document_id: uuid.UUID, actor: User, written: Text) -> None:
    """Deliver, note how much work it was, and say so where much of it is as the machine wrote it."""
    document = revising.deliver(session, document_id, actor, written, authors.spans)
    spans = authors.spans(session, document)
    effort.of(session, document, spans)
    if (gate := reviews.require(session, document, spans)).level == "warn":
        flash(reviews.warning(gate), "warning")


def _held(document_id: uuid.UUID, written: Text, error: InvalidInput) -> ResponseReturnValue:
    """Not delivered, but saved: so what is still to be looked at is on the page that comes back."""
    revising.save(db.session(), document_id, person(), written)
    db.session.commit()
    if wants_json():
        return {"error": str(error), "anchor": error.anchor}, 400
    document = load(document_id)
    page = page_data.document_page(document)
    field = page["save_form"].body
    field.errors, field.anchor = [f"Saved, but not delivered. {error}"], error.anchor
    return render_template("documents/document.html", **page), 400


def _stored(session: Session, document: Document, written: Text) -> dict[str, Any]:
    """For a page that goes on without being loaded anew: what stands in the database now."""
    head = revising.head_text(session, document) if wants_json() else None
    if head is None:
        return {}
    return {
        "revision": head.number,
        "title": head.title,
        "body": head.body,
        "merged": head.number != written.base and (head.title, head.body) != (written.title, written.body),
        "merged_with": conflicts.saved_between(document, written.base, head.number),
        "desk": desk_data.desk_data(document),
    }


def _comment(form: CommentForm, document_id: uuid.UUID, act: Act, name: str, said: str) -> ResponseReturnValue:
    document = load(document_id)
    if not form.validate_on_submit():
        return _page(document, 400, **{name: form})
    try:
        operations.move(db.session(), document_id, act, person(), comment=form.comment.data or "")
    except InvalidInput as error:
        db.session.rollback()
        form.comment.errors = [str(error)]
        return _page(load(document_id), 400, **{name: form})
    return _done(document_id, said)


def _page(document: Document, status: int, **forms: Any) -> ResponseReturnValue:
    return render_template("documents/document.html", **page_data.document_page(document, **forms)), status


def _done(
    document_id: uuid.UUID, said: str | None = None, *, then: str = "documents.show", **more: Any
) -> ResponseReturnValue:
    """Commit once, at the edge of the request."""
    db.session.commit()
    if wants_json():
        return {"ok": True, **more}
    if said:
        flash(said, "success")
    visible = request.endpoint != "documents.decline" or config().claiming
    target = url_for(then, document_id=document_id) if visible else url_for("documents.index")
    return redirect(target, 303)

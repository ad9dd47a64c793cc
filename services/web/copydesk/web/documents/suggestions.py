"""Suggested changes: proposing them, and deciding on them. How the open ones are shown is in `suggested`.

A page without script posts the whole form of the text with each decision: what was typed is saved first, so that no
click loses a word. The editor's script sends nothing but the decision.
"""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, User
from copydesk.documents import policy, revising, suggesting, unsent
from copydesk.documents.errors import InvalidInput, NotAllowed, WrongState
from copydesk.documents.models import Document
from copydesk.documents.proposals import Proposal
from copydesk.documents.revising import Text
from copydesk.documents.suggesting import Decided
from copydesk.documents.suggestions import Suggestion
from copydesk.documents.workflow import TRANSITIONS, Act
from copydesk.web.documents import acts, desk_data
from copydesk.web.documents.routes import blueprint, config, load
from copydesk.web.documents.suggested import listed
from copydesk.web.extensions import db
from copydesk.web.forms import SuggestForm, TextForm
from copydesk.web.guards import approved, person, wants_json

Deciding = Callable[[Session, uuid.UUID, User], object]


@blueprint.route("/<uuid:document_id>/suggest", methods=["GET", "POST"])
@approved()
def suggest(document_id: uuid.UUID) -> ResponseReturnValue:
    """The text to write changes into; they become suggestions, and the text stays as it is."""
    document = load(document_id)
    _expect(document)
    form = SuggestForm()
    if request.method == "GET":
        return _writing_page(document)
    if not form.validate_on_submit():
        return _refuse(document, form)
    try:
        made = _propose(document, form)
    except InvalidInput as error:
        db.session.rollback()
        _field(form, error.field).errors = [str(error)]
        return _refuse(load(document_id), form)
    _forget_window(document)
    numbers = [one.number for one in made]
    if wants_json():
        return acts._done(document_id, made=numbers, desk=desk_data.desk_data(document))
    db.session.commit()
    flash(_said(len(numbers)), "success")
    anchor = f"suggestion-{numbers[0]}" if numbers else "suggestions"
    return redirect(url_for("documents.show", document_id=document_id, _anchor=anchor), 303)


@blueprint.get("/<uuid:document_id>/suggestions")
@approved()
def open_suggestions(document_id: uuid.UUID) -> ResponseReturnValue:
    """The panel of a page that goes on: what is open now."""
    document = load(document_id)
    return render_template("documents/_suggestions.html", document=document, desk={"suggestions": listed(document)})


@blueprint.post("/<uuid:document_id>/suggestions/<int:number>/accept")
@approved(Role.EDITOR)
def accept_suggestion(document_id: uuid.UUID, number: int) -> ResponseReturnValue:
    return _decide(
        document_id,
        lambda session, ident, actor: suggesting.accept(session, ident, actor, number),
        lambda _: "The change is in the text.",
    )


@blueprint.post("/<uuid:document_id>/suggestions/<int:number>/refuse")
@approved(Role.EDITOR)
def refuse_suggestion(document_id: uuid.UUID, number: int) -> ResponseReturnValue:
    reason = request.form.get(f"reason-{number}", request.form.get("reason", ""))
    return _decide(
        document_id,
        lambda session, ident, actor: suggesting.refuse(session, ident, actor, number, reason),
        lambda _: "Refused.",
    )


@blueprint.post("/<uuid:document_id>/suggestions/<int:number>/take-back")
@approved()
def take_back_suggestion(document_id: uuid.UUID, number: int) -> ResponseReturnValue:
    return _decide(
        document_id,
        lambda session, ident, actor: suggesting.take_back(session, ident, actor, number),
        lambda _: "Taken back.",
    )


@blueprint.post("/<uuid:document_id>/suggestions/accept-all")
@approved(Role.EDITOR)
def accept_suggestions(document_id: uuid.UUID) -> ResponseReturnValue:
    return _decide(document_id, suggesting.accept_all, _said_of_all)


@blueprint.post("/<uuid:document_id>/suggestions/refuse-all")
@approved(Role.EDITOR)
def refuse_suggestions(document_id: uuid.UUID) -> ResponseReturnValue:
    return _decide(document_id, suggesting.refuse_all, lambda done: f"{done.count:,} refused.")


def _propose(document: Document, form: SuggestForm) -> Sequence[Suggestion]:
    session, base, note = db.session(), form.base_revision.data or 0, form.note.data or ""
    if form.start.data is not None and form.end.data is not None:
        asked = Proposal(form.start.data, form.end.data, form.body.data or "")
        return suggesting.propose_one(session, document.id, person(), base=base, proposal=asked, note=note)
    title = request.form.get("title", document.title).strip()
    if title != document.title:
        raise InvalidInput("title", "A title can’t be suggested. Save it, or put the earlier one back.")
    return suggesting.propose(session, document.id, person(), base=base, body=form.body.data or "", note=note)


def _forget_window(document: Document) -> None:
    """What the window kept as unsaved is suggested now."""
    typed = TextForm()
    if typed.tab.data and typed.tab.validate(typed):
        unsent.discard(db.session(), document, person(), typed.tab.data, typed.version.data or 0)


def _decide(document_id: uuid.UUID, act: Deciding, says: Callable[[Any], str]) -> ResponseReturnValue:
    document = load(document_id)

    def save_first(session: Session, ident: uuid.UUID, actor: User, written: Text) -> None:
        revising.save(session, ident, actor, written)
        flash(says(act(session, ident, actor)), "success")

    if "body" in request.form:
        return acts._write(document_id, save_first, "")
    done = act(db.session(), document_id, person())
    stored = desk_data.standing(document) if wants_json() else {}
    return acts._done(document_id, says(done), **stored)


def _expect(document: Document) -> None:
    """Raises:
    NotAllowed, WrongState: this person, or nobody at the moment, may suggest changes.
    """
    row = TRANSITIONS[Act.SUGGEST]
    if not policy.is_one_of(row.who, person(), document, claiming=config().claiming):
        raise NotAllowed
    if document.state not in row.sources:
        raise WrongState


def _refuse(document: Document, form: SuggestForm) -> ResponseReturnValue:
    """What was typed, on the page it was typed on, with what is wrong about it."""
    if wants_json():
        return {"error": next(iter(form.errors.values()))[0]}, 400
    if "title" not in request.form:
        return _writing_page(document, form, 400)
    save_form = TextForm()
    for name, errors in form.errors.items():
        _field(save_form, name).errors = errors
    return acts._page(document, 400, save_form=save_form)


def _field(form: Any, name: str) -> Any:
    """The field at fault, or the text where the form has none of that name."""
    return getattr(form, name, form.body)


def _writing_page(document: Document, form: SuggestForm | None = None, status: int = 200) -> ResponseReturnValue:
    head = revising.head_text(db.session(), document)
    number = head.number if head else 0
    if form is None:
        form = SuggestForm(formdata=None, base_revision=number, body=head.body if head else "")
    if form.base_revision.data is None:
        form.base_revision.data, form.base_revision.raw_data = number, None
    # The editor shows what differs from the text as it stands: of words written on an older one it can't.
    desk = desk_data.desk_data(document) if form.base_revision.data == number else None
    return render_template("documents/suggest.html", document=document, form=form, desk=desk), status


def _said(count: int) -> str:
    if not count:
        return "You had suggested this already."
    return "One change is suggested." if count == 1 else f"{count:,} changes are suggested."


def _said_of_all(done: Decided) -> str:
    said = "One change is in the text." if done.count == 1 else f"{done.count:,} changes are in the text."
    if not done.gone:
        return said
    rest = "One stays open: its words are" if done.gone == 1 else f"{done.gone:,} stay open: their words are"
    return f"{said} {rest} gone."

"""The sponsor's decisions on what was delivered, change by change, and the editor's answers to what was refused."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.documents import chain
from copydesk.documents.errors import InvalidInput
from copydesk.documents.models import Document, Kind, Revision, State
from copydesk.documents.signoff import changes, decisions, statements
from copydesk.documents.signoff.changes import Listed
from copydesk.documents.signoff.tables import Answer, ChangeDecision, Verdict
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.extensions import db
from copydesk.web.forms import DecisionForm
from copydesk.web.guards import approved, person

PAGE = 100  # changes on one page
COUNTED_BELOW = 60_000  # characters; the document's own page does not wait for a longer text to be compared
VERDICTS = {"accept": Verdict.ACCEPTED, "refuse": Verdict.REFUSED, "open": None}
ANSWERS = {"done": Answer.DONE, "stays": Answer.STAYS, "open": None}


@dataclass(frozen=True)
class Delivery:
    """What is to be decided on: the changes from `base` to `head`, and what was decided."""

    base: Revision
    head: Revision
    found: Sequence[Listed]
    kept: Mapping[str, ChangeDecision]

    @property
    def refused(self) -> list[ChangeDecision]:
        return [one for one in self.kept.values() if one.verdict is Verdict.REFUSED]

    @property
    def open(self) -> int:
        return len(self.found) - len(self.kept)

    @property
    def since(self) -> str:
        """What it is compared with, in words."""
        return "the machine’s draft" if self.base.kind is Kind.MACHINE else "the text you had before"


def delivery(document: Document) -> Delivery | None:
    """None: there is nothing to compare the text with."""
    session = db.session()
    base, head = changes.base_of(session, document), chain.revision(session, document, document.text_number)
    return None if base is None or head is None else _delivery(document, base, head)


def card(document: Document, head: Revision | None, revisions: Sequence[Revision]) -> dict[str, Any]:
    """What the document's own page shows: the delivery (none: too long to be compared in passing) and the to-dos."""
    base = changes.base_among(revisions, document)
    shown = None
    if document.state is State.SIGNOFF and base is not None and head is not None:
        short = max(len(base.body), len(head.body)) <= COUNTED_BELOW
        shown = _delivery(document, base, head) if short else None
    waiting = document.state in (State.EDITING, State.QUESTION, State.SIGNOFF)
    return {
        "delivery": shown,
        "todos": decisions.todos(db.session(), document, head) if waiting else [],
        "quoted": decisions.quoted,
        "statement": statements.in_force(db.session(), document),
        "points": statements,
    }


@blueprint.get("/<uuid:document_id>/sign-off")
@approved()
def sign_off(document_id: uuid.UUID) -> ResponseReturnValue:
    """Every change of the delivery, to be accepted or refused one by one."""
    document = load(document_id)
    found = delivery(document)
    if document.state is not State.SIGNOFF or found is None:
        return redirect(url_for("documents.show", document_id=document_id))
    return _page(document, found)


@blueprint.post("/<uuid:document_id>/sign-off")
@approved(Role.SPONSOR)
def decide_change(document_id: uuid.UUID) -> ResponseReturnValue:
    load(document_id)
    form = DecisionForm()
    verdict = form.verdict.data or ""
    if not form.validate_on_submit() or verdict not in VERDICTS:
        flash(next(iter(form.errors.values()), ["Please accept or refuse the change."])[0], "error")
        return _back(document_id)
    try:
        decisions.decide(
            db.session(),
            document_id,
            person(),
            sha256=form.sha256.data or "",
            fingerprint=form.fingerprint.data or "",
            verdict=VERDICTS[verdict],
            reason=form.reason.data or "",
        )
    except InvalidInput as error:
        db.session.rollback()
        return _refused(document_id, form, error)
    db.session.commit()
    return _back(document_id)


@blueprint.post("/<uuid:document_id>/sign-off/accept-rest")
@approved(Role.SPONSOR)
def accept_rest(document_id: uuid.UUID) -> ResponseReturnValue:
    load(document_id)
    count = decisions.accept_rest(db.session(), document_id, person(), sha256=request.form.get("sha256", ""))
    db.session.commit()
    flash(f"Accepted: {count:,} change{'' if count == 1 else 's'}. Nothing is signed yet.", "success")
    return _back(document_id)


@blueprint.post("/<uuid:document_id>/to-do/<int:decision_id>/let-stay")
@approved(Role.SPONSOR)
def let_stay(document_id: uuid.UUID, decision_id: int) -> ResponseReturnValue:
    """The sponsor accepts what they had refused before."""
    load(document_id)
    decisions.let_stay(db.session(), document_id, person(), decision_id)
    db.session.commit()
    flash("It stays. You refuse it no longer.", "success")
    return redirect(url_for("documents.show", document_id=document_id, _anchor="sign-off"), 303)


@blueprint.post("/<uuid:document_id>/to-do/<int:decision_id>")
@approved(Role.EDITOR)
def answer_todo(document_id: uuid.UUID, decision_id: int) -> ResponseReturnValue:
    """The editor ticks it off, or says why it stays."""
    load(document_id)
    form = DecisionForm()
    answer = form.verdict.data or ""
    try:
        if answer not in ANSWERS or form.reason.errors:
            raise InvalidInput("reason", "Please tick it off, or say why it stays.")
        decisions.reply(
            db.session(), document_id, person(), decision_id, ANSWERS[answer], reason=form.reason.data or ""
        )
        db.session.commit()
    except InvalidInput as error:
        db.session.rollback()
        flash(str(error), "error")
    return redirect(url_for("documents.show", document_id=document_id, _anchor="to-do"), 303)


def _delivery(document: Document, base: Revision, head: Revision) -> Delivery:
    found = changes.between(base, head) if base.number != head.number else []
    known = {one.fingerprint for one in found}
    kept = decisions.of_delivery(db.session(), document, base, head)
    return Delivery(base, head, found, {name: one for name, one in kept.items() if name in known})


def _page(document: Document, found: Delivery, **more: Any) -> str:
    pages = max(1, -(-len(found.found) // PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    return render_template(
        "documents/sign_off.html",
        document=document,
        delivery=found,
        shown=found.found[(page - 1) * PAGE : page * PAGE],
        page=page,
        pages=pages,
        todos=decisions.todos(db.session(), document, found.head),
        quoted=decisions.quoted,
        **{"failed": None, "typed": ""} | more,
    )


def _refused(document_id: uuid.UUID, form: DecisionForm, error: InvalidInput) -> ResponseReturnValue:
    """The page again, with what is missing at the change it is about."""
    document = load(document_id)
    found = delivery(document)
    if found is None:
        return redirect(url_for("documents.show", document_id=document_id), 303)
    return _page(document, found, failed=(form.fingerprint.data, str(error)), typed=form.reason.data or ""), 400


def _back(document_id: uuid.UUID) -> ResponseReturnValue:
    """To the change that comes next, on the page that was shown."""
    page, at = request.args.get("page", 1, type=int), request.args.get("then", 0, type=int)
    anchor = f"c{at}" if at > 0 else None
    return redirect(url_for("documents.sign_off", document_id=document_id, page=max(1, page), _anchor=anchor), 303)

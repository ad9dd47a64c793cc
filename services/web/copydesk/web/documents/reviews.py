"""Reading what the machine wrote: every paragraph with its state, and reviews that a person gives and takes back."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.autodocs import authors
from copydesk.documents import reviews, revising, suggestions
from copydesk.documents.authorship import Span
from copydesk.documents.conversation import threads
from copydesk.documents.delivery import waivers
from copydesk.documents.errors import InvalidInput
from copydesk.documents.models import Document, Revision
from copydesk.documents.paragraphs import Paragraph, ParagraphState
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.errors import answer
from copydesk.web.extensions import db
from copydesk.web.forms import ReviewForm
from copydesk.web.guards import approved, person, wants_json

SHOWN = 5  # unread paragraphs on the document's own page; the others are on theirs
SAYS = {
    ParagraphState.HUMAN: "written by people",
    ParagraphState.UNREAD: "as the machine wrote it",
    ParagraphState.REVIEWED: "reviewed unchanged",
    ParagraphState.ENDORSED: "picked by a person",
    ParagraphState.CHANGED: "changed by a person",
}
CHIPS = {ParagraphState.UNREAD: "chip-wait", ParagraphState.REVIEWED: "chip-ok"}


@dataclass(frozen=True)
class Line:
    """One thing before delivery: done, to do, or only worth knowing (`done` is None); `url` leads to its place."""

    done: bool | None
    words: str
    url: str | None = None


@dataclass(frozen=True)
class BeforeDelivery:
    """The card: how the text stands, and the paragraphs that may want a look."""

    lines: Sequence[Line]
    checks: Sequence[waivers.Standing]
    clean: bool  # nothing was found by any check
    unread: Sequence[Paragraph]
    more: int
    reviewed: Sequence[Paragraph]


@blueprint.get("/<uuid:document_id>/paragraphs")
@approved()
def paragraphs(document_id: uuid.UUID) -> ResponseReturnValue:
    """The whole text, paragraph by paragraph, each with its state and what can be done about it."""
    document = load(document_id)
    return _page(document)


@blueprint.get("/<uuid:document_id>/before-delivery")
@approved(Role.EDITOR)
def before(document_id: uuid.UUID) -> ResponseReturnValue:
    """The card of the document's page, for a page that goes on after a save."""
    return card_now(load(document_id))[0]


@blueprint.post("/<uuid:document_id>/reviews")
@approved(Role.EDITOR)
def review(document_id: uuid.UUID) -> ResponseReturnValue:
    """The paragraph with these words was read and stays as it is."""
    document, form = load(document_id), ReviewForm()
    if not form.validate_on_submit():
        return _refuse(document, next(iter(form.errors.values()))[0])
    try:
        reviews.review(
            db.session(),
            document_id,
            person(),
            sha256=form.sha256.data or "",
            reason=_reason(form),
            spans_of=authors.spans,
        )
    except InvalidInput as error:
        db.session.rollback()
        return _refuse(load(document_id), str(error))
    return _done(document_id, "Noted. The paragraph stays as it is, and the record says why.")


@blueprint.post("/<uuid:document_id>/reviews/<int:review_id>/take-back")
@approved(Role.EDITOR)
def take_back_review(document_id: uuid.UUID, review_id: int) -> ResponseReturnValue:
    load(document_id)
    reviews.take_back(db.session(), document_id, person(), review_id)
    return _done(document_id, "The review is taken back. The paragraph counts as unread.")


def found(document: Document, head: Revision | None, spans: Sequence[Span]) -> list[Paragraph]:
    """The paragraphs of the text as it stands; none before there is one."""
    return reviews.of(db.session(), document, head, spans) if head else []


def described(several: Sequence[Paragraph]) -> list[dict[str, Any]]:
    """For the editor's script: places in characters as Python counts them."""
    return [
        {
            "start": one.start,
            "end": one.end,
            "state": one.state.value,
            "reason": one.review.reason if one.review else None,
            "share": one.share,
        }
        for one in several
    ]


def before_delivery(document: Document, several: Sequence[Paragraph], spans: Sequence[Span]) -> BeforeDelivery:
    """What is still to do, each thing with the way to its place."""
    gate = reviews.gate(several, spans)
    return BeforeDelivery(
        lines=[_suggestions(document), *_hidden(document), _reading(document, gate)],
        checks=(standing := waivers.standing(db.session(), document)),
        clean=not standing,
        unread=gate.unread[:SHOWN] if gate.level != "open" else [],
        more=len(gate.unread[SHOWN:]) if gate.level != "open" else len(gate.unread),
        reviewed=[one for one in several if one.state is ParagraphState.REVIEWED],
    )


def _suggestions(document: Document) -> Line:
    waiting = suggestions.placed(db.session(), document)
    if not waiting:
        return Line(True, "No suggestion is open")
    page = url_for("documents.show", document_id=document.id, _anchor=f"suggestion-{waiting[0].suggestion.number}")
    many = "One suggestion is" if len(waiting) == 1 else f"{len(waiting)} suggestions are"
    return Line(False, f"{many} still open", page)


def _hidden(document: Document) -> list[Line]:
    """Comments that the sponsor does not see are in no check: what a check found may be read in the record."""
    count = threads.open_hidden(db.session(), document)
    many = "One comment" if count == 1 else f"{count} comments"
    page = url_for("documents.show", document_id=document.id, _anchor="comments")
    return [Line(None, f"{many} that the sponsor does not see, still open", page)] if count else []


def _reading(document: Document, gate: reviews.Gate) -> Line:
    page = url_for("documents.paragraphs", document_id=document.id)
    count = len(gate.unread)
    if not count:
        return Line(True, "Every paragraph of the machine’s was read or changed", page)
    where = f"{page}#{gate.unread[0].anchor}"
    many = "One paragraph is" if count == 1 else f"{count} paragraphs are"
    words = f"{many} as the machine wrote {'it' if count == 1 else 'them'}"
    if gate.level == "hold":
        return Line(False, f"{words}, in a text that is {gate.share} % machine. Each needs a change or a reason", where)
    return Line(None, words, where)


def _reason(form: ReviewForm) -> str:
    """What was typed, or the handy reason whose button was pressed."""
    quick = form.quick.data or ""
    handy = reviews.QUICK_REASONS
    return (
        handy[int(quick)] if quick.isascii() and quick.isdigit() and int(quick) < len(handy) else form.reason.data or ""
    )


def _refuse(document: Document, why: str) -> ResponseReturnValue:
    return answer(400, why) if wants_json() else _page(document, error=why, status=400)


def _page(document: Document, error: str | None = None, status: int = 200) -> ResponseReturnValue:
    head = revising.head_text(db.session(), document)
    spans = authors.spans(db.session(), document) if head else []
    several = found(document, head, spans)
    asked = request.form.get("sha256") if error else None
    page = render_template(
        "documents/paragraphs.html",
        document=document,
        head=head,
        paragraphs=several,
        gate=reviews.gate(several, spans),
        says=SAYS,
        chips=CHIPS,
        quick_reasons=reviews.QUICK_REASONS,
        wrong=asked if any(one.sha256 == asked for one in several) else None,
        typed=request.form.get("reason", ""),
        error=error,
    )
    return page, status


def _done(document_id: uuid.UUID, said: str) -> ResponseReturnValue:
    db.session.commit()
    if not wants_json():
        flash(said, "success")
        back = "documents.paragraphs" if request.form.get("back") == "paragraphs" else "documents.show"
        anchor = None if back == "documents.paragraphs" else "before-delivery"
        return redirect(url_for(back, document_id=document_id, _anchor=anchor), 303)
    card, several = card_now(load(document_id))
    return {"ok": True, "said": said, "paragraphs": described(several), "card": card}


def card_now(document: Document) -> tuple[str, list[Paragraph]]:
    head = revising.head_text(db.session(), document)
    spans = authors.spans(db.session(), document) if head else []
    several = found(document, head, spans)
    page = card_of(document, head, several, spans)
    return render_template("documents/_before_delivery.html", document=document, **page), several


def card_of(
    document: Document, head: Revision | None, several: Sequence[Paragraph], spans: Sequence[Span]
) -> dict[str, Any]:
    """What `documents/_before_delivery.html` needs beside the document."""
    return {
        "before": before_delivery(document, several, spans) if head else None,
        "quick_reasons": reviews.QUICK_REASONS,
    }

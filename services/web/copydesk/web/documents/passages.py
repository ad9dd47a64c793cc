"""Redrafting one passage: the editor marks it, the machine proposes candidates, the editor takes one or none."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.autodocs import spans
from copydesk.autodocs.models import Autodoc, DraftState
from copydesk.documents import chain, revising
from copydesk.documents.errors import InvalidInput, StaleHead
from copydesk.documents.models import Document
from copydesk.web.documents import page_data, sentences
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.errors import answer
from copydesk.web.extensions import db
from copydesk.web.forms import PassageForm
from copydesk.web.guards import approved, person, wants_json

USUAL_COUNT = 3
AROUND = 240  # characters shown on each side of the passage
NEARLY = 0.15  # candidates whose score is so close to the best one's fit as well, as far as anyone can tell
WRITING = "The machine writes {written} of {count}. You can leave this page; they go on without you."
NONE_WRITTEN = "None of them could be written. The text is as it was; please try again."
STALE = "The text has moved on since you marked the passage. Nothing was overwritten; please mark it again."


@dataclass(frozen=True)
class CandidateView:
    """Words for the passage as the page shows them; `fit` is empty until all are ranked."""

    number: int
    text: str
    state: DraftState
    fit: str
    take: str

    @property
    def usable(self) -> bool:
        return self.state is DraftState.DONE and bool(self.fit)

    @property
    def state_words(self) -> str:
        return {
            DraftState.QUEUED: "waits for its turn",
            DraftState.WRITING: "is being written",
            DraftState.DONE: "written",
            DraftState.FAILED: "could not be written",
            DraftState.CANCELLED: "was stopped",
        }[self.state]


@dataclass(frozen=True)
class PassageView:
    """One asking: the passage in its place, and its candidates, best first once all are written."""

    number: int
    before_excerpt: str
    passage: str
    after_excerpt: str
    candidates: Sequence[CandidateView]
    done: bool
    moved_on: bool
    message: str


@blueprint.route("/<uuid:document_id>/redraft-passage", methods=["GET", "POST"])
@approved(Role.EDITOR)
def redraft_passage(document_id: uuid.UUID) -> ResponseReturnValue:
    """Mark a passage and ask. The writing page posts its place; the page without script posts sentences."""
    document = load(document_id)
    if request.method == "GET":
        return _pick(document)
    form = PassageForm(**_place_of_sentences())
    if not form.validate():
        return _refuse(document, next(iter(form.errors.values()))[0])
    try:
        made = spans.ask(
            db.session(),
            document_id,
            person(),
            base=form.base_revision.data or 0,
            start=form.start.data or 0,
            end=form.end.data or 0,
            count=form.count.data or USUAL_COUNT,
        )
    except InvalidInput as error:
        db.session.rollback()
        return _refuse(load(document_id), str(error))
    except StaleHead:
        db.session.rollback()
        return answer(409, STALE) if wants_json() else _pick(load(document_id), STALE, 409)
    asking = made[0].request
    db.session.commit()
    page = url_for("documents.candidates", document_id=document_id, asking=asking)
    if wants_json():
        return {"url": page, "page": page}, 201
    return redirect(page, 303)


@blueprint.get("/<uuid:document_id>/redraft-passage/<int:asking>")
@approved()
def candidates(document_id: uuid.UUID, asking: int) -> ResponseReturnValue:
    """The candidates of one asking, each in its place; for a program how far they are."""
    document = load(document_id)
    found = spans.candidates(db.session(), document_id, asking)
    if not found:
        return answer(404)
    view = _view(document, found)
    if not wants_json():
        return render_template("documents/candidates.html", document=document, asking=view)
    return {
        "done": view.done,
        "message": view.message,
        "next_ms": 0 if view.done else 250,
        "candidates": [
            {"number": one.number, "text": one.text, "state": one.state.value, "fit": one.fit, "take": one.take}
            for one in view.candidates
        ],
    }


@blueprint.post("/<uuid:document_id>/redraft-passage/<int:asking>/take/<int:number>")
@approved(Role.EDITOR)
def take_candidate(document_id: uuid.UUID, asking: int, number: int) -> ResponseReturnValue:
    """The candidate's words replace the passage: a new version; the one before is kept."""
    load(document_id)
    found = spans.candidates(db.session(), document_id, asking)
    chosen = next((one.id for one in found if one.number == number), 0)
    try:
        revision = spans.take(db.session(), document_id, person(), chosen)
    except StaleHead:
        return answer(409, STALE)
    stored = revision.number
    db.session.commit()
    if not wants_json():
        flash(f"The passage is replaced. It is version {stored} now; the one before is kept.", "success")
        return redirect(url_for("documents.show", document_id=document_id), 303)
    return {"ok": True, "revision": stored}


@blueprint.post("/<uuid:document_id>/redraft-passage/discard")
@approved(Role.EDITOR)
def discard_candidates(document_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the passage as it is; candidates that are still being written stop."""
    load(document_id)
    spans.discard(db.session(), document_id, person())
    db.session.commit()
    if wants_json():
        return {"ok": True}
    return redirect(url_for("documents.show", document_id=document_id), 303)


def _place_of_sentences() -> dict[str, Any]:
    """The passage from the first to the last ticked sentence, where sentences were ticked."""
    place = sentences.covered(request.form.getlist("sentence"))
    if place is None:
        return {}
    form = request.form.copy()
    form["start"], form["end"] = str(place[0]), str(place[1])
    return {"formdata": form}


def _refuse(document: Document, why: str) -> ResponseReturnValue:
    return answer(400, why) if wants_json() else _pick(document, why, 400)


def _pick(document: Document, error: str | None = None, status: int = 200) -> ResponseReturnValue:
    """The text as sentences to tick; those that were ticked still are, unless the text is another one."""
    head = revising.head_text(db.session(), document)
    if head is None:
        return answer(409, "There is no text yet.")
    ticked = set(request.form.getlist("sentence")) if status != 409 else set()
    paragraphs = [
        [{"value": one.value, "text": one.text, "checked": one.value in ticked} for one in paragraph]
        for paragraph in sentences.paragraphs(head.body)
    ]
    count = request.form.get("count", str(USUAL_COUNT))
    page = render_template(
        "documents/redraft_passage.html",
        document=document,
        head=head,
        paragraphs=paragraphs,
        count=int(count) if count in ("1", "2", "3", "4", "5") else USUAL_COUNT,
        error=error,
    )
    return page, status


def _view(document: Document, found: Sequence[Autodoc]) -> PassageView:
    asked = found[0]
    start, end = asked.span_start or 0, asked.span_end or 0
    base = chain.revision(db.session(), document, asked.base_number or 0)
    body = base.body if base else ""
    written = sum(not one.is_live for one in found)
    done = written == len(found)
    any_written = any(one.state is DraftState.DONE for one in found)
    if done:
        message = "" if any_written else next((one.reason for one in found if one.reason), NONE_WRITTEN)
    else:
        waiting, why = page_data.standing(next(one for one in found if one.is_live))
        message = why if waiting else WRITING.format(written=f"candidate {written + 1}", count=len(found))
    shown = found if done else sorted(found, key=lambda one: one.choice)
    return PassageView(
        number=asked.request,
        before_excerpt=("…" if start > AROUND else "") + body[max(0, start - AROUND) : start],
        passage=body[start:end],
        after_excerpt=body[end : end + AROUND] + ("…" if end + AROUND < len(body) else ""),
        candidates=[
            _candidate(document, one, _fit(one, place, found) if done else "") for place, one in enumerate(shown)
        ],
        done=done,
        moved_on=document.text_number != asked.base_number,
        message=message,
    )


def _candidate(document: Document, one: Autodoc, fit: str) -> CandidateView:
    take = url_for("documents.take_candidate", document_id=document.id, asking=one.request, number=one.number)
    return CandidateView(one.number, one.text, one.state, fit, take)


def _fit(one: Autodoc, place: int, found: Sequence[Autodoc]) -> str:
    """How well what follows goes on from it, beside the best; scores are mean log-probabilities."""
    if one.state is not DraftState.DONE:
        return ""
    best = found[0].score
    if one.score is None or best is None:
        return "not ranked"
    if place == 0:
        return "fits best" if len(found) > 1 else "fits"
    return "fits nearly as well" if best - one.score <= NEARLY else "fits less well"

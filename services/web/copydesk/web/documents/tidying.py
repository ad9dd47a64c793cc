"""Tidying up: what the house's rules would change, shown as a difference before it is applied."""

import uuid
from collections.abc import Iterable

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.documents import access, revising
from copydesk.documents.errors import InvalidInput, StaleHead
from copydesk.documents.housestyle import tidying
from copydesk.documents.housestyle.tidy import SAYS, Rule
from copydesk.documents.models import Document
from copydesk.documents.proposals import proposals
from copydesk.documents.workflow import Act
from copydesk.web.documents import acts, desk_data
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.extensions import db
from copydesk.web.forms import TidyForm
from copydesk.web.guards import approved, person, wants_json

AROUND = 60  # characters shown between changes that are far from each other
STALE = "The text has moved on since this difference was made. Nothing was changed; this is what would change now."


@blueprint.get("/<uuid:document_id>/tidy")
@approved(Role.EDITOR)
def tidy(document_id: uuid.UUID) -> ResponseReturnValue:
    """What the rules of the house would change."""
    document = load(document_id)
    access.expect(document, Act.TIDY)
    return _page(document, None)


@blueprint.post("/<uuid:document_id>/tidy/look")
@approved(Role.EDITOR)
def look_over(document_id: uuid.UUID) -> ResponseReturnValue:
    """From the page of the text: what was typed is saved first, then the difference is shown."""
    load(document_id)
    if "body" not in request.form:
        return redirect(url_for("documents.tidy", document_id=document_id), 303)
    return acts._write(document_id, revising.save, "", then="documents.tidy")


@blueprint.post("/<uuid:document_id>/tidy")
@approved(Role.EDITOR)
def apply_tidy(document_id: uuid.UUID) -> ResponseReturnValue:
    """The ticked rules go over the text of which the difference was shown; or show what they would change."""
    document, form = load(document_id), TidyForm()
    rules = request.form.getlist("rule")
    if request.form.get("act") == "look":
        access.expect(document, Act.TIDY)
        return _page(document, rules)
    if not form.validate_on_submit():
        return _page(document, rules, "Please look at the difference again.", 400)
    base = form.base_revision.data or 0
    try:
        revision = tidying.apply(db.session(), document_id, person(), base=base, rules=rules)
    except InvalidInput as error:
        db.session.rollback()
        return _page(load(document_id), None, str(error), 400)
    except StaleHead:
        db.session.rollback()
        return _page(load(document_id), rules, STALE, 409)
    said = "Tidied up. The version before is kept." if revision.number != base else "There was nothing to tidy up."
    stored = desk_data.standing(document) if wants_json() else {}
    return acts._done(document_id, said, **stored)


def _page(document: Document, rules: Iterable[str] | None, error: str = "", status: int = 200) -> ResponseReturnValue:
    head = revising.head_text(db.session(), document)
    body = head.body if head else ""
    try:
        found = tidying.preview(db.session(), body, rules)
    except InvalidInput as refusal:
        found, error, status = tidying.preview(db.session(), body), str(refusal), 400
    changes = in_whole_words(body, found.after)
    if wants_json():
        return {"error": error, "base": head.number if head else 0, "after": found.after, "changes": changes}, status
    page = render_template(
        "documents/tidy.html",
        document=document,
        head=head,
        form=TidyForm(formdata=None, base_revision=head.number if head else 0),
        rules=[
            {"name": rule.value, "says": SAYS[rule], "places": found.places[rule], "on": rule in found.chosen}
            for rule in Rule
        ],
        changes=excerpts(changes),
        error=error,
    )
    return page, status


def in_whole_words(before: str, after: str) -> list[dict[str, str]]:
    """The difference as people read it: where letters of a word changed, the word did."""
    parts, at = [], 0
    for one in proposals(before, after):
        pieces = (
            ("same", before[at : one.start]),
            ("removed", before[one.start : one.end]),
            ("added", one.replacement),
        )
        parts += [{"op": op, "text": text} for op, text in pieces if text]
        at = one.end
    return [*parts, {"op": "same", "text": before[at:]}] if before[at:] else parts


def excerpts(changes: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same difference with long stretches that stay left out."""
    last = len(changes) - 1
    shown = []
    for index, part in enumerate(changes):
        words = part["text"]
        if part["op"] == "same" and len(words) > 2 * AROUND:
            begin = words[:AROUND] if index else ""
            end = words[-AROUND:] if index < last else ""
            words = f"{begin}\n…\n{end}" if begin and end else f"{begin} …" if begin else f"… {end}"
        shown.append({"op": part["op"], "text": words})
    return shown

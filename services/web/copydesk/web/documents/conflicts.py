"""Where two people changed the same words: the page (or the JSON) that asks what stays, and the answer to it."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from copydesk.accounts.models import User
from copydesk.documents import revising
from copydesk.documents.errors import StaleHead, TextsConflict
from copydesk.documents.models import Document, Kind, Revision
from copydesk.documents.revising import Chosen, Text
from copydesk.documents.textdiff.merging import Choice, Clean, Conflict, Merged
from copydesk.web.extensions import db
from copydesk.web.forms import TextForm
from copydesk.web.guards import person, wants_json

MOST_CHOICES = 1000
# More sendings than a page that was left can still have on their way; a newer page begins above (`autosave.ts`).
ON_THE_WAY = 100
AROUND = 220  # characters of undisputed words shown before and after a conflict


def written(form: TextForm) -> Text:
    """What the person typed in the form, with what they chose where it had conflicted."""
    chosen = None
    if form.typed_on.data is not None:
        picked = [request.form.get(f"piece-{number}") for number in range(MOST_CHOICES)]
        chosen = Chosen(
            form.typed_on.data,
            title=_choice(request.form.get("title-choice"), Choice.MINE),
            body=tuple(_choice(one) for one in takewhile(bool, picked)),
        )
    return Text(
        form.title.data or "",
        form.body.data or "",
        form.base_revision.data or 0,
        tab=form.tab.data or "",
        version=form.version.data or 0,
        chosen=chosen,
    )


def page(document: Document, form: TextForm, error: StaleHead) -> ResponseReturnValue:
    """409: each place where the texts differ, to choose from; the typed text is in the form all the while."""
    head = revising.head_text(db.session(), document)
    if head is None or not isinstance(error, TextsConflict):
        raise error
    if wants_json():
        return _json(head, form, error), 409
    typed_on = form.base_revision.data if form.typed_on.data is None else form.typed_on.data
    html = render_template(
        "documents/conflict.html",
        document=document,
        head=head,
        by=who(head),
        form=form,
        typed_on=typed_on,
        # What is decided here settles whatever the window had sent, also what is still on its way or in the browser.
        settling=(form.version.data or 0) + ON_THE_WAY,
        title_conflict=next(iter(error.title.conflicts), None),
        pieces=_shown(error.body),
        count=len(error.body.conflicts) + len(error.title.conflicts),
    )
    return html, 409


def who(revision: Revision) -> str:
    """Whose words a version is, as said to the person of this request."""
    if revision.author is None:
        return "The machine"
    return "You, in another window," if revision.author_id == person().id else revision.author.name


def saved_between(document: Document, base: int, number: int) -> list[str]:
    """Who saved text versions after `base` and before `number`, as said to the person of this request."""
    between = Revision.document_id == document.id, Revision.number > base, Revision.number < number
    query = select(Revision.author_id, User.name).outerjoin(User, User.id == Revision.author_id)
    rows = db.session.execute(query.where(*between, Revision.kind != Kind.BRIEF).distinct())
    return sorted(
        "the machine" if row.name is None else "you, in another window" if row.author_id == person().id else row.name
        for row in rows
    )


def _choice(value: str | None, otherwise: Choice = Choice.BOTH) -> Choice:
    return Choice(value) if value in tuple(Choice) else otherwise


def _json(head: Revision, form: TextForm, error: TextsConflict) -> dict[str, Any]:
    return {
        "error": str(error),
        "head": head.number,
        "by": who(head),
        "stored": head.body,
        "yours": form.body.data,
        "title": _plain(error.title),
        "pieces": _plain(error.body),
    }


def _plain(merged: Merged) -> list[dict[str, str]]:
    return [
        {"text": piece.text}
        if isinstance(piece, Clean)
        else {"base": piece.base, "mine": piece.mine, "theirs": piece.theirs}
        for piece in merged.pieces
    ]


def _shown(merged: Merged) -> Sequence[dict[str, Any]]:
    """The pieces for the page, conflicts numbered from 0; long stretches without one are cut in the middle."""
    shown: list[dict[str, Any]] = []
    number = 0
    for place, piece in enumerate(merged.pieces):
        if isinstance(piece, Conflict):
            shown.append({"number": number, "base": piece.base, "mine": piece.mine, "theirs": piece.theirs})
            number += 1
            continue
        before = piece.text[:AROUND] if place > 0 else ""
        after = piece.text[-AROUND:] if place < len(merged.pieces) - 1 else ""
        whole = len(piece.text) <= len(before) + len(after)
        shown.append({"text": piece.text} if whole else {"before": before, "after": after})
    return shown

"""How the text could go on: asked for from the writing page, watched, taken word by word or let go. Programs only."""

import uuid

from flask import url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.autodocs import acceptances, continuations
from copydesk.autodocs.models import Autodoc, DraftState
from copydesk.web.documents import page_data
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.errors import answer
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person
from copydesk.web.json_bodies import Count, Message, read
from copydesk.web.pausing import pause_message

SOON, LATER = 70, 1_000  # milliseconds until the next look: while it is written, and while something is missing
NOT_READABLE = "That did not arrive whole. Your text is as you left it; please try again."
STOPPED = "It was stopped."
SILENT = "The machine does not answer at the moment. Your text is safe; its words come as soon as it is back."


class Asking(Message):
    """Words are wanted at character `at` of `text`, which has become of version `base`."""

    base: Count
    text: str
    at: Count


class Taking(Message):
    characters: Count  # of the words, from their beginning


@blueprint.post("/<uuid:document_id>/go-on")
@approved(Role.EDITOR)
def go_on(document_id: uuid.UUID) -> ResponseReturnValue:
    """Ask for words at the cursor: JSON with `base`, `text` and `at`."""
    load(document_id)
    asked = read(Asking, otherwise=NOT_READABLE)
    draft = continuations.ask(db.session(), document_id, person(), base=asked.base, text=asked.text, at=asked.at)
    number = draft.number
    db.session.commit()
    return {
        "number": number,
        "url": url_for(".continuation", document_id=document_id, number=number),
        "accept": url_for(".accept_words", document_id=document_id, number=number),
        "stop": url_for(".stop_continuation", document_id=document_id),
    }, 201


@blueprint.get("/<uuid:document_id>/go-on/<int:number>")
@approved(Role.EDITOR)
def continuation(document_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """The words so far; they only grow."""
    load(document_id)
    draft = continuations.find(db.session(), document_id, number)
    if draft is None:
        return answer(404)
    waiting = draft.is_live and page_data.standing(draft)[0]
    return {
        "state": draft.state.value,
        "text": draft.text,
        "done": not draft.is_live,
        "message": (pause_message() or SILENT) if waiting else _ended(draft),
        "next_ms": (LATER if waiting else SOON) if draft.is_live else 0,
    }


@blueprint.post("/<uuid:document_id>/go-on/<int:number>/accept")
@approved(Role.EDITOR)
def accept_words(document_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """The first `characters` of these words stand in the text now; the machine stays their author."""
    load(document_id)
    sent = read(Taking, otherwise=NOT_READABLE)
    characters = acceptances.accept(db.session(), document_id, person(), number, sent.characters).characters
    db.session.commit()
    return {"ok": True, "characters": characters}


@blueprint.post("/<uuid:document_id>/go-on/stop")
@approved(Role.EDITOR)
def stop_continuation(document_id: uuid.UUID) -> ResponseReturnValue:
    load(document_id)
    continuations.stop(db.session(), document_id, person())
    db.session.commit()
    return {"ok": True}


def _ended(draft: Autodoc) -> str:
    """Why no more words come; nothing while they do, or when all came."""
    return STOPPED if draft.state is DraftState.CANCELLED else draft.reason or ""

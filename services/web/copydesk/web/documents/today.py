"""Today: the home page of everyone who works here. What waits for me, in words, first things first."""

import datetime as dt
from dataclasses import dataclass

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts import operations as accounts
from copydesk.accounts.models import Role, User
from copydesk.audit import AuditEvent
from copydesk.documents.models import Document, State
from copydesk.documents.routing import waiting
from copydesk.documents.routing.waiting import MOST, Group
from copydesk.web import clock
from copydesk.web.documents.lists import heading
from copydesk.web.documents.routes import blueprint, config
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person

BUTTONS = {
    "question": "Answer",
    "signoff": "Review",
    "emergency": "Look",
    "choosing": "Choose",
    "failed": "Try again",
    "to-publish": "Publish",
    "editing": "Edit",
    "free": "Look",
    "drafting": "Watch",
}
QUOTED = 160  # characters of what somebody said


@dataclass(frozen=True)
class Line:
    """One document: what to say about it, and what the person would do with it."""

    document: Document
    says: str
    button: str


@blueprint.get("/today")
@approved()
def today() -> ResponseReturnValue:
    me, session = person(), db.session()
    found = waiting.groups(session, me, claiming=config().claiming)
    said = waiting.last_words(session, [document for group in found for document in group.documents])
    month = dt.datetime.now(clock.viewer_zone()).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    signups = accounts.count_pending(session) if me.role is Role.ADMIN else 0
    mine = [group.count for group in found if group.kind.mine]
    return render_template(
        "documents/today.html",
        heading=f"More than {MOST} texts wait for you" if max(mine, default=0) > MOST else heading(sum(mine)),
        day=dt.datetime.now(clock.viewer_zone()),
        groups=[(group, [_line(group, one, said.get(str(one.id)), me) for one in group.documents]) for group in found],
        most=MOST,
        signups=signups,
        published=waiting.published_since(session, me, month, claiming=config().claiming),
    )


@blueprint.post("/today/away")
@approved(Role.EDITOR)
def away() -> ResponseReturnValue:
    """No work comes by itself until the editor is back; people can still give it."""
    me = person()
    accounts.set_away(db.session(), me, away=not me.away)
    db.session.commit()
    flash(
        "You are away: the desk gives you nothing by itself until you are back."
        if me.away
        else "You are back: new texts can come to you again.",
        "success",
    )
    return redirect(url_for("documents.today"), 303)


def _line(group: Group, document: Document, event: AuditEvent | None, me: User) -> Line:
    return Line(document, _says(document, event, me), BUTTONS.get(group.kind.name, "Open"))


def _says(document: Document, event: AuditEvent | None, me: User) -> str:
    """What happened last, as one would tell it over the desk."""
    note = _quoted(event.note) if event is not None and event.note else ""
    act = event.action.removeprefix("document.") if event is not None else ""
    editor = document.editor.name if document.editor else "the editor"
    if document.state is State.QUESTION:
        return f"{editor} asks: {note}" if act == "ask" and me.id != document.editor_id else f"You asked: {note}"
    if document.state is State.DRAFT_FAILED:
        return note or "There is no draft yet; nothing is lost"
    if document.state is State.EDITING:
        return {
            "request_changes": f"Changes asked: {note}",
            "answer": f"Answered: {note}",
            "reopen": f"Opened again: {note}",
            "assign": note.strip("“”") or f"Version {document.text_number}",
        }.get(act, f"Version {document.text_number}, round {document.round}")
    if document.state is State.UNASSIGNED and act == "decline":
        return f"Given back: {note}"
    return {
        State.SIGNOFF: f"Delivered by {editor}" if me.id != document.editor_id else "You delivered it",
        State.CHOOSING: "Several drafts are there; one becomes the text",
        State.UNASSIGNED: "A draft is there; nobody edits it yet",
        State.APPROVED: "Signed",
        State.PUBLISHED: f"Published in an emergency: {note}",
        State.DRAFTING: "The machine is writing",
    }.get(document.state, "")


def _quoted(note: str) -> str:
    words = " ".join(note.split())
    return f"“{words if len(words) <= QUOTED else words[: QUOTED - 1].rstrip() + '…'}”"

"""The home page of everyone who works here: what waits for me, and everything else."""

import datetime as dt
import uuid
from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_

from copydesk.accounts.models import Role, User
from copydesk.autodocs.models import LIVE, Autodoc, DraftKind
from copydesk.documents import policy
from copydesk.documents.models import Document, State
from copydesk.web.documents.routes import blueprint, config
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person
from copydesk.web.templating import STATE_LABELS

PAGE = 25
NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
WAITS_FOR = {
    Role.SPONSOR: (State.SIGNOFF, State.QUESTION, State.CHOOSING, State.DRAFT_FAILED, State.APPROVED),
    Role.EDITOR: (State.EDITING,),
    Role.ADMIN: (State.DRAFT_FAILED, State.UNASSIGNED),
}
CARDS = {
    Role.SPONSOR: (
        (State.SIGNOFF, "to sign off"),
        (State.CHOOSING, "to choose from"),
        (State.DRAFTING, "being drafted"),
        (State.EDITING, "with an editor"),
        (State.APPROVED, "to publish"),
    ),
    Role.EDITOR: (
        (State.EDITING, "to edit"),
        (State.UNASSIGNED, "free to take"),
        (State.SIGNOFF, "with the sponsor"),
        (State.APPROVED, "approved"),
    ),
    Role.ADMIN: (
        (State.DRAFT_FAILED, "failed drafts"),
        (State.UNASSIGNED, "without an editor"),
        (State.EDITING, "being edited"),
        (State.SIGNOFF, "in sign-off"),
    ),
}


@dataclass(frozen=True)
class Card:
    count: int
    words: str
    state: State
    mine: bool  # do these wait for the viewer?


@dataclass(frozen=True)
class Row:
    """One line of the list: the document, what to say about it, what the person would do with it."""

    document: Document
    says: str
    button: str
    urgent: bool
    percent: int | None


@blueprint.get("")
@approved()
def index() -> ResponseReturnValue:
    me = person()
    model = request.args.get("model", "")
    mine = policy.visible_to(me, claiming=config().claiming)
    if model:
        mine = and_(mine, Document.id.in_(select(Autodoc.document_id).where(Autodoc.model == model)))
    counts = _counts(mine)
    state = _wanted_state()
    documents = db.session.scalars(_page(mine, state)).all()
    progress = _progress([document.id for document in documents if document.state is State.DRAFTING])
    shown = documents[:PAGE]
    return render_template(
        "documents/list.html",
        model=model,
        heading=f"Drafts by {model}" if model else heading(sum(counts.get(state, 0) for state in WAITS_FOR[me.role])),
        today=dt.datetime.now(dt.UTC),
        cards=[
            Card(counts.get(state, 0), words, state, mine=state in WAITS_FOR[me.role])
            for state, words in CARDS[me.role]
        ],
        rows=[_row(document, me, progress.get(document.id)) for document in shown],
        total=sum(counts.values()),
        state=state,
        states=[(one, STATE_LABELS[one], counts.get(one, 0)) for one in State],
        next_cursor=_cursor_of(shown[-1]) if len(documents) > PAGE else None,
        has_cursor=bool(request.args.get("after")),
    )


def heading(waiting: int) -> str:
    """“Two texts wait for you”."""
    if waiting == 0:
        return "Nothing waits for you"
    number = NUMBERS[waiting] if waiting < len(NUMBERS) else str(waiting)
    return f"{number} text{'s' if waiting > 1 else ''} wait{'s' if waiting == 1 else ''} for you"


def _counts(mine: ColumnElement[bool]) -> dict[State, int]:
    query = select(Document.state, func.count()).where(mine).group_by(Document.state)
    return {state: count for state, count in db.session.execute(query)}  # noqa: C416  a Row is not a pair to mypy


def _page(mine: ColumnElement[bool], state: State | None) -> Select[Document]:
    query = select(Document).where(mine).order_by(Document.updated_at.desc(), Document.id.desc()).limit(PAGE + 1)
    if state is not None:
        query = query.where(Document.state == state)
    cursor = _cursor()
    if cursor is not None:
        query = query.where(tuple_(Document.updated_at, Document.id) < cursor)
    return query


def _wanted_state() -> State | None:
    wanted = request.args.get("state", "")
    return State(wanted) if wanted in set(State) else None


def _cursor_of(document: Document) -> str:
    return f"{document.updated_at.isoformat()}_{document.id}"


def _cursor() -> tuple[dt.datetime, uuid.UUID] | None:
    """Where the page before ended; nonsense in the address starts from the top."""
    moment, _, number = request.args.get("after", "").rpartition("_")
    try:
        return dt.datetime.fromisoformat(moment.replace(" ", "+")), uuid.UUID(number)
    except ValueError:
        return None


def _progress(ids: list[uuid.UUID]) -> dict[uuid.UUID, Autodoc]:
    """The live draft of each document; of several the one that has got furthest."""
    live = and_(Autodoc.document_id.in_(ids), Autodoc.kind == DraftKind.WHOLE, Autodoc.state.in_(LIVE))
    query = select(Autodoc).where(live).order_by(Autodoc.tokens_written)
    return {draft.document_id: draft for draft in db.session.scalars(query)} if ids else {}


def _row(document: Document, me: User, draft: Autodoc | None) -> Row:
    percent = round(100 * draft.tokens_written / draft.tokens_target) if draft else None
    urgent = document.state in WAITS_FOR[me.role]
    return Row(document, _says(document, draft), _button(document, me), urgent, percent)


def _says(document: Document, draft: Autodoc | None) -> str:
    if draft is not None and draft.waiting_since is not None:
        return "The engine does not answer; drafting goes on when it is back"
    return {
        State.DRAFTING: "The machine is writing" if draft and draft.tokens_written else "Waits for its turn",
        State.DRAFT_FAILED: "There is no draft yet; nothing is lost",
        State.CHOOSING: "Several drafts are there; one becomes the text",
        State.UNASSIGNED: "A draft is there; nobody edits it yet",
        State.EDITING: f"Version {document.head_number}, round {document.round}",
        State.SIGNOFF: f"Delivered by {document.editor.name}" if document.editor else "Delivered",
        State.QUESTION: "The editor asked something; the sponsor answers",
        State.APPROVED: "Signed; it can be published",
        State.PUBLISHED: "Readers have it",
        State.RETRACTED: "Retracted; its page says so",
        State.WITHDRAWN: "Given up; everything is kept",
    }[document.state]


def _button(document: Document, me: User) -> str:
    if document.state is State.DRAFTING:
        return "Watch"
    words = {
        (Role.SPONSOR, State.SIGNOFF): "Review",
        (Role.SPONSOR, State.CHOOSING): "Choose",
        (Role.SPONSOR, State.QUESTION): "Answer",
        (Role.SPONSOR, State.APPROVED): "Publish",
        (Role.SPONSOR, State.DRAFT_FAILED): "Try again",
        (Role.EDITOR, State.EDITING): "Edit",
        (Role.EDITOR, State.UNASSIGNED): "Look",
        (Role.ADMIN, State.UNASSIGNED): "Assign",
    }
    return words.get((me.role, document.state), "Open")

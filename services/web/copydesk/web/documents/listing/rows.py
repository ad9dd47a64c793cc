"""The lines of the list: what last happened to a document, and what the viewer would do with it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, User
from copydesk.autodocs.models import LIVE, Autodoc, DraftKind
from copydesk.documents.finding import happened, listing, machine_share, searching
from copydesk.documents.finding.filters import BEFORE_DELIVERY, WAITS_FOR
from copydesk.documents.finding.happened import Last
from copydesk.documents.finding.searching import Piece
from copydesk.documents.models import Document, State

SEARCHED = 20_000  # characters of a text in which an excerpt is looked for
BUTTONS = {
    (Role.SPONSOR, State.SIGNOFF): "Review",
    (Role.SPONSOR, State.CHOOSING): "Choose",
    (Role.SPONSOR, State.QUESTION): "Answer",
    (Role.SPONSOR, State.APPROVED): "Publish",
    (Role.SPONSOR, State.DRAFT_FAILED): "Try again",
    (Role.EDITOR, State.EDITING): "Edit",
    (Role.EDITOR, State.UNASSIGNED): "Look",
    (Role.ADMIN, State.UNASSIGNED): "Assign",
}
# Where the state says more than the last act.
STANDING = {
    State.DRAFT_FAILED: "There is no draft yet; nothing is lost",
    State.CHOOSING: "Several drafts are there; one becomes the text",
    State.UNASSIGNED: "A draft is there; nobody edits it yet",
}


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    document: Document
    title: list[Piece]  # what was searched for apart
    says: str
    excerpt: list[Piece]
    due: bool  # does the date still matter?
    button: str
    urgent: bool
    percent: int | None  # of the draft that is being written
    machine: int | None  # percent of the text that the machine wrote, where that is known


def rows(session: Session, documents: Sequence[Document], me: User, asked: str) -> list[Row]:
    """In a constant number of queries."""
    drafts = _progress(session, [one.id for one in documents if one.state is State.DRAFTING])
    last = happened.last(session, [one.id for one in documents])
    machine = machine_share.known(session, documents)
    words = searching.words_of(asked)
    bodies = listing.words_of(session, documents, most=SEARCHED) if words else {}
    found = []
    for one in documents:
        draft = drafts.get(one.id)
        found.append(
            Row(
                document=one,
                title=searching.marked(one.title, words),
                says=_says(one, draft, last.get(one.id)),
                excerpt=_excerpt(bodies.get(one.id), words),
                due=one.due_at is not None and one.state in BEFORE_DELIVERY,
                button=_button(one, me),
                urgent=one.state in WAITS_FOR[me.role],
                percent=round(100 * draft.tokens_written / draft.tokens_target) if draft else None,
                machine=machine.get(one.id),
            )
        )
    return found


def _progress(session: Session, ids: list[uuid.UUID]) -> dict[uuid.UUID, Autodoc]:
    """The live draft of each document; of several the one that has got furthest."""
    live = and_(Autodoc.document_id.in_(ids), Autodoc.kind == DraftKind.WHOLE, Autodoc.state.in_(LIVE))
    query = select(Autodoc).where(live).order_by(Autodoc.tokens_written)
    return {draft.document_id: draft for draft in session.scalars(query)}


def _excerpt(words: tuple[str, str] | None, wanted: list[str]) -> list[Piece]:
    """From the text; from the brief, where the text says nothing of it."""
    if words is None:
        return []
    brief, body = words
    return searching.excerpt(body, wanted) or searching.excerpt(brief, wanted)


def _says(document: Document, draft: Autodoc | None, last: Last | None) -> str:
    if draft is not None and draft.waiting_since is not None:
        return "The engine does not answer; drafting goes on when it is back"
    if document.state is State.DRAFTING:
        return "The machine is writing" if draft and draft.tokens_written else "Waits for its turn"
    if document.state in STANDING:
        return STANDING[document.state]
    return f"{last.who} {last.what}" if last else f"Version {document.head_number}, round {document.round}"


def _button(document: Document, me: User) -> str:
    if document.state is State.DRAFTING:
        return "Watch"
    return BUTTONS.get((me.role, document.state), "Open")

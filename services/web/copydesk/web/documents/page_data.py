"""What the one page of a document shows, gathered in a constant number of queries."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import load_only

from copydesk import audit, jobs
from copydesk.accounts.models import User
from copydesk.autodocs import authors, requests, spans
from copydesk.autodocs.models import Autodoc, DraftKind, DraftState
from copydesk.documents import authorship, chain, exporting
from copydesk.documents.asking import attachments
from copydesk.documents.models import Document, Revision, State
from copydesk.documents.shares import shares
from copydesk.documents.text import count_words
from copydesk.documents.workflow import TRANSITIONS, Act, Who
from copydesk.web import clock
from copydesk.web.documents import certainty, commented, comparing, desk_data, reviews, signing_off
from copydesk.web.documents.publication import publication
from copydesk.web.documents.responsible import offer_responsible
from copydesk.web.documents.routes import config, offer_editors
from copydesk.web.extensions import db
from copydesk.web.forms import (
    ApproveForm,
    AssignForm,
    AttachmentForm,
    CommentForm,
    DeclineForm,
    DueForm,
    QuestionForm,
    TextForm,
)
from copydesk.web.pausing import pause_message
from copydesk.web.shortcuts import SHORTCUTS

AFTER_SIGNING = (State.APPROVED, State.PUBLISHED, State.RETRACTED)
_OF_THE_WORKER = {
    f"document.{row.act.value.replace(' ', '_')}" for row in TRANSITIONS.values() if Who.WORKER in row.who
}
WORDS_PER_TOKEN = 0.72
ENGINE_SILENT = "The engine does not answer. Your brief is safe, and drafting goes on as soon as it is back."
NO_WORKER = "No worker is running at the moment. Your brief is safe, and drafting starts as soon as one is back."


@dataclass(frozen=True)
class TimelineEntry:
    """One line of what happened: who, what, when, with what words."""

    who: str
    what: str
    at: dt.datetime
    comment: str | None


@dataclass(frozen=True)
class DraftView:
    """A machine draft as the page shows it."""

    id: int
    number: int
    state: DraftState
    text: str
    words_written: int
    words_target: int
    percent: int
    reason: str | None
    waiting: bool
    message: str
    truncated: bool
    read_from_char: int
    brief_chars: int
    model: str
    model_sha256: str | None
    seed: int
    seconds: float | None
    trimmed: str
    sure_percent: int | None
    outcome: str

    @property
    def is_done(self) -> bool:
        return self.state is DraftState.DONE

    @property
    def sureness(self) -> str:
        return certainty.in_words(self.sure_percent)


def document_page(document: Document, **forms: Any) -> dict[str, Any]:
    """Everything `documents/document.html` needs; a form given by name replaces a fresh one."""
    session = db.session()
    revisions = chain.revisions(session, document.id)
    head = next((one for one in reversed(revisions) if one.number == document.text_number), None)
    written = requests.drafts(session, document.id)
    drafts = [draft_view(draft) for draft in written]
    tiles = authors.spans(session, document)
    paragraphs = reviews.found(document, head, tiles)
    talk = commented.conversation(document)
    return {
        "document": document,
        "head": head,
        "revisions": list(reversed(revisions)),
        "draft": _shown(document, drafts, revisions),
        "drafts": drafts,
        "beside": beside(written),
        "asking": spans.newest_request(session, document) if document.state is State.EDITING else None,
        "events": timeline(document),
        "since": comparing.since_last_seen(document, revisions),
        "spans": commented.cut(_readable(tiles, head, revisions), talk.open),
        "conversation": talk,
        "comment_refused": None,
        "shares": shares(tiles),
        "desk": desk_data.described(document, head, tiles, paragraphs),
        **reviews.card_of(document, head, paragraphs, tiles),
        "shortcuts": SHORTCUTS,
        "words": count_words(head.body) if head else 0,
        "save_form": _text_form(head),
        "changes_form": CommentForm(),
        "decline_form": DeclineForm(),
        "approve_form": _approve_form(document, head),
        "assign_form": _assign_form(document),
        "question_form": QuestionForm(),
        "due_form": DueForm(formdata=None, due=clock.as_typed(document.due_at)),
        **signing_off.card(document, head, revisions),
        "publication": publication(document) if document.state in AFTER_SIGNING or document.edition else None,
        "attachments": attachments.of(session, document),
        "attachment_form": AttachmentForm(formdata=None),
        "file_types": attachments.TYPES,
        "file_limits": attachments.limits(),
        **forms,
    }


def progress(document: Document) -> dict[str, Any]:
    """The state of the newest drafts, as small as can be; all but `drafts` is said of the one that leads."""
    several = requests.side_by_side(db.session(), document.id)
    if not several:
        return {"state": "none", "document_state": document.state.value, "next_ms": 0}
    draft = _leading(several)
    waiting, message = standing(draft)
    live = document.state is State.DRAFTING
    return {
        "state": draft.state.value,
        "document_state": document.state.value,
        "draft": draft.number,
        "text": draft.text,
        "words": count_words(draft.text),
        "target": _words_target(draft),
        "percent": _percent(draft),
        "message": message,
        "waiting": waiting,
        "next_ms": (2000 if waiting else 250) if live else 0,
        "drafts": [_column(one) for one in several] if len(several) > 1 else [],
    }


def draft_view(draft: Autodoc) -> DraftView:
    waiting, message = standing(draft)
    return DraftView(
        id=draft.id,
        number=draft.number,
        state=draft.state,
        text=draft.text,
        words_written=count_words(draft.text),
        words_target=_words_target(draft),
        percent=_percent(draft),
        reason=draft.reason,
        waiting=waiting,
        message=message,
        truncated=draft.read_from_char > 0,
        read_from_char=draft.read_from_char,
        brief_chars=len(draft.brief),
        model=draft.model,
        model_sha256=draft.model_sha256,
        seed=draft.seed,
        seconds=draft.seconds,
        trimmed=draft.trimmed,
        sure_percent=certainty.mean_percent(draft.token_logprobs),
        outcome=outcome(draft),
    )


def beside(drafts: Sequence[Autodoc]) -> list[DraftView]:
    """The drafts of the newest request, by choice."""
    newest = max((one.request for one in drafts), default=0)
    several = sorted((one for one in drafts if one.request == newest), key=lambda one: one.choice)
    return [draft_view(one) for one in several]


def drafts_of_history(document: Document) -> dict[str, Any]:
    """Every draft with what became of it, and which of them stands behind which machine version."""
    light = load_only(Autodoc.number, Autodoc.kind, Autodoc.state, Autodoc.text)
    query = select(Autodoc).where(Autodoc.document_id == document.id).order_by(Autodoc.number).options(light)
    everything = db.session.scalars(query).all()
    return {
        "drafts": [
            {"number": one.number, "name": f"{kind_name(one)} {one.number}", "says": outcome(one)}
            for one in reversed(everything)
        ],
        "machine_words": {
            one.id: {
                "number": one.number,
                "words": "A passage by the machine" if one.kind is DraftKind.SPAN else "A machine draft",
            }
            for one in everything
        },
    }


def outcome(draft: Autodoc) -> str:
    """What became of a draft, in a few words."""
    if draft.state is DraftState.DONE:
        return f"{count_words(draft.text):,} words"
    return {
        DraftState.QUEUED: "waits for its turn",
        DraftState.WRITING: "is being written",
        DraftState.FAILED: "could not be written",
        DraftState.CANCELLED: "was stopped",
    }[draft.state]


def timeline(document: Document) -> list[TimelineEntry]:
    """What happened to the document, newest first, in words."""
    events = commented.seen(audit.history(db.session(), "document", document.id))
    said = commented.words_of_events(document, events)
    ids = {event.actor_id for event in events if event.actor_id is not None}
    names = {row.id: row.name for row in db.session.execute(select(User.id, User.name).where(User.id.in_(ids)))}
    says = {f"document.{act.value.replace(' ', '_')}": TRANSITIONS[act].says for act in Act} | exporting.SAYS
    entries = [
        TimelineEntry(
            who=names[event.actor_id] if event.actor_id is not None else _nobody(event),
            what=says.get(event.action, event.action),
            at=event.at,
            comment=event.note or said.get(event.id),
        )
        for event in _worth_telling(events)
    ]
    return entries[::-1]


def _nobody(event: audit.AuditEvent) -> str:
    """Whose act it is that no person did."""
    return "The machine" if event.action in _OF_THE_WORKER else "The desk"


def _worth_telling(events: Sequence[audit.AuditEvent]) -> list[audit.AuditEvent]:
    """Asking how to go on changes nothing, and of words taken one after the other the last ones speak for all."""
    asked, taken, decided = (
        f"document.{act.value.replace(' ', '_')}" for act in (Act.ASK_CONTINUATION, Act.ACCEPT_WORDS, Act.DECIDE_CHANGE)
    )
    told: list[audit.AuditEvent] = []
    for event in events:
        if event.action == asked:
            continue
        again = bool(told) and (told[-1].action, told[-1].actor_id) == (event.action, event.actor_id)
        if again and (event.action == taken or (event.action == decided and not told[-1].note)):
            told.pop()
        told.append(event)
    return told


def _shown(document: Document, drafts: Sequence[DraftView], revisions: Sequence[Revision]) -> DraftView | None:
    """The draft that the page is about: the one that became the text, or the one that is written now."""
    if not drafts or document.state in (State.DRAFTING, State.DRAFT_FAILED, State.CHOOSING):
        return drafts[0] if drafts else None
    mine = {one.id: one for one in drafts}
    taken = (mine.get(one.autodoc_id) for one in reversed(revisions) if one.autodoc_id is not None)
    return next((one for one in taken if one is not None), drafts[0])


def _leading(several: Sequence[Autodoc]) -> Autodoc:
    """The one of several that says best how all of them stand: one that is written, one that waits, the first."""
    for state in (DraftState.WRITING, DraftState.QUEUED, DraftState.DONE):
        for one in several:
            if one.state is state:
                return one
    return several[0]


def _column(draft: Autodoc) -> dict[str, Any]:
    over = draft.state in (DraftState.FAILED, DraftState.CANCELLED)
    waits = draft.state is DraftState.QUEUED
    return {
        "number": draft.number,
        "state": draft.state.value,
        "text": draft.text,
        "words": count_words(draft.text),
        "target": _words_target(draft),
        "percent": 100 if draft.state is DraftState.DONE else _percent(draft),
        "message": (draft.reason or "Stopped.") if over else "Waits for its turn." if waits else "",
    }


def kind_name(draft: Autodoc) -> str:
    names = {DraftKind.WHOLE: "Draft", DraftKind.SPAN: "Candidate", DraftKind.CONTINUATION: "Continuation"}
    return names[draft.kind]


def _words_target(draft: Autodoc) -> int:
    return math.ceil(draft.tokens_target * WORDS_PER_TOKEN)


def _percent(draft: Autodoc) -> int:
    return min(100, round(100 * draft.tokens_written / draft.tokens_target))


def worker_runs() -> bool:
    """Has a worker given a sign of life lately?"""
    return jobs.worker_is_alive(db.session(), dt.timedelta(seconds=config().worker_stalled_after))


def standing(draft: Autodoc) -> tuple[bool, str]:
    """Does a draft wait for something that is not there, and what to say about it?"""
    if draft.state is DraftState.QUEUED and (paused := pause_message()):
        return True, paused
    if draft.state is DraftState.QUEUED and draft.waiting_since is not None:
        return True, ENGINE_SILENT
    if draft.state is DraftState.QUEUED:
        if not worker_runs():
            return True, NO_WORKER
        return False, "Waits for its turn."
    if draft.state is DraftState.WRITING:
        return (
            False,
            "The machine is writing." if draft.tokens_written else "The machine is reading the brief.",
        )
    return False, draft.reason or ""


def _readable(
    spans: Sequence[authorship.Span], head: Revision | None, revisions: Sequence[Revision]
) -> list[dict[str, Any]]:
    """The text in pieces, each with where it came from and the author's name."""
    if head is None:
        return []
    names = {one.author_id: one.author.name for one in revisions if one.author is not None}
    return [
        {
            "origin": span.origin,
            "text": head.body[span.start : span.end],
            "author": names.get(span.author_id, "") if span.origin != "machine" else "the machine",
        }
        for span in spans
    ]


def _text_form(head: Revision | None) -> TextForm:
    if head is None:
        return TextForm(formdata=None)
    return TextForm(formdata=None, title=head.title, body=head.body, base_revision=head.number)


def _approve_form(document: Document, head: Revision | None) -> ApproveForm:
    form = ApproveForm(formdata=None, sha256=head.sha256 if head else "")
    if document.state is State.SIGNOFF:
        offer_responsible(form, document)
    return form


def _assign_form(document: Document) -> AssignForm:
    form = AssignForm(formdata=None, editor=str(document.editor_id or ""))
    offer_editors(form, none="Nobody: back to the desk")
    return form

"""One draft's own page: what was asked, with what it was written, what came; and writing it again."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from copydesk.autodocs import replays
from copydesk.autodocs.models import LIVE_REPLAY, Autodoc, DraftKind, DraftState, Replay, ReplayState
from copydesk.autodocs.options import PRESETS
from copydesk.documents.models import Document
from copydesk.documents.text import count_words
from copydesk.web.documents import certainty, page_data
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.errors import answer
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person, wants_json
from copydesk.web.pausing import pause_message

REPLAY_SAYS = {
    ReplayState.QUEUED: "Waits for its turn to be written again.",
    ReplayState.RUNNING: "It is being written again.",
}
NO_WORKER = "No worker is running at the moment. It is written again as soon as one is back."
ORDER = ("strategy", "temperature", "top_k", "top_p", "num_beams", "repetition_penalty", "no_repeat_ngram_size")
# Which values have no part in which strategy: shown they would only mislead.
UNUSED = {
    "greedy": {"temperature", "top_k", "top_p", "num_beams", "seed"},
    "beam": {"temperature", "top_k", "top_p", "seed"},
    "top-k": {"top_p", "num_beams"},
    "top-p": {"top_k", "num_beams"},
}


@dataclass(frozen=True)
class DraftPage:
    """A draft with all that is known of it, in words."""

    number: int
    kind: str  # "Draft", "Candidate" or "Continuation"
    summary: str
    text: str
    trimmed: str
    words: int
    pieces: list[certainty.Piece]
    facts: list[tuple[str, str, bool]]  # name, value, is it a hash?
    sampling: list[tuple[str, str]]
    read: str
    unread: int


@dataclass(frozen=True)
class ReplayView:
    """How the last replay of a draft stands."""

    is_live: bool
    identical: bool
    failed: bool
    message: str
    first_difference: int
    expected: str
    got: str


@blueprint.get("/<uuid:document_id>/drafts/<int:number>")
@approved()
def draft(document_id: uuid.UUID, number: int) -> ResponseReturnValue:
    document = load(document_id)
    shown = _draft(document, number)
    if shown is None:
        return answer(404)
    last = replays.newest(db.session(), shown.id)
    return render_template(
        "documents/draft.html",
        document=document,
        draft=_page(shown),
        replay=_replay(shown, last),
        can_replay=shown.state is DraftState.DONE and bool(shown.prompt_tokens),
    )


@blueprint.post("/<uuid:document_id>/drafts/<int:number>/replay")
@approved()
def replay(document_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """Have it written again and compared; the document is not touched."""
    document = load(document_id)
    shown = _draft(document, number)
    if shown is None:
        return answer(404)
    replays.ask(db.session(), shown.id, person())
    db.session.commit()
    if wants_json():
        return {"ok": True, "url": url_for(".replay_progress", document_id=document_id, number=number)}, 201
    return redirect(url_for("documents.draft", document_id=document_id, number=number, _anchor="replay"), 303)


@blueprint.get("/<uuid:document_id>/drafts/<int:number>/replay.json")
@approved()
def replay_progress(document_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """What the waiting page asks for."""
    document = load(document_id)
    query = select(Autodoc.id).where(Autodoc.document_id == document.id, Autodoc.number == number)
    found = db.session.scalars(query).one_or_none()
    last = replays.newest(db.session(), found) if found is not None else None
    if last is None:
        return answer(404)
    live = last.state in LIVE_REPLAY
    return {
        "state": last.state.value,
        "done": not live,
        "identical": last.identical,
        "first_difference": last.first_difference,
        "message": _waits(last) if live else last.reason or "",
        "next_ms": 400 if live else 0,
    }


def _draft(document: Document, number: int) -> Autodoc | None:
    query = select(Autodoc).where(Autodoc.document_id == document.id, Autodoc.number == number)
    return db.session.scalars(query).one_or_none()


def _page(one: Autodoc) -> DraftPage:
    return DraftPage(
        number=one.number,
        kind=page_data.kind_name(one),
        summary=_summary(one),
        text=one.text,
        trimmed=one.trimmed,
        words=count_words(one.text),
        pieces=certainty.pieces(one.text, one.output_tokens or [], one.token_logprobs, one.model),
        facts=_facts(one),
        sampling=_sampling(one),
        read=one.brief[one.read_from_char :],
        unread=one.read_from_char,
    )


def _summary(one: Autodoc) -> str:
    if one.state is not DraftState.DONE:
        return f"This draft {page_data.outcome(one)}. {one.reason or ''}".strip()
    what = {
        DraftKind.WHOLE: "A whole draft",
        DraftKind.SPAN: f"Words for a passage of version {one.base_number}",
        DraftKind.CONTINUATION: f"Words to go on with in a text that was version {one.base_number}",
    }[one.kind]
    percent = certainty.mean_percent(one.token_logprobs)
    sure = f" The model was {certainty.in_words(percent)}: {percent} % on average." if percent is not None else ""
    return f"{what}, written in {one.seconds:.1f} seconds.{sure}" if one.seconds else f"{what}.{sure}"


def _facts(one: Autodoc) -> list[tuple[str, str, bool]]:
    """What is known of it, unknown facts left out."""
    facts: list[tuple[str, Any, bool]] = [
        ("Asked for as", _asked_as(one), False),
        ("Model", one.model, False),
        ("Weights’ SHA-256", one.model_sha256, True),
        ("Engine", one.engine, False),
        ("Seed", one.seed, False),
        ("Template", one.template if one.template != "{brief}" else "the brief alone", False),
        ("Begins with", one.prefix, False),
        ("Ends before", one.truncate, False),
        ("Tokens read", f"{len(one.prompt_tokens):,}" if one.prompt_tokens else None, False),
        ("Tokens written", f"{one.tokens_written:,} of at most {one.tokens_target:,}", False),
        ("Tokens a second", _speed(one), False),
        ("Asked for", one.created_at.strftime("%-d %B %Y, %H:%M:%S UTC"), False),
    ]
    return [(name, str(value), is_hash) for name, value, is_hash in facts if value not in (None, "")]


def _asked_as(one: Autodoc) -> str:
    names = {position.preset.value: position.name for position in PRESETS}
    preset = names.get(str(one.options.get("preset", "balanced")), "Custom")
    several = one.options.get("n", 1)
    return f"{preset}, one of {several} side by side" if several > 1 else preset


def _speed(one: Autodoc) -> str | None:
    return f"{one.tokens_written / one.seconds:,.0f}" if one.seconds and one.tokens_written else None


def _sampling(one: Autodoc) -> list[tuple[str, str]]:
    """Every value that had a part in it, by the field's own names."""
    unused = UNUSED.get(str(one.sampling.get("strategy")), set()) | {"seed", "n"}
    names = [name for name in (*ORDER, *sorted(set(one.sampling) - set(ORDER))) if name in one.sampling]
    return [(name, _value(one.sampling[name])) for name in names if name not in unused]


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(f"“{one}”" for one in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _replay(one: Autodoc, last: Replay | None) -> ReplayView | None:
    if last is None:
        return None
    live = last.state in LIVE_REPLAY
    if live:
        message = _waits(last)
    elif last.state is ReplayState.FAILED:
        message = last.reason or ""
    elif last.identical:
        message = f"All {len(one.output_tokens or ()):,} tokens are the same, letter by letter."
    else:
        message = f"By {last.engine}; the draft was by {one.engine}." if last.engine != one.engine else ""
    return ReplayView(
        is_live=live,
        identical=bool(last.identical),
        failed=last.state is ReplayState.FAILED,
        message=message,
        first_difference=last.first_difference or 0,
        expected=last.expected,
        got=last.got,
    )


def _waits(last: Replay) -> str:
    if last.state is ReplayState.QUEUED and (paused := pause_message()):
        return paused
    if last.state is ReplayState.QUEUED and not page_data.worker_runs():
        return NO_WORKER
    return REPLAY_SAYS[last.state]

"""The worker's side of drafting: claim, write, finish. Each step is one short transaction.

Nothing is locked while the model writes. Every statement names the attempt it belongs to; when a person has cancelled
or another worker has taken over, it changes no row and the caller gets `Overtaken`.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, load_only

from copydesk.autodocs import probabilities
from copydesk.autodocs.models import LIVE, Autodoc, DraftKind, DraftState
from copydesk.autodocs.options import DraftOptions
from copydesk.documents import chain, machine_words, revising
from copydesk.documents.models import Document, State


class Overtaken(Exception):
    """This draft is no longer this worker's: it was cancelled, or taken over by another worker."""


class TextMovedOn(Exception):
    """The text was changed while these words were waited for. Please mark the passage again."""


NOT_EDITED = "The text is not being edited any more, so there is nothing to go on from."


@dataclass(frozen=True)
class Claim:
    """The right to write one draft, as long as nobody else has claimed it since."""

    autodoc_id: int
    attempt: int
    document_id: uuid.UUID
    kind: DraftKind
    title: str
    brief: str
    options: DraftOptions
    seed: int
    model: str
    tokens_target: int
    failures: int  # how often it broke before


@dataclass(frozen=True)
class Place:
    """Where words for a passage belong: the text before it, the passage, the text after it."""

    before: str
    passage: str
    after: str


@dataclass(frozen=True)
class Written:
    """What the model wrote, and with what."""

    text: str
    trimmed: str
    output_tokens: Sequence[int]
    model_sha256: str | None  # None: another server's, which doesn't tell
    engine: str
    logprobs: Sequence[float] = ()  # one a token, or none at all
    score: float | None = None  # of words for a passage


def claim(session: Session, autodoc_id: int) -> Claim:
    """Take the draft, also from a worker that died with it; text of an earlier attempt is dropped.

    Raises:
        Overtaken: it is finished or cancelled.
    """
    row = session.execute(
        update(Autodoc)
        .where(Autodoc.id == autodoc_id, Autodoc.state.in_(LIVE), Autodoc.document_id == Document.id)
        .values(
            state=DraftState.WRITING,
            attempt=Autodoc.attempt + 1,
            text="",
            tokens_written=0,
            started_at=func.clock_timestamp(),
        )
        .returning(
            Autodoc.id,
            Autodoc.attempt,
            Autodoc.document_id,
            Autodoc.kind,
            Document.title,
            Autodoc.brief,
            Autodoc.options,
            Autodoc.seed,
            Autodoc.model,
            Autodoc.tokens_target,
            Autodoc.failures,
        )
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        raise Overtaken
    return Claim(
        autodoc_id=row.id,
        attempt=row.attempt,
        document_id=row.document_id,
        kind=row.kind,
        title=row.title,
        brief=row.brief,
        options=DraftOptions.from_dict(row.options),
        seed=row.seed,
        model=row.model,
        tokens_target=row.tokens_target,
        failures=row.failures,
    )


def place(session: Session, mine: Claim) -> Place:
    """The text around the passage that `mine` is to write words for, or around the cursor.

    Raises:
        TextMovedOn: it is another text by now, or nobody's to edit.
    """
    draft = session.get_one(Autodoc, mine.autodoc_id)
    document = session.get_one(Document, mine.document_id)
    if draft.kind is DraftKind.CONTINUATION:
        return _cursor(session, draft, document)
    head = revising.head_text(session, document)
    if draft.span_start is None or draft.span_end is None or head is None:
        raise ValueError(f"draft {mine.autodoc_id} has no passage")
    if document.state is not State.EDITING or head.number != draft.base_number:
        raise TextMovedOn(TextMovedOn.__doc__)
    body = head.body
    return Place(body[: draft.span_start], body[draft.span_start : draft.span_end], body[draft.span_end :])


def _cursor(session: Session, draft: Autodoc, document: Document) -> Place:
    """Where words that go on belong: in the text as its editor had it, whatever was saved since."""
    if document.state is not State.EDITING:
        raise TextMovedOn(NOT_EDITED)
    base = chain.revision(session, document, draft.base_number or 0) if draft.unsaved_text is None else None
    text = base.body if base else draft.unsaved_text or ""
    return Place(text[: draft.span_start], "", text[draft.span_end :])


def begin(
    session: Session,
    mine: Claim,
    *,
    sampling: dict[str, Any],
    prompt_tokens: Sequence[int],
    read_from_char: int,
    template: str | None = None,
    keep: int = 0,
    tokens_target: int | None = None,
) -> None:
    """Note what the model is about to read, before its first word."""
    _write(
        session,
        mine,
        sampling=sampling,
        prompt_tokens=list(prompt_tokens),
        read_from_char=read_from_char,
        template=template,
        keep=keep,
        tokens_target=tokens_target or mine.tokens_target,
        waiting_since=None,
    )


def progress(session: Session, mine: Claim, text: str, tokens_written: int) -> None:
    """The words so far, for the page that watches."""
    _write(session, mine, text=text, tokens_written=tokens_written, waiting_since=None)


def finish(session: Session, mine: Claim, written: Written) -> None:
    """The draft is done; the last of its request moves the document on, in the same transaction, once."""
    document = _lock_document(session, mine)
    named = len(written.logprobs) == len(written.output_tokens)
    _write(
        session,
        mine,
        state=DraftState.DONE,
        text=written.text,
        trimmed=written.trimmed,
        output_tokens=list(written.output_tokens),
        token_logprobs=probabilities.pack(written.logprobs) if named else None,
        tokens_written=len(written.output_tokens),
        model_sha256=written.model_sha256,
        engine=written.engine,
        score=written.score,
        finished_at=func.clock_timestamp(),
    )
    _conclude(session, mine, document)


def fail(session: Session, mine: Claim, reason: str) -> None:
    """The draft can't be written; `reason` is read by the sponsor, or by the editor who asked for words."""
    document = _lock_document(session, mine)
    _write(session, mine, state=DraftState.FAILED, reason=reason, finished_at=func.clock_timestamp())
    _conclude(session, mine, document)


def hand_back(session: Session, mine: Claim, *, waiting: bool, failed: bool = False) -> None:
    """Back into the queue: the engine does not answer (`waiting`), it broke (`failed`), or this worker stops."""
    _write(
        session,
        mine,
        state=DraftState.QUEUED,
        waiting_since=func.coalesce(Autodoc.waiting_since, func.clock_timestamp()) if waiting else None,
        failures=Autodoc.failures + (1 if failed else 0),
    )


def _conclude(session: Session, mine: Claim, document: Document) -> None:
    """When this was the last of its request: one draft becomes the text, several are offered, none is a failure."""
    if mine.kind is not DraftKind.WHOLE:
        return
    side = _side_by_side(session, mine)
    if any(one.is_live for one in side):
        return
    done = [one for one in side if one.state is DraftState.DONE]
    if len(done) > 1:
        machine_words.offer_drafts(session, document, count=len(done))
    elif done:
        machine_words.accept_draft(session, document, autodoc_id=done[0].id, body=done[0].text)
    else:
        reasons = dict.fromkeys(one.reason for one in side if one.reason)
        machine_words.fail_draft(session, document, reason=" ".join(reasons))


def _side_by_side(session: Session, mine: Claim) -> Sequence[Autodoc]:
    """The drafts of the same request as they are now; the caller holds the document's lock, so none ends meanwhile."""
    request = select(Autodoc.request).where(Autodoc.id == mine.autodoc_id).scalar_subquery()
    query = select(Autodoc).where(
        Autodoc.document_id == mine.document_id, Autodoc.kind == DraftKind.WHOLE, Autodoc.request == request
    )
    short = load_only(Autodoc.state, Autodoc.text, Autodoc.reason)
    return session.scalars(query.options(short).execution_options(populate_existing=True)).all()


def _write(session: Session, mine: Claim, **values: Any) -> None:
    row = session.execute(
        update(Autodoc)
        .where(
            Autodoc.id == mine.autodoc_id,
            Autodoc.attempt == mine.attempt,
            Autodoc.state == DraftState.WRITING,
        )
        .values(**values)
        .returning(Autodoc.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        raise Overtaken


def _lock_document(session: Session, mine: Claim) -> Document:
    """The document's row first, as every person's act does, so that no two wait for each other."""
    query = select(Document).where(Document.id == mine.document_id)
    return session.scalars(query.with_for_update(of=Document).execution_options(populate_existing=True)).one()

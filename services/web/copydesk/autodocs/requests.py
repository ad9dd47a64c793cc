"""The person's side of drafting: ask for drafts, stop them, choose. Everything in the caller's transaction."""

import datetime as dt
import secrets
import uuid
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, defer

from copydesk import jobs
from copydesk.accounts.models import User
from copydesk.autodocs import fairness, limits, queue
from copydesk.autodocs.default_model import default_model
from copydesk.autodocs.models import LIVE, Autodoc, DraftKind, DraftState
from copydesk.autodocs.options import MOST_DRAFTS, DraftOptions
from copydesk.config import settings
from copydesk.documents import access, machine_words, operations
from copydesk.documents.errors import InvalidInput
from copydesk.documents.models import Document, State
from copydesk.documents.workflow import Act
from copydesk.engine import models
from copydesk.engine.card import Card
from copydesk.engine.errors import ModelError
from copydesk.engine.sampling import LARGEST_SEED

# A watching page asks several times a second: it gets none of these.
_HEAVY = (
    Autodoc.brief,
    Autodoc.prompt_tokens,
    Autodoc.output_tokens,
    Autodoc.token_logprobs,
    Autodoc.sampling,
    Autodoc.options,
    Autodoc.template,
)


def create_document(
    session: Session,
    sponsor: User,
    *,
    title: str,
    brief: str,
    editor_id: int | None,
    options: DraftOptions = DraftOptions(),  # noqa: B008  a frozen value
    most_words: int | None = None,
    must_keep: str = "",
    due_at: dt.datetime | None = None,
    document_id: uuid.UUID | None = None,
) -> Document:
    """A new document with its first drafts queued: all are committed, or nothing.

    Raises:
        IntegrityError: there is a document of this `document_id` already.
    """
    document = operations.create(
        session,
        sponsor,
        title=title,
        brief=brief,
        editor_id=editor_id,
        sampling=options.to_dict(),
        most_words=most_words,
        must_keep=must_keep,
        due_at=due_at,
        document_id=document_id,
    )
    _queue(session, document, sponsor, options, waits=False)
    return document


def retry(
    session: Session,
    document_id: uuid.UUID,
    actor: User,
    options: DraftOptions | None = None,
    *,
    waits: bool = True,
) -> Document:
    """Ask again after drafts that failed or were stopped; `waits`: somebody sits in front of the page."""
    document = operations.move(session, document_id, Act.RETRY, actor)
    return _ask_again(session, document, actor, options, waits=waits)


def redraft(session: Session, document_id: uuid.UUID, actor: User, options: DraftOptions | None = None) -> Document:
    """Ask for other drafts though there is a text, or some to choose from; all that was written is kept."""
    document = operations.move(session, document_id, Act.REDRAFT, actor)
    _stop_live(session, document_id)  # words for a passage of the text that is about to go
    return _ask_again(session, document, actor, options, waits=False)


def draft_again(session: Session, document_id: uuid.UUID, actor: User, options: DraftOptions | None = None) -> Document:
    """Ask for drafts, whether the last ones failed or became a text. Without options: as kept with the document."""
    failed = access.get(session, document_id, actor).state is State.DRAFT_FAILED
    return (retry if failed else redraft)(session, document_id, actor, options)


def choose(session: Session, document_id: uuid.UUID, actor: User, autodoc_id: int) -> Document:
    """One of the drafts that lie side by side becomes the text; the others are kept.

    Raises:
        InvalidInput: `draft`: it is none of them.
    """
    document = access.lock_for(session, document_id, Act.CHOOSE, actor)
    chosen = next((one for one in side_by_side(session, document_id) if one.id == autodoc_id), None)
    if chosen is not None:
        session.refresh(chosen, ["state", "text"])
    if chosen is None or chosen.state is not DraftState.DONE:
        raise InvalidInput("draft", "Please choose one of the drafts that are here.")
    machine_words.choose_draft(session, document, actor, autodoc_id=chosen.id, body=chosen.text)
    return document


def cancel(session: Session, document_id: uuid.UUID, actor: User) -> Document:
    """Stop all drafts that are being written; the workers see it at their next word. What is done can be chosen."""
    access.lock_for(session, document_id, Act.CANCEL, actor)  # no draft ends meanwhile
    states = session.scalars(_newest_request(document_id).with_only_columns(Autodoc.state)).all()
    act = Act.STOP_REST if DraftState.DONE in states else Act.CANCEL
    document = operations.move(session, document_id, act, actor)
    _stop_live(session, document_id)
    return document


def withdraw(session: Session, document_id: uuid.UUID, actor: User) -> Document:
    """Give the document up; whatever is being written for it stops."""
    document = operations.move(session, document_id, Act.WITHDRAW, actor)
    _stop_live(session, document_id)
    return document


def drafts(session: Session, document_id: uuid.UUID) -> Sequence[Autodoc]:
    """Every whole draft of a document, the newest first."""
    query = select(Autodoc).where(Autodoc.document_id == document_id, Autodoc.kind == DraftKind.WHOLE)
    return session.scalars(query.order_by(Autodoc.number.desc())).all()


def everything(session: Session, document_id: uuid.UUID) -> Sequence[Autodoc]:
    """All that the machine ever wrote for a document, words for passages too, oldest first."""
    query = select(Autodoc).where(Autodoc.document_id == document_id)
    return session.scalars(query.order_by(Autodoc.number)).all()


def newest(session: Session, document_id: uuid.UUID) -> Autodoc | None:
    """The first draft of the newest request, without its long columns."""
    found = side_by_side(session, document_id)
    return found[0] if found else None


def side_by_side(session: Session, document_id: uuid.UUID) -> Sequence[Autodoc]:
    """The drafts of the newest request, by choice, without their long columns other than the text."""
    query = _newest_request(document_id).order_by(Autodoc.choice)
    return session.scalars(query.options(*(defer(column) for column in _HEAVY))).all()


def _newest_request(document_id: uuid.UUID) -> Select[Autodoc]:
    mine = (Autodoc.document_id == document_id, Autodoc.kind == DraftKind.WHOLE)
    last = select(func.max(Autodoc.request)).where(*mine).scalar_subquery()
    return select(Autodoc).where(*mine, Autodoc.request == last)


def next_request(session: Session, document_id: uuid.UUID) -> tuple[int, int]:
    """The number of the next asking, and how many drafts there are; the caller holds the document's lock."""
    query = select(func.coalesce(func.max(Autodoc.request), 0) + 1, func.count())
    request, count = session.execute(query.where(Autodoc.document_id == document_id)).one()
    return request, count


def new_seed(options: DraftOptions) -> int:
    """The first seed of a request; the next draft has the next one."""
    return secrets.randbelow(LARGEST_SEED - MOST_DRAFTS * 2) if options.seed is None else options.seed


def card_of(model: str) -> Card:
    """The model's card, or an empty one where its folder is not at hand: the worker looks again."""
    try:
        return models.read_card(model, Path(settings().models_dir))
    except ModelError:
        return Card()


def give_job(session: Session, person: User, draft: Autodoc, task: jobs.Task, *, waits: bool) -> None:
    """Give the draft its job; `waits`: a person sits in front of the page."""
    session.add(draft)
    session.flush()
    turn = fairness.priority(session, person, interactive=waits, tokens=draft.tokens_target)
    draft.job_id = jobs.defer(session, task, jobs.Queue.DRAFTS, priority=turn, autodoc_id=draft.id)


def _ask_again(
    session: Session, document: Document, actor: User, options: DraftOptions | None, *, waits: bool
) -> Document:
    if options is None:
        options = DraftOptions.from_dict(document.sampling)
    else:
        document.sampling = options.to_dict()
    _queue(session, document, actor, options, waits=waits)
    return document


def _queue(session: Session, document: Document, actor: User, options: DraftOptions, *, waits: bool) -> None:
    model = default_model(session)
    card = card_of(model)
    options.check(card)
    limits.check(session, actor, options.n)
    request, number = next_request(session, document.id)
    seed = new_seed(options)
    for choice in range(options.n):
        draft = Autodoc(
            document_id=document.id,
            number=number + 1 + choice,
            request=request,
            choice=choice,
            requested_by_id=actor.id,
            brief=document.brief,
            options=options.to_dict(),
            prefix=options.prefix,
            include_prefix=options.include_prefix,
            truncate=options.truncate,
            sampling={},
            seed=seed + choice,
            model=model,
            tokens_target=options.tokens(card, settings().draft_tokens),
        )
        give_job(session, actor, draft, jobs.Task.WRITE_DRAFT, waits=waits)


def _stop_live(session: Session, document_id: uuid.UUID) -> None:
    stop(session, Autodoc.document_id == document_id)


def stop(session: Session, *which: ColumnElement[bool]) -> None:
    """Cancel those of these drafts that are not finished yet; the caller holds the document's lock."""
    query = select(Autodoc).where(Autodoc.state.in_(LIVE), *which).order_by(Autodoc.id)
    for draft in session.scalars(query.with_for_update().execution_options(populate_existing=True)).all():
        untouched = draft.state is DraftState.QUEUED
        draft.state, draft.finished_at, draft.waiting_since = DraftState.CANCELLED, dt.datetime.now(dt.UTC), None
        if untouched:
            queue.take_out(session, draft)
    session.flush()

"""Words that could go on from the editor's cursor, in a text that need not be saved. Nothing is applied by this."""

import uuid

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from copydesk import jobs
from copydesk.accounts.models import User
from copydesk.autodocs import limits, requests, spans
from copydesk.autodocs.default_model import default_model
from copydesk.autodocs.limits import TooManyDrafts
from copydesk.autodocs.models import Autodoc, DraftKind
from copydesk.autodocs.options import DraftOptions
from copydesk.documents import access, chain, machine_words, revising, text
from copydesk.documents.errors import DocumentError, InvalidInput
from copydesk.documents.models import Document, Kind
from copydesk.documents.workflow import Act

TOKENS = 40  # the most that is written at once: a sentence, or a good part of one
KEPT_AFTER = 400  # characters after the cursor that are kept of an unsaved text; the model reads none of them
MOST_A_MINUTE = 40  # askings for one document
TOO_OFTEN = "The machine was asked {most} times within a minute. Write a few words yourself, then ask again."


class UnknownBase(DocumentError):
    """The desk does not know the version that you are writing on. Your words are still here; please save them first."""


def ask(
    session: Session,
    document_id: uuid.UUID,
    actor: User,
    *,
    base: int,
    text: str,
    at: int,
    options: DraftOptions | None = None,
) -> Autodoc:
    """Queue words that could stand at character `at` (in code points) of `text`, which was written on revision `base`.

    One that is still being written for this document stops: the editor has moved on.

    Raises:
        UnknownBase: there is no such version of the text.
        InvalidInput: `at`: no place in the text; `body`: the text is too long.
        TooManyDrafts: not now; its message says what to do.
    """
    document = access.lock_for(session, document_id, Act.ASK_CONTINUATION, actor)
    revision = chain.revision(session, document, base)
    if revision is None or revision.kind is Kind.BRIEF:
        raise UnknownBase
    before, after = _around(text, at)
    _not_too_often(session, document)
    requests.stop(session, *_of(document_id))
    machine_words.record_continuation_asked(session, document, actor, base=base, at=len(before))
    unsaved = None if before + after == revision.body else before + after[:KEPT_AFTER]
    style = spans.style(document, options)
    return _queue(session, document, actor, style, base=base, at=len(before), unsaved=unsaved)


def find(session: Session, document_id: uuid.UUID, number: int) -> Autodoc | None:
    """The continuation with this number among the document's drafts."""
    query = select(Autodoc).where(
        Autodoc.document_id == document_id, Autodoc.kind == DraftKind.CONTINUATION, Autodoc.number == number
    )
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def stop(session: Session, document_id: uuid.UUID, actor: User) -> None:
    """What is still being written stops; what is there is kept in the record."""
    access.lock_for(session, document_id, Act.ASK_CONTINUATION, actor)
    requests.stop(session, *_of(document_id))


def _of(document_id: uuid.UUID) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Autodoc.document_id == document_id, Autodoc.kind == DraftKind.CONTINUATION


def _around(typed: str, at: int) -> tuple[str, str]:
    """The cleaned text before and after the place."""
    if not 0 <= at <= len(typed):
        raise InvalidInput("at", "Please put the cursor into the text.")
    before, after = text.clean(typed[:at]), text.clean(typed[at:])
    revising.check_length(before + after)
    return before, after


def _not_too_often(session: Session, document: Document) -> None:
    lately = func.now() - func.make_interval(0, 0, 0, 0, 0, 1)
    query = select(func.count()).where(*_of(document.id), Autodoc.created_at > lately)
    if session.scalars(query).one() >= MOST_A_MINUTE:
        raise TooManyDrafts(TOO_OFTEN.format(most=MOST_A_MINUTE))


def _queue(
    session: Session,
    document: Document,
    actor: User,
    options: DraftOptions,
    *,
    base: int,
    at: int,
    unsaved: str | None,
) -> Autodoc:
    limits.check(session, actor, 1)
    request, number = requests.next_request(session, document.id)
    draft = Autodoc(
        document_id=document.id,
        kind=DraftKind.CONTINUATION,
        number=number + 1,
        request=request,
        span_start=at,
        span_end=at,
        base_number=base,
        unsaved_text=unsaved,
        requested_by_id=actor.id,
        brief=document.brief,
        options=options.to_dict(),
        sampling={},
        seed=requests.new_seed(options),
        model=default_model(session),
        tokens_target=TOKENS,
    )
    requests.give_job(session, actor, draft, jobs.Task.WRITE_SPAN, waits=True)
    return draft

"""Other words for a passage of the text: asked for by its editor, written by the machine, taken by a person or not."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk import jobs
from copydesk.accounts.models import User
from copydesk.autodocs import limits, requests
from copydesk.autodocs.default_model import default_model
from copydesk.autodocs.models import Autodoc, DraftKind, DraftState
from copydesk.autodocs.options import DraftOptions
from copydesk.documents import access, machine_words, revising, text
from copydesk.documents.errors import InvalidInput, StaleHead
from copydesk.documents.machine_words import Passage
from copydesk.documents.models import Document, Revision
from copydesk.documents.workflow import Act
from copydesk.engine.card import Card

LONGEST = 5_000  # characters of a passage
MOST_CANDIDATES = 6
SLACK = 24  # tokens more than the passage has, so that the last sentence can end


def ask(
    session: Session,
    document_id: uuid.UUID,
    actor: User,
    *,
    base: int,
    start: int,
    end: int,
    count: int = 3,
    options: DraftOptions | None = None,
) -> list[Autodoc]:
    """Queue `count` candidates for characters `start` to `end` (exclusive, in code points) of text revision `base`.

    Of the options only the way of writing counts; without any it is the document's. The passage says how long.
    Candidates that are still being written for an earlier asking stop: the editor looks elsewhere now.

    Raises:
        StaleHead: the text is another one by now.
        InvalidInput: `passage`: nothing visible is marked, or too much; `count`: too many candidates.
    """
    document = access.lock_for(session, document_id, Act.ASK_PASSAGE, actor)
    head = revising.head_text(session, document)
    if head is None or head.number != base:
        raise StaleHead
    passage = _passage(head, start, end)
    if not 1 <= count <= MOST_CANDIDATES:
        raise InvalidInput("count", f"Please ask for 1 to {MOST_CANDIDATES} candidates.")
    requests.stop(session, Autodoc.document_id == document_id, Autodoc.kind == DraftKind.SPAN)
    machine_words.record_passage_asked(session, document, actor, start=start, end=end, count=count)
    options = style(document, options)
    return _queue(session, document, actor, options, base=base, start=start, end=end, count=count, passage=passage)


def candidates(session: Session, document_id: uuid.UUID, request: int) -> Sequence[Autodoc]:
    """The candidates of one asking: the likeliest to be followed by what follows first, those without a score last."""
    query = select(Autodoc).where(
        Autodoc.document_id == document_id, Autodoc.kind == DraftKind.SPAN, Autodoc.request == request
    )
    return session.scalars(query.order_by(Autodoc.score.desc().nulls_last(), Autodoc.choice)).all()


def newest_request(session: Session, document: Document) -> int | None:
    """The last asking for words in the text as it stands; None: there is none, or the text moved on since."""
    query = select(Autodoc.request).where(
        Autodoc.document_id == document.id,
        Autodoc.kind == DraftKind.SPAN,
        Autodoc.base_number == document.text_number,
    )
    return session.scalars(query.order_by(Autodoc.request.desc()).limit(1)).one_or_none()


def take(session: Session, document_id: uuid.UUID, actor: User, autodoc_id: int) -> Revision:
    """The candidate replaces its passage, and nothing else: a machine revision, asked for by a person.

    Raises:
        StaleHead: the text moved on since the passage was marked.
        InvalidInput: `candidate`: it is none of this document's, or was not written.
    """
    access.lock_for(session, document_id, Act.TAKE_PASSAGE, actor)
    mine = Autodoc.document_id == document_id, Autodoc.kind == DraftKind.SPAN
    query = select(Autodoc).where(Autodoc.id == autodoc_id, *mine)
    one = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if one is None or one.span_start is None or one.span_end is None or one.base_number is None:
        raise InvalidInput("candidate", "There is no such candidate.")
    if one.state is not DraftState.DONE:
        raise InvalidInput("candidate", "This candidate has not been written.")
    passage = Passage(one.base_number, one.span_start, one.span_end, one.text)
    return machine_words.take_passage(session, document_id, actor, passage=passage, autodoc_id=one.id)


def discard(session: Session, document_id: uuid.UUID, actor: User) -> Document:
    """Stop candidates that are still being written; those that are there are kept in the record."""
    document = access.lock_for(session, document_id, Act.ASK_PASSAGE, actor)
    requests.stop(session, Autodoc.document_id == document_id, Autodoc.kind == DraftKind.SPAN)
    return document


def tokens_for(passage: str, card: Card) -> int:
    """How many tokens words of about the passage's length may have."""
    words = max(text.count_words(passage), len(passage) // 6)  # also where a script has no spaces
    return round(words * card.tokens_per_word * 1.3) + SLACK


def _passage(head: Revision, start: int, end: int) -> str:
    if not 0 <= start < end <= len(head.body):
        raise InvalidInput("passage", "Please mark a passage of the text.")
    passage = head.body[start:end]
    if text.is_blank(passage):
        raise InvalidInput("passage", "There are no words in this passage. Please mark some.")
    if len(passage) > LONGEST:
        raise InvalidInput("passage", f"The passage has {len(passage):,} characters; the most is {LONGEST:,}.")
    return passage


def style(document: Document, options: DraftOptions | None) -> DraftOptions:
    """How to write, and the document's own template; length, number and given words are a whole draft's."""
    kept = DraftOptions.from_dict(document.sampling)
    return replace(
        options or replace(kept, seed=None),
        words=None,
        n=1,
        prefix="",
        include_prefix=True,
        truncate="",
        template=kept.template,
        metadata=kept.metadata,
    )


def _queue(
    session: Session,
    document: Document,
    actor: User,
    options: DraftOptions,
    *,
    base: int,
    start: int,
    end: int,
    count: int,
    passage: str,
) -> list[Autodoc]:
    model = default_model(session)
    card = requests.card_of(model)
    limits.check(session, actor, count)
    request, number = requests.next_request(session, document.id)
    seed = requests.new_seed(options)
    made = [
        Autodoc(
            document_id=document.id,
            kind=DraftKind.SPAN,
            number=number + 1 + choice,
            request=request,
            choice=choice,
            span_start=start,
            span_end=end,
            base_number=base,
            requested_by_id=actor.id,
            brief=document.brief,
            options=options.to_dict(),
            sampling={},
            seed=seed + choice,
            model=model,
            tokens_target=tokens_for(passage, card),
        )
        for choice in range(count)
    ]
    for draft in made:
        requests.give_job(session, actor, draft, jobs.Task.WRITE_SPAN, waits=True)
    return made

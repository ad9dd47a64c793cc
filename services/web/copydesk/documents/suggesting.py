"""Proposing changes, and deciding on them: the verbs, with the actor explicit. The caller commits.

An accepted suggestion is a revision at exactly one place: its author is whoever proposed it, and it says who accepted.
"""

import datetime as dt
import uuid
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.documents import access, chain, letters, revising, suggestions, text
from copydesk.documents.errors import (
    InvalidInput,
    NotAllowed,
    StaleHead,
    SuggestionDecided,
    SuggestionGone,
    SuggestionNotFound,
)
from copydesk.documents.models import Document, Kind, Revision
from copydesk.documents.proposals import Proposal, proposals
from copydesk.documents.suggestions import Placed, Suggestion, SuggestionState
from copydesk.documents.textdiff import places
from copydesk.documents.textdiff.places import Place
from copydesk.documents.workflow import Act

MOST_OPEN = 500  # of one document
NOTE_MOST_CHARS = 1000


@dataclass(frozen=True)
class Decided:
    """How many suggestions were decided on, and how many stay open because their words are gone."""

    count: int
    gone: int


def propose(
    session: Session, document_id: uuid.UUID, actor: User, *, base: int, body: str, note: str = ""
) -> list[Suggestion]:
    """A changed text, as one suggestion for each contiguous change; those that are open already are passed over.

    Raises:
        StaleHead: `base` is no text of this document.
        InvalidInput: nothing differs, it is too much, or too long.
    """
    document = access.lock_for(session, document_id, Act.SUGGEST, actor)
    before = _base(session, document, base)
    body = text.clean(body)
    revising.check_length(body)
    return _propose(session, document, actor, before, proposals(before.body, body), note)


def propose_one(
    session: Session, document_id: uuid.UUID, actor: User, *, base: int, proposal: Proposal, note: str = ""
) -> list[Suggestion]:
    """One place with other words for it; empty where the same is open already.

    Raises:
        StaleHead, InvalidInput: as `propose`.
    """
    document = access.lock_for(session, document_id, Act.SUGGEST, actor)
    before = _base(session, document, base)
    words = text.clean(proposal.replacement)
    if not 0 <= proposal.start <= proposal.end <= len(before.body):
        raise InvalidInput("start", "Please choose a place in the text.")
    revising.check_length(before.body[: proposal.start] + words + before.body[proposal.end :])
    asked = [Proposal(proposal.start, proposal.end, words)]
    if before.body[proposal.start : proposal.end] == words:
        asked = []
    return _propose(session, document, actor, before, asked, note)


def accept(session: Session, document_id: uuid.UUID, actor: User, number: int) -> Revision:
    """The suggestion's words stand in the text now.

    Raises:
        SuggestionNotFound, SuggestionDecided, SuggestionGone: see their docstrings.
    """
    document = access.lock_for(session, document_id, Act.ACCEPT_SUGGESTION, actor)
    one = _open(session, document, number)
    (found,) = suggestions.placed(session, document, [one])
    return _accept(session, document, actor, found)


def accept_all(session: Session, document_id: uuid.UUID, actor: User) -> Decided:
    """Every open suggestion whose words are still there, in the order of the text: a revision and an audit row each."""
    document = access.lock_for(session, document_id, Act.ACCEPT_SUGGESTION, actor)
    waiting, count = suggestions.placed(session, document), 0
    while waiting:
        found, waiting = waiting[0], waiting[1:]
        if found.place is None:
            continue
        number, words = _accept(session, document, actor, found).number, len(found.suggestion.replacement)
        waiting = [replace(one, place=places.beside(one.place, found.place, words, number)) for one in waiting]
        count += 1
    return Decided(count, len(suggestions.open_ones(session, document)))


def refuse(session: Session, document_id: uuid.UUID, actor: User, number: int, reason: str = "") -> Suggestion:
    """The text stays as it is."""
    document = access.lock_for(session, document_id, Act.REFUSE_SUGGESTION, actor)
    one = _open(session, document, number)
    _decide(session, document, actor, one, Act.REFUSE_SUGGESTION, _note("reason", reason))
    return one


def refuse_all(session: Session, document_id: uuid.UUID, actor: User, reason: str = "") -> Decided:
    """Every open suggestion is refused, with an audit row each."""
    document = access.lock_for(session, document_id, Act.REFUSE_SUGGESTION, actor)
    every, said = suggestions.open_ones(session, document), _note("reason", reason)
    for one in every:
        _decide(session, document, actor, one, Act.REFUSE_SUGGESTION, said)
    return Decided(len(every), 0)


def take_back(session: Session, document_id: uuid.UUID, actor: User, number: int) -> Suggestion:
    """Whoever made it doesn't suggest it any more.

    Raises:
        NotAllowed: it is somebody else's.
    """
    document = access.lock_for(session, document_id, Act.TAKE_BACK_SUGGESTION, actor)
    one = _open(session, document, number)
    if one.author_id != actor.id:
        raise NotAllowed("Only who made a suggestion can take it back.")
    _decide(session, document, actor, one, Act.TAKE_BACK_SUGGESTION, None)
    return one


def _propose(
    session: Session, document: Document, actor: User, base: Revision, asked: list[Proposal], note: str
) -> list[Suggestion]:
    if not asked:
        raise InvalidInput("body", "Nothing is changed yet, so there is nothing to suggest.")
    said = _note("note", note)
    waiting = suggestions.placed(session, document)
    new = _without_known(session, document, actor, base, asked, waiting)
    if len(waiting) + len(new) > MOST_OPEN:
        raise InvalidInput("body", f"At most {MOST_OPEN} suggestions can be open at once. Please decide on some first.")
    if not new:
        return []
    first = _next_number(session, document)
    made = [
        Suggestion(
            document_id=document.id,
            number=first + index,
            base_number=base.number,
            start=one.start,
            end=one.end,
            replacement=one.replacement,
            note=said,
            author_id=actor.id,
            state=SuggestionState.OPEN,
        )
        for index, one in enumerate(new)
    ]
    session.add_all(made)
    access.enter(document, Act.SUGGEST)
    _record(session, document, actor, Act.SUGGEST, said, {"base": base.number, "suggestions": [m.number for m in made]})
    letters.tell_of_suggestions(session, document, actor)
    return made


def _without_known(
    session: Session, document: Document, actor: User, base: Revision, asked: list[Proposal], waiting: list[Placed]
) -> list[Proposal]:
    """Those that this person has not proposed already: whoever sends a page twice proposes once."""
    mine = {
        (one.place.start, one.place.end, one.suggestion.replacement)
        for one in waiting
        if one.place is not None and one.suggestion.author_id == actor.id
    }
    if not mine:
        return asked
    stand = suggestions.stand(session, document, [Place(base.number, one.start, one.end) for one in asked])
    return [
        one
        for one, place in zip(asked, stand, strict=True)
        if place is None or (place.start, place.end, one.replacement) not in mine
    ]


def _accept(session: Session, document: Document, actor: User, found: Placed) -> Revision:
    head, one, place = revising.head_text(session, document), found.suggestion, found.place
    if head is None or place is None:
        raise SuggestionGone
    body = head.body[: place.start] + one.replacement + head.body[place.end :]
    revising.check_length(body)
    revision = chain.append(
        session,
        document,
        kind=Kind.HUMAN,
        title=head.title,
        body=body,
        author_id=one.author_id,
        accepted_by_id=actor.id,
        span=(place.start, place.end),
    )
    one.revision_number = revision.number
    _decide(session, document, actor, one, Act.ACCEPT_SUGGESTION, None)
    return revision


_BECOMES = {
    Act.ACCEPT_SUGGESTION: SuggestionState.ACCEPTED,
    Act.REFUSE_SUGGESTION: SuggestionState.REFUSED,
    Act.TAKE_BACK_SUGGESTION: SuggestionState.TAKEN_BACK,
}


def _decide(session: Session, document: Document, actor: User, one: Suggestion, act: Act, reason: str | None) -> None:
    one.state, one.decided_by_id, one.decided_at = _BECOMES[act], actor.id, dt.datetime.now(dt.UTC)
    access.enter(document, act)
    after: dict[str, object] = {"suggestion": one.number, "author": one.author_id}
    if one.revision_number is not None:
        after["revision"] = one.revision_number
    _record(session, document, actor, act, reason, after)


def _record(
    session: Session, document: Document, actor: User, act: Act, note: str | None, after: dict[str, object]
) -> None:
    access.record(session, act, document, actor, before=document.state, note=note, extra=({}, after))


def _open(session: Session, document: Document, number: int) -> Suggestion:
    query = select(Suggestion).where(Suggestion.document_id == document.id, Suggestion.number == number)
    one = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if one is None:
        raise SuggestionNotFound
    if one.state is not SuggestionState.OPEN:
        raise SuggestionDecided
    return one


def _base(session: Session, document: Document, number: int) -> Revision:
    found = chain.revision(session, document, number) if 0 < number <= document.text_number else None
    if found is None or found.kind is Kind.BRIEF:
        raise StaleHead
    return found


def _next_number(session: Session, document: Document) -> int:
    query = select(func.max(Suggestion.number)).where(Suggestion.document_id == document.id)
    return (session.scalars(query).one() or 0) + 1


def _note(field: str, typed: str) -> str | None:
    said = text.clean(typed).strip()
    if len(said) > NOTE_MOST_CHARS:
        raise InvalidInput(field, f"At most {NOTE_MOST_CHARS:,} characters, please.")
    return None if text.is_blank(said) else said

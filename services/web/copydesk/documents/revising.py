"""People's words: saving and delivering them. The caller commits."""

import uuid
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.config import settings
from copydesk.documents import access, chain, letters, presence, reviews, suggestions, text, unsent
from copydesk.documents.delivery import waivers
from copydesk.documents.errors import InvalidInput, NothingToDeliver, StaleHead, TextsConflict
from copydesk.documents.models import Document, Kind, Revision, State
from copydesk.documents.textdiff import merging
from copydesk.documents.textdiff.merging import Choice, Merged
from copydesk.documents.unsent import Words
from copydesk.documents.workflow import Act


@dataclass(frozen=True)
class Chosen:
    """What the writer chose, conflict by conflict, where `typed_on` was merged with the base of their `Text`."""

    typed_on: int
    title: Choice = Choice.BOTH
    body: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Text:
    """A title and a body as a person typed them, based on the text revision they saw."""

    title: str
    body: str
    base: int  # the number of the text revision that was on the person's page
    tab: str = ""  # the window it was typed in, where the browser named it; see `unsent`
    version: int = 0  # which of that window's sendings this is
    chosen: Chosen | None = None


def save(session: Session, document_id: uuid.UUID, actor: User, written: Text) -> Revision:
    """Append the editor's revision. Saving what is there already adds nothing.

    Where somebody saved after the writer's page was loaded, both are merged.

    Raises:
        TextsConflict: both changed the same words; nothing is overwritten.
    """
    document = access.lock_for(session, document_id, Act.SAVE, actor)
    return _save(session, document, actor, written)


def deliver(
    session: Session,
    document_id: uuid.UUID,
    actor: User,
    written: Text,
    spans_of: reviews.SpansOf = reviews.by_revisions,
) -> Document:
    """Save what is on the page, then hand it to the sponsor: one act, one commit.

    Raises:
        TextsConflict: somebody saved meanwhile and changed the same words.
        OpenSuggestions: somebody suggested changes on which nobody has decided.
        ChecksFailed: a check that holds found something, and nobody said why it may stay.
        UnreadMachineText: nobody touched or reviewed some of it, and nearly all is the machine's.
    """
    document = access.lock_for(session, document_id, Act.DELIVER, actor)
    if text.is_blank(written.body):
        raise NothingToDeliver
    _save(session, document, actor, written)
    suggestions.refuse_open(session, document)
    reviews.require(session, document, spans_of(session, document))
    waivers.require(session, document)
    access.enter(document, Act.DELIVER)
    access.record(session, Act.DELIVER, document, actor, before=State.EDITING)
    letters.tell_of_delivery(session, document, actor)
    return document


def head_text(session: Session, document: Document) -> Revision | None:
    """The text as it stands; None before the first draft."""
    return chain.revision(session, document, document.text_number) if document.text_number else None


def _save(session: Session, document: Document, actor: User, written: Text) -> Revision:
    head = head_text(session, document)
    if head is None:
        raise StaleHead
    last = unsent.last_save(session, document, actor, written.tab)
    if last is not None and written.version <= last.version:
        return head  # a slow sending, which a newer one of the same window has overtaken
    title, body, base = _as_typed(session, document, written)
    check_length(body)
    if last is not None and base < last.number and not last.merged:
        base = last.number  # the answer has not reached the window yet, but its words grew out of these
    merged_from = None if written.chosen is None else written.chosen.typed_on
    if base != head.number:
        title, body = _merge(session, document, head, (title, body, base))
        check_length(body)
        merged_from = base
    revision = head
    if (title, body) != (head.title, head.body):
        revision = _append(session, document, actor, head, (title, body, merged_from or None))
    if written.tab:
        sent = Words(
            written.tab, written.version, written.base, text.clean_line(written.title), text.clean(written.body)
        )
        unsent.saved(session, document, actor, sent, revision)
    presence.mark(session, document, actor)
    return revision


def _append(
    session: Session, document: Document, actor: User, head: Revision, words: tuple[str, str, int | None]
) -> Revision:
    title, body, merged_from = words
    revision = chain.append(
        session, document, kind=Kind.HUMAN, title=title, body=body, author_id=actor.id, merged_from=merged_from
    )
    document.title = title
    access.enter(document, Act.SAVE)
    after: dict[str, object] = {"revision": revision.number}
    after |= {"merged_from": merged_from} if merged_from else {}
    access.record(session, Act.SAVE, document, actor, before=document.state, extra=({"revision": head.number}, after))
    return revision


def _as_typed(session: Session, document: Document, written: Text) -> tuple[str, str, int]:
    """Title, body and base, with the writer's choices applied where two texts had conflicted."""
    title, body = text.title(written.title), text.clean(written.body)
    if written.chosen is None:
        return title, body, written.base
    theirs = chain.revision(session, document, written.base)
    if theirs is None:
        raise StaleHead
    titles, bodies = _compare(session, document, theirs, (title, body, written.chosen.typed_on))
    # A title is one or the other.
    title = titles.text([written.chosen.title], otherwise=Choice.MINE) if titles.conflicts else titles.text()
    return text.title(title), bodies.text(written.chosen.body), theirs.number


def _merge(session: Session, document: Document, head: Revision, mine: tuple[str, str, int]) -> tuple[str, str]:
    titles, bodies = _compare(session, document, head, mine)
    if titles.conflicts or bodies.conflicts:
        raise TextsConflict(head.number, titles, bodies)
    return text.title(titles.text()), bodies.text()


def _compare(
    session: Session, document: Document, theirs: Revision, mine: tuple[str, str, int]
) -> tuple[Merged, Merged]:
    title, body, number = mine
    base = chain.revision(session, document, number)
    before = (base.title, base.body) if base is not None and base.kind is not Kind.BRIEF else ("", "")
    return merging.merge_titles(before[0], title, theirs.title), merging.merge(before[1], body, theirs.body)


def check_length(body: str) -> None:
    most = settings().text_max_chars
    if len(body) > most:
        raise InvalidInput("body", f"The text has {len(body):,} characters; the most is {most:,}.")


def wrote_in_round(session: Session, document: Document, actor: User) -> bool:
    query = select(Revision.id).where(
        Revision.document_id == document.id,
        Revision.round == document.round,
        # What a person proposed and another took over is the other's act.
        func.coalesce(Revision.accepted_by_id, Revision.author_id) == actor.id,
        Revision.kind == Kind.HUMAN,
    )
    return session.scalars(query.limit(1)).first() is not None

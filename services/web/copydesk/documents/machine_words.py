"""The machine's words: how drafts and candidates become the text, or don't. The caller commits."""

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.documents import access, chain, letters, revising
from copydesk.documents.errors import StaleHead
from copydesk.documents.models import Document, Kind, Revision
from copydesk.documents.routing import load
from copydesk.documents.workflow import Act


@dataclass(frozen=True)
class Passage:
    """Words for characters `start` to `end` (exclusive) of the text revision `base`."""

    base: int
    start: int
    end: int
    words: str


def record_passage_asked(
    session: Session, document: Document, actor: User, *, start: int, end: int, count: int
) -> None:
    """The editor asked for other words; the text is as it was. The caller holds the row's lock for `ASK_PASSAGE`."""
    asked: dict[str, object] = {"start": start, "end": end, "candidates": count}
    access.record(session, Act.ASK_PASSAGE, document, actor, before=document.state, extra=({}, asked))


def record_continuation_asked(session: Session, document: Document, actor: User, *, base: int, at: int) -> None:
    """The editor asked how the text could go on. The caller holds the row's lock for `ASK_CONTINUATION`."""
    asked: dict[str, object] = {"base": base, "at": at}
    access.record(session, Act.ASK_CONTINUATION, document, actor, before=document.state, extra=({}, asked))


def record_words_accepted(session: Session, document: Document, actor: User, *, autodoc_id: int) -> None:
    """The editor took words of this draft, the first of them. The caller holds the row's lock for `ACCEPT_WORDS`."""
    taken: dict[str, object] = {"autodoc": autodoc_id}
    access.record(session, Act.ACCEPT_WORDS, document, actor, before=document.state, extra=({}, taken))


def take_passage(
    session: Session, document_id: uuid.UUID, actor: User, *, passage: Passage, autodoc_id: int
) -> Revision:
    """The editor takes the machine's words for a passage: a machine revision in which nothing else differs.

    Raises:
        StaleHead: the text is another one than that in which the passage was marked.
    """
    document = access.lock_for(session, document_id, Act.TAKE_PASSAGE, actor)
    head = revising.head_text(session, document)
    if head is None or head.number != passage.base:
        raise StaleHead
    body = head.body[: passage.start] + passage.words + head.body[passage.end :]
    revising.check_length(body)
    if body == head.body:
        return head
    revision = chain.append(
        session,
        document,
        kind=Kind.MACHINE,
        title=head.title,
        body=body,
        autodoc_id=autodoc_id,
        span=(passage.start, passage.end),
    )
    access.enter(document, Act.TAKE_PASSAGE)
    access.record(
        session,
        Act.TAKE_PASSAGE,
        document,
        actor,
        before=document.state,
        extra=({"revision": head.number}, {"revision": revision.number, "autodoc": autodoc_id}),
    )
    return revision


def choose_draft(session: Session, document: Document, actor: User, *, autodoc_id: int, body: str) -> Revision:
    """One of several drafts becomes the text. The caller holds the row's lock for `CHOOSE`."""
    return _adopt(session, document, Act.CHOOSE, actor, autodoc_id=autodoc_id, body=body)


def accept_draft(session: Session, document: Document, *, autodoc_id: int, body: str) -> Revision:
    """The worker's act: the machine's draft becomes the text. The caller holds the row's lock."""
    access.expect(document, Act.DRAFTED)
    return _adopt(session, document, Act.DRAFTED, None, autodoc_id=autodoc_id, body=body)


def offer_drafts(session: Session, document: Document, *, count: int) -> None:
    """The worker's act: `count` drafts lie side by side. The caller holds the row's lock."""
    before = document.state
    access.expect(document, Act.DRAFTED_SEVERAL)
    access.enter(document, Act.DRAFTED_SEVERAL)
    access.record(session, Act.DRAFTED_SEVERAL, document, None, before=before, extra=({}, {"drafts": count}))
    letters.tell_of_choice(session, document)


def fail_draft(session: Session, document: Document, *, reason: str) -> None:
    """The worker's act: there is no draft, and this is why. The caller holds the row's lock."""
    before = document.state
    access.expect(document, Act.FAILED)
    access.enter(document, Act.FAILED)
    access.record(session, Act.FAILED, document, None, before=before, note=reason)
    letters.tell_of_failed_draft(session, document, reason)


def _adopt(
    session: Session, document: Document, act: Act, actor: User | None, *, autodoc_id: int, body: str
) -> Revision:
    """A machine draft becomes the text: a revision, the next state, an audit row, a mail to the editor."""
    before = document.state
    revision = chain.append(
        session, document, kind=Kind.MACHINE, title=document.title, body=body, autodoc_id=autodoc_id
    )
    access.enter(document, act)
    after: dict[str, object] = {"revision": revision.number, "autodoc": autodoc_id}
    access.record(session, act, document, actor, before=before, extra=({}, after))
    letters.tell_of_draft(session, document)
    load.assign_by_load(session, document)
    return revision

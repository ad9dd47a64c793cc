"""What happens to documents: the verbs, with the actor explicit.

Each one: lock the row, check state and right, change, append a revision where words change, record one audit row.
The caller commits.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from copydesk import audit
from copydesk.accounts.models import Role, Status, User
from copydesk.config import settings
from copydesk.documents import chain, letters, policy, text
from copydesk.documents.errors import (
    CommentNeeded,
    DocumentNotFound,
    EditorNotAvailable,
    InvalidInput,
    NotAllowed,
    NothingToDeliver,
    SelfApproval,
    StaleHead,
    WrongState,
)
from copydesk.documents.models import Document, Kind, Revision, State
from copydesk.documents.workflow import TRANSITIONS, Act


@dataclass(frozen=True)
class Text:
    """A title and a body as a person typed them, based on the text revision they saw."""

    title: str
    body: str
    base: int  # the number of the text revision that was on the person's page


@dataclass(frozen=True)
class Passage:
    """Words for characters `start` to `end` (exclusive) of the text revision `base`."""

    base: int
    start: int
    end: int
    words: str


def get(session: Session, document_id: uuid.UUID, user: User, *, lock: bool = False) -> Document:
    """The document, if this person may see it.

    Raises:
        DocumentNotFound: there is none, or it is not theirs: a stranger can't tell which.
    """
    query = select(Document).where(Document.id == document_id)
    query = query.where(policy.visible_to(user, claiming=settings().claiming))
    if lock:
        query = query.with_for_update(of=Document).execution_options(populate_existing=True)
    document = session.scalars(query).one_or_none()
    if document is None:
        raise DocumentNotFound
    return document


def create(
    session: Session, sponsor: User, *, title: str, brief: str, editor_id: int | None, sampling: dict[str, Any]
) -> Document:
    """A new document in `drafting`; the caller queues its drafts in the same transaction."""
    if not policy.can_create(sponsor):
        raise NotAllowed
    document = Document(
        title=_title(title),
        brief=_brief(brief),
        state=State.DRAFTING,
        sponsor_id=sponsor.id,
        editor_id=_editor(session, editor_id),
        sampling=sampling,
    )
    session.add(document)
    session.flush()
    chain.append(session, document, kind=Kind.BRIEF, title=document.title, body=document.brief, author_id=sponsor.id)
    _record(session, Act.SUBMIT, document, sponsor, before=None)
    session.refresh(document)
    return document


def move(session: Session, document_id: uuid.UUID, act: Act, actor: User, *, comment: str = "") -> Document:
    """Do an act that changes nothing but the state: cancel, retry, redraft, keep, claim, decline, withdraw …

    Raises:
        DocumentNotFound, NotAllowed, WrongState, CommentNeeded: see their docstrings.
    """
    document = lock_for(session, document_id, act, actor)
    comment = text.clean(comment).strip()
    if TRANSITIONS[act].comment and text.is_blank(comment):
        raise CommentNeeded
    before = document.state
    if act is Act.CLAIM:
        document.editor_id = actor.id
    if act is Act.DECLINE:
        document.editor_id = None
    if act is Act.REQUEST_CHANGES:
        document.round += 1
    if act is Act.WITHDRAW:
        _void_signature(document)
    _enter(document, act)
    _record(session, act, document, actor, before=before, note=comment or None)
    if act is Act.DECLINE:
        letters.tell_of_decline(session, document, actor, comment)
    if act is Act.REQUEST_CHANGES:
        letters.tell_of_changes(session, document, actor, comment)
    return document


def edit_brief(session: Session, document_id: uuid.UUID, actor: User, *, title: str, brief: str, base: int) -> Document:
    """The sponsor changes what was asked for; the text is not touched until a redraft is asked for."""
    document = lock_for(session, document_id, Act.EDIT_BRIEF, actor)
    if base != chain.brief_number(session, document):
        raise StaleHead
    title, brief = _title(title), _brief(brief)
    if (title, brief) == (document.title, document.brief):
        return document
    document.title, document.brief = title, brief
    chain.append(session, document, kind=Kind.BRIEF, title=title, body=brief, author_id=actor.id)
    _enter(document, Act.EDIT_BRIEF)
    _record(session, Act.EDIT_BRIEF, document, actor, before=document.state)
    return document


def assign(session: Session, document_id: uuid.UUID, actor: User, editor_id: int | None) -> Document:
    """Choose another editor, or none: the text is kept, and goes to the pool without one."""
    document = lock_for(session, document_id, Act.ASSIGN, actor)
    before = document.state
    previous = document.editor
    document.editor_id = _editor(session, editor_id)
    _enter(document, Act.ASSIGN)
    _record(
        session,
        Act.ASSIGN,
        document,
        actor,
        before=before,
        extra=({"editor": previous.id if previous else None}, {"editor": document.editor_id}),
    )
    session.flush()
    session.refresh(document, ["editor"])
    letters.tell_of_assignment(session, document, actor, previous)
    return document


def save(session: Session, document_id: uuid.UUID, actor: User, written: Text) -> Revision:
    """Append the editor's revision. Saving what is there already adds nothing.

    Raises:
        StaleHead: somebody saved after the writer's page was loaded; nothing is overwritten.
    """
    document = lock_for(session, document_id, Act.SAVE, actor)
    return _save(session, document, actor, written)


def deliver(session: Session, document_id: uuid.UUID, actor: User, written: Text) -> Document:
    """Save what is on the page, then hand it to the sponsor: one act, one commit."""
    document = lock_for(session, document_id, Act.DELIVER, actor)
    if text.is_blank(written.body):
        raise NothingToDeliver
    _save(session, document, actor, written)
    _enter(document, Act.DELIVER)
    _record(session, Act.DELIVER, document, actor, before=State.EDITING)
    letters.tell_of_delivery(session, document, actor)
    return document


def sign(session: Session, document_id: uuid.UUID, actor: User, *, sha256: str) -> Document:
    """The sponsor takes responsibility for exactly the revision that was on the page.

    Raises:
        StaleHead: the text is another one by now.
        SelfApproval: the signer wrote in this round.
    """
    document = lock_for(session, document_id, Act.SIGN, actor)
    head = head_text(session, document)
    if head is None or head.sha256 != sha256:
        raise StaleHead
    if _wrote_in_round(session, document, actor):
        raise SelfApproval
    document.signed_sha256, document.signed_by_id = head.sha256, actor.id
    document.signed_at = dt.datetime.now(dt.UTC)
    _enter(document, Act.SIGN)
    _record(session, Act.SIGN, document, actor, before=State.SIGNOFF, extra=({}, {"sha256": head.sha256}))
    letters.tell_of_signature(session, document, actor)
    return document


def head_text(session: Session, document: Document) -> Revision | None:
    """The text as it stands; None before the first draft."""
    return chain.revision(session, document, document.text_number) if document.text_number else None


def record_passage_asked(
    session: Session, document: Document, actor: User, *, start: int, end: int, count: int
) -> None:
    """The editor asked for other words; the text is as it was. The caller holds the row's lock for `ASK_PASSAGE`."""
    asked: dict[str, object] = {"start": start, "end": end, "candidates": count}
    _record(session, Act.ASK_PASSAGE, document, actor, before=document.state, extra=({}, asked))


def take_passage(
    session: Session, document_id: uuid.UUID, actor: User, *, passage: Passage, autodoc_id: int
) -> Revision:
    """The editor takes the machine's words for a passage: a machine revision in which nothing else differs.

    Raises:
        StaleHead: the text is another one than that in which the passage was marked.
    """
    document = lock_for(session, document_id, Act.TAKE_PASSAGE, actor)
    head = head_text(session, document)
    if head is None or head.number != passage.base:
        raise StaleHead
    body = head.body[: passage.start] + passage.words + head.body[passage.end :]
    _check_length(body)
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
    _enter(document, Act.TAKE_PASSAGE)
    _record(
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
    _expect(document, Act.DRAFTED)
    return _adopt(session, document, Act.DRAFTED, None, autodoc_id=autodoc_id, body=body)


def offer_drafts(session: Session, document: Document, *, count: int) -> None:
    """The worker's act: `count` drafts lie side by side. The caller holds the row's lock."""
    before = document.state
    _expect(document, Act.DRAFTED_SEVERAL)
    _enter(document, Act.DRAFTED_SEVERAL)
    _record(session, Act.DRAFTED_SEVERAL, document, None, before=before, extra=({}, {"drafts": count}))
    letters.tell_of_choice(session, document)


def fail_draft(session: Session, document: Document, *, reason: str) -> None:
    """The worker's act: there is no draft, and this is why. The caller holds the row's lock."""
    before = document.state
    _expect(document, Act.FAILED)
    _enter(document, Act.FAILED)
    _record(session, Act.FAILED, document, None, before=before, note=reason)


def release_work(session: Session, editor: User, actor: User) -> int:
    """A suspended editor's work goes back to the pool; texts are kept. Returns how many documents moved."""
    mine = select(Document).where(Document.editor_id == editor.id).with_for_update(of=Document)
    moved = 0
    for document in session.scalars(mine.order_by(Document.id)).all():
        if document.state in (State.APPROVED, State.WITHDRAWN):
            continue
        before = document.state
        document.editor_id = None
        if document.state in (State.EDITING, State.SIGNOFF):
            document.state = State.UNASSIGNED
        document.updated_at = func.clock_timestamp()
        _record(session, Act.ASSIGN, document, actor, before=before, note="The editor was suspended.")
        moved += 1
    return moved


def lock_for(session: Session, document_id: uuid.UUID, act: Act, actor: User) -> Document:
    """The document with its row locked, if this person may do this now.

    Raises:
        DocumentNotFound, NotAllowed, WrongState: see their docstrings.
    """
    document = get(session, document_id, actor, lock=True)
    if not policy.is_one_of(TRANSITIONS[act].who, actor, document, claiming=settings().claiming):
        raise NotAllowed
    _expect(document, act)
    return document


def _expect(document: Document, act: Act) -> None:
    if document.state not in TRANSITIONS[act].sources:
        raise WrongState
    if act is Act.KEEP and not document.text_number:
        raise WrongState


def _enter(document: Document, act: Act) -> None:
    row = TRANSITIONS[act]
    if row.targets:
        document.state = row.target(has_editor=document.editor_id is not None)
    document.updated_at = func.clock_timestamp()


def _save(session: Session, document: Document, actor: User, written: Text) -> Revision:
    head = head_text(session, document)
    if head is None or written.base != head.number:
        raise StaleHead
    title = _title(written.title)
    body = text.clean(written.body)
    _check_length(body)
    if (title, body) == (head.title, head.body):
        return head
    revision = chain.append(session, document, kind=Kind.HUMAN, title=title, body=body, author_id=actor.id)
    document.title = title
    _enter(document, Act.SAVE)
    _record(
        session,
        Act.SAVE,
        document,
        actor,
        before=document.state,
        extra=({"revision": head.number}, {"revision": revision.number}),
    )
    return revision


def _check_length(body: str) -> None:
    most = settings().text_max_chars
    if len(body) > most:
        raise InvalidInput("body", f"The text has {len(body):,} characters; the most is {most:,}.")


def _wrote_in_round(session: Session, document: Document, actor: User) -> bool:
    query = select(Revision.id).where(
        Revision.document_id == document.id,
        Revision.round == document.round,
        Revision.author_id == actor.id,
        Revision.kind == Kind.HUMAN,
    )
    return session.scalars(query.limit(1)).first() is not None


def _adopt(
    session: Session, document: Document, act: Act, actor: User | None, *, autodoc_id: int, body: str
) -> Revision:
    """A machine draft becomes the text: a revision, the next state, an audit row, a mail to the editor."""
    before = document.state
    revision = chain.append(
        session, document, kind=Kind.MACHINE, title=document.title, body=body, autodoc_id=autodoc_id
    )
    _enter(document, act)
    after: dict[str, object] = {"revision": revision.number, "autodoc": autodoc_id}
    _record(session, act, document, actor, before=before, extra=({}, after))
    letters.tell_of_draft(session, document)
    return revision


def _void_signature(document: Document) -> None:
    document.signed_sha256 = document.signed_by_id = document.signed_at = None


def _editor(session: Session, editor_id: int | None) -> int | None:
    """The chosen editor's id, if they can work; locked, so that a suspension waits for us or we for it."""
    if editor_id is None:
        return None
    query = select(User.id).where(User.id == editor_id, User.role == Role.EDITOR, User.status == Status.APPROVED)
    if session.scalars(query.with_for_update(read=True)).one_or_none() is None:
        raise EditorNotAvailable
    return editor_id


def _title(title: str) -> str:
    return text.required("title", text.clean_line(title), name="title", most=settings().title_max_chars)


def _brief(brief: str) -> str:
    return text.required("brief", text.clean(brief).strip(), name="brief", most=settings().brief_max_chars)


def _record(
    session: Session,
    act: Act,
    document: Document,
    actor: User | None,
    *,
    before: State | None,
    note: str | None = None,
    extra: tuple[dict[str, object], dict[str, object]] = ({}, {}),
) -> None:
    session.flush()
    audit.record(
        session,
        f"document.{act.value.replace(' ', '_')}",
        actor_id=actor.id if actor else None,
        object_type="document",
        object_id=document.id,
        before={"state": before.value if before else None, **extra[0]},
        after={"state": document.state.value, "round": document.round, **extra[1]},
        note=note,
    )

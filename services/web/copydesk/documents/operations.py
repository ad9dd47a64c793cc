"""What people do to documents as a whole: the verbs, with the actor explicit.

Each one: lock the row, check state and right, change, record one audit row. The caller commits. Words are changed in
`revising` (people's) and `drafts` (the machine's).
"""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, Status, User
from copydesk.documents import access, chain, editions, letters, policy, revising, suggestions, text, unsent
from copydesk.documents.errors import CommentNeeded, EditorNotAvailable, NotAllowed, SelfApproval, StaleHead
from copydesk.documents.models import Document, Kind, State
from copydesk.documents.routing import deadlines, load
from copydesk.documents.signoff import decisions, statements
from copydesk.documents.signoff.statements import NOTHING_MORE, Said
from copydesk.documents.workflow import TRANSITIONS, Act

BY_LINK = "by mailed link"


def create(
    session: Session,
    sponsor: User,
    *,
    title: str,
    brief: str,
    editor_id: int | None,
    sampling: dict[str, Any],
    most_words: int | None = None,
    must_keep: str = "",
    due_at: dt.datetime | None = None,
    document_id: uuid.UUID | None = None,
) -> Document:
    """A new document in `drafting`; the caller queues its drafts in the same transaction."""
    if not policy.can_create(sponsor):
        raise NotAllowed
    document = Document(
        id=document_id or uuid.uuid4(),
        title=text.title(title),
        brief=text.brief(brief),
        state=State.DRAFTING,
        sponsor_id=sponsor.id,
        editor_id=_editor(session, editor_id),
        sampling=sampling,
        most_words=text.most_words(most_words),
        must_keep=text.must_keep(must_keep),
        due_at=deadlines.acceptable(due_at),
    )
    session.add(document)
    session.flush()
    chain.append(session, document, kind=Kind.BRIEF, title=document.title, body=document.brief, author_id=sponsor.id)
    access.record(session, Act.SUBMIT, document, sponsor, before=None)
    session.refresh(document)
    return document


def move(session: Session, document_id: uuid.UUID, act: Act, actor: User, *, comment: str = "") -> Document:
    """Do an act that changes nothing but the state: cancel, retry, redraft, keep, claim, decline, withdraw …

    Raises:
        DocumentNotFound, NotAllowed, WrongState, CommentNeeded: see their docstrings.
    """
    document = access.lock_for(session, document_id, act, actor)
    comment = text.clean(comment).strip()
    if act is Act.REQUEST_CHANGES:  # a refused change says what should change as a comment does
        comment = "\n\n".join(filter(None, (comment, decisions.in_words(decisions.refused_now(session, document)))))
    if TRANSITIONS[act].comment and text.is_blank(comment):
        raise CommentNeeded
    before = document.state
    if act in (Act.DECLINE, Act.REDRAFT, Act.WITHDRAW, Act.ASK):
        keep_unsaved(session, document, actor)
    if act is Act.CLAIM:
        document.editor_id = actor.id
    if act is Act.DECLINE:
        document.editor_id = None
    if act is Act.REQUEST_CHANGES:
        document.round += 1
    if act is Act.WITHDRAW:
        editions.cancel_scheduled(session, document)
        void_signature(document)
    access.enter(document, act)
    access.record(session, act, document, actor, before=before, note=comment or None)
    letters.tell_of_move(session, document, actor, act, comment)
    if act in (Act.KEEP, Act.DECLINE):
        load.assign_by_load(session, document)
    return document


def edit_brief(
    session: Session,
    document_id: uuid.UUID,
    actor: User,
    *,
    title: str,
    brief: str,
    base: int,
    most_words: int | None = None,
    must_keep: str = "",
) -> Document:
    """The sponsor changes what was asked for; the text is not touched until a redraft is asked for."""
    document = access.lock_for(session, document_id, Act.EDIT_BRIEF, actor)
    if base != chain.brief_number(session, document):
        raise StaleHead
    title, brief, most_words = text.title(title), text.brief(brief), text.most_words(most_words)
    demands = {"most_words": most_words, "must_keep": text.must_keep(must_keep)}
    was = {name: getattr(document, name) for name in demands}
    words_differ = (title, brief) != (document.title, document.brief)
    if not words_differ and demands == was:
        return document
    document.title, document.brief = title, brief
    document.most_words, document.must_keep = most_words, str(demands["must_keep"])
    if words_differ:
        chain.append(session, document, kind=Kind.BRIEF, title=title, body=brief, author_id=actor.id)
    access.enter(document, Act.EDIT_BRIEF)
    changed = [name for name in demands if demands[name] != was[name]]
    extra: tuple[dict[str, object], dict[str, object]] = (
        {name: was[name] for name in changed},
        {name: demands[name] for name in changed},
    )
    access.record(session, Act.EDIT_BRIEF, document, actor, before=document.state, extra=extra)
    return document


def assign(session: Session, document_id: uuid.UUID, actor: User, editor_id: int | None) -> Document:
    """Choose another editor, or none: the text is kept, and goes to the pool without one."""
    document = access.lock_for(session, document_id, Act.ASSIGN, actor)
    before = document.state
    previous = document.editor
    if document.editor_id != editor_id:
        keep_unsaved(session, document, actor)
    document.editor_id = _editor(session, editor_id)
    access.enter(document, Act.ASSIGN)
    access.record(
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


def sign(
    session: Session,
    document_id: uuid.UUID,
    actor: User,
    *,
    sha256: str,
    said: Said = NOTHING_MORE,
    by_link: bool = False,
) -> Document:
    """The sponsor signs exactly the revision that was on the page, and states that it was reviewed.

    Args:
        said: who is responsible, where it is not the signer, and what was examined.
        by_link: by the link of a letter, without logging in.

    Raises:
        StaleHead: the text is another one by now.
        SelfApproval: the signer wrote in this round.
        RefusedChanges: they refuse something in it.
    """
    document = access.lock_for(session, document_id, Act.SIGN, actor)
    head = revising.head_text(session, document)
    if head is None or head.sha256 != sha256:
        raise StaleHead
    if revising.wrote_in_round(session, document, actor):
        raise SelfApproval
    suggestions.refuse_signing(session, document)
    decisions.refuse_signing(session, document, head)
    statement = statements.make(session, document, head, actor, said, by_link=by_link)
    decisions.settle(session, document)
    document.signed_sha256, document.signed_by_id = head.sha256, actor.id
    document.signed_at = dt.datetime.now(dt.UTC)
    access.enter(document, Act.SIGN)
    facts: dict[str, object] = {
        "sha256": head.sha256,
        "statement": statement.id,
        "responsible": statement.responsible_name,
        "how": BY_LINK if by_link else "logged in",
    }
    access.record(session, Act.SIGN, document, actor, before=State.SIGNOFF, extra=({}, facts))
    letters.tell_of_signature(session, document, actor)
    return document


def release_work(session: Session, editor: User, actor: User, why: str = "The editor was suspended.") -> int:
    """The work of an editor who leaves goes back to the pool; texts are kept. Returns how many documents moved."""
    mine = select(Document).where(Document.editor_id == editor.id).with_for_update(of=Document)
    moved = 0
    for document in session.scalars(mine.order_by(Document.id)).all():
        if document.state in (State.APPROVED, State.PUBLISHED, State.RETRACTED, State.WITHDRAWN):
            continue
        before = document.state
        keep_unsaved(session, document, actor)
        document.editor_id = None
        back = document.state in (State.EDITING, State.QUESTION, State.SIGNOFF)
        access.go_to(document, State.UNASSIGNED if back else document.state)
        access.record(session, Act.ASSIGN, document, actor, before=before, note=why)
        load.assign_by_load(session, document)
        moved += 1
    return moved


def unfinished_of(session: Session, sponsor: User) -> int:
    """How many texts still need this sponsor."""
    ended = (State.PUBLISHED, State.RETRACTED, State.WITHDRAWN)
    query = select(func.count()).where(Document.sponsor_id == sponsor.id, Document.state.not_in(ended))
    return session.scalar(query) or 0


def keep_unsaved(session: Session, document: Document, actor: User) -> None:
    """Nobody's typing is lost when a text leaves its editor's hands."""
    if document.state is State.EDITING:
        unsent.keep_as_revisions(session, document, actor)


def void_signature(document: Document) -> None:
    document.signed_sha256 = document.signed_by_id = document.signed_at = None


def _editor(session: Session, editor_id: int | None) -> int | None:
    """The chosen editor's id, if they can work; locked, so that a suspension waits for us or we for it."""
    if editor_id is None:
        return None
    query = select(User.id).where(User.id == editor_id, User.role == Role.EDITOR, User.status == Status.APPROVED)
    if session.scalars(query.with_for_update(read=True)).one_or_none() is None:
        raise EditorNotAvailable
    return editor_id

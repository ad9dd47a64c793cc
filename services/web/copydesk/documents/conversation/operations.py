"""Saying something about a text: the verbs, with the actor explicit. The caller commits.

Audit rows name the thread and the comment, not the words: whoever takes words back, takes them back. Rows of comments
for editors only carry a mark, so that neither the sponsor's timeline nor the record has them.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.documents import access, chain, letters, text
from copydesk.documents.conversation import anchors, following, mentions, threads
from copydesk.documents.conversation.models import Comment, CommentThread
from copydesk.documents.errors import InvalidInput, NotAllowed, ThreadResolved
from copydesk.documents.models import Document, Kind
from copydesk.documents.workflow import Act

WORDS_MAX = 5000
QUOTE_MAX = 2000
MOST_OPEN = 500  # threads of one document
MOST_REPLIES = 200  # in one thread


@dataclass(frozen=True)
class About:
    """The words that a comment is about, as chosen or pasted; with a place, where they stand in which text."""

    words: str = ""
    base: int | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class Said:
    """A comment that was made, and whom it called in vain: names that nobody has, people who do not see it."""

    comment: Comment
    unknown: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def comment(
    session: Session,
    document_id: uuid.UUID,
    actor: User,
    *,
    words: str,
    about: About | None = None,
    editors_only: bool = False,
) -> Said:
    """Begin a thread, about words of the text or about all of it.

    Raises:
        InvalidInput: nothing was said, it is too much, or its words do not stand in the text.
        NotAllowed: a sponsor can't hide anything from the sponsor.
    """
    document = access.lock_for(session, document_id, Act.COMMENT, actor)
    if editors_only and not threads.sees_all(actor):
        raise NotAllowed
    words = _words(words)
    if _count(session, CommentThread.document_id == document.id, CommentThread.resolved_at.is_(None)) >= MOST_OPEN:
        raise InvalidInput("comment", f"At most {MOST_OPEN} comments can be open at once. Please resolve some first.")
    thread = CommentThread(document_id=document.id, editors_only=editors_only, comments=[])
    _anchor(session, document, thread, about or About())
    session.add(thread)
    session.flush()
    if thread.base_number is not None and thread.base_number < document.text_number:
        following.catch_up(session, document, [thread])
    said = _say(session, document, actor, thread, words)
    _record(session, document, actor, Act.COMMENT, thread, said.comment)
    told = {person.id for person in said.comment.mentions}
    people = [document.editor] if editors_only else [document.sponsor, document.editor]
    letters.tell_of_comment(session, document, actor, [one for one in people if one and one.id not in told], words)
    return said


def reply(session: Session, document_id: uuid.UUID, actor: User, thread_id: int, *, words: str) -> Said:
    """Go on with a thread.

    Raises:
        CommentNotFound: there is no such thread, for this person.
        ThreadResolved: it has to be opened again first.
        InvalidInput: nothing was said, or too much.
    """
    document = access.lock_for(session, document_id, Act.REPLY, actor)
    thread = threads.get(session, document, actor, thread_id)
    if thread.resolved_at is not None:
        raise ThreadResolved
    words = _words(words)
    if len(thread.comments) > MOST_REPLIES:
        raise InvalidInput("comment", f"A comment has at most {MOST_REPLIES} replies. Please begin another.")
    before = _of_thread(thread)
    said = _say(session, document, actor, thread, words)
    _record(session, document, actor, Act.REPLY, thread, said.comment)
    told = {person.id for person in said.comment.mentions}
    readers = threads.people(session, document, editors_only=thread.editors_only)
    others = [one for one in readers if one.id in before and one.id not in told]
    letters.tell_of_comment(session, document, actor, others, words, letters.REPLIED)
    return said


def change(session: Session, document_id: uuid.UUID, actor: User, comment_id: int, *, words: str) -> Said:
    """Say it in other words; that it was edited is shown. Whoever is called for the first time is told.

    Raises:
        CommentNotFound: there is no such comment, for this person.
        NotAllowed: it is somebody else's.
    """
    document = access.lock_for(session, document_id, Act.EDIT_COMMENT, actor)
    one = _own(session, document, actor, comment_id)
    words = _words(words)
    if words == one.words:
        return Said(one)
    one.words, one.edited_at = words, func.clock_timestamp()
    said = _call(session, document, actor, one)
    _record(session, document, actor, Act.EDIT_COMMENT, one.thread, one)
    return said


def take_back(session: Session, document_id: uuid.UUID, actor: User, comment_id: int) -> CommentThread:
    """Its author takes a comment back: its words go, its place in the thread stays.

    Raises:
        CommentNotFound, NotAllowed: as `change`.
    """
    document = access.lock_for(session, document_id, Act.TAKE_BACK_COMMENT, actor)
    one = _own(session, document, actor, comment_id)
    one.words, one.mentions, one.taken_back_at = "", [], func.clock_timestamp()
    _record(session, document, actor, Act.TAKE_BACK_COMMENT, one.thread, one)
    return one.thread


def resolve(session: Session, document_id: uuid.UUID, actor: User, thread_id: int) -> CommentThread:
    """What the thread was about is done. Whoever comes second with it changes nothing.

    Raises:
        CommentNotFound: there is no such thread, for this person.
    """
    document = access.lock_for(session, document_id, Act.RESOLVE_COMMENT, actor)
    thread = threads.get(session, document, actor, thread_id)
    if thread.resolved_at is None:
        thread.resolved_by_id, thread.resolved_at = actor.id, func.clock_timestamp()
        _record(session, document, actor, Act.RESOLVE_COMMENT, thread)
    return thread


def reopen(session: Session, document_id: uuid.UUID, actor: User, thread_id: int) -> CommentThread:
    """It is not done after all; its words are looked for in the text as it stands.

    Raises:
        CommentNotFound: there is no such thread, for this person.
    """
    document = access.lock_for(session, document_id, Act.REOPEN_COMMENT, actor)
    thread = threads.get(session, document, actor, thread_id)
    if thread.resolved_at is not None:
        thread.resolved_by_id = thread.resolved_at = None
        following.catch_up(session, document, [thread])
        _record(session, document, actor, Act.REOPEN_COMMENT, thread)
    return thread


def _anchor(session: Session, document: Document, thread: CommentThread, about: About) -> None:
    """Where its words stand: at the place that was chosen, or the first where they do."""
    if text.is_blank(about.words):
        thread.quote = ""
        thread.pieces = []
        return
    found = _chosen(session, document, about) or _pasted(session, document, about.words)
    if found is None:
        raise InvalidInput("about", "These words do not stand in the text. Please copy them from there.")
    thread.base_number, thread.start, thread.end, thread.quote = found
    if len(thread.quote) > QUOTE_MAX:
        raise InvalidInput("about", f"At most {QUOTE_MAX:,} characters of the text, please.")
    thread.placed_number, thread.pieces = thread.base_number, [[thread.start, thread.end]]


def _chosen(session: Session, document: Document, about: About) -> tuple[int, int, int, str] | None:
    """The place that was sent, where the text has these words at it."""
    if about.base is None or about.start is None or about.end is None:
        return None
    base = chain.revision(session, document, about.base) if 0 < about.base <= document.text_number else None
    if base is None or base.kind is Kind.BRIEF or not 0 <= about.start < about.end <= len(base.body):
        return None
    words = base.body[about.start : about.end]
    start = about.start + len(words) - len(words.lstrip())
    words = words.strip()
    return (base.number, start, start + len(words), words) if anchors.same(words, about.words) else None


def _pasted(session: Session, document: Document, words: str) -> tuple[int, int, int, str] | None:
    head = chain.revision(session, document, document.text_number) if document.text_number else None
    found = anchors.find(head.body, words[: 2 * QUOTE_MAX]) if head else None
    return (head.number, *found, head.body[found[0] : found[1]]) if head and found else None


def _say(session: Session, document: Document, actor: User, thread: CommentThread, words: str) -> Said:
    made = Comment(thread=thread, author=actor, author_id=actor.id, words=words, mentions=[])
    session.add(made)
    session.flush()
    return _call(session, document, actor, made)


def _call(session: Session, document: Document, actor: User, made: Comment) -> Said:
    """Note whom a comment calls by name, and tell those whom it did not call before."""
    everyone = threads.people(session, document)
    readers = {one.id for one in threads.people(session, document, editors_only=made.thread.editors_only)}
    called = mentions.find(made.words, everyone)
    wanted = {person.id: person for one in called for person in one.people}
    known = {person.id for person in made.mentions}
    made.mentions = [person for person in wanted.values() if person.id in readers]
    session.flush()
    new = [person for person in made.mentions if person.id not in known]
    letters.tell_of_comment(session, document, actor, new, made.words, letters.MENTIONED)
    unknown = tuple(dict.fromkeys(made.words[one.start : one.end] for one in called if not one.people))
    return Said(made, unknown, tuple(person.name for person in wanted.values() if person.id not in readers))


def _own(session: Session, document: Document, actor: User, comment_id: int) -> Comment:
    one = threads.comment(session, document, actor, comment_id)
    if one.author_id != actor.id:
        raise NotAllowed("Only who wrote a comment can change it or take it back.")
    return one


def _of_thread(thread: CommentThread) -> set[int]:
    """Who said something in it, or was called."""
    said = {one.author_id for one in thread.comments if one.taken_back_at is None}
    return said | {person.id for one in thread.comments for person in one.mentions}


def _record(
    session: Session, document: Document, actor: User, act: Act, thread: CommentThread, said: Comment | None = None
) -> None:
    thread.changed_at = func.clock_timestamp()
    what: dict[str, object] = {"thread": thread.id}
    if said is not None:
        what["comment"] = said.id
    if thread.editors_only:
        what[threads.HIDDEN] = True
    else:
        access.enter(document, act)  # the sponsor's page does not say that anything happened, where it was hidden
    access.record(session, act, document, actor, before=document.state, extra=({}, what))
    session.refresh(thread)


def _words(typed: str) -> str:
    return text.required("comment", text.clean(typed).strip(), name="comment", most=WORDS_MAX)


def _count(session: Session, *conditions: object) -> int:
    return session.scalars(select(func.count()).select_from(CommentThread).where(*conditions)).one()  # type: ignore[arg-type]

"""The conversation as pages and the editor's script show it; what is said and done is in `comments`."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from flask_login import current_user

from copydesk.audit import AuditEvent
from copydesk.documents import policy
from copydesk.documents.conversation import mentions, threads
from copydesk.documents.conversation.models import Comment, CommentThread
from copydesk.documents.models import Document
from copydesk.documents.workflow import Act
from copydesk.web.documents.routes import config
from copydesk.web.extensions import db

IN_TIMELINE = 240  # characters of a comment that are quoted there
_SAYING = tuple(f"document.{act.value.replace(' ', '_')}" for act in (Act.COMMENT, Act.REPLY))


@dataclass(frozen=True)
class Refused:
    """A form of the conversation that came back: which one, what is wrong, and what was typed."""

    form: str  # "new", "reply-7" or "change-9"
    at_fault: str
    message: str
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CommentView:
    id: int
    author: str
    mine: bool
    at: dt.datetime
    edited: bool
    taken_back: bool
    words: str
    pieces: Sequence[tuple[str, bool]]  # the words, and which of them are the name of somebody who is called


@dataclass(frozen=True)
class ThreadView:
    """`place`: from where to where its words reach in the text; None: they are gone, or it is about all of it."""

    id: int
    quote: str
    place: tuple[int, int] | None
    editors_only: bool
    resolved_by: str | None
    resolved_at: dt.datetime | None
    comments: Sequence[CommentView]

    @property
    def gone(self) -> bool:
        return bool(self.quote) and self.place is None


@dataclass(frozen=True)
class Conversation:
    """The panel."""

    open: Sequence[ThreadView]
    resolved: Sequence[ThreadView]
    version: str
    names: Sequence[str]  # who can be called; empty for whoever can say nothing now
    hides: bool  # may this person say something that the sponsor does not see?


def conversation(document: Document) -> Conversation:
    """What this request's person sees of it, in a constant number of queries."""
    session, me = db.session(), current_user
    seen = [_thread(one) for one in threads.visible(session, document, me)]
    talks = policy.can(Act.COMMENT, me, document, claiming=config().claiming)
    names = [one.name for one in threads.people(session, document) if one.id != me.id] if talks else []
    return Conversation(
        open=sorted((one for one in seen if one.resolved_at is None), key=_order),
        resolved=sorted((one for one in seen if one.resolved_at), key=lambda one: str(one.resolved_at), reverse=True),
        version=threads.version(session, document, me),
        names=names,
        hides=talks and threads.sees_all(me),
    )


def words_of_events(document: Document, events: Sequence[AuditEvent]) -> dict[int, str]:
    """What was said in each act of saying something, by the event's id; nothing where it was taken back."""
    wanted = {one.after["comment"]: one.id for one in events if one.action in _SAYING and "comment" in one.after}
    if not wanted:
        return {}
    seen = threads.visible(db.session(), document, current_user)
    said = {one.id: one.words for thread in seen for one in thread.comments}
    return {event: _short(said[number]) for number, event in wanted.items() if said.get(number)}


def seen(events: Sequence[AuditEvent]) -> Sequence[AuditEvent]:
    """The audit events that this request's person may know of."""
    return events if threads.sees_all(current_user) else threads.events_for_everyone(events)


def cut(spans: Sequence[Mapping[str, Any]], open_threads: Sequence[ThreadView]) -> list[dict[str, Any]]:
    """Pieces that tile the text, cut anew where commented words begin and end.

    Each knows the `thread` whose words it is part of; where threads overlap, the one that begins last.
    `first`: it is the first piece of these words.
    """
    marks = sorted((one.place[0], one.place[1], one.id) for one in open_threads if one.place)
    if not marks:
        return [dict(span) for span in spans]
    made: list[dict[str, Any]] = []
    named: set[int] = set()
    at = 0
    for span in spans:
        end = at + len(span["text"])
        edges = sorted({at, end, *(edge for mark in marks for edge in mark[:2] if at < edge < end)})
        for left, right in pairwise(edges):
            thread = next((number for start, stop, number in reversed(marks) if start <= left and right <= stop), None)
            piece = {**span, "text": span["text"][left - at : right - at], "thread": thread}
            made.append(piece | {"first": thread is not None and thread not in named})
            if thread is not None:
                named.add(thread)
        at = end
    return made


def _thread(one: CommentThread) -> ThreadView:
    return ThreadView(
        id=one.id,
        quote=one.quote,
        place=threads.place(one) if one.resolved_at is None else None,
        editors_only=one.editors_only,
        resolved_by=one.resolved_by.name if one.resolved_by else None,
        resolved_at=one.resolved_at,
        comments=[_comment(said) for said in one.comments],
    )


def _comment(one: Comment) -> CommentView:
    return CommentView(
        id=one.id,
        author=one.author.name,
        mine=one.author_id == current_user.id,
        at=one.created_at,
        edited=one.edited_at is not None,
        taken_back=one.taken_back_at is not None,
        words=one.words,
        pieces=mentions.pieces(one.words, one.mentions),
    )


def _order(one: ThreadView) -> tuple[int, int, int]:
    """In the order of the text; what is about all of it first, what has lost its words last."""
    return (2, 0, one.id) if one.gone else (1, one.place[0], one.id) if one.place else (0, 0, one.id)


def _short(words: str) -> str:
    return words if len(words) <= IN_TIMELINE else words[:IN_TIMELINE].rsplit(" ", 1)[0] + " …"

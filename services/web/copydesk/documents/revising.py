"""People's words: saving and delivering them. The caller commits."""

import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.config import settings
from copydesk.documents import access, chain, letters, text
from copydesk.documents.errors import InvalidInput, NothingToDeliver, StaleHead
from copydesk.documents.models import Document, Kind, Revision, State
from copydesk.documents.workflow import Act


@dataclass(frozen=True)
class Text:
    """A title and a body as a person typed them, based on the text revision they saw."""

    title: str
    body: str
    base: int  # the number of the text revision that was on the person's page


def save(session: Session, document_id: uuid.UUID, actor: User, written: Text) -> Revision:
    """Append the editor's revision. Saving what is there already adds nothing.

    Raises:
        StaleHead: somebody saved after the writer's page was loaded; nothing is overwritten.
    """
    document = access.lock_for(session, document_id, Act.SAVE, actor)
    return _save(session, document, actor, written)


def deliver(session: Session, document_id: uuid.UUID, actor: User, written: Text) -> Document:
    """Save what is on the page, then hand it to the sponsor: one act, one commit."""
    document = access.lock_for(session, document_id, Act.DELIVER, actor)
    if text.is_blank(written.body):
        raise NothingToDeliver
    _save(session, document, actor, written)
    access.enter(document, Act.DELIVER)
    access.record(session, Act.DELIVER, document, actor, before=State.EDITING)
    letters.tell_of_delivery(session, document, actor)
    return document


def head_text(session: Session, document: Document) -> Revision | None:
    """The text as it stands; None before the first draft."""
    return chain.revision(session, document, document.text_number) if document.text_number else None


def _save(session: Session, document: Document, actor: User, written: Text) -> Revision:
    head = head_text(session, document)
    if head is None or written.base != head.number:
        raise StaleHead
    title = text.title(written.title)
    body = text.clean(written.body)
    check_length(body)
    if (title, body) == (head.title, head.body):
        return head
    revision = chain.append(session, document, kind=Kind.HUMAN, title=title, body=body, author_id=actor.id)
    document.title = title
    access.enter(document, Act.SAVE)
    access.record(
        session,
        Act.SAVE,
        document,
        actor,
        before=document.state,
        extra=({"revision": head.number}, {"revision": revision.number}),
    )
    return revision


def check_length(body: str) -> None:
    most = settings().text_max_chars
    if len(body) > most:
        raise InvalidInput("body", f"The text has {len(body):,} characters; the most is {most:,}.")


def wrote_in_round(session: Session, document: Document, actor: User) -> bool:
    query = select(Revision.id).where(
        Revision.document_id == document.id,
        Revision.round == document.round,
        Revision.author_id == actor.id,
        Revision.kind == Kind.HUMAN,
    )
    return session.scalars(query.limit(1)).first() is not None

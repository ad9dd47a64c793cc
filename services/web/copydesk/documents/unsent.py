"""What a person has typed and not saved yet, kept on the server: one row for each window they write in."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from copydesk.accounts.models import User
from copydesk.config import settings
from copydesk.db import Base, BigIntId
from copydesk.documents import access, chain, text
from copydesk.documents.errors import InvalidInput
from copydesk.documents.models import Document, Kind, Revision
from copydesk.documents.textdiff import merging
from copydesk.documents.workflow import Act

KEPT_FOR = dt.timedelta(days=30)
MOST_WINDOWS = 20  # of one person in one document; the oldest make room


class Unsent(Base):
    """A title and a body on top of the text revision `base_number`; none of both once they are saved or thrown away.

    The row stays then: it knows how far the window's sendings had come, so that a late one brings no old words back.
    """

    __tablename__ = "unsent_texts"
    __table_args__ = (
        UniqueConstraint("document_id", "person_id", "tab"),
        CheckConstraint("(title IS NULL) = (body IS NULL)", "title_and_body"),
        Index("ix_unsent_texts_document", "document_id", "kept_at"),
    )

    id: Mapped[BigIntId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    tab: Mapped[str] = mapped_column(String(36))  # a name that the browser gives each of its windows
    base_number: Mapped[int]
    title: Mapped[str | None] = mapped_column(String(400))
    body: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int]  # counts the window's own sendings, so that a late one can't undo a newer
    saved_as: Mapped[int | None]  # the newest text revision that this window saved
    saved_version: Mapped[int | None]  # which of its sendings that was
    kept_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())


@dataclass(frozen=True)
class Words:
    """What a window sends: everything that was typed in it so far, for the `version`th time."""

    tab: str
    version: int
    base: int
    title: str
    body: str
    instead_of: tuple[str, int] | None = None  # the window (and sending) from which these words were taken over


def keep(session: Session, document_id: uuid.UUID, actor: User, words: Words) -> Unsent:
    """Keep what stands in the actor's window. A sending that arrives after a newer one changes nothing.

    Raises:
        DocumentNotFound, NotAllowed, WrongState: only who may save now may keep.
        InvalidInput: too long, or based on a text that there never was.
    """
    document = access.lock_for(session, document_id, Act.SAVE, actor)
    body, title = text.clean(words.body), text.clean_line(words.title)
    if len(body) > 2 * settings().text_max_chars or len(title) > 2 * settings().title_max_chars:
        raise InvalidInput("body", "The text is too long to be kept. Please save a shorter one.")
    if not 0 < words.base <= document.text_number:
        raise InvalidInput("base", "The text moved on. Please open the page again.")
    values = {"title": title, "body": body, "base_number": words.base, "version": words.version}
    _write(session, document, actor, words.tab, values)
    if words.instead_of is not None and words.instead_of[0] != words.tab:
        _empty(session, document, actor.id, *words.instead_of)
    _make_room(session, document, actor)
    return _row(session, document, actor, words.tab)


@dataclass(frozen=True)
class Found:
    """Words that wait to be saved, on top of the text as it stands where that could be done without asking."""

    tab: str
    version: int
    base: int
    title: str
    body: str
    merged: bool
    kept_at: dt.datetime


def newest(session: Session, document: Document, person: User) -> Found | None:
    """What the person typed last and never saved, if the text as it stands does not hold it already."""
    head = chain.revision(session, document, document.text_number) if document.text_number else None
    if head is None:
        return None
    rows = reversed(_open_rows(session, document, person.id))
    return next((found for row in rows if (found := _found(session, document, row, head))), None)


def discard(session: Session, document: Document, person: User, tab: str, version: int) -> None:
    """Throw away what the person's window kept, unless it has sent newer words since."""
    nothing = {"title": None, "body": None, "base_number": document.text_number, "version": version}
    _write(session, document, person, tab, nothing)


def saved(session: Session, document: Document, person: User, words: Words, revision: Revision) -> None:
    """What the window kept up to this sending is in `revision` now, and so are the same words if it sent them again."""
    values: dict[str, object] = {"title": None, "body": None, "base_number": revision.number, "version": words.version}
    numbers: dict[str, object] = {"saved_as": revision.number, "saved_version": words.version}
    _write(session, document, person, words.tab, values | numbers)
    # Where the browser sent newer words before the save arrived, they stay; the window has saved all the same.
    mine = update(Unsent).where(*_of(document, person.id, words.tab))
    session.execute(mine.values(**numbers))
    session.execute(mine.where(Unsent.body == words.body, Unsent.title == words.title).values(title=None, body=None))


@dataclass(frozen=True)
class LastSave:
    """What a window saved last: as which revision, with which of its sendings, and was it merged on the way?"""

    number: int
    version: int
    merged: bool


def last_save(session: Session, document: Document, person: User, tab: str) -> LastSave | None:
    if not tab:
        return None
    query = (
        select(Unsent.saved_as, Unsent.saved_version, Revision.merged_from)
        .join(Revision, and_(Revision.document_id == Unsent.document_id, Revision.number == Unsent.saved_as))
        .where(*_of(document, person.id, tab))
    )
    row = session.execute(query).one_or_none()
    return None if row is None else LastSave(row[0] or 0, row[1] or 0, row[2] is not None)


def settled(session: Session, document: Document, person: User) -> dict[str, int]:
    """How far each of the person's windows had come when its words were saved or thrown away."""
    mine = Unsent.document_id == document.id, Unsent.person_id == person.id
    rows = session.execute(select(Unsent.tab, Unsent.version).where(*mine, Unsent.body.is_(None)))
    return {row.tab: row.version for row in rows}


def keep_as_revisions(session: Session, document: Document, actor: User) -> list[Revision]:
    """Before the text leaves its editor's hands: what the editor typed and did not save becomes theirs in the text.

    It is merged into the text as it stands. Where it conflicts, both stay, one after the other: a doubled sentence is
    seen and mended by whoever goes on, and no word is lost or credited to somebody else. The caller holds the row's
    lock.
    """
    editor = document.editor_id
    if editor is None or not document.text_number:
        return []
    made = []
    for row in _open_rows(session, document, editor):
        revision = _keep_as_revision(session, document, row)
        if revision is not None:
            made.append(revision)
            kept: dict[str, object] = {"revision": revision.number, "writer": editor, "title": row.title}
            access.record(session, Act.KEEP_UNSAVED, document, actor, before=document.state, extra=({}, kept))
        _empty(session, document, editor, row.tab, row.version)
    return made


def clear_old(session: Session) -> int:
    """Words that nobody came back for. Returns how many windows were forgotten."""
    old = delete(Unsent).where(Unsent.kept_at < func.clock_timestamp() - KEPT_FOR).returning(Unsent.id)
    return len(session.scalars(old).all())


def _keep_as_revision(session: Session, document: Document, row: Unsent) -> Revision | None:
    head = chain.revision(session, document, document.text_number)
    base = chain.revision(session, document, row.base_number)
    if head is None or base is None or row.title is None or row.body is None or text.is_blank(row.body):
        return None
    if _is_saved(session, document, row):
        return None
    body = merging.merge(base.body, row.body, head.body).text(otherwise=merging.Choice.BOTH)
    title = merging.merge_titles(base.title, row.title, head.title).text(otherwise=merging.Choice.THEIRS)
    title = head.title if text.is_blank(title) else title[: settings().title_max_chars]
    if (title, body) == (head.title, head.body):
        return None
    merged_from = None if base.number == head.number else base.number
    document.title = title
    return chain.append(
        session, document, kind=Kind.HUMAN, title=title, body=body, author_id=row.person_id, merged_from=merged_from
    )


def _found(session: Session, document: Document, row: Unsent, head: Revision) -> Found | None:
    """None where the text as it stands says all that the row does."""
    base = head if row.base_number == head.number else chain.revision(session, document, row.base_number)
    if base is None or row.title is None or row.body is None or _is_saved(session, document, row):
        return None
    bodies = merging.merge(base.body, row.body, head.body)
    titles = merging.merge_titles(base.title, row.title or base.title, head.title)
    if bodies.conflicts or titles.conflicts:
        return Found(row.tab, row.version, base.number, row.title, row.body, merged=False, kept_at=row.kept_at)
    words = titles.text(), bodies.text()
    if words == (head.title, head.body):
        return None
    return Found(row.tab, row.version, head.number, *words, merged=base is not head, kept_at=row.kept_at)


def _is_saved(session: Session, document: Document, row: Unsent) -> bool:
    """Are these the very words that the window saved? It sent them once more before it heard that its save arrived."""
    saved_as = chain.revision(session, document, row.saved_as) if row.saved_as else None
    return saved_as is not None and (saved_as.title, saved_as.body) == (row.title, row.body)


def _open_rows(session: Session, document: Document, person_id: int) -> Sequence[Unsent]:
    """The person's windows that hold words, oldest first."""
    mine = Unsent.document_id == document.id, Unsent.person_id == person_id, Unsent.body.is_not(None)
    query = select(Unsent).where(*mine).order_by(Unsent.kept_at, Unsent.id).execution_options(populate_existing=True)
    return session.scalars(query).all()


def _write(session: Session, document: Document, person: User, tab: str, values: Mapping[str, object]) -> None:
    """Insert or update a window's row, unless it has come further already."""
    new = insert(Unsent).values(document_id=document.id, person_id=person.id, tab=tab, **values)
    further = Unsent.version < new.excluded.version
    if values["body"] is None:
        further = Unsent.version <= new.excluded.version
    session.execute(
        new.on_conflict_do_update(
            index_elements=[Unsent.document_id, Unsent.person_id, Unsent.tab],
            set_={**values, "kept_at": func.clock_timestamp()},
            where=further,
        )
    )


def _empty(session: Session, document: Document, person_id: int, tab: str, version: int) -> None:
    mine = _of(document, person_id, tab)
    nothing = {"title": None, "body": None, "version": version, "kept_at": func.clock_timestamp()}
    session.execute(update(Unsent).where(*mine, Unsent.version <= version).values(**nothing))


def _make_room(session: Session, document: Document, person: User) -> None:
    mine = Unsent.document_id == document.id, Unsent.person_id == person.id
    words_first = Unsent.body.is_not(None).desc(), Unsent.kept_at.desc(), Unsent.id.desc()
    newest_first = select(Unsent.id).where(*mine).order_by(*words_first)
    session.execute(delete(Unsent).where(Unsent.id.in_(newest_first.offset(MOST_WINDOWS))))


def _row(session: Session, document: Document, person: User, tab: str) -> Unsent:
    query = select(Unsent).where(*_of(document, person.id, tab)).execution_options(populate_existing=True)
    return session.scalars(query).one()


def _of(document: Document, person_id: int, tab: str) -> tuple[ColumnElement[bool], ...]:
    return Unsent.document_id == document.id, Unsent.person_id == person_id, Unsent.tab == tab

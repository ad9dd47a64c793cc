"""Briefs that somebody began to write: the form of a new document, kept as it is typed.

An unfinished brief has the number that its document will have, so the two can't exist side by side.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, delete, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from copydesk.accounts.models import User
from copydesk.config import settings
from copydesk.db import Base, CreatedAt
from copydesk.documents import policy
from copydesk.documents.errors import DocumentError, InvalidInput, NotAllowed
from copydesk.documents.models import Document
from copydesk.documents.text import clean, clean_line, is_blank

MOST = 50  # of one person; the oldest make room
MOST_FIELDS, LONGEST_NAME = 100, 80
ROOM = 20_000  # characters for all fields beside the brief
UNDO_FOR = dt.timedelta(days=1)
KEPT_FOR = dt.timedelta(days=180)
SHOWN = 80  # characters of the first words


class BecameADocument(DocumentError):
    """This brief became a document in the meantime. What you type now is kept as a new one."""


class UnfinishedNotFound(DocumentError):
    """This unfinished brief is not there any more."""


class Unfinished(Base):
    """The fields of the form, by name, as they were typed."""

    __tablename__ = "unfinished_briefs"
    __table_args__ = (
        CheckConstraint("version > 0", "version"),
        Index("ix_unfinished_briefs_person", "person_id", "kept_at", postgresql_where=text("deleted_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    fields: Mapped[dict[str, str]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(BigInteger)  # counts the times it was kept: who typed on an older one hears it
    created_at: Mapped[CreatedAt]
    kept_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    deleted_at: Mapped[dt.datetime | None]  # can be put back for a day

    @property
    def name(self) -> str:
        """What a person knows it by: its title, or how it begins."""
        words = clean_line(self.fields.get("title", "")) or clean_line(self.fields.get("brief", "")[: 4 * SHOWN])
        return words if len(words) <= SHOWN else f"{words[:SHOWN].rstrip()} …"


@dataclass(frozen=True)
class Kept:
    """Where the words are; `beside`: another window had changed them, so that these lie beside the others."""

    unfinished: Unfinished
    beside: bool


def keep(
    session: Session, person: User, number: uuid.UUID, fields: Mapping[str, str], *, version: int, new: uuid.UUID
) -> Kept | None:
    """Keep what stands in a form that was opened on version `version` of the brief (0: a fresh form).

    Nothing is written over that this form has not seen: then its words become a brief of their own, `new`.
    None: the form is as good as empty, and there is nothing to keep.

    Raises:
        BecameADocument: the form was sent already.
        InvalidInput: too long to be kept.
    """
    if not policy.can_create(person):
        raise NotAllowed
    fields = _cleaned(fields)
    _hold(session, number)
    if session.scalar(select(Document.id).where(Document.id == number)) is not None:
        raise BecameADocument
    found = session.get(Unfinished, number, populate_existing=True)
    if found is None:
        if is_blank("".join(fields.get(name, "") for name in ("title", "brief", "must_keep"))):
            return None
        return Kept(_add(session, person, number, fields), beside=False)
    if found.person_id != person.id or found.deleted_at is not None or found.version != version:
        if found.person_id == person.id and found.deleted_at is None and found.fields == fields:
            return Kept(found, beside=False)  # the same words arrived twice
        return Kept(_add(session, person, new, fields), beside=True)
    if found.fields != fields:
        found.fields, found.version, found.kept_at = dict(fields), version + 1, func.clock_timestamp()
        session.flush()
        session.refresh(found)
    return Kept(found, beside=False)


def mine(session: Session, person: User) -> Sequence[Unfinished]:
    """The person's own, the last one first."""
    query = select(Unfinished).where(Unfinished.person_id == person.id, Unfinished.deleted_at.is_(None))
    return session.scalars(query.order_by(Unfinished.kept_at.desc(), Unfinished.id).limit(MOST)).all()


def count(session: Session, person: User) -> int:
    query = select(func.count()).where(Unfinished.person_id == person.id, Unfinished.deleted_at.is_(None))
    return session.scalars(query).one()


def get(session: Session, person: User, number: uuid.UUID, *, deleted: bool = False) -> Unfinished:
    """One of the person's own.

    Raises:
        UnfinishedNotFound: it is somebody else's, was deleted, or became a document.
    """
    query = select(Unfinished).where(Unfinished.id == number, Unfinished.person_id == person.id)
    found = session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if found is None or (found.deleted_at is not None) is not deleted:
        raise UnfinishedNotFound
    return found


def remove(session: Session, person: User, number: uuid.UUID) -> Unfinished:
    """Delete it; for a day it can be put back."""
    found = get(session, person, number)
    found.deleted_at = func.clock_timestamp()
    session.flush()
    return found


def restore(session: Session, person: User, number: uuid.UUID) -> Unfinished:
    found = get(session, person, number, deleted=True)
    found.deleted_at = None
    session.flush()
    return found


def became_document(session: Session, person: User, number: uuid.UUID) -> None:
    """The form was sent: in the transaction that makes its document, the unfinished brief goes."""
    _hold(session, number)
    session.execute(delete(Unfinished).where(Unfinished.id == number, Unfinished.person_id == person.id))


def clear_old(session: Session) -> int:
    """Deleted ones that nobody put back, and those that nobody came back for in half a year."""
    now = func.clock_timestamp()
    old = (Unfinished.deleted_at < now - UNDO_FOR) | (Unfinished.kept_at < now - KEPT_FOR)
    return len(session.scalars(delete(Unfinished).where(old).returning(Unfinished.id)).all())


def _hold(session: Session, number: uuid.UUID) -> None:
    """Keeping a brief and making its document wait for each other: else the late one would bring it back."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"unfinished brief {number}", 0))))


def _add(session: Session, person: User, number: uuid.UUID, fields: Mapping[str, str]) -> Unfinished:
    made = Unfinished(id=number, person_id=person.id, fields=dict(fields), version=1)
    session.add(made)
    session.flush()
    session.refresh(made)
    newest = select(Unfinished.id).where(Unfinished.person_id == person.id, Unfinished.deleted_at.is_(None))
    newest = newest.order_by(Unfinished.kept_at.desc(), Unfinished.id).offset(MOST)
    session.execute(delete(Unfinished).where(Unfinished.id.in_(newest)))
    return made


def _cleaned(fields: Mapping[str, str]) -> dict[str, str]:
    cleaned = {clean_line(name)[:LONGEST_NAME]: clean(value) for name, value in fields.items()}
    most = settings().brief_max_chars * 2 + ROOM
    if len(cleaned) > MOST_FIELDS or sum(map(len, cleaned.values())) > most:
        raise InvalidInput("brief", "This is too long to be kept. Please shorten it.")
    return cleaned

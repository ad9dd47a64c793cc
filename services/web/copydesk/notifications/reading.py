"""A person's own notices, as the page shows them: newest first, read or not, cleared when they are old."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from copydesk.accounts.models import User
from copydesk.notifications.models import Notice

PAGE = 30
MOST_COUNTED = 100  # more are not counted: the bell says “99+”
KEPT = dt.timedelta(days=90)  # read or not; the page says so


@dataclass(frozen=True)
class Page:
    notices: Sequence[Notice]
    next_before: int | None  # the older ones begin below this id


def unread(session: Session, person: User) -> int:
    """How many are unread, up to `MOST_COUNTED`: asked on every page, so it reads no more of the index than that."""
    some = select(Notice.id).where(Notice.person_id == person.id, Notice.read_at.is_(None))
    # The order is what the index has: without it the whole table may be read for whoever has very many.
    newest = some.order_by(Notice.id.desc()).limit(MOST_COUNTED)
    return session.scalars(select(func.count()).select_from(newest.subquery())).one()


def page(session: Session, person: User, *, before: int | None = None, only_unread: bool = False) -> Page:
    query = select(Notice).where(Notice.person_id == person.id).options(joinedload(Notice.actor))
    if before is not None:
        query = query.where(Notice.id < before)
    if only_unread:
        query = query.where(Notice.read_at.is_(None))
    found = session.scalars(query.order_by(Notice.id.desc()).limit(PAGE + 1)).all()
    return Page(found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None)


def own(session: Session, person: User, notice_id: int) -> Notice | None:
    """The notice, if it is this person's."""
    return session.scalars(select(Notice).where(Notice.id == notice_id, Notice.person_id == person.id)).one_or_none()


def mark(session: Session, person: User, notice_id: int, *, read: bool = True) -> None:
    """Mark one of the person's own; what is so already keeps its time."""
    mine = update(Notice).where(Notice.id == notice_id, Notice.person_id == person.id)
    if read:
        session.execute(mine.where(Notice.read_at.is_(None)).values(read_at=func.clock_timestamp()))
    else:
        session.execute(mine.values(read_at=None))


def mark_all(session: Session, person: User, *, up_to: int) -> None:
    """All that the person can have seen; what came after `up_to` stays unread."""
    mine = update(Notice).where(Notice.person_id == person.id, Notice.id <= up_to, Notice.read_at.is_(None))
    session.execute(mine.values(read_at=func.clock_timestamp()))


def lead_elsewhere(session: Session, document_id: uuid.UUID, address: str) -> None:
    """What was told about a document leads here from now on."""
    session.execute(update(Notice).where(Notice.document_id == document_id).values(address=address))


def clear_old(session: Session) -> int:
    """Take away what is older than `KEPT`; returns how many."""
    gone = delete(Notice).where(Notice.created_at < func.now() - KEPT)
    return int(session.execute(gone).rowcount)  # type: ignore[attr-defined]

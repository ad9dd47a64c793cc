"""Who has a document before them, who is writing in it, and for how long they were at work."""

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import CheckConstraint, Date, ForeignKey, String, and_, case, cast, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from copydesk.accounts.models import User
from copydesk.db import Base, Words, one_of
from copydesk.documents.models import Document

SILENT_AFTER = dt.timedelta(seconds=30)
LONGEST_GAP = 60.0  # seconds between two signs of writing that still count as work
FORGOTTEN_AFTER = dt.timedelta(days=1)
MOST_WINDOWS = 20  # that are looked at when it is asked who is there


class Doing(StrEnum):
    READING = "reading"
    WRITING = "writing"


class Presence(Base):
    """A window in which a document is open. Rows that gave no sign for a while mean nothing and are cleared away."""

    __tablename__ = "presences"
    __table_args__ = (CheckConstraint(one_of("doing", Doing), "doing"), CheckConstraint("paragraph > 0", "paragraph"))

    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    tab: Mapped[str] = mapped_column(String(36), primary_key=True)
    doing: Mapped[Doing] = mapped_column(Words(Doing))
    paragraph: Mapped[int | None]  # where the cursor stands, from 1
    since: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    seen_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())


class LastSeen(Base):
    """The newest text of a document that a person has had before them."""

    __tablename__ = "last_seen"

    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    number: Mapped[int]  # of the text revision
    seen_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())


class TimeAtWork(Base):
    """How long a person wrote in a document on one day (UTC): the sum of the gaps between signs of it, each capped."""

    __tablename__ = "time_at_work"
    __table_args__ = (CheckConstraint("seconds >= 0", "seconds"),)

    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    seconds: Mapped[float]
    last_sign_at: Mapped[dt.datetime]


@dataclass(frozen=True)
class Other:
    """Somebody else (or the person's own other window) at the same document."""

    name: str
    doing: Doing
    paragraph: int | None
    since: dt.datetime
    own: bool


def give_sign(
    session: Session, document: Document, person: User, tab: str, doing: Doing, paragraph: int | None = None
) -> None:
    """The person's window is open, and this is what they do in it. Signs of writing add to their time at work."""
    here = insert(Presence).values(
        document_id=document.id, person_id=person.id, tab=tab, doing=doing, paragraph=paragraph
    )
    now = func.clock_timestamp()
    goes_on = and_(Presence.doing == here.excluded.doing, Presence.seen_at > now - SILENT_AFTER)
    session.execute(
        here.on_conflict_do_update(
            index_elements=[Presence.document_id, Presence.person_id, Presence.tab],
            set_={
                "doing": here.excluded.doing,
                "paragraph": here.excluded.paragraph,
                "since": case((goes_on, Presence.since), else_=now),
                "seen_at": now,
            },
        )
    )
    if doing is Doing.WRITING:
        count_time(session, document, person)


def leave(session: Session, document: Document, person: User, tab: str) -> None:
    """The person's window was closed."""
    mine = Presence.document_id == document.id, Presence.person_id == person.id, Presence.tab == tab
    session.execute(delete(Presence).where(*mine))


def others(session: Session, document: Document, person: User, tab: str) -> list[Other]:
    """Who else is there: once for each person, by what they do most; their silent windows are gone."""
    here = Presence.document_id == document.id, Presence.seen_at > func.clock_timestamp() - SILENT_AFTER
    query = (
        select(User.id, User.name, Presence.tab, Presence.doing, Presence.paragraph, Presence.since)
        .join(User, User.id == Presence.person_id)
        .where(*here)
        .order_by(Presence.doing.desc(), Presence.seen_at.desc())  # "writing" comes after "reading"
        .limit(MOST_WINDOWS)
    )
    found: dict[int, Other] = {}
    for row in session.execute(query):
        if row.id == person.id and (row.tab == tab or row.doing is Doing.READING):
            continue
        found.setdefault(row.id, Other(row.name, row.doing, row.paragraph, row.since, row.id == person.id))
    return list(found.values())


def count_time(session: Session, document: Document, person: User) -> None:
    """One more sign that the person writes: the time since the last one counts, up to a minute."""
    now = func.clock_timestamp()
    today = cast(func.timezone("UTC", now), Date)
    first = insert(TimeAtWork).values(
        document_id=document.id, person_id=person.id, day=today, seconds=0.0, last_sign_at=now
    )
    gap = func.extract("epoch", now - TimeAtWork.last_sign_at)
    session.execute(
        first.on_conflict_do_update(
            index_elements=[TimeAtWork.document_id, TimeAtWork.person_id, TimeAtWork.day],
            set_={
                "seconds": TimeAtWork.seconds + func.least(func.greatest(gap, 0.0), LONGEST_GAP),
                "last_sign_at": now,
            },
        )
    )


def last_seen(session: Session, document: Document, person: User) -> int | None:
    """The newest text revision that the person has had before them; None: they never opened the document."""
    query = select(LastSeen.number).where(LastSeen.document_id == document.id, LastSeen.person_id == person.id)
    return session.scalars(query).one_or_none()


def mark(session: Session, document: Document, person: User) -> None:
    """The person has the text as it stands before them now. Read `last_seen` first where it is asked for."""
    if not document.text_number:
        return
    seen = insert(LastSeen).values(document_id=document.id, person_id=person.id, number=document.text_number)
    session.execute(
        seen.on_conflict_do_update(
            index_elements=[LastSeen.document_id, LastSeen.person_id],
            set_={"number": seen.excluded.number, "seen_at": func.clock_timestamp()},
            where=LastSeen.number < seen.excluded.number,
        )
    )


def clear_old(session: Session) -> int:
    """Windows that gave no sign for a day. Returns how many."""
    old = Presence.seen_at < func.clock_timestamp() - FORGOTTEN_AFTER
    return len(session.execute(delete(Presence).where(old).returning(Presence.tab)).all())

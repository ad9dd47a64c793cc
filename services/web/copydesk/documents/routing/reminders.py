"""Reminders: before a date, after it, and to a sponsor whom a text waits for. Each is written once, by one worker."""

import datetime as dt
import uuid
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from copydesk.accounts.models import Role, Status, User
from copydesk.db import Base, CreatedAt, Words, one_of
from copydesk.documents import letters
from copydesk.documents.models import Document, State
from copydesk.documents.routing.rules import Rules, rules

MOST = 3  # reminders of one thing; whoever did not act by then is not reached by mails
AT_ONCE = 50  # documents in one transaction


class About(StrEnum):
    SOON = "soon"  # the date comes
    LATE = "late"  # the date has passed
    SIGNOFF = "signoff"  # the sponsor's signature is waited for
    QUESTION = "question"  # the sponsor's answer is waited for


class Reminder(Base):
    """That somebody was reminded: the `number`th time of what began, or was due, at `moment`."""

    __tablename__ = "reminders"
    __table_args__ = (CheckConstraint(one_of("about", About), "about"), CheckConstraint("number >= 0", "number"))

    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    about: Mapped[About] = mapped_column(Words(About), primary_key=True)
    moment: Mapped[dt.datetime] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[CreatedAt]


def remind_due(session: Session, *, now: dt.datetime | None = None) -> int:
    """Write the reminders whose time has come, with their mails, in the caller's transaction; returns how many.

    Two workers at once never write the same one: whoever comes second finds its row.
    """
    now, chosen = now or dt.datetime.now(dt.UTC), rules(session)
    told = 0
    for about in About:
        for document in session.scalars(_waiting(about, chosen, now)).unique():
            told += _remind(session, document, about, chosen, now)
    return told


def _waiting(about: About, chosen: Rules, now: dt.datetime) -> Select[Document]:
    """Documents of which somebody is to be reminded now and was not, or not lately."""
    state = {About.SIGNOFF: State.SIGNOFF, About.QUESTION: State.QUESTION}.get(about, State.EDITING)
    moment = Document.due_at if about in (About.SOON, About.LATE) else Document.entered_at
    of_this = (Reminder.document_id == Document.id, Reminder.about == about, Reminder.moment == moment)
    last = select(func.max(Reminder.created_at)).where(*of_this).scalar_subquery()
    count = select(func.count()).where(*of_this).scalar_subquery()
    query = select(Document).where(Document.state == state)
    if about is About.SOON:
        query = query.where(moment > now, moment <= now + chosen.before, Document.created_at < moment - chosen.before)
        query = query.where(count == 0)
    elif about is About.LATE:
        query = query.where(moment <= now, count < MOST, func.coalesce(last <= now - chosen.between, True))
    else:
        query = query.where(moment <= now - chosen.between, count < MOST)
        query = query.where(func.coalesce(last <= now - chosen.between, True))
    return query.order_by(moment, Document.id).limit(AT_ONCE).with_for_update(of=Document, skip_locked=True)


def _remind(session: Session, document: Document, about: About, chosen: Rules, now: dt.datetime) -> bool:
    moment = document.due_at if about in (About.SOON, About.LATE) else document.entered_at
    assert moment is not None, "the query asks for it"
    before = session.scalar(
        select(func.count()).where(
            Reminder.document_id == document.id, Reminder.about == about, Reminder.moment == moment
        )
    )
    number = before or 0
    row = insert(Reminder).values(document_id=document.id, about=about, moment=moment, number=number, created_at=now)
    written = session.execute(row.on_conflict_do_nothing().returning(Reminder.number)).one_or_none()
    if written is None:
        return False
    if about is About.SOON:
        letters.tell_of_due_soon(session, document)
    elif about is About.LATE:
        letters.tell_of_lateness(session, document, _admins(session) if number else [], first=number == 0)
    else:
        letters.tell_of_waiting(session, document, _admins(session) if number + 1 == MOST else [])
    return True


def _admins(session: Session) -> list[User]:
    query = select(User).where(User.role == Role.ADMIN, User.status == Status.APPROVED)
    return list(session.scalars(query.order_by(User.id)))

"""The outbox: a mail exists if and only if its cause was committed, and is sent at least once, recorded once."""

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import CheckConstraint, String, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from copydesk import jobs
from copydesk.db import Base, BigIntId, CreatedAt, Words, one_of
from copydesk.mail.letter import Letter, as_html, as_text


class MailState(StrEnum):
    QUEUED = "queued"  # waits for the worker
    SENT = "sent"  # a server took it
    KEPT = "kept"  # no mail server is configured: it can be read here
    FAILED = "failed"  # the server refused it for good


WORDS = "words"  # columns that the worker alone may read: letters hold links that let in


class Mail(Base):
    """One message to one person."""

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint(one_of("state", MailState), "state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", "sent_at"),
    )

    id: Mapped[BigIntId]
    created_at: Mapped[CreatedAt]
    recipient: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text, deferred_group=WORDS)
    html: Mapped[str | None] = mapped_column(Text, deferred_group=WORDS)  # the same as HTML; none: plain text alone
    # The address of one click; none: it must go.
    unsubscribe: Mapped[str | None] = mapped_column(String(2000), deferred_group=WORDS)
    state: Mapped[MailState] = mapped_column(Words(MailState), default=MailState.QUEUED)
    sent_at: Mapped[dt.datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)


def queue(
    session: Session,
    *,
    recipient: str,
    subject: str,
    body: str,
    html: str | None = None,
    unsubscribe: str | None = None,
) -> Mail:
    """Write a mail and queue its sending, both in the caller's transaction."""
    mail = Mail(recipient=recipient, subject=_one_line(subject), body=body, html=html, unsubscribe=unsubscribe)
    session.add(mail)
    session.flush()
    jobs.defer(session, jobs.Task.SEND_MAIL, jobs.Queue.MAIL, mail_id=mail.id)
    return mail


def send_letter(
    session: Session, *, recipient: str, subject: str, letter: Letter, unsubscribe: str | None = None
) -> Mail:
    """The same words as plain text and as HTML."""
    html = as_html(letter, subject=_one_line(subject))
    return queue(
        session, recipient=recipient, subject=subject, body=as_text(letter), html=html, unsubscribe=unsubscribe
    )


def _one_line(subject: str) -> str:
    """A line break in the subject would become a header of its own: it is folded to a space."""
    return " ".join(subject.split())[:255]


def failed(session: Session, *, since: dt.datetime, limit: int) -> Sequence[Mail]:
    """Mails that no server took, newest first."""
    query = select(Mail).where(Mail.state == MailState.FAILED, Mail.created_at > since)
    return session.scalars(query.order_by(Mail.id.desc()).limit(limit)).all()


def send_again(session: Session, mail_id: int) -> bool:
    """Queue a mail that failed once more; False: it did not fail, or somebody was quicker."""
    again = update(Mail).where(Mail.id == mail_id, Mail.state == MailState.FAILED)
    found = session.execute(again.values(state=MailState.QUEUED, reason=None).returning(Mail.id)).one_or_none()
    if found is not None:
        jobs.defer(session, jobs.Task.SEND_MAIL, jobs.Queue.MAIL, mail_id=mail_id)
    return found is not None

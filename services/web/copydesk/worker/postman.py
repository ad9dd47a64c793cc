"""Sending the mails of the outbox over SMTP.

A mail that a server took is never sent again, with one gap that no sender can close: when this process or the database
ends between the server's last word and our commit, the mail goes out once more, with the same Message-ID.
"""

import datetime as dt
import smtplib
import ssl
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import structlog
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session, undefer_group

from copydesk import audit
from copydesk.db import transaction
from copydesk.mail import Mail, MailState, outbox
from copydesk.worker import metrics
from copydesk.worker.message import message_of

log = structlog.get_logger(__name__)

ANSWER = 60.0  # seconds a server may take for an answer
# After the last line of a mail the server has it, whatever we think: giving up early would send it twice (RFC 5321,
# 4.5.3.2.6). The transaction may be silent for that long, and longer than all answers together take.
LAST_ANSWER = 600.0
SILENCE = "20min"


class InOtherHands(Exception):
    """Another worker is speaking to a server about this mail."""


def send(database: Engine, mail_id: int, *, smtp_url: str, sender: str, last: bool = False) -> None:
    """Send one mail, once: the row stays locked while the server is spoken to, and a sent mail is not sent again.

    `last`: nobody will try again, so what goes wrong now is written down for the admin.

    Raises:
        OSError, smtplib.SMTPException: the server can't be reached or is busy; the job is tried again.
        InOtherHands: see its docstring; the job is tried again, in case those hands are lost.
    """
    with transaction(database) as session:
        session.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{SILENCE}'"))
        mail = _take(session, mail_id)
        if mail is None:
            return
        if not smtp_url:
            mail.state = MailState.KEPT
            metrics.MAILS.labels("kept").inc()
            log.info("mail.kept", mail=mail.id, subject=mail.subject)
            return
        try:
            _deliver(smtp_url, mail, sender)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            reason = _for_good(error) or (
                f"Given up after many attempts. The last one: {_said(error)}" if last else None
            )
            if reason is None:
                raise
            mail.state, mail.reason = MailState.FAILED, reason
            metrics.MAILS.labels("failed").inc()
            audit.record(
                session,
                "mail.failed",
                actor_id=None,
                object_type="mail",
                object_id=mail.id,
                before={"state": MailState.QUEUED.value},
                after={"state": MailState.FAILED.value},
            )
            log.warning("mail.refused", mail=mail.id, reason=reason)
            return
        mail.state, mail.sent_at = MailState.SENT, dt.datetime.now(dt.UTC)
        metrics.MAILS.labels("sent").inc()
        log.info("mail.sent", mail=mail.id)


def _take(session: Session, mail_id: int) -> Mail | None:
    """The mail with its row locked; None: it was sent, kept or refused."""
    query = select(Mail).where(Mail.id == mail_id, Mail.state == MailState.QUEUED)
    query = query.options(undefer_group(outbox.WORDS))
    mail = session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
    if mail is None and session.scalars(query).one_or_none() is not None:
        raise InOtherHands
    return mail


def _for_good(error: Exception) -> str | None:
    """Why this mail will never be taken, in the server's words; None: it may be, later."""
    code = _reply(error)[0]
    if isinstance(error, smtplib.SMTPNotSupportedError | ValueError):
        return str(error)
    refused = smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused | smtplib.SMTPDataError
    return _said(error) if isinstance(error, refused) and code >= 500 else None


def _said(error: Exception) -> str:
    code, reply = _reply(error)
    return f"{code} {reply if isinstance(reply, str) else reply.decode(errors='replace')}" if code else str(error)


def _reply(error: Exception) -> tuple[int, bytes | str]:
    """The server's answer; 0: there was none."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(iter(error.recipients.values()))
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code, error.smtp_error
    return 0, b""


class _Patient:
    """A client that waits long for the answer to a whole mail, and not so long for any other."""

    sock: Any

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.sock.settimeout(LAST_ANSWER)
        return super().data(msg)  # type: ignore[misc,no-any-return]


class _Client(_Patient, smtplib.SMTP):
    pass


class _EncryptedClient(_Patient, smtplib.SMTP_SSL):
    pass


def _deliver(smtp_url: str, mail: Mail, sender: str) -> None:
    message = message_of(mail, sender)
    parts = urlsplit(smtp_url)
    options = parse_qs(parts.query)
    host, context = parts.hostname or "localhost", ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = _EncryptedClient(host, parts.port or 465, timeout=ANSWER, context=context)
    else:
        server = _Client(host, parts.port or 25, timeout=ANSWER)
    try:
        if options.get("starttls") == ["1"]:
            server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
    except BaseException:
        server.close()
        raise
    _part(server)


def _part(server: smtplib.SMTP) -> None:
    """The mail is taken: whatever goes wrong with saying goodbye does not change that."""
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()

"""Sending the mails of the outbox over SMTP."""

import datetime as dt
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

import structlog
from sqlalchemy import Engine, select

from copydesk.db import transaction
from copydesk.mail import Mail, MailState

log = structlog.get_logger(__name__)


def send(database: Engine, mail_id: int, *, smtp_url: str, sender: str) -> None:
    """Send one mail, once: the row stays locked while the server is spoken to, and a sent mail is not sent again.

    Raises:
        OSError, smtplib.SMTPException: the server can't be reached or is busy; the job is tried again.
    """
    with transaction(database) as session:
        query = select(Mail).where(Mail.id == mail_id, Mail.state == MailState.QUEUED)
        mail = session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
        if mail is None:
            return
        if not smtp_url:
            mail.state = MailState.KEPT
            log.info("mail.kept", mail=mail.id, subject=mail.subject)
            return
        try:
            _deliver(smtp_url, _message(mail, sender))
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = next(iter(error.recipients.values()))
            if code < 500:
                raise
            mail.state, mail.reason = MailState.FAILED, f"{code} {reply.decode(errors='replace')}"
            log.warning("mail.refused", mail=mail.id, code=code)
            return
        mail.state, mail.sent_at = MailState.SENT, dt.datetime.now(dt.UTC)
        log.info("mail.sent", mail=mail.id)


def _message(mail: Mail, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, mail.recipient, mail.subject
    message["Date"] = format_datetime(mail.created_at)
    # The same id at every attempt: a server that got the mail twice can tell.
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    message["Message-ID"] = f"<copydesk-{mail.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    return message


def _deliver(smtp_url: str, message: EmailMessage) -> None:
    parts = urlsplit(smtp_url)
    options = parse_qs(parts.query)
    host, context = parts.hostname or "localhost", ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=20, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=20)
    with server:
        if options.get("starttls") == ["1"]:
            server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)

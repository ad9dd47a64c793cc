"""Mail over a real SMTP server on this machine: sent once, tried again, refused, kept where there is no server."""

import smtplib
from email import message_from_bytes

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from copydesk import mail
from copydesk.mail import Mail, MailState
from copydesk.worker import postman
from tests import mailing

SENDER = "Copydesk <desk@example.org>"
desk = mailing.desk  # the fixture


class Inbox:
    """An SMTP server's mind: what to answer, and what it received."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.received: list[bytes] = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        self.received.append(envelope.content)
        return "250 OK"


@pytest.fixture
def inbox(free_port):
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port)
    controller.start()
    inbox.url = f"smtp://127.0.0.1:{free_port}"
    yield inbox
    controller.stop()


def write(desk, subject="You can log in", body="Hello Ada,\n\nwelcome – ﷽ 🔥\n"):
    with Session(desk) as session, session.begin():
        return mail.queue(session, recipient="ada@example.org", subject=subject, body=body).id


def read(desk, mail_id):
    with Session(desk, expire_on_commit=False) as session:
        return session.get(Mail, mail_id)


def send(desk, mail_id, url):
    postman.send(desk, mail_id, smtp_url=url, sender=SENDER)


def test_a_mail_is_sent_once(desk, inbox):
    mail_id = write(desk)
    send(desk, mail_id, inbox.url)
    send(desk, mail_id, inbox.url)
    assert len(inbox.received) == 1
    message = message_from_bytes(inbox.received[0])
    assert (message["To"], message["From"], message["Subject"]) == ("ada@example.org", SENDER, "You can log in")
    assert message["Auto-Submitted"] == "auto-generated"
    assert "welcome – ﷽ 🔥" in message.get_payload(decode=True).decode()
    assert read(desk, mail_id).state is MailState.SENT


def test_a_busy_server_is_tried_again(desk, inbox):
    mail_id = write(desk)
    inbox.answers = ["451 Try again later"]
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(desk, mail_id, inbox.url)
    assert read(desk, mail_id).state is MailState.QUEUED
    send(desk, mail_id, inbox.url)
    assert read(desk, mail_id).state is MailState.SENT
    assert len(inbox.received) == 1


def test_a_refused_mail_says_why_and_is_not_tried_again(desk, inbox):
    mail_id = write(desk)
    inbox.answers = ["550 No such person here"]
    send(desk, mail_id, inbox.url)
    refused = read(desk, mail_id)
    assert (refused.state, refused.reason) == (MailState.FAILED, "550 No such person here")


def test_no_server_answers(desk, free_port):
    mail_id = write(desk)
    with pytest.raises(OSError, match="refused"):
        send(desk, mail_id, f"smtp://127.0.0.1:{free_port}")
    assert read(desk, mail_id).state is MailState.QUEUED


def test_without_a_server_the_mail_is_kept(desk):
    mail_id = write(desk)
    send(desk, mail_id, "")
    assert read(desk, mail_id).state is MailState.KEPT


def test_a_line_break_in_the_subject_is_no_header(desk, inbox):
    mail_id = write(desk, subject="Hello\r\nBcc: everyone@example.org")
    send(desk, mail_id, inbox.url)
    message = message_from_bytes(inbox.received[0])
    assert message["Bcc"] is None
    assert message["Subject"] == "Hello Bcc: everyone@example.org"


def test_mail_and_job_exist_together_or_not_at_all(session):
    with session.begin_nested() as savepoint:
        mail.queue(session, recipient="a@example.org", subject="s", body="b")
        savepoint.rollback()
    assert session.scalars(select(Mail)).all() == []
    mail.queue(session, recipient="a@example.org", subject="s", body="b")
    assert session.execute(text("SELECT task_name FROM procrastinate_jobs")).scalars().all() == ["send_mail"]

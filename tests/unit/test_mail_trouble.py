"""Mail over a real SMTP server that fails, delays, drops the line and refuses; and what the message is made of."""

import asyncio
import smtplib
import socket
import socketserver
import threading
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session

from copydesk import mail
from copydesk.mail import Entry, Footer, Letter, Mail, MailState
from copydesk.worker import postman
from copydesk.worker.message import message_of

SENDER = "Copydesk <desk@example.org>"
END = "https://desk.example.org/unsubscribe/" + "WzEyMywicXVlc3Rpb25zIl0." * 5


class Server:
    """An SMTP server that answers each step as told, then as it should."""

    def __init__(self):
        self.answers = {}  # step: [answers]
        self.pauses = {}  # step: seconds
        self.received = []

    async def _answer(self, step, usual="250 OK"):
        await asyncio.sleep(self.pauses.get(step, 0))
        waiting = self.answers.get(step)
        return waiting.pop(0) if waiting else usual

    async def handle_MAIL(self, server, session, envelope, address, options):
        answer = await self._answer("MAIL")
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = await self._answer("RCPT")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        answer = await self._answer("DATA")
        if answer.startswith("250"):
            self.received.append(envelope.content)
        return answer


@pytest.fixture
def server(free_port):
    server = Server()
    controller = Controller(server, hostname="127.0.0.1", port=free_port)
    controller.start()
    server.url = f"smtp://127.0.0.1:{free_port}"
    yield server
    controller.stop()


@pytest.fixture
def desk(app, config):
    """Transactions of its own, as the postman's are; what it wrote is removed afterwards."""
    engine = create_engine(config.sqlalchemy_url)
    yield engine
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM mails"))
        connection.execute(text("DELETE FROM procrastinate_jobs"))
    engine.dispose()


def write(desk, subject="For you to edit", recipient="ada@example.org", body="Hello\n", **more):
    with Session(desk) as session, session.begin():
        return mail.queue(session, recipient=recipient, subject=subject, body=body, **more).id


def state(desk, mail_id):
    with Session(desk) as session:
        found = session.get(Mail, mail_id)
        return found.state, found.reason


def send(desk, mail_id, url, **more):
    postman.send(desk, mail_id, smtp_url=url, sender=SENDER, **more)


# The server's answers


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_fails_for_now_is_tried_again(desk, server, step):
    mail_id = write(desk)
    server.answers[step] = ["451 Try again later", "452 And later still"]
    for _ in range(2):
        with pytest.raises(smtplib.SMTPException):
            send(desk, mail_id, server.url)
        assert state(desk, mail_id) == (MailState.QUEUED, None)
    send(desk, mail_id, server.url)
    assert state(desk, mail_id)[0] is MailState.SENT
    assert len(server.received) == 1


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_refuses_is_believed(desk, server, step):
    mail_id = write(desk)
    server.answers[step] = ["550 Not this one"]
    send(desk, mail_id, server.url)
    assert state(desk, mail_id) == (MailState.FAILED, "550 Not this one")
    send(desk, mail_id, server.url)
    assert server.received == []


def test_the_last_attempt_says_what_was_wrong(desk, server):
    """Otherwise a mail that no server took would wait for ever, and nobody would know."""
    mail_id = write(desk)
    server.answers["RCPT"] = ["451 Try again later"]
    send(desk, mail_id, server.url, last=True)
    found, reason = state(desk, mail_id)
    assert found is MailState.FAILED
    assert reason.endswith("451 Try again later")
    with Session(desk) as session, session.begin():
        assert mail.outbox.send_again(session, mail_id)
    send(desk, mail_id, server.url)
    assert state(desk, mail_id) == (MailState.SENT, None)


# Slow servers


def test_a_server_may_be_slower_than_the_database_is_patient(desk, server):
    """A transaction that is silent for long is ended by the database: the mail would be sent, and not known to be."""
    hasty = create_engine(desk.url, connect_args={"options": "-c idle_in_transaction_session_timeout=100ms"})
    server.pauses["DATA"] = 0.5
    mail_id = write(desk)
    send(hasty, mail_id, server.url)
    hasty.dispose()
    assert state(desk, mail_id)[0] is MailState.SENT
    assert len(server.received) == 1


def test_the_last_answer_is_waited_for_longest(desk, server, monkeypatch):
    """The server has the whole mail then: whoever hangs up sends it twice."""
    monkeypatch.setattr(postman, "ANSWER", 0.3)
    server.pauses["DATA"] = 0.8
    mail_id = write(desk)
    send(desk, mail_id, server.url)
    assert state(desk, mail_id)[0] is MailState.SENT


def test_any_other_answer_is_not_waited_for_so_long(desk, server, monkeypatch):
    monkeypatch.setattr(postman, "ANSWER", 0.2)
    server.pauses["RCPT"] = 1.0
    mail_id = write(desk)
    with pytest.raises(OSError, match="timed out"):
        send(desk, mail_id, server.url)
    assert state(desk, mail_id)[0] is MailState.QUEUED
    server.pauses.clear()
    send(desk, mail_id, server.url)
    assert len(server.received) == 1


# A line that breaks


class Breaking(socketserver.StreamRequestHandler):
    """Speaks SMTP up to the mail itself; hangs up in the middle of it, or having read all of it."""

    def handle(self):
        self._say("220 ready")
        for line in self.rfile:
            if line.upper().startswith(b"DATA"):
                self._say("354 go on")
                break
            self._say("250 OK")
        read = []
        for line in self.rfile:
            read.append(line)
            if line == b".\r\n" or not self.server.whole:
                break
        self.server.read.append(b"".join(read))
        self.request.shutdown(socket.SHUT_RDWR)

    def _say(self, words):
        self.wfile.write(words.encode() + b"\r\n")


@pytest.fixture
def breaking():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Breaking) as server:
        server.read, server.whole, server.daemon_threads = [], False, True
        server.url = f"smtp://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_line_that_breaks_in_the_middle_of_a_mail(desk, breaking, server):
    mail_id = write(desk, body="Word\n" * 200_000)  # more than the line holds at once
    with pytest.raises((OSError, smtplib.SMTPServerDisconnected)):
        send(desk, mail_id, breaking.url)
    assert state(desk, mail_id)[0] is MailState.QUEUED
    send(desk, mail_id, server.url)
    assert len(server.received) == 1


def test_the_one_gap_a_mail_taken_without_a_word_goes_out_again_under_the_same_id(desk, breaking, server):
    breaking.whole = True
    mail_id = write(desk)
    with pytest.raises((OSError, smtplib.SMTPServerDisconnected)):
        send(desk, mail_id, breaking.url)
    send(desk, mail_id, server.url)
    first, second = (message_from_bytes(raw) for raw in (breaking.read[0], server.received[0]))
    assert first["Message-ID"] == second["Message-ID"] == f"<copydesk-{mail_id}@example.org>"


def test_a_server_that_says_no_goodbye_has_the_mail(desk, server, monkeypatch):
    monkeypatch.setattr(
        smtplib.SMTP, "quit", lambda self: (_ for _ in ()).throw(smtplib.SMTPServerDisconnected("gone"))
    )
    mail_id = write(desk)
    send(desk, mail_id, server.url)
    assert state(desk, mail_id)[0] is MailState.SENT


def test_a_mail_in_other_hands_is_neither_sent_nor_forgotten(desk, server):
    """Where the job was taken over from a worker that only seemed to be gone."""
    mail_id = write(desk)
    with Session(desk) as other, other.begin():
        other.get(Mail, mail_id, with_for_update=True)
        with pytest.raises(postman.InOtherHands):
            send(desk, mail_id, server.url)
    assert server.received == []
    send(desk, mail_id, server.url)
    assert len(server.received) == 1


def test_a_commit_that_fails_leaves_the_mail_to_be_tried_again(desk, server):
    mail_id = write(desk)

    @event.listens_for(desk, "commit")
    def fail(connection):
        raise OSError("the database is away")

    with pytest.raises(OSError, match="away"):
        send(desk, mail_id, server.url)
    event.remove(desk, "commit", fail)
    assert state(desk, mail_id)[0] is MailState.QUEUED


# The message


def letter(**more):
    nasty = 'A "title" <script>alert(1)</script> & more'
    return Letter(
        name="Ada <b>Byrne</b>",
        entries=(Entry(f"{nasty}\n\nhe said: <img src=x onerror=alert(1)>", "https://desk.example.org/a?b=1&c=2"),),
        footer=(Footer("No more:", END),),
        **more,
    )


def parts(raw):
    message = message_from_bytes(raw, policy=policy.default)
    return message, *(message.get_body((kind,)).get_content() for kind in ("plain", "html"))


def test_plain_text_and_html_of_the_same_words(desk, server):
    with Session(desk) as session, session.begin():
        mail_id = mail.send_letter(
            session, recipient="ada@example.org", subject="S", letter=letter(), unsubscribe=END
        ).id
    send(desk, mail_id, server.url)
    message, plain, html = parts(server.received[0])
    assert message.get_content_type() == "multipart/alternative"
    assert "<script>alert(1)</script>" in plain
    assert "https://desk.example.org/a?b=1&c=2" in plain
    assert "<script" not in html
    assert "<img" not in html
    assert "Ada &lt;b&gt;Byrne&lt;/b&gt;" in html
    assert 'href="https://desk.example.org/a?b=1&amp;c=2"' in html
    assert "src=" not in html.replace("src=x", "")
    assert "url(" not in html


def test_one_click_ends_these_mails(desk, server):
    """RFC 8058: both headers, the address as it is; the library would fold a long one into encoded words."""
    mail_id = write(desk, unsubscribe=END)
    send(desk, mail_id, server.url)
    raw = server.received[0]
    assert f"List-Unsubscribe: <{END}>\r\n".encode() in raw
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_a_mail_that_must_go_has_no_way_out(desk, server):
    mail_id = write(desk)
    send(desk, mail_id, server.url)
    assert b"List-Unsubscribe" not in server.received[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipient": "ada@example.org\r\nBcc: all@example.org"},
        {"unsubscribe": "https://x/\r\nBcc: all@example.org"},
        {"unsubscribe": "https://x/>, <https://evil.example/"},
    ],
)
def test_nothing_becomes_a_header_of_its_own(desk, server, wrong):
    mail_id = write(desk, **wrong)
    send(desk, mail_id, server.url)
    assert state(desk, mail_id)[0] is MailState.FAILED
    assert server.received == []


def test_nobody_can_write_a_part_of_a_message(desk, server):
    """Were the line between the parts known beforehand, a person's note could be HTML of its own."""
    mail_id = write(desk, html="<p>True</p>")
    with Session(desk) as session:
        row = session.get(Mail, mail_id)
        known = message_of(row, SENDER).as_string().split('boundary="')[1].split('"')[0]
        row.body = f"--{known}\nContent-Type: text/html\n\n<p>False</p>\n--{known}--\n"
        found = message_from_bytes(message_of(row, SENDER).as_bytes(), policy=policy.default)
    assert found.get_body(("html",)).get_content().strip() == "<p>True</p>"

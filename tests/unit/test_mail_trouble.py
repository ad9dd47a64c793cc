"""Mail over a real SMTP server that fails, delays, drops the line and refuses."""

import datetime as dt
import smtplib
import socket
import socketserver
import threading
from email import message_from_bytes
from itertools import pairwise
from types import SimpleNamespace

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

from copydesk import mail
from copydesk.mail import Mail, MailState
from copydesk.worker import postman, run
from tests.mailing import desk, send, server, state, write

__all__ = ["desk", "server"]  # fixtures


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


def test_the_worker_tries_again_and_again_and_then_says_so(desk, config, free_port):
    """With growing pauses, for about a day; at the last attempt the mail is given up and not merely its job."""
    pauses = [run.MAIL_RETRY.get_retry_decision(exception=OSError(), job=SimpleNamespace(attempts=n)) for n in range(9)]
    assert pauses.pop() is None
    seconds = [(pause.retry_at - dt.datetime.now(dt.UTC)).total_seconds() for pause in pauses]
    assert all(later > 3 * sooner for sooner, later in pairwise(seconds))
    assert 20 * 3600 < sum(seconds) < 28 * 3600

    settings = config.model_copy(update={"smtp_url": SecretStr(f"smtp://127.0.0.1:{free_port}")})
    drafter = SimpleNamespace(database=desk, serve=None, stopping=threading.Event(), write=None)
    send_mail = run.make_app(settings, drafter).tasks["send_mail"].func
    mail_id = write(desk)
    with pytest.raises(OSError, match="refused"):
        send_mail(SimpleNamespace(job=SimpleNamespace(task_name="send_mail", attempts=len(seconds) - 1)), mail_id)
    assert state(desk, mail_id)[0] is MailState.QUEUED
    send_mail(SimpleNamespace(job=SimpleNamespace(task_name="send_mail", attempts=len(seconds))), mail_id)
    assert state(desk, mail_id)[0] is MailState.FAILED


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

    def fail(connection):
        raise OSError("the database is away")

    event.listen(Engine, "commit", fail)
    try:
        with pytest.raises(OSError, match="away"):
            send(desk, mail_id, server.url)
    finally:
        event.remove(Engine, "commit", fail)
    assert state(desk, mail_id)[0] is MailState.QUEUED

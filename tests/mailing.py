"""A real SMTP server for tests, that answers as told, and an outbox whose transactions are committed."""

import asyncio

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from copydesk import mail
from copydesk.mail import Mail
from copydesk.worker import postman
from tests.under_role import worker_on

SENDER = "Copydesk <desk@example.org>"


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
    with worker_on(desk) as database:
        postman.send(database, mail_id, smtp_url=url, sender=SENDER, **more)

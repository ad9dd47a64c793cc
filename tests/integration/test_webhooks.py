"""Webhooks against a real receiver that accepts, fails, delays, redirects and is gone; a real queue; two workers."""

import datetime as dt
import json
import threading
import time
import uuid

import pytest
import standardwebhooks
from sqlalchemy import create_engine, select, text, update
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.audit.log import AuditEvent
from copydesk.config import settings
from copydesk.mail.outbox import Mail
from copydesk.webhooks import delivering, operations, sending, signing
from copydesk.webhooks.addresses import Allowed
from copydesk.webhooks.models import Delivery, DeliveryState, Event, Webhook
from copydesk.worker.run import make_app, make_drafter
from tests.integration.receiver import Receiver
from tests.loops import run_apart
from tests.under_role import worker_on

pytestmark = pytest.mark.integration

ALL = [one.value for one in operations.CHOICES]


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def admin(desk, make_person):
    yield make_person("Admin", "admin")
    with desk.begin() as connection:
        for table in ("webhook_attempts", "webhook_deliveries", "webhooks"):
            connection.execute(text(f"DELETE FROM {table}"))


@pytest.fixture
def hook(desk, admin, receiver):
    with Session(desk, expire_on_commit=False) as session, session.begin():
        return operations.add(session, session.get(User, admin.id), f"{receiver.url}/hook", ALL)


def announce(desk, number=1):
    with Session(desk) as session, session.begin():
        operations.announce(session, Event.PUBLISHED, uuid.uuid4(), number)
        return session.scalars(select(Delivery.id).order_by(Delivery.id.desc()).limit(1)).one()


def attempt(desk, delivery_id):
    with worker_on(desk) as database:
        delivering.attempt(database, delivery_id, settings(), build)


def build(session, delivery):
    return json.dumps({"type": delivery.event.value, "data": {"edition": delivery.edition, "made": time.time_ns()}})


def state(desk, delivery_id):
    with Session(desk, expire_on_commit=False) as session:
        delivery = session.get(Delivery, delivery_id)
        assert delivery.webhook is not None
        return delivery, [(one.status, one.answer) for one in reversed(delivery.attempts)]


def make_due(desk, delivery_id):
    with desk.begin() as connection:
        due = {"next_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}
        connection.execute(update(Delivery).where(Delivery.id == delivery_id).values(**due))


def waiting_jobs(desk, delivery_id):
    query = (
        "SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = 'send_webhook' AND args->>'delivery_id' = :id"
    )
    with desk.connect() as connection:
        return list(connection.execute(text(query + " ORDER BY id"), {"id": str(delivery_id)}).scalars())


def secret(hook):
    return signing.shown(operations.secrets_of(hook, settings(), dt.datetime.now(dt.UTC))[0])


def test_a_message_comes_signed_and_is_noted(desk, hook, receiver):
    number = announce(desk)
    attempt(desk, number)
    ((path, headers, body),) = receiver.got
    assert path == "/hook"
    assert headers["content-type"] == "application/json"
    said = standardwebhooks.Webhook(secret(hook)).verify(body, headers)
    assert said["type"] == "text.published"
    delivery, attempts = state(desk, number)
    assert (delivery.state, attempts) == (DeliveryState.DELIVERED, [(200, "thank you")])
    assert headers["webhook-id"] == delivery.message_id
    attempt(desk, number)
    assert len(receiver.got) == 1


def test_a_receiver_that_fails_is_asked_again_with_the_same_message(desk, hook, receiver):
    receiver.answer = lambda handler: handler.reply(500, b"x" * 5000)
    number = announce(desk)
    attempt(desk, number)
    delivery, attempts = state(desk, number)
    assert (delivery.state, delivery.tries) == (DeliveryState.WAITING, 1)
    assert attempts == [(500, "x" * sending.MOST_READ)]
    first, second = waiting_jobs(desk, number)
    assert first is None
    assert second == delivery.next_at > dt.datetime.now(dt.UTC)
    attempt(desk, number)  # before its time: nothing is sent
    assert len(receiver.got) == 1

    make_due(desk, number)
    receiver.answer = lambda handler: handler.reply(204)
    attempt(desk, number)
    (_, one, body), (_, other, again) = receiver.got
    assert (one["webhook-id"], body) == (other["webhook-id"], again)
    delivery, attempts = state(desk, number)
    assert (delivery.state, attempts[-1]) == (DeliveryState.DELIVERED, (204, ""))
    assert delivery.webhook.failing_since is None


def test_after_days_without_success_it_is_switched_off_and_admins_are_told(desk, hook, receiver):
    receiver.answer = lambda handler: handler.reply(503)
    number = announce(desk)
    for _ in range(len(delivering.PAUSES)):
        make_due(desk, number)
        attempt(desk, number)
    assert state(desk, number)[0].state is DeliveryState.WAITING
    make_due(desk, number)
    with desk.begin() as connection:
        days_ago = dt.datetime.now(dt.UTC) - delivering.PATIENCE
        connection.execute(update(Webhook).values(failing_since=days_ago))
    attempt(desk, number)
    delivery, attempts = state(desk, number)
    assert (delivery.state, len(attempts)) == (DeliveryState.FAILED, len(delivering.PAUSES) + 1)
    assert (delivery.webhook.is_on, delivery.webhook.off_reason) == (False, "Nothing got through for three days.")
    with Session(desk) as session:
        (mail,) = session.scalars(select(Mail))
        assert mail.subject == "A webhook was switched off"
        assert f"/admin/webhooks/{hook.id}" in mail.body
        (event,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "webhook.switched_off"))
        assert event.actor_id is None


def test_a_failure_that_others_did_not_have_switches_nothing_off(desk, hook, receiver):
    receiver.answer = lambda handler: handler.reply(400)
    number = announce(desk)
    with desk.begin() as connection:
        connection.execute(update(Delivery).values(tries=len(delivering.PAUSES)))
    attempt(desk, number)
    delivery, _ = state(desk, number)
    assert (delivery.state, delivery.webhook.is_on) == (DeliveryState.FAILED, True)


def test_gone_for_good_is_taken_at_its_word(desk, hook, receiver):
    receiver.answer = lambda handler: handler.reply(410)
    first, second = announce(desk), announce(desk)
    attempt(desk, first)
    assert state(desk, first)[0].state is DeliveryState.FAILED
    assert not state(desk, first)[0].webhook.is_on
    attempt(desk, second)
    assert state(desk, second)[0].state is DeliveryState.DROPPED
    assert len(receiver.got) == 1


def test_redirects_are_not_followed(desk, hook, receiver):
    receiver.answer = lambda handler: handler.reply(302, Location=f"{receiver.url}/elsewhere")
    number = announce(desk)
    attempt(desk, number)
    assert [path for path, _, _ in receiver.got] == ["/hook"]
    assert state(desk, number)[1] == [(302, "")]


def test_whoever_drips_or_hangs_is_given_up(receiver, monkeypatch):
    released = threading.Event()

    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not released.wait(0.05):
            handler.wfile.write(b"X-Drip: 1\r\n")

    receiver.answer = drip
    answer = sending.post(f"{receiver.url}/hook", b"{}", {}, Allowed(loopback=True), longest=0.4)
    assert (answer.status, answer.words) == (None, "No answer within 0.4 seconds.")
    receiver.answer = lambda handler: released.wait(20)
    answer = sending.post(f"{receiver.url}/hook", b"{}", {}, Allowed(loopback=True), longest=0.4)
    assert answer.status is None
    released.set()


def test_an_answer_without_an_end_is_not_read_to_its_end(receiver):
    sent = []

    def pour(handler):
        handler.send_response(200)
        handler.end_headers()
        while len(sent) < 10_000:
            handler.wfile.write(b"y" * 65536)
            sent.append(1)

    receiver.answer = pour
    answer = sending.post(f"{receiver.url}/hook", b"{}", {}, Allowed(loopback=True))
    assert (answer.status, answer.words) == (200, "y" * sending.MOST_READ)
    assert len(sent) < 10_000


def test_the_desks_own_network_is_not_called(receiver):
    answer = sending.post(f"{receiver.url}/hook", b"{}", {}, Allowed())
    assert (answer.status, receiver.got) == (None, [])
    assert "private network" in answer.words
    port = receiver.server.server_port
    answer = sending.post(f"http://localhost:{port}/hook", b"{}", {}, Allowed())
    assert (answer.status, receiver.got) == (None, [])


def test_nobody_there(free_port):
    answer = sending.post(f"http://127.0.0.1:{free_port}/", b"{}", {}, Allowed(loopback=True))
    assert answer.status is None
    assert answer.words.startswith("It could not be reached")


def test_of_two_workers_one_sends_it(config, desk, hook, receiver):
    inside, go_on = threading.Event(), threading.Event()

    def slowly(handler):
        inside.set()
        go_on.wait(20)
        handler.reply(200)

    receiver.answer = slowly
    number = announce(desk)
    second_worker = create_engine(config.sqlalchemy_url)
    first = threading.Thread(target=attempt, args=(desk, number))
    first.start()
    assert inside.wait(20)
    attempt(second_worker, number)  # comes back at once: the row is the first one's
    go_on.set()
    first.join(20)
    second_worker.dispose()
    assert len(receiver.got) == 1
    assert state(desk, number)[0].state is DeliveryState.DELIVERED


def test_one_receiver_gets_one_message_at_a_time(config, desk, hook, receiver):
    inside, go_on = threading.Event(), threading.Event()

    def slowly(handler):
        inside.set()
        go_on.wait(20)
        handler.reply(200)

    receiver.answer = slowly
    one, other = announce(desk), announce(desk)
    second_worker = create_engine(config.sqlalchemy_url)
    first = threading.Thread(target=attempt, args=(desk, one))
    first.start()
    assert inside.wait(20)
    attempt(second_worker, other)
    assert len(receiver.got) == 1
    waiting, attempts = state(desk, other)
    assert (waiting.state, waiting.tries, attempts) == (DeliveryState.WAITING, 0, [])
    assert len(waiting_jobs(desk, other)) == 2  # it comes back by itself
    # A publication is not held up by the slow one, and an admin's act says to wait.
    with Session(desk) as session, session.begin():
        operations.drop_waiting(session, state(desk, one)[0].document_id)
    go_on.set()
    first.join(20)
    second_worker.dispose()
    make_due(desk, other)
    attempt(desk, other)
    assert receiver.most == 1
    assert [state(desk, each)[0].state for each in (one, other)] == [DeliveryState.DELIVERED] * 2


def test_old_messages_are_cleared_away_and_those_that_wait_are_not(desk, hook):
    old, young, waiting = announce(desk), announce(desk), announce(desk)
    attempt(desk, old)
    attempt(desk, young)
    long_ago = dt.datetime.now(dt.UTC) - operations.KEPT - dt.timedelta(days=1)
    with desk.begin() as connection:
        connection.execute(update(Delivery).where(Delivery.id == old).values(ended_at=long_ago))
        connection.execute(update(Delivery).where(Delivery.id == waiting).values(created_at=long_ago))
    with Session(desk) as session, session.begin():
        assert operations.clear_old(session) == 1
        assert set(session.scalars(select(Delivery.id))) == {young, waiting}


def test_two_secrets_sign_while_the_old_one_is_replaced(desk, admin, hook, receiver):
    old = secret(hook)
    with Session(desk, expire_on_commit=False) as session, session.begin():
        new = secret(operations.rotate(session, session.get(User, admin.id), hook.id))
    attempt(desk, announce(desk))
    for one in (old, new):
        standardwebhooks.Webhook(one).verify(receiver.got[-1][2], receiver.got[-1][1])
    with desk.begin() as connection:
        connection.execute(update(Webhook).values(old_until=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)))
    attempt(desk, announce(desk))
    _, headers, body = receiver.got[-1]
    standardwebhooks.Webhook(new).verify(body, headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(old).verify(body, headers)


def test_a_worker_takes_messages_from_the_queue_also_while_drafting_is_paused(config, desk, admin, hook, receiver):
    with Session(desk, expire_on_commit=False) as session, session.begin():
        number = operations.send_test(session, session.get(User, admin.id), hook.id).id
        session.execute(
            text("INSERT INTO desk_switches (name, note, switched_by_id) VALUES ('paused', '', :by)"), {"by": admin.id}
        )
    try:
        run_apart(work(config))
    finally:
        with desk.begin() as connection:
            connection.execute(text("DELETE FROM desk_switches"))
    delivery, attempts = state(desk, number)
    assert (delivery.state, attempts) == (DeliveryState.DELIVERED, [(200, "thank you")])
    assert json.loads(receiver.got[0][2])["data"]["message"].startswith("This is a test")


async def work(config):
    """One worker that takes what waits, and ends."""
    app = make_app(config, make_drafter(config))
    async with app.open_async():
        await app.run_worker_async(queues=["webhooks"], wait=False, install_signal_handlers=False)

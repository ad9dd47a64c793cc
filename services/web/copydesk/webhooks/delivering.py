"""One attempt at a delivery: signed, sent, noted; what follows is decided by the answer.

The row stays locked while the receiver is spoken to, so that of two workers one sends it; and of one receiver's
deliveries one is sent at a time, so that a slow receiver takes one place of the worker's and never all.
"""

import datetime as dt
from collections.abc import Callable
from typing import TypeAlias

import structlog
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from copydesk import audit, jobs
from copydesk.accounts import operations as accounts
from copydesk.config import Settings
from copydesk.db import transaction
from copydesk.notifications.kinds import Kind
from copydesk.notifications.telling import News, tell
from copydesk.webhooks import operations, sending, signing
from copydesk.webhooks.models import Attempt, Delivery, DeliveryState, Event, Webhook
from copydesk.webhooks.sending import Answer

log = structlog.get_logger(__name__)

# The pauses between attempts that Standard Webhooks suggests: in all a little over three days.
PAUSES = tuple(dt.timedelta(seconds=one) for one in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
PATIENCE = dt.timedelta(days=3)  # a receiver that let nothing through for so long is switched off
MOST_BUSY = 60  # seconds after which a delivery that waits for another one to the same receiver looks again
GONE = 410
_ROOM = 7402  # the first half of the advisory locks of this room

Build: TypeAlias = Callable[[Session, Delivery], str | None]


def attempt(database: Engine, delivery_id: int, config: Settings, build: Build) -> None:
    """Send it once, if it waits and its time has come.

    Args:
        build: makes the body of a message about a text; None: there is nothing to tell any more.
    """
    with transaction(database) as session:
        query = select(Delivery).where(Delivery.id == delivery_id, Delivery.state == DeliveryState.WAITING)
        delivery = session.scalars(query.with_for_update(of=Delivery, skip_locked=True)).one_or_none()
        moment = operations.now(session)
        if delivery is None or delivery.next_at > moment:
            return  # done, or another job will come at the right time
        if not _takes_its_turn(session, delivery.webhook_id):
            _later(session, delivery, moment + _until_free(session, delivery.webhook_id))
            return
        if not delivery.webhook.is_on and delivery.event is not Event.TEST:
            _end(delivery, DeliveryState.DROPPED, moment)
            return
        if delivery.body is None:
            delivery.body = build(session, delivery)
        if delivery.body is None:
            _end(delivery, DeliveryState.DROPPED, moment)
            return
        answer = _send(delivery, config, moment)
        _settle(session, delivery, answer)


def pause_after(tries: int) -> dt.timedelta | None:
    """How long to wait after so many attempts; none: it was the last."""
    return PAUSES[tries - 1] if tries <= len(PAUSES) else None


def _takes_its_turn(session: Session, webhook_id: int) -> bool:
    lock = text("SELECT pg_try_advisory_xact_lock(CAST(:room AS int), CAST(:webhook AS int))")
    return bool(session.execute(lock, {"room": _ROOM, "webhook": webhook_id % 2**31}).scalar())


def _until_free(session: Session, webhook_id: int) -> dt.timedelta:
    """The more wait, the less often each of them looks."""
    waiting = (Delivery.webhook_id == webhook_id, Delivery.state == DeliveryState.WAITING)
    count = session.scalars(select(func.count(Delivery.id)).where(*waiting)).one()
    return dt.timedelta(seconds=min(count, MOST_BUSY))


def _send(delivery: Delivery, config: Settings, moment: dt.datetime) -> Answer:
    body = (delivery.body or "").encode()
    keys = operations.secrets_of(delivery.webhook, config, moment)
    headers = signing.headers(keys, delivery.message_id, int(moment.timestamp()), body)
    return sending.post(delivery.webhook.url, body, headers, operations.allowed(config))


def _settle(session: Session, delivery: Delivery, answer: Answer) -> None:
    moment, hook = operations.now(session), delivery.webhook
    delivery.tries += 1
    session.add(
        Attempt(delivery_id=delivery.id, milliseconds=answer.milliseconds, status=answer.status, answer=answer.words)
    )
    log.info("webhook.attempt", delivery=delivery.id, status=answer.status, ms=answer.milliseconds)
    if answer.status is not None and 200 <= answer.status < 300:
        hook.failing_since = None
        _end(delivery, DeliveryState.DELIVERED, moment)
        return
    hook.failing_since = hook.failing_since or moment
    pause = pause_after(delivery.tries)
    if answer.status == GONE:
        _give_up(session, delivery, moment)
        _switch_off(session, hook, moment, "The receiver answered that it is gone for good (410).")
    elif pause is None or delivery.event is Event.TEST:  # whoever tests sees at once how it went
        _give_up(session, delivery, moment)
        if hook.failing_since <= moment - PATIENCE:
            _switch_off(session, hook, moment, "Nothing got through for three days.")
    else:
        _later(session, delivery, moment + pause)


def _later(session: Session, delivery: Delivery, at: dt.datetime) -> None:
    delivery.next_at = at
    jobs.defer(session, jobs.Task.SEND_WEBHOOK, jobs.Queue.WEBHOOKS, at=at, delivery_id=delivery.id)


def _end(delivery: Delivery, state: DeliveryState, moment: dt.datetime) -> None:
    delivery.state, delivery.ended_at = state, moment


def _give_up(session: Session, delivery: Delivery, moment: dt.datetime) -> None:
    before = delivery.state
    _end(delivery, DeliveryState.FAILED, moment)
    audit.record(
        session,
        "webhook.not_delivered",
        actor_id=None,
        object_type="webhook",
        object_id=delivery.webhook_id,
        before={"state": before.value},
        after={"state": delivery.state.value, "message": delivery.message_id, "tries": delivery.tries},
    )


def _switch_off(session: Session, hook: Webhook, moment: dt.datetime, reason: str) -> None:
    """The machine does it, and tells every admin."""
    if not hook.is_on:
        return
    hook.is_on, hook.switched_off_at, hook.off_reason = False, moment, reason
    session.flush()
    audit.record(
        session,
        "webhook.switched_off",
        actor_id=None,
        object_type="webhook",
        object_id=hook.id,
        before={"on": True},
        after={"on": False},
        note=reason,
    )
    words = f"The webhook to {hook.url} was switched off.\n\n{reason} What is published from now on is not told there."
    news = News(Kind.WEBHOOK_OFF, "A webhook was switched off", words, f"/admin/webhooks/{hook.id}")
    for admin in accounts.admins(session):
        tell(session, admin, news)

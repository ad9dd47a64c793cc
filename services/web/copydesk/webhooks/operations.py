"""What admins do with webhooks, and what the desk announces. The caller commits."""

import datetime as dt
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import DateTime, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from copydesk import audit, jobs
from copydesk.accounts.models import Role, User
from copydesk.config import Settings, settings
from copydesk.webhooks import addresses, signing
from copydesk.webhooks.addresses import Allowed, Refused
from copydesk.webhooks.models import Delivery, DeliveryState, Event, Webhook

MOST = 20  # of a desk
OVERLAP = dt.timedelta(hours=24)  # both secrets sign for so long after a new one was made
KEPT = dt.timedelta(days=90)  # how long the log is kept; a body can have megabytes
CHOICES = (Event.PUBLISHED, Event.CORRECTED, Event.UPDATED, Event.RETRACTED)


class WebhookError(Exception):
    """It can't be done; the words say why, and `field` which input is meant."""

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(words)
        self.field = field


class WebhookNotFound(WebhookError):
    """There is none."""

    def __init__(self) -> None:
        super().__init__("This webhook is not there any more.")


def allowed(config: Settings) -> Allowed:
    return Allowed(loopback=not config.is_production, private=config.webhook_allow_private)


def add(session: Session, actor: User, url: str, events: Iterable[str]) -> Webhook:
    """A new receiver; its secret is `secret_of`.

    Raises:
        WebhookError: `url` or `events`.
    """
    _expect_admin(actor)
    if session.scalars(select(func.count(Webhook.id))).one() >= MOST:
        raise WebhookError(f"There are {MOST} webhooks already, which is the most.", "url")
    hook = Webhook(url=_url(url), events=_events(events), nonce=signing.new_nonce(), created_by_id=actor.id, is_on=True)
    try:
        with session.begin_nested():
            session.add(hook)
    except IntegrityError:
        raise WebhookError("There is a webhook with this address already.", "url") from None
    _record(session, actor, hook, "added", url=hook.url, events=hook.events)
    return hook


def change_events(session: Session, actor: User, webhook_id: int, events: Iterable[str]) -> Webhook:
    hook = _lock(session, actor, webhook_id)
    before, hook.events = hook.events, _events(events)
    _record(session, actor, hook, "changed", before={"events": before}, events=hook.events)
    return hook


def switch(session: Session, actor: User, webhook_id: int, *, on: bool) -> Webhook:
    """What is announced while it is off is not sent later."""
    hook = _lock(session, actor, webhook_id)
    off_at = None if on else now(session)  # asked first: a question has the session write what was set so far
    before = {"on": hook.is_on}
    hook.is_on, hook.switched_off_at, hook.off_reason, hook.failing_since = on, off_at, None, None
    _record(session, actor, hook, "switched_on" if on else "switched_off", before=before, on=on)
    return hook


def rotate(session: Session, actor: User, webhook_id: int) -> Webhook:
    """A new secret; the one before signs beside it for a day."""
    hook = _lock(session, actor, webhook_id)
    until = now(session) + OVERLAP
    hook.old_nonce, hook.old_until = hook.nonce, until
    hook.nonce = signing.new_nonce()
    _record(session, actor, hook, "secret_rotated")
    return hook


def remove(session: Session, actor: User, webhook_id: int) -> None:
    """It goes with its log; the audit log keeps that it was there."""
    hook = _lock(session, actor, webhook_id)
    _record(session, actor, hook, "removed", before={"url": hook.url, "events": hook.events})
    session.delete(hook)
    session.flush()


def secrets_of(hook: Webhook, config: Settings, at: dt.datetime) -> list[bytes]:
    """What signs a message at this moment, the newest first."""
    nonces = [hook.nonce]
    if hook.old_nonce and hook.old_until and at < hook.old_until:
        nonces.append(hook.old_nonce)
    return [signing.secret(config.secret_key.get_secret_value(), nonce) for nonce in nonces]


def announce(
    session: Session, event: Event, document_id: uuid.UUID, edition: int, *, at: dt.datetime | None = None
) -> None:
    """Queue a message to everyone who wants to hear of this, in the caller's transaction.

    Args:
        at: not before then: the end of an embargo.
    """
    wanted = select(Webhook).where(Webhook.is_on, Webhook.events.contains([event.value])).order_by(Webhook.id)
    for hook in session.scalars(wanted):
        _queue(session, hook, event, document_id, edition, at)


def drop_waiting(session: Session, document_id: uuid.UUID) -> None:
    """What nobody was told yet is not told any more: something newer takes its place."""
    for delivery in _unsent(session, document_id):
        delivery.state, delivery.ended_at = DeliveryState.DROPPED, now(session)


def bring_forward(session: Session, document_id: uuid.UUID) -> bool:
    """What waits for the end of an embargo goes out now; False: nothing waits."""
    found = _unsent(session, document_id)
    for delivery in found:
        delivery.next_at = now(session)
        jobs.defer(session, jobs.Task.SEND_WEBHOOK, jobs.Queue.WEBHOOKS, delivery_id=delivery.id)
    return bool(found)


def _unsent(session: Session, document_id: uuid.UUID) -> Sequence[Delivery]:
    """Without those that are being sent at this moment: a slow receiver must not hold up a publication."""
    query = select(Delivery).where(
        Delivery.document_id == document_id, Delivery.state == DeliveryState.WAITING, Delivery.body.is_(None)
    )
    return session.scalars(query.with_for_update(of=Delivery, skip_locked=True)).all()


def send_test(session: Session, actor: User, webhook_id: int) -> Delivery:
    hook = _lock(session, actor, webhook_id)
    _record(session, actor, hook, "tested")
    return _queue(session, hook, Event.TEST, None, None, None)


def resend(session: Session, actor: User, delivery_id: int) -> Delivery:
    """The same message once more, with the same id: a receiver that has it already can tell."""
    _expect_admin(actor)
    if session.get(Delivery, delivery_id) is None:
        raise WebhookNotFound
    query = select(Delivery).where(Delivery.id == delivery_id, Delivery.state != DeliveryState.WAITING)
    query = query.with_for_update(of=Delivery, skip_locked=True).execution_options(populate_existing=True)
    delivery = session.scalars(query).one_or_none()
    if delivery is None:
        raise WebhookError("It waits to be sent already.")
    if not delivery.webhook.is_on and delivery.event is not Event.TEST:
        raise WebhookError("This webhook is switched off. Please switch it on first.")
    before = {"state": delivery.state.value}
    delivery.state, delivery.tries, delivery.ended_at = DeliveryState.WAITING, 0, None
    delivery.next_at = now(session)
    jobs.defer(session, jobs.Task.SEND_WEBHOOK, jobs.Queue.WEBHOOKS, delivery_id=delivery.id)
    facts = {"message": delivery.message_id, "state": delivery.state.value}
    _record(session, actor, delivery.webhook, "resent", before=before, **facts)
    return delivery


def everything(session: Session) -> Sequence[Webhook]:
    return session.scalars(select(Webhook).order_by(Webhook.id)).all()


def get(session: Session, webhook_id: int) -> Webhook:
    """Raises: WebhookNotFound."""
    hook = session.get(Webhook, webhook_id)
    if hook is None:
        raise WebhookNotFound
    return hook


def deliveries(session: Session, webhook_id: int, *, limit: int, offset: int = 0) -> Sequence[Delivery]:
    """The last ones first, each with its attempts."""
    query = select(Delivery).where(Delivery.webhook_id == webhook_id).order_by(Delivery.id.desc())
    return session.scalars(query.limit(limit).offset(offset)).all()


def clear_old(session: Session) -> int:
    """Messages that ended long ago go, with their log; returns how many."""
    old = delete(Delivery).where(Delivery.ended_at < func.clock_timestamp() - KEPT)
    return len(session.execute(old.returning(Delivery.id)).all())


def now(session: Session) -> dt.datetime:
    return session.scalars(select(func.clock_timestamp(type_=DateTime(timezone=True)))).one()


def _queue(
    session: Session,
    hook: Webhook,
    event: Event,
    document_id: uuid.UUID | None,
    edition: int | None,
    at: dt.datetime | None,
) -> Delivery:
    delivery = Delivery(
        webhook_id=hook.id,
        message_id=f"msg_{secrets.token_hex(16)}",
        event=event,
        document_id=document_id,
        edition=edition,
        next_at=at or now(session),
    )
    session.add(delivery)
    session.flush()
    jobs.defer(session, jobs.Task.SEND_WEBHOOK, jobs.Queue.WEBHOOKS, at=at, delivery_id=delivery.id)
    return delivery


def _lock(session: Session, actor: User, webhook_id: int) -> Webhook:
    _expect_admin(actor)
    hook = session.get(Webhook, webhook_id, with_for_update={"of": Webhook}, populate_existing=True)
    if hook is None:
        raise WebhookNotFound
    return hook


def _expect_admin(actor: User) -> None:
    if not (actor.is_approved and actor.role is Role.ADMIN):
        raise WebhookError("Only an admin can do this.")


def _url(url: str) -> str:
    try:
        return addresses.clean(url, allowed(settings()))
    except Refused as error:
        raise WebhookError(str(error), "url") from None


def _events(events: Iterable[str]) -> list[str]:
    chosen = set(events)
    found: list[str] = [one.value for one in CHOICES if one.value in chosen]
    if not found:
        raise WebhookError("Please choose at least one.", "events")
    return found


def _record(
    session: Session,
    actor: User | None,
    hook: Webhook,
    did: str,
    *,
    before: Mapping[str, object] | None = None,
    **facts: object,
) -> None:
    session.flush()
    audit.record(
        session,
        f"webhook.{did}",
        actor_id=actor.id if actor else None,
        object_type="webhook",
        object_id=hook.id,
        before=before,
        after=facts,
    )

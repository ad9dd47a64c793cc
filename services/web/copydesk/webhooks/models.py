"""The tables: where to tell, what is to be told, and how each attempt went."""

import datetime as dt
import uuid
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from copydesk.accounts.models import User
from copydesk.db import Base, BigIntId, CreatedAt, Words, one_of


class Event(StrEnum):
    PUBLISHED = "text.published"  # everyone can read it
    CORRECTED = "text.corrected"
    UPDATED = "text.updated"  # something is new, or the label that a machine wrote it has gone
    RETRACTED = "text.retracted"
    TEST = "test"


class DeliveryState(StrEnum):
    WAITING = "waiting"  # for its time, or for its next attempt
    DELIVERED = "delivered"
    FAILED = "failed"  # given up
    DROPPED = "dropped"  # overtaken before the first attempt: the text is not public any more, or a newer edition is


class Webhook(Base):
    """One receiver."""

    __tablename__ = "webhooks"
    __table_args__ = (
        UniqueConstraint("url"),
        CheckConstraint("cardinality(events) > 0", "events"),
        CheckConstraint("(old_nonce IS NULL) = (old_until IS NULL)", "old_secret"),
        CheckConstraint("is_on OR switched_off_at IS NOT NULL", "switched_off"),
    )

    id: Mapped[BigIntId]
    url: Mapped[str] = mapped_column(String(500))
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    is_on: Mapped[bool] = mapped_column(default=True)
    nonce: Mapped[str] = mapped_column(String(64))  # the secret is made of it and of the desk's key; see `signing`
    old_nonce: Mapped[str | None] = mapped_column(String(64))  # the secret before, while both are used
    old_until: Mapped[dt.datetime | None]
    failing_since: Mapped[dt.datetime | None]  # no attempt has got through since
    switched_off_at: Mapped[dt.datetime | None]
    off_reason: Mapped[str | None] = mapped_column(Text)  # none: a person did it
    created_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]

    created_by: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class Delivery(Base):
    """One message to one receiver; the same id and the same body at every attempt."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("message_id"),
        CheckConstraint(one_of("event", Event), "event"),
        CheckConstraint(one_of("state", DeliveryState), "state"),
        CheckConstraint("(event = 'test') = (document_id IS NULL)", "document"),
        CheckConstraint("(document_id IS NULL) = (edition IS NULL)", "edition"),
        CheckConstraint("tries >= 0", "tries"),
        Index("ix_webhook_deliveries_webhook", "webhook_id", "id"),
        Index("ix_webhook_deliveries_waiting", "document_id", postgresql_where="state = 'waiting'"),
    )

    id: Mapped[BigIntId]
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(String(64))
    event: Mapped[Event] = mapped_column(Words(Event))
    # Of the text; no foreign keys, because documents stand above webhooks.
    document_id: Mapped[uuid.UUID | None]
    edition: Mapped[int | None]
    body: Mapped[str | None] = mapped_column(Text)  # made at the first attempt, and kept
    state: Mapped[DeliveryState] = mapped_column(Words(DeliveryState), default=DeliveryState.WAITING)
    tries: Mapped[int] = mapped_column(default=0)  # since it was last sent off by hand
    next_at: Mapped[dt.datetime]
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[dt.datetime | None]

    webhook: Mapped[Webhook] = relationship(lazy="joined", innerjoin=True)
    attempts: Mapped[list["Attempt"]] = relationship(order_by="Attempt.id.desc()", lazy="selectin", viewonly=True)


class Attempt(Base):
    """How one attempt went; what the log shows."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (Index("ix_webhook_attempts_delivery", "delivery_id", "id"),)

    id: Mapped[BigIntId]
    delivery_id: Mapped[int] = mapped_column(ForeignKey("webhook_deliveries.id", ondelete="CASCADE"))
    at: Mapped[CreatedAt]
    milliseconds: Mapped[int]
    status: Mapped[int | None]  # none: there was no answer
    answer: Mapped[str] = mapped_column(Text)  # its first bytes, or why there was none

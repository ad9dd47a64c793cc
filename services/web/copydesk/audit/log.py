"""The audit log. One row a change of state; the database refuses to update or delete a row (see the migration)."""

import datetime as dt
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import UserDefinedType

from copydesk.db import Base, BigIntId, CreatedAt


@dataclass(frozen=True)
class Origin:
    """Where an act came from: the process, the address of the person, the request."""

    source: str = "cli"
    address: str | None = None
    request_id: str | None = None


class XID8(UserDefinedType[str]):
    """The number of a transaction, which never comes again in one cluster."""

    cache_ok = True

    def get_col_spec(self, **kwargs: object) -> str:
        return "xid8"


origin: ContextVar[Origin] = ContextVar("audit_origin", default=Origin())  # noqa: B039  a frozen value


class AuditEvent(Base):
    """One act: who (`actor_id`, or nobody for the machine), what, on which object, before and after."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_object", "object_type", "object_id", "id"),
        Index("ix_audit_events_tx", "tx"),
        Index("ix_audit_events_at", "at", "id"),
    )

    id: Mapped[BigIntId]
    at: Mapped[CreatedAt]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    action: Mapped[str] = mapped_column(String(64))
    object_type: Mapped[str] = mapped_column(String(32))
    object_id: Mapped[str] = mapped_column(String(64))
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    after: Mapped[dict[str, Any]] = mapped_column(JSONB)
    note: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(16))
    address: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(64))
    # The transaction that wrote it, by which the seals know which events are complete (`chain`).
    tx: Mapped[str | None] = mapped_column(XID8, server_default=text("pg_current_xact_id()"), deferred=True)


class AuditSeal(Base):
    """The hash of one event and of the seal before; the database writes it (see the migration)."""

    __tablename__ = "audit_seals"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(ForeignKey("audit_events.id"), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[CreatedAt]


class AuditChain(Base):
    """One row: where the chain ends, and below which transaction every event has its seal."""

    __tablename__ = "audit_chain"
    __table_args__ = (CheckConstraint("single", "single"),)

    single: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    position: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    sealed_below: Mapped[str] = mapped_column(XID8)
    cluster: Mapped[str] = mapped_column(Text)


def record(
    session: Session,
    action: str,
    *,
    actor_id: int | None,
    object_type: str,
    object_id: object,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    note: str | None = None,
) -> AuditEvent:
    """Add one event to the caller's transaction."""
    here = origin.get()
    event = AuditEvent(
        actor_id=actor_id,
        action=action,
        object_type=object_type,
        object_id=str(object_id),
        before=_plain(before),
        after=_plain(after),
        note=note,
        source=here.source,
        address=here.address,
        request_id=here.request_id,
    )
    session.add(event)
    return event


def history(session: Session, object_type: str, object_id: object) -> Sequence[AuditEvent]:
    """Every event of one object, oldest first."""
    query = select(AuditEvent).where(AuditEvent.object_type == object_type, AuditEvent.object_id == str(object_id))
    return session.scalars(query.order_by(AuditEvent.id)).all()


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        key: value.isoformat() if isinstance(value, dt.datetime) else value for key, value in (values or {}).items()
    }

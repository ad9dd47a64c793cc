"""Reading the audit log: by person, act, object, address and time, the newest first."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from copydesk.audit.log import AuditEvent

MOST_EXPORTED = 200_000


@dataclass(frozen=True)
class Wanted:
    """What is looked for; empty fields do not narrow."""

    actor_id: int | None = None
    action: str = ""  # an act, or the beginning of its name: “account.” is all that is about accounts
    object_type: str = ""
    object_id: str = ""
    address: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.actor_id is not None:
            found.append(AuditEvent.actor_id == self.actor_id)
        if self.action:
            found.append(AuditEvent.action.startswith(self.action, autoescape=True))
        for name in ("object_type", "object_id", "address"):
            value = getattr(self, name)
            if value:
                found.append(getattr(AuditEvent, name) == value)
        if self.since is not None:
            found.append(AuditEvent.at >= self.since)
        if self.until is not None:
            found.append(AuditEvent.at < self.until)
        return found


def newest(session: Session, wanted: Wanted, *, before: int | None, limit: int) -> Sequence[AuditEvent]:
    """The newest events with a number below `before`."""
    query = _query(wanted)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return session.scalars(query.order_by(AuditEvent.id.desc()).limit(limit)).all()


def oldest_first(session: Session, wanted: Wanted) -> Iterator[AuditEvent]:
    """All that is wanted, for taking along; `MOST_EXPORTED` at most."""
    query = _query(wanted).order_by(AuditEvent.id).limit(MOST_EXPORTED).execution_options(yield_per=1000)
    yield from session.scalars(query)


def _query(wanted: Wanted) -> Select[AuditEvent]:
    return select(AuditEvent).where(*wanted.conditions())

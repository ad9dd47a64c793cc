"""The chain over the audit log: each seal is the hash of its event and of the seal before.

Events are sealed a moment after they were written, by the database and in the order of their transactions: nobody who
writes one waits for a lock on the chain. What is checked here is computed from the rows themselves, in Python.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

GENESIS = "0" * 64
EVENTS = text(
    """
    SELECT seal.position, seal.event_id, seal.sha256, event.id AS id,
           (extract(epoch FROM event.at) * 1000000)::bigint::text AS at, event.actor_id::text AS actor_id, event.action,
           event.object_type, event.object_id, event.before::text AS before, event.after::text AS after, event.note,
           event.source, event.address, event.request_id
    FROM audit_seals AS seal LEFT JOIN audit_events AS event ON event.id = seal.event_id
    ORDER BY seal.position
    """
).execution_options(yield_per=2000)
FIELDS = (
    "id", "at", "actor_id", "action", "object_type", "object_id", "before", "after", "note", "source", "address",
    "request_id",
)  # fmt: skip


@dataclass(frozen=True)
class Checked:
    """What a look at the whole chain found."""

    sealed: int  # events whose seals were looked at
    head: str  # the newest seal
    waiting: int  # events that no seal is due for yet
    fault: str = ""  # the first link that does not hold, in words; nothing: all hold


def seal(session: Session) -> int:
    """Seal what was written by transactions that are finished. Returns how many events that were."""
    return int(session.execute(text("SELECT seal_audit_events()")).scalar_one())


def link(previous: str, fields: Iterator[str | None]) -> str:
    """The seal of an event: SHA-256 over netstrings of the seal before and the event's fields, as hexadecimal."""
    parts = []
    for field in (previous, *fields):
        data = (field or "").encode()
        parts.append(b"%d%s%s," % (len(data), b"-" if field is None else b":", data))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def check(session: Session, anchors: dict[int, str] | None = None) -> Checked:
    """Compute every seal anew.

    Args:
        anchors: seals that were written down elsewhere, by their positions: they must be in the chain.
    """
    wanted = dict(anchors or {})
    count, previous = 0, GENESIS
    for row in session.execute(EVENTS):
        if row.position != count + 1:
            return _faulty(session, count, previous, f"Seal {count + 1} is missing.")
        if row.id is None:
            return _faulty(
                session, count, previous, f"Event {row.event_id} is gone; seal {row.position} stands for it."
            )
        expected = link(previous, (None if getattr(row, name) is None else str(getattr(row, name)) for name in FIELDS))
        if row.sha256 != expected:
            words = f"Event {row.event_id} is not what seal {row.position} was made for: it was changed, or its place."
            return _faulty(session, count, previous, words)
        count, previous = row.position, expected
        if wanted.pop(count, expected) != expected:
            return _faulty(session, count, previous, f"Seal {count} is not the one that was written down.")
    return _faulty(session, count, previous, _fault_of_the_end(session, count, previous, wanted))


def _fault_of_the_end(session: Session, count: int, head: str, left: dict[int, str]) -> str:
    if left:
        return f"The chain ends at seal {count}, but seal {max(left)} was written down."
    kept = session.execute(text("SELECT position, sha256 FROM audit_chain")).one()
    if (kept.position, kept.sha256) != (count, head):
        return f"The chain ends at seal {count}, and should end at {kept.position}."
    unsealed = session.execute(
        text(
            """
            SELECT min(event.id) FROM audit_events AS event, audit_chain AS head
            WHERE (event.tx IS NULL OR event.tx < head.sealed_below)
              AND head.cluster = (SELECT system_identifier::text FROM pg_control_system())
              AND NOT EXISTS (SELECT FROM audit_seals WHERE event_id = event.id)
            """
        )
    ).scalar_one()
    return f"Event {unsealed} was put in behind the chain: it has no seal, and should." if unsealed else ""


def _faulty(session: Session, count: int, head: str, fault: str) -> Checked:
    query = text("SELECT count(*) FROM audit_events WHERE NOT EXISTS (SELECT FROM audit_seals WHERE event_id = id)")
    waiting = session.execute(query).scalar_one()
    return Checked(count, head, waiting, fault)

"""After a restore: does the audit log's chain hold and go on from where it was, and does every record?"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from copydesk.audit import chain
from copydesk.autodocs import records
from copydesk.db import transaction
from copydesk.documents.models import Document
from copydesk.documents.records import verification
from copydesk.documents.records.kept_records import KeptRecord
from copydesk.documents.records.record import encode

MOST_TOLD = 5


@dataclass(frozen=True)
class Checked:
    """What was looked at. `faults`: what does not hold, in sentences; none: everything does."""

    events: int
    records: int
    faults: list[str]


def check(database: Engine, anchors: dict[int, str]) -> Checked:
    """The audit log against seals that were written down, and every record by itself."""
    with transaction(database) as session:
        chain.seal(session)
    with transaction(database) as session:
        found = chain.check(session, anchors)
    faults = [f"the audit log does not hold: {found.fault}"] if found.fault else []
    count = 0
    for name, raw in _records(database):
        count += 1
        report = verification.verify(raw, name)
        if not report.holds and len(faults) < MOST_TOLD:
            faults.append(f"the record of {name} does not hold: {report.broken}")
    return Checked(found.sealed, count, faults)


def _records(database: Engine) -> Iterator[tuple[str, bytes]]:
    """Every document's record as it would be given out, then those of deleted documents; each with a session's rows."""
    with Session(database) as session:
        ids = session.scalars(select(Document.id).order_by(Document.id)).all()
        kept = session.scalars(select(KeptRecord.document_id).order_by(KeptRecord.document_id)).all()
    for number in ids:
        with Session(database) as session:
            yield str(number), encode(records.of(session, session.get_one(Document, number)))
    for number in kept:
        with Session(database) as session:
            yield str(number), session.get_one(KeptRecord, number).record.encode()

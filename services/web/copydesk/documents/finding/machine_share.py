"""How much of a text the machine wrote, where that was computed before: a list computes nothing itself."""

import uuid
from collections.abc import Sequence

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from copydesk.documents.attribution_cache import Attribution
from copydesk.documents.authorship import ALGORITHM, unpack
from copydesk.documents.models import Document, Revision


def known(session: Session, documents: Sequence[Document]) -> dict[uuid.UUID, int]:
    """Percent of the characters of the text as it stands, in one query."""
    if not documents:
        return {}
    head = and_(Revision.document_id == Document.id, Revision.number == Document.text_number)
    query = (
        select(Document.id, Attribution.spans)
        .join(Revision, head)
        .join(Attribution, and_(Attribution.revision_id == Revision.id, Attribution.algorithm == ALGORITHM))
        .where(Document.id.in_([one.id for one in documents]))
    )
    return {row[0]: _percent(row[1]) for row in session.execute(query)}


def _percent(packed: bytes) -> int:
    spans = unpack(packed)
    total = sum(span.end - span.start for span in spans)
    machine = sum(span.end - span.start for span in spans if span.origin == "machine")
    return round(100 * machine / total) if total else 0

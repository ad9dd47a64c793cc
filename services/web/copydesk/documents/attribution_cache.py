"""Spans that were computed once, kept by revision. Anything here can be thrown away and comes back the same."""

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from copydesk.db import Base, CreatedAt
from copydesk.documents.authorship import ALGORITHM, Span, pack, unpack
from copydesk.documents.models import Revision


class Attribution(Base):
    """Who wrote which character of one revision, packed; `algorithm` is the version of the code that said so."""

    __tablename__ = "attributions"

    revision_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("revisions.id"), primary_key=True)
    algorithm: Mapped[int] = mapped_column(primary_key=True)
    spans: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[CreatedAt]


def kept(session: Session, document_id: uuid.UUID, number: int) -> list[Span] | None:
    """What was computed for the document's revision `number`; None: nothing yet."""
    query = _query(document_id).where(Revision.number == number)
    row = session.execute(query).one_or_none()
    return unpack(row.spans) if row else None


def kept_until(session: Session, document_id: uuid.UUID, number: int) -> dict[int, list[Span]]:
    """The same for every revision up to `number`, by their numbers."""
    query = _query(document_id).where(Revision.number <= number)
    return {row.number: unpack(row.spans) for row in session.execute(query)}


def keep(session: Session, computed: Iterable[tuple[Revision, Sequence[Span]]]) -> None:
    """Whoever comes second with the same leaves it as it is. The caller commits, or it is computed again."""
    rows = [{"revision_id": revision.id, "algorithm": ALGORITHM, "spans": pack(spans)} for revision, spans in computed]
    if rows:
        session.execute(insert(Attribution).values(rows).on_conflict_do_nothing())


def _query(document_id: uuid.UUID) -> Select[int, bytes]:
    return (
        select(Revision.number, Attribution.spans)
        .join(Attribution, Attribution.revision_id == Revision.id)
        .where(Revision.document_id == document_id, Attribution.algorithm == ALGORITHM)
    )

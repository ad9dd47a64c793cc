"""Who wrote which character of a document's text: its revisions, with what the machine is known to have written."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.autodocs.models import Acceptance, Autodoc
from copydesk.documents import attribution_cache, chain
from copydesk.documents.authorship import History, Source, Span
from copydesk.documents.models import Document, Kind


def spans(session: Session, document: Document) -> list[Span]:
    """Spans that tile the present text exactly; none before there is one."""
    return spans_of(session, document, document.text_number) if document.text_number else []


def spans_of(session: Session, document: Document, number: int) -> list[Span]:
    """The same for the text revision `number`; of a brief's, for the text that stood then."""
    kept = attribution_cache.kept(session, document.id, number)
    return _computed(session, document.id, number) if kept is None else kept


def sources(session: Session, document_id: uuid.UUID) -> list[Source]:
    """All that the machine wrote for the document, also what nobody took; what of it was taken; what it was given."""
    query = select(Autodoc.id, Autodoc.text, Autodoc.finished_at, Autodoc.prefix, Autodoc.include_prefix).where(
        Autodoc.document_id == document_id, Autodoc.text != "", Autodoc.finished_at.is_not(None)
    )
    found: list[Source] = []
    for one in session.execute(query.order_by(Autodoc.id)):
        found.append(Source("machine", one.text, one.id, one.finished_at))
        if one.prefix and one.include_prefix:
            found.append(Source("brief", one.prefix, one.id, one.finished_at))
    taken = (
        select(Acceptance.characters, Acceptance.created_at, Autodoc.id, Autodoc.text, Autodoc.span_start)
        .join(Autodoc, Autodoc.id == Acceptance.autodoc_id)
        .where(Acceptance.document_id == document_id)
    )
    for row in session.execute(taken.order_by(Acceptance.id)):
        words = row.text[: row.characters]
        found.append(Source("machine", words, row.id, row.created_at, certain=True, asked_at=row.span_start))
    return found


def _computed(session: Session, document_id: uuid.UUID, number: int) -> list[Span]:
    """Goes on from what is kept, and keeps what it computes."""
    kept = attribution_cache.kept_until(session, document_id, number)
    history = History(sources(session, document_id))
    computed = []
    for revision in chain.revisions(session, document_id):
        if revision.number > number:
            break
        history.add(revision, kept.get(revision.number))
        if revision.kind is not Kind.BRIEF and revision.number not in kept:
            computed.append((revision, history.spans))
    attribution_cache.keep(session, computed)
    return history.spans

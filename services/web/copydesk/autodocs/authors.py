"""Who wrote which character of a document's text: its revisions, together with what the machine is known to have written."""

from sqlalchemy.orm import Session

from copydesk.documents import authorship, chain
from copydesk.documents.authorship import Span
from copydesk.documents.models import Document


def spans(session: Session, document: Document) -> list[Span]:
    """Spans that tile the present text exactly; none before there is one."""
    return spans_of(session, document, document.text_number)


def spans_of(session: Session, document: Document, number: int) -> list[Span]:
    """The same for the text revision `number`."""
    return authorship.spans([one for one in chain.revisions(session, document.id) if one.number <= number])

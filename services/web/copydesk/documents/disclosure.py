"""Have readers to be told that a machine wrote it? Only the record answers.

The label can go when a person read, picked or changed every paragraph with machine words, and a person is responsible.
"""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy.orm import Session

from copydesk.documents import reviews
from copydesk.documents.authorship import Span
from copydesk.documents.models import Document, Revision
from copydesk.documents.paragraphs import ParagraphState


class Reason(StrEnum):
    """Why the label stands."""

    UNREAD = "unread"  # nobody touched or reviewed some of the machine's paragraphs
    NOBODY = "nobody"  # nobody has editorial responsibility


def reasons(
    session: Session, document: Document, revision: Revision, spans: Sequence[Span], *, responsible: bool
) -> list[Reason]:
    """Why the text of `revision`, the document's head, needs the label; none: it needs none.

    Args:
        spans: tile that text.
        responsible: did a person sign exactly this text, or stand for it since?
    """
    if not any(span.origin == "machine" for span in spans):
        return []
    found = reviews.of(session, document, revision, spans)
    unread = any(one.state is ParagraphState.UNREAD for one in found)
    return [*([Reason.UNREAD] if unread else []), *([] if responsible else [Reason.NOBODY])]

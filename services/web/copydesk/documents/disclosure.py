"""Have readers to be told that a machine wrote it? Only the record answers.

The label can go when a person read, picked or changed every paragraph with machine words, and a person stated that the
text was reviewed and who is responsible for it.
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

    @property
    def says(self) -> str:
        """What readers are told."""
        return _SAYS[self]


_SAYS = {
    Reason.UNREAD: "A machine wrote passages of this text that no person has changed or reviewed.",
    Reason.NOBODY: "A machine wrote this text or parts of it, and nobody has taken responsibility for it yet.",
}


def reasons(
    session: Session, document: Document, revision: Revision, spans: Sequence[Span], *, responsible: bool
) -> list[Reason]:
    """Why the text of `revision`, the document's head, needs the label; none: it needs none.

    Args:
        spans: tile that text.
        responsible: did a person sign exactly this text, with a statement of its review, or stand for it since?
    """
    if not any(span.origin == "machine" for span in spans):
        return []
    found = reviews.of(session, document, revision, spans)
    unread = any(one.state is ParagraphState.UNREAD for one in found)
    return [*([Reason.UNREAD] if unread else []), *([] if responsible else [Reason.NOBODY])]

"""Open comments follow their words into each new text, in the transaction that brings it."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from copydesk.documents.conversation import anchors
from copydesk.documents.conversation.models import CommentThread
from copydesk.documents.models import Document, Revision


def follow(session: Session, document: Document) -> None:
    """The text is another one now. The caller holds the lock on the document's row."""
    open_ones = select(CommentThread).where(
        CommentThread.document_id == document.id,
        CommentThread.resolved_at.is_(None),
        CommentThread.placed_number < document.text_number,
    )
    catch_up(session, document, session.scalars(open_ones.options(lazyload("*")).order_by(CommentThread.id)).all())


def catch_up(session: Session, document: Document, threads: Sequence[CommentThread]) -> None:
    """Threads that were resolved for a while find their words again."""
    behind = [(one, one.placed_number) for one in threads if one.placed_number is not None]
    if not behind:
        return
    since = min(number for _, number in behind)
    query = select(Revision).where(Revision.document_id == document.id, Revision.number >= since)
    texts = session.scalars(query.where(Revision.number <= document.text_number).order_by(Revision.number)).all()
    for one, number in behind:
        now = anchors.carried(texts, number, [(start, end) for start, end in one.pieces], one.quote)
        one.pieces, one.placed_number = [list(piece) for piece in now], document.text_number
    session.flush()

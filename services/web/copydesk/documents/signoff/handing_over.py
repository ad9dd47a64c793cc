"""Somebody else becomes a document's sponsor: a signer who does not answer holds nothing up."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, Status, User
from copydesk.documents import access, letters, text
from copydesk.documents.errors import SponsorNotAvailable
from copydesk.documents.models import Document
from copydesk.documents.workflow import Act

REASON_MAX = 1000


def sponsors(session: Session, document: Document) -> Sequence[User]:
    """Who can take it over."""
    query = select(User).where(User.role == Role.SPONSOR, User.status == Status.APPROVED)
    return session.scalars(query.where(User.id != document.sponsor_id).order_by(User.name, User.id)).all()


def hand_over(session: Session, document_id: uuid.UUID, actor: User, sponsor_id: int, *, reason: str) -> Document:
    """From now on the document is another sponsor's: to read, to answer for, to sign. Both are told.

    A signature that was given stays; who gave it stands in it.

    Raises:
        SponsorNotAvailable: not an approved sponsor, or theirs already.
        InvalidInput: `reason`.
    """
    document = access.lock_for(session, document_id, Act.HAND_OVER, actor)
    reason = text.required("reason", text.clean(reason).strip(), name="reason", most=REASON_MAX)
    # Locked, so that a suspension waits for us or we for it.
    query = select(User).where(User.id == sponsor_id, User.role == Role.SPONSOR, User.status == Status.APPROVED)
    chosen = session.scalars(query.with_for_update(read=True)).one_or_none()
    if chosen is None or chosen.id == document.sponsor_id:
        raise SponsorNotAvailable
    before = document.sponsor
    document.sponsor_id = chosen.id
    access.enter(document, Act.HAND_OVER)
    change: tuple[dict[str, object], dict[str, object]] = ({"sponsor": before.id}, {"sponsor": chosen.id})
    access.record(session, Act.HAND_OVER, document, actor, before=document.state, note=reason, extra=change)
    session.refresh(document, ["sponsor"])
    letters.tell_of_hand_over(session, document, actor, before, reason)
    return document

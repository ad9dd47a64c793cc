"""Telling websites: what everyone can read is announced, and nothing before its time."""

from sqlalchemy.orm import Session

from copydesk.documents import editions
from copydesk.documents.editions import Edition
from copydesk.documents.models import Change
from copydesk.webhooks import operations as webhooks
from copydesk.webhooks.models import Event

_EVENTS = {None: Event.PUBLISHED, Change.CORRECTION: Event.CORRECTED, Change.UPDATE: Event.UPDATED}


def published(session: Session, edition: Edition) -> None:
    """An edition went out: now, at the end of its embargo, or, with the link only, not at all."""
    session.flush()
    webhooks.drop_waiting(session, edition.document_id)
    if edition.public_at is not None:
        later = None if edition.is_public(editions.now(session)) else edition.public_at
        webhooks.announce(session, _event(session, edition), edition.document_id, edition.number, at=later)


def opened(session: Session, edition: Edition) -> None:
    """What could be read with the link alone, or later, is for everyone now."""
    session.flush()
    if not webhooks.bring_forward(session, edition.document_id):
        webhooks.announce(session, _event(session, edition), edition.document_id, edition.number)


def confirmed(session: Session, edition: Edition) -> None:
    """A second person stands for it, so that its label may have changed."""
    if edition.is_public(editions.now(session)):
        webhooks.announce(session, Event.UPDATED, edition.document_id, edition.number)


def retracted(session: Session, edition: Edition) -> None:
    """Whoever never heard of it need not hear that it is gone."""
    webhooks.drop_waiting(session, edition.document_id)
    now = editions.now(session)
    if any(one.is_public(now) for one in editions.of(session, edition.document_id)):
        webhooks.announce(session, Event.RETRACTED, edition.document_id, edition.number)


def _event(session: Session, edition: Edition) -> Event:
    """For whoever reads it for the first time it is no correction."""
    now = editions.now(session)
    earlier = [one for one in editions.of(session, edition.document_id) if one.number < edition.number]
    return _EVENTS[edition.change] if any(one.is_public(now) for one in earlier) else Event.PUBLISHED

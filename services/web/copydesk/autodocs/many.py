"""Documents of a whole table of briefs, one a row, in one transaction; a row that fails takes no other along."""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, User
from copydesk.autodocs import requests
from copydesk.autodocs.models import LIVE, Autodoc
from copydesk.config import settings
from copydesk.documents.asking import batches
from copydesk.documents.asking.batches import Batch, Outcome, Planned
from copydesk.documents.errors import DocumentError


def create(
    session: Session, person: User, number: uuid.UUID, *, today: dt.date, due_at: Callable[[dt.date], dt.datetime]
) -> Batch:
    """Make the documents of a file that was read before. A second time changes nothing.

    Args:
        due_at: on whose clock a day ends is not for us to say.
    """
    batch = batches.get(session, person, number, lock=True)
    if batch.confirmed_at is not None:
        return batch
    outcomes = [_create(session, person, batch, one, due_at) for one in batches.plan(session, batch.typed, today)]
    batches.confirmed(session, batch, outcomes)
    return batch


def room(session: Session, person: User) -> int:
    """How many drafts this person can ask for now."""
    query = select(func.count(), func.count().filter(Autodoc.requested_by_id == person.id))
    desk, own = session.execute(query.where(Autodoc.state.in_(LIVE))).one()
    left = settings().drafts_waiting - desk
    if person.role is not Role.ADMIN:
        left = min(left, settings().drafts_per_person - own)
    return max(0, left)


def beyond(planned: Sequence[Planned], left: int) -> set[int]:
    """The lines that the queue has no room for now."""
    good = [one.asked.line for one in planned if not one.problems]
    return set(good[left:])


def _create(
    session: Session, person: User, batch: Batch, one: Planned, due_at: Callable[[dt.date], dt.datetime]
) -> Outcome:
    asked = one.asked
    if one.problems:
        return Outcome(asked.line, asked.title, None, " ".join(one.problems))
    try:
        with session.begin_nested():
            document = requests.create_document(
                session,
                person,
                title=asked.title,
                brief=asked.brief,
                editor_id=one.editor.id if one.editor else None,
                most_words=asked.most_words,
                must_keep=asked.must_keep,
                due_at=due_at(asked.due) if asked.due else None,
                document_id=uuid.uuid5(batch.id, str(asked.line)),
            )
    except DocumentError as error:
        return Outcome(asked.line, asked.title, None, str(error))
    return Outcome(asked.line, asked.title, str(document.id), "")

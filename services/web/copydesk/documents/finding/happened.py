"""What happened last to each of a page's documents, in one query."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import String, Uuid, cast, func, literal, not_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.audit.log import AuditEvent
from copydesk.documents.conversation.threads import HIDDEN
from copydesk.documents.workflow import TRANSITIONS, Act

SAYS = {f"document.{act.value.replace(' ', '_')}": TRANSITIONS[act].says for act in Act}


@dataclass(frozen=True)
class Last:
    """“Ada Byrne saved a revision”."""

    who: str
    what: str


def last(session: Session, documents: Sequence[uuid.UUID]) -> dict[uuid.UUID, Last]:
    """By document; none where nothing is on record."""
    if not documents:
        return {}
    mine = func.unnest(cast(literal([str(one) for one in documents], ARRAY(String)), ARRAY(String)))
    wanted = select(mine.label("id")).subquery()
    newest = (
        select(AuditEvent.action, AuditEvent.actor_id)
        .where(AuditEvent.object_type == "document", AuditEvent.object_id == wanted.c.id, AuditEvent.action.in_(SAYS))
        .where(not_(AuditEvent.after.has_key(HIDDEN)))  # a list is for everyone who sees the document
        .order_by(AuditEvent.id.desc())
        .limit(1)
        .lateral()
    )
    query = (
        select(cast(wanted.c.id, Uuid), newest.c.action, User.name)
        .select_from(wanted.join(newest, true()))
        .outerjoin(User, User.id == newest.c.actor_id)
    )
    return {row[0]: Last(row[2] or "The machine", SAYS[row[1]]) for row in session.execute(query)}

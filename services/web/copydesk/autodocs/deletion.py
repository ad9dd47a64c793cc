"""Deleting a document: its record is put away first, then every row of it goes, all in the caller's transaction."""

import uuid

from sqlalchemy import delete as delete_from
from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk import jobs
from copydesk.accounts.models import User
from copydesk.autodocs import records, requests
from copydesk.autodocs.models import LIVE_REPLAY, Acceptance, Autodoc, Replay
from copydesk.documents import access, letters, text
from copydesk.documents.errors import TitleDoesNotMatch
from copydesk.documents.models import Document
from copydesk.documents.records import kept_records, record
from copydesk.documents.records.kept_records import KeptRecord
from copydesk.documents.workflow import Act

REASON_MAX = 1000


def delete(session: Session, document_id: uuid.UUID, actor: User, *, reason: str, title: str) -> KeptRecord:
    """An admin deletes a document that nobody works on; what it was can be read in its record for good.

    Raises:
        DocumentNotFound, NotAllowed, WrongState: see their docstrings.
        TitleDoesNotMatch: the title that was typed to confirm is another one.
    """
    document = access.lock_for(session, document_id, Act.DELETE, actor)
    reason = text.required("reason", text.clean(reason).strip(), name="reason", most=REASON_MAX)
    if text.clean_line(title) != document.title:
        raise TitleDoesNotMatch
    requests.stop(session, Autodoc.document_id == document.id)
    access.record(session, Act.DELETE, document, actor, before=document.state, note=reason)
    letters.tell_of_deletion(session, document, actor, reason)
    raw = record.encode(records.of(session, document))
    kept = kept_records.keep(session, document, actor, record=raw, reason=reason)
    _remove_drafts(session, document)
    kept_records.remove(session, document)
    return kept


def _remove_drafts(session: Session, document: Document) -> None:
    """Drafts with all that hangs on them; a replay that waits for its turn leaves the queue."""
    drafts = select(Autodoc.id).where(Autodoc.document_id == document.id)
    waiting = select(Replay.job_id).where(Replay.autodoc_id.in_(drafts), Replay.state.in_(LIVE_REPLAY))
    for job_id in session.scalars(waiting).all():
        if job_id is not None:
            jobs.withdraw(session, job_id)
    session.execute(delete_from(Replay).where(Replay.autodoc_id.in_(drafts)))
    session.execute(delete_from(Acceptance).where(Acceptance.document_id == document.id))
    session.execute(delete_from(Autodoc).where(Autodoc.document_id == document.id))

"""Writing a draft again, to show that the record of it is true: asked for by anyone who may see the document."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from copydesk import audit, jobs
from copydesk.accounts.models import User
from copydesk.autodocs import fairness
from copydesk.autodocs.models import LIVE_REPLAY, Autodoc, DraftState, Replay, ReplayState
from copydesk.autodocs.recall import Comparison
from copydesk.documents import access
from copydesk.documents.errors import DocumentNotFound, InvalidInput
from copydesk.documents.models import Document


@dataclass(frozen=True)
class FailedReplay:
    """A replay that came to nothing, as the admin's list shows it."""

    finished_at: dt.datetime
    reason: str
    person: str
    draft_number: int
    document_id: uuid.UUID
    title: str


def ask(session: Session, autodoc_id: int, actor: User) -> Replay:
    """Queue a replay; one that is under way is given back instead.

    Raises:
        DocumentNotFound: there is no such draft, or it is not theirs to see.
        InvalidInput: `draft`: it was never finished, so there is nothing to compare with.
    """
    draft = session.get(Autodoc, autodoc_id)
    if draft is None:
        raise DocumentNotFound
    access.get(session, draft.document_id, actor, lock=True)  # two at once: the second finds the first's
    if draft.state is not DraftState.DONE:
        raise InvalidInput("draft", "Only a draft that was finished can be written again.")
    live = session.scalars(
        select(Replay).where(Replay.autodoc_id == autodoc_id, Replay.state.in_(LIVE_REPLAY))
    ).one_or_none()
    if live is not None:
        return live
    replay = Replay(autodoc_id=autodoc_id, requested_by_id=actor.id)
    session.add(replay)
    session.flush()
    audit.record(session, "draft.replay", actor_id=actor.id, object_type="autodoc", object_id=autodoc_id)
    turn = fairness.priority(session, actor, interactive=True, tokens=draft.tokens_written)
    replay.job_id = jobs.defer(session, jobs.Task.REPLAY, jobs.Queue.DRAFTS, priority=turn, replay_id=replay.id)
    return replay


def newest(session: Session, autodoc_id: int) -> Replay | None:
    """The last replay of a draft."""
    query = select(Replay).where(Replay.autodoc_id == autodoc_id)
    return session.scalars(query.order_by(Replay.id.desc()).limit(1)).one_or_none()


def failed(session: Session, *, since: dt.datetime, limit: int) -> Sequence[FailedReplay]:
    """Replays that came to nothing, newest first; only the last one of each draft, if that failed."""
    query = (
        select(Replay.finished_at, Replay.reason, User.name, Autodoc.number, Document.id, Document.title, Replay.state)
        .ext(distinct_on(Replay.autodoc_id))
        .join(User, User.id == Replay.requested_by_id)
        .join(Autodoc, Autodoc.id == Replay.autodoc_id)
        .join(Document, Document.id == Autodoc.document_id)
        .order_by(Replay.autodoc_id, Replay.id.desc())
        .subquery()
    )
    failures = select(query).where(query.c.state == ReplayState.FAILED, query.c.finished_at > since)
    rows = session.execute(failures.order_by(query.c.finished_at.desc()).limit(limit))
    return [FailedReplay(*row[:6]) for row in rows]


def claim(session: Session, replay_id: int) -> Autodoc | None:
    """The draft to write again; None when the replay is finished. A second claim of the same does no harm."""
    row = session.execute(
        update(Replay)
        .where(Replay.id == replay_id, Replay.state.in_(LIVE_REPLAY))
        .values(state=ReplayState.RUNNING)
        .returning(Replay.autodoc_id)
    ).one_or_none()
    return session.get(Autodoc, row.autodoc_id) if row else None


def finish(session: Session, replay_id: int, found: Comparison, *, engine: str, model_sha256: str) -> None:
    """Keep what was found."""
    _end(
        session,
        replay_id,
        state=ReplayState.DONE,
        identical=found.identical,
        first_difference=found.character,
        first_token=found.token,
        expected=found.expected,
        got=found.got,
        engine=engine,
        model_sha256=model_sha256,
    )


def fail(session: Session, replay_id: int, reason: str) -> None:
    """It could not be written again; `reason` is read by whoever asked."""
    _end(session, replay_id, state=ReplayState.FAILED, reason=reason)


def hand_back(session: Session, replay_id: int) -> None:
    """Back into the queue."""
    session.execute(
        update(Replay)
        .where(Replay.id == replay_id, Replay.state == ReplayState.RUNNING)
        .values(state=ReplayState.QUEUED)
    )


def _end(session: Session, replay_id: int, **values: object) -> None:
    session.execute(
        update(Replay)
        .where(Replay.id == replay_id, Replay.state.in_(LIVE_REPLAY))
        .values(finished_at=func.clock_timestamp(), **values)
    )

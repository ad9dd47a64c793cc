"""Writing a draft again, to show that the record of it is true: asked for by anyone who may see the document."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from copydesk import audit, jobs
from copydesk.accounts.models import User
from copydesk.autodocs import fairness
from copydesk.autodocs.models import LIVE_REPLAY, Autodoc, DraftState, Replay, ReplayState
from copydesk.autodocs.recall import Comparison
from copydesk.documents import access
from copydesk.documents.errors import DocumentNotFound, InvalidInput


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

"""The worker's side of drafting: claim, write, finish. Each step is one short transaction.

Nothing is locked while the model writes. Every statement names the attempt it belongs to; when a person has cancelled
or another worker has taken over, it changes no row and the caller gets `Overtaken`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from copydesk.autodocs.models import LIVE, Autodoc, DraftState
from copydesk.documents import operations
from copydesk.documents.models import Document


class Overtaken(Exception):
    """This draft is no longer this worker's: it was cancelled, or taken over by another worker."""


@dataclass(frozen=True)
class Claim:
    """The right to write one draft, as long as nobody else has claimed it since."""

    autodoc_id: int
    attempt: int
    brief: str
    seed: int
    model: str
    tokens_target: int
    failures: int  # how often it broke before


@dataclass(frozen=True)
class Written:
    """What the model wrote, and with what."""

    text: str
    trimmed: str
    output_tokens: Sequence[int]
    model_sha256: str
    engine: str


def claim(session: Session, autodoc_id: int) -> Claim:
    """Take the draft, also from a worker that died with it; text of an earlier attempt is dropped.

    Raises:
        Overtaken: it is finished or cancelled.
    """
    row = session.execute(
        update(Autodoc)
        .where(Autodoc.id == autodoc_id, Autodoc.state.in_(LIVE))
        .values(
            state=DraftState.WRITING,
            attempt=Autodoc.attempt + 1,
            text="",
            tokens_written=0,
            started_at=func.clock_timestamp(),
        )
        .returning(
            Autodoc.id,
            Autodoc.attempt,
            Autodoc.brief,
            Autodoc.seed,
            Autodoc.model,
            Autodoc.tokens_target,
            Autodoc.failures,
        )
    ).one_or_none()
    if row is None:
        raise Overtaken
    return Claim(*row)


def begin(
    session: Session,
    mine: Claim,
    *,
    sampling: dict[str, Any],
    prompt_tokens: Sequence[int],
    read_from_char: int,
) -> None:
    """Note what the model is about to read, before its first word."""
    _write(
        session,
        mine,
        sampling=sampling,
        prompt_tokens=list(prompt_tokens),
        read_from_char=read_from_char,
        waiting_since=None,
    )


def progress(session: Session, mine: Claim, text: str, tokens_written: int) -> None:
    """The words so far, for the page that watches."""
    _write(session, mine, text=text, tokens_written=tokens_written, waiting_since=None)


def finish(session: Session, mine: Claim, written: Written) -> None:
    """The draft becomes a revision and the document moves on, in one transaction, once."""
    document = _lock_document(session, mine)
    _write(
        session,
        mine,
        state=DraftState.DONE,
        text=written.text,
        trimmed=written.trimmed,
        output_tokens=list(written.output_tokens),
        tokens_written=len(written.output_tokens),
        model_sha256=written.model_sha256,
        engine=written.engine,
        finished_at=func.clock_timestamp(),
    )
    operations.accept_draft(session, document, autodoc_id=mine.autodoc_id, body=written.text)


def fail(session: Session, mine: Claim, reason: str) -> None:
    """The draft can't be written; `reason` is read by the sponsor."""
    document = _lock_document(session, mine)
    _write(session, mine, state=DraftState.FAILED, reason=reason, finished_at=func.clock_timestamp())
    operations.fail_draft(session, document, reason=reason)


def hand_back(session: Session, mine: Claim, *, waiting: bool, failed: bool = False) -> None:
    """Back into the queue: the engine does not answer (`waiting`), it broke (`failed`), or this worker stops."""
    _write(
        session,
        mine,
        state=DraftState.QUEUED,
        waiting_since=func.coalesce(Autodoc.waiting_since, func.clock_timestamp()) if waiting else None,
        failures=Autodoc.failures + (1 if failed else 0),
    )


def _write(session: Session, mine: Claim, **values: Any) -> None:
    row = session.execute(
        update(Autodoc)
        .where(
            Autodoc.id == mine.autodoc_id,
            Autodoc.attempt == mine.attempt,
            Autodoc.state == DraftState.WRITING,
        )
        .values(**values)
        .returning(Autodoc.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        raise Overtaken


def _lock_document(session: Session, mine: Claim) -> Document:
    """The document's row first, as every person's act does, so that no two wait for each other."""
    query = select(Document).join(Autodoc, Autodoc.document_id == Document.id).where(Autodoc.id == mine.autodoc_id)
    return session.scalars(query.with_for_update(of=Document)).one()

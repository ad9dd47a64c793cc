"""Loading all that a document's record is made of, in a constant number of queries."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk import audit
from copydesk.accounts.models import User
from copydesk.autodocs import authors, probabilities, requests
from copydesk.autodocs.models import Acceptance, Autodoc, Replay
from copydesk.documents import chain, editions, reviews
from copydesk.documents.conversation import threads
from copydesk.documents.delivery import waivers
from copydesk.documents.figures import effort
from copydesk.documents.models import Document
from copydesk.documents.records import record
from copydesk.documents.records.record import Rows, moment
from copydesk.documents.signoff import decisions, statements
from copydesk.documents.suggestions import Suggestion


def of(session: Session, document: Document) -> dict[str, Any]:
    """The record of the document as it stands."""
    return described(session, rows(session, document))


def described(session: Session, found: Rows) -> dict[str, Any]:
    """The record of rows that are loaded already."""
    query = select(User.id, User.name, User.role).where(User.id.in_(record.people_of(found))).order_by(User.id)
    people = {number: (name, role.value) for number, name, role in session.execute(query)}
    return record.build(found, people)


def rows(session: Session, document: Document) -> Rows:
    """Everything about a document, oldest first."""
    revisions = chain.revisions(session, document.id)
    spans = authors.spans(session, document)
    became = {one.autodoc_id: one.number for one in revisions if one.autodoc_id is not None}
    replays = _replays(session, document.id)
    return Rows(
        document=document,
        revisions=revisions,
        spans=spans,
        drafts=[
            _draft(one, became.get(one.id), replays.get(one.id, []))
            for one in requests.everything(session, document.id)
        ],
        acts=_acts(session, document.id),
        reviews=reviews.everything(session, document.id),
        waivers=waivers.everything(session, document.id),
        decisions=decisions.everything(session, document.id),
        statements=statements.everything(session, document.id),
        suggestions=session.scalars(
            select(Suggestion).where(Suggestion.document_id == document.id).order_by(Suggestion.number)
        ).all(),
        comments=threads.for_everyone(session, document.id),
        editions=editions.of(session, document.id),
        events=threads.events_for_everyone(audit.history(session, "document", document.id)),
        figures=_figures(session, document, effort.of(session, document, spans)),
    )


def _figures(session: Session, document: Document, found: effort.Figures | None) -> dict[str, Any]:
    minutes = [{"person": person, "minutes": many} for person, many in effort.minutes(session, document.id).items()]
    return {"minutes": minutes, "effort": asdict(found) if found else None}


def _acts(session: Session, document_id: uuid.UUID) -> list[Mapping[str, Any]]:
    """Words of the machine's that a person took into an unsaved text."""
    query = select(Acceptance).where(Acceptance.document_id == document_id).order_by(Acceptance.id)
    return [
        {
            "act": "accept",
            "draft": one.autodoc_id,
            "person": one.person_id,
            "characters": one.characters,
            "at": moment(one.created_at),
        }
        for one in session.scalars(query)
    ]


def _replays(session: Session, document_id: uuid.UUID) -> dict[int, list[Mapping[str, Any]]]:
    query = select(Replay).join(Autodoc, Autodoc.id == Replay.autodoc_id).where(Autodoc.document_id == document_id)
    found: dict[int, list[Mapping[str, Any]]] = {}
    for one in session.scalars(query.order_by(Replay.id)):
        found.setdefault(one.autodoc_id, []).append(
            {
                "state": one.state.value,
                "identical": one.identical,
                "first_difference": one.first_difference,
                "engine": one.engine,
                "model_sha256": one.model_sha256,
                "asked_by": one.requested_by_id,
                "at": moment(one.created_at),
            }
        )
    return found


def _draft(one: Autodoc, revision: int | None, replays: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the machine read, with what, and all that it wrote: also what was cut off, and drafts that failed.

    `revision`: which one it became, if it did.
    """
    return {
        "autodoc": one.id,
        "number": one.number,
        "kind": one.kind.value,
        "request": one.request,
        "choice": one.choice,
        "requested_by": one.requested_by_id,
        "revision": revision,
        "span": None if one.span_start is None else _place(one),
        "unsaved_text": one.unsaved_text,
        "state": one.state.value,
        "reason": one.reason,
        "model": one.model,
        "model_sha256": one.model_sha256,
        "engine": one.engine,
        "seed": one.seed,
        "options": one.options,
        "sampling": one.sampling,
        "template": one.template,
        "prefix": one.prefix,
        "include_prefix": one.include_prefix,
        "truncate": one.truncate,
        "brief": one.brief,
        "prompt_tokens": one.prompt_tokens,
        "keep": one.keep,
        "read_from_char": one.read_from_char,
        "output_tokens": one.output_tokens,
        "token_logprobs": None if one.token_logprobs is None else probabilities.unpack(one.token_logprobs),
        "text": one.text,
        "trimmed": one.trimmed,
        "created_at": moment(one.created_at),
        "finished_at": moment(one.finished_at),
        "replays": list(replays),
    }


def _place(one: Autodoc) -> dict[str, Any]:
    """Where words for a passage belong, and how likely what follows is after them."""
    score = None if one.score is None else round(one.score, 4)
    return {"start": one.span_start, "end": one.span_end, "base": one.base_number, "score": score}

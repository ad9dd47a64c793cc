"""The record of a document as one value: who, or what, wrote every character, and everything that happened.

Pure: the rooms above load the rows. `docs/record.md` describes the format, `verification` checks it.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from copydesk.audit.log import AuditEvent
from copydesk.documents.authorship import Span
from copydesk.documents.conversation.models import CommentThread
from copydesk.documents.delivery.waivers import Waiver
from copydesk.documents.editions import Edition
from copydesk.documents.models import Document, Revision
from copydesk.documents.paragraphs import Drafts, ParagraphState, paragraphs, span_states
from copydesk.documents.records.verification import FORMAT, canonical, sha256_of
from copydesk.documents.reviews import ParagraphReview
from copydesk.documents.signoff.tables import ChangeDecision, ReviewStatement
from copydesk.documents.suggestions import Suggestion


@dataclass(frozen=True)
class Rows:
    """All that a record is made of; every sequence oldest first. `drafts` and `acts` are described already."""

    document: Document
    revisions: Sequence[Revision]
    spans: Sequence[Span]
    drafts: Sequence[Mapping[str, Any]]
    acts: Sequence[Mapping[str, Any]]
    reviews: Sequence[ParagraphReview]
    waivers: Sequence[Waiver]
    decisions: Sequence[ChangeDecision]
    statements: Sequence[ReviewStatement]
    suggestions: Sequence[Suggestion]
    comments: Sequence[CommentThread]
    editions: Sequence[Edition]
    events: Sequence[AuditEvent]
    figures: Mapping[str, Any]


def people_of(rows: Rows) -> set[int]:
    """Everyone whom the record names."""
    document = rows.document
    ids = {document.sponsor_id, document.editor_id, document.signed_by_id}
    for one in rows.revisions:
        ids |= {one.author_id, one.accepted_by_id}
    ids |= {one["requested_by"] for one in rows.drafts}
    ids |= {replay["asked_by"] for one in rows.drafts for replay in one["replays"]}
    ids |= {one["person"] for one in rows.acts}
    for review in rows.reviews:
        ids |= {review.reviewer_id, review.taken_back_by_id}
    for decision in rows.decisions:
        ids |= {decision.person_id, decision.answered_by_id}
    for statement in rows.statements:
        ids |= {statement.signer_id, statement.responsible_id}
    for waiver in rows.waivers:
        ids |= {waiver.person_id, waiver.taken_back_by_id}
    for suggestion in rows.suggestions:
        ids |= {suggestion.author_id, suggestion.decided_by_id}
    for thread in rows.comments:
        ids |= {thread.resolved_by_id, *(one.author_id for one in thread.comments)}
    for edition in rows.editions:
        ids |= {edition.editor_id, edition.responsible_id, edition.confirmed_by_id, edition.published_by_id}
    ids |= {event.actor_id for event in rows.events}
    ids |= {one.author_id for one in rows.spans}
    ids |= {one["person"] for one in rows.figures.get("minutes", ())}
    return {one for one in ids if one is not None}


def build(rows: Rows, people: Mapping[int, tuple[str, str]]) -> dict[str, Any]:
    """The record with its fingerprint; the same rows give the same record, byte for byte.

    Args:
        people: name and role of everyone in `people_of`.
    """
    document = rows.document
    names = {number: name for number, (name, _) in people.items()}
    head = next((one for one in reversed(rows.revisions) if one.number == document.text_number), None)
    record: dict[str, Any] = {
        "format": FORMAT,
        "document": str(document.id),
        "title": document.title,
        "must_keep": document.must_keep,
        "state": document.state.value,
        "round": document.round,
        "sponsor": document.sponsor_id,
        "editor": document.editor_id,
        "created_at": moment(document.created_at),
        "text": head.body if head else "",
        "signed_sha256": document.signed_sha256,
        "signed_by": document.signed_by_id,
        "signed_at": moment(document.signed_at),
        "people": {str(number): {"name": name, "role": role} for number, (name, role) in people.items()},
        "revisions": [_revision(one, names) for one in rows.revisions],
        "spans": [_span(one, names, state) for one, state in zip(rows.spans, _states(rows, head), strict=True)],
        "drafts": [dict(one) for one in rows.drafts],
        "acts": [dict(one) for one in rows.acts],
        "reviews": [_review(one) for one in rows.reviews],
        "waivers": [_waiver(one) for one in rows.waivers],
        "decisions": [_decision(one) for one in rows.decisions],
        "statements": [_statement(one) for one in rows.statements],
        "suggestions": [_suggestion(one) for one in rows.suggestions],
        "comments": [_thread(one) for one in rows.comments],
        "editions": [_edition(one) for one in rows.editions],
        "events": _chained(rows.events),
        "figures": dict(rows.figures),
    }
    return record | {"sha256": sha256_of(record)}


def encode(record: Mapping[str, Any]) -> bytes:
    """The file."""
    return canonical(record)


def moment(value: dt.datetime | None) -> str | None:
    """As in a revision's hash: UTC, to the microsecond."""
    return None if value is None else value.astimezone(dt.UTC).isoformat(timespec="microseconds")


def _revision(one: Revision, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        "number": one.number,
        "kind": one.kind.value,
        "round": one.round,
        "title": one.title,
        "body": one.body,
        "author": None if one.author_id is None else names[one.author_id],
        "author_id": one.author_id,
        "autodoc": one.autodoc_id,
        "span": None if one.span_start is None else [one.span_start, one.span_end],
        "accepted_by_id": one.accepted_by_id,
        "merged_from": one.merged_from,
        "tool": one.tool,
        "created_at": moment(one.created_at),
        "parent_sha256": one.parent_sha256,
        "sha256": one.sha256,
    }


def _states(rows: Rows, head: Revision | None) -> list[ParagraphState]:
    """Of each span: did a person write, read, pick or change it?"""
    if head is None:
        return []
    standing = [one for one in rows.reviews if one.taken_back_at is None]
    found = paragraphs(head.body, rows.spans, rows.revisions, standing)
    return span_states(head.body, rows.spans, found, Drafts(head.body, rows.revisions))


def _span(one: Span, names: Mapping[int, str], state: ParagraphState) -> dict[str, Any]:
    return {
        "start": one.start,
        "end": one.end,
        "origin": one.origin,
        "author": None if one.author_id is None else names[one.author_id],
        "author_id": one.author_id,
        "revision": one.revision,
        "draft": one.autodoc_id,
        "at": one.at,
        "state": state.value if one.origin == "machine" else None,
    }


def _review(one: ParagraphReview) -> dict[str, Any]:
    return {
        "revision": one.revision_number,
        "start": one.start,
        "end": one.end,
        "text_sha256": one.text_sha256,
        "reason": one.reason,
        "reviewer": one.reviewer_id,
        "at": moment(one.created_at),
        "taken_back_by": one.taken_back_by_id,
        "taken_back_at": moment(one.taken_back_at),
    }


def _waiver(one: Waiver) -> dict[str, Any]:
    return {
        "check": one.check,
        "revision": one.revision_number,
        "found": one.words,
        "fingerprint": one.fingerprint,
        "reason": one.reason,
        "person": one.person_id,
        "at": moment(one.created_at),
        "taken_back_by": one.taken_back_by_id,
        "taken_back_at": moment(one.taken_back_at),
    }


def _decision(one: ChangeDecision) -> dict[str, Any]:
    return {
        "id": one.id,
        "base": one.base_number,
        "revision": one.revision_number,
        "part": one.part.value,
        "sort": one.sort.value,
        "old": [one.old_start, one.old_end],
        "new": [one.new_start, one.new_end],
        "before": one.before,
        "after": one.after,
        "verdict": one.verdict.value,
        "reason": one.reason,
        "person": one.person_id,
        "at": moment(one.decided_at),
        "answer": one.answer and one.answer.value,
        "answer_reason": one.answer_reason,
        "answered_by": one.answered_by_id,
        "answered_at": moment(one.answered_at),
    }


def _statement(one: ReviewStatement) -> dict[str, Any]:
    return {
        "id": one.id,
        "revision": one.revision_number,
        "sha256": one.sha256,
        "wording": one.wording,
        "examined": one.examined,
        "signer": one.signer_id,
        "responsible": {"person": one.responsible_id, "name": one.responsible_name, "role": one.responsible_role},
        "by_link": one.by_link,
        "at": moment(one.created_at),
    }


def _suggestion(one: Suggestion) -> dict[str, Any]:
    return {
        "number": one.number,
        "base": one.base_number,
        "start": one.start,
        "end": one.end,
        "replacement": one.replacement,
        "note": one.note,
        "author": one.author_id,
        "state": one.state.value,
        "decided_by": one.decided_by_id,
        "decided_at": moment(one.decided_at),
        "revision": one.revision_number,
        "at": moment(one.created_at),
    }


def _thread(one: CommentThread) -> dict[str, Any]:
    return {
        "thread": one.id,
        "base": one.base_number,
        "start": one.start,
        "end": one.end,
        "quote": one.quote,
        "resolved_by": one.resolved_by_id,
        "resolved_at": moment(one.resolved_at),
        "said": [
            {
                "comment": said.id,
                "author": said.author_id,
                "words": said.words,
                "at": moment(said.created_at),
                "edited_at": moment(said.edited_at),
                "taken_back_at": moment(said.taken_back_at),
            }
            for said in one.comments
        ],
    }


def _edition(one: Edition) -> dict[str, Any]:
    return {
        "number": one.number,
        "revision": one.revision_number,
        "sha256": one.sha256,
        "state": one.state.value,
        "change": one.change and one.change.value,
        "note": one.note,
        "live_at": moment(one.live_at),
        "public_at": moment(one.public_at),
        "responsible": one.responsible_id,
        "statement": one.statement_id,
        "signed_at": moment(one.signed_at),
        "emergency": one.emergency,
        "confirmed_by": one.confirmed_by_id,
        "confirmed_at": moment(one.confirmed_at),
        "label": list(one.label),
        "machine_share": one.machine_share,
        "editor": one.editor_id,
        "published_by": one.published_by_id,
        "at": moment(one.created_at),
        "retraction": one.retraction,
        "ended_at": moment(one.ended_at),
    }


def _chained(events: Iterable[AuditEvent]) -> list[dict[str, Any]]:
    """Each with the hash of the one before; addresses and request ids stay with the desk."""
    chained: list[dict[str, Any]] = []
    for event in events:
        fields: dict[str, Any] = {
            "id": event.id,
            "at": moment(event.at),
            "actor": event.actor_id,
            "action": event.action,
            "before": event.before,
            "after": event.after,
            "note": event.note,
            "source": event.source,
            "previous": chained[-1]["sha256"] if chained else None,
        }
        chained.append(fields | {"sha256": sha256_of(fields)})
    return chained

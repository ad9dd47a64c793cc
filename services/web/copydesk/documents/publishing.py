"""From an approved text to what readers have, and what can be done about it afterwards. The caller commits."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.documents import (
    access,
    announcing,
    chain,
    disclosure,
    editions,
    letters,
    operations,
    reviews,
    revising,
    text,
)
from copydesk.documents.disclosure import Reason
from copydesk.documents.editions import Edition, EditionState
from copydesk.documents.errors import InvalidInput, SelfApproval, WrongState
from copydesk.documents.models import Change, Document, Kind, State
from copydesk.documents.paragraphs import machine_share
from copydesk.documents.signoff import statements
from copydesk.documents.workflow import Act

NOTE_MAX = 2000
FURTHEST = dt.timedelta(days=2 * 366)  # a later time is a slip of the pen


@dataclass(frozen=True)
class Times:
    """When whoever has the link can read it, and when everyone; both aware of their zone.

    Now and for all: `Times()`. At a time: both at that time. Under embargo: the link now, all later. Never for all:
    `public_at` is None.
    """

    live_at: dt.datetime | None = None  # none: now
    public_at: dt.datetime | None = None
    for_all: bool = True  # without `public_at`: as soon as it is live


def publish(
    session: Session,
    document_id: uuid.UUID,
    actor: User,
    times: Times = Times(),
    *,
    note: str = "",
    spans_of: reviews.SpansOf = reviews.by_revisions,
) -> Edition:
    """Freeze the signed text for readers, now or at a time that is set.

    Args:
        note: what changed, for readers; a second edition needs it.

    Raises:
        InvalidInput: `note`, `live_at`, `public_at`.
    """
    now = editions.now(session)
    live_at, public_at = _moments(times, now)
    act = Act.SCHEDULE if live_at > now else Act.PUBLISH
    document = access.lock_for(session, document_id, act, actor)
    if act is Act.SCHEDULE:
        editions.cancel_scheduled(session, document)
    edition = _edition(session, document, actor, (live_at, public_at), note, spans_of)
    edition.responsible_id, edition.signed_at = document.signed_by_id, document.signed_at
    edition.statement = statements.in_force(session, document)
    if act is Act.SCHEDULE:
        edition.state = EditionState.SCHEDULED
        session.add(edition)
        editions.page_of(session, document)  # its address can be told to others before
        access.enter(document, act)
        _record(session, act, document, actor, State.APPROVED, edition)
        return edition
    _go_live(session, document, edition, actor)
    return edition


def cancel_schedule(session: Session, document_id: uuid.UUID, actor: User) -> Document:
    """The text stays approved and does not go out by itself.

    Raises:
        WrongState: no time is set.
    """
    document = access.lock_for(session, document_id, Act.CANCEL_SCHEDULE, actor)
    edition = editions.cancel_scheduled(session, document)
    if edition is None:
        raise WrongState
    access.enter(document, Act.CANCEL_SCHEDULE)
    _record(session, Act.CANCEL_SCHEDULE, document, actor, State.APPROVED, edition)
    return document


def publish_due(session: Session) -> Edition | None:
    """Publish one edition whose time has come; None: there is none. What another worker is at is left to it."""
    due = (Edition.state == EditionState.SCHEDULED, Edition.live_at <= func.clock_timestamp())
    query = select(Edition).join(Document, Document.id == Edition.document_id).where(*due)
    query = query.where(Document.state == State.APPROVED).order_by(Edition.live_at).limit(1)
    edition = session.scalars(query.with_for_update(of=(Edition, Document), skip_locked=True)).one_or_none()
    if edition is None:
        return None
    document = session.get_one(Document, edition.document_id)
    _go_live(session, document, edition, None)
    return edition


def publish_in_emergency(
    session: Session,
    document_id: uuid.UUID,
    actor: User,
    *,
    reason: str,
    note: str = "",
    for_all: bool = True,
    spans_of: reviews.SpansOf = reviews.by_revisions,
) -> Edition:
    """The saved text goes out at once and unsigned; marked until a second person stands for it."""
    document = access.lock_for(session, document_id, Act.PUBLISH_IN_EMERGENCY, actor)
    reason = text.required("reason", text.clean(reason).strip(), name="comment", most=NOTE_MAX)
    editions.cancel_scheduled(session, document)
    operations.keep_unsaved(session, document, actor)
    now = editions.now(session)
    edition = _edition(session, document, actor, (now, now if for_all else None), note, spans_of)
    edition.emergency = reason
    _go_live(session, document, edition, actor, act=Act.PUBLISH_IN_EMERGENCY, reason=reason)
    return edition


def confirm_emergency(
    session: Session, document_id: uuid.UUID, actor: User, spans_of: reviews.SpansOf = reviews.by_revisions
) -> Edition:
    """A second person stands for what was published in an emergency, and states that it was reviewed.

    Raises:
        WrongState: there is nothing to stand for.
        SelfApproval: they published it themselves, or wrote in this round.
    """
    document = access.lock_for(session, document_id, Act.CONFIRM_EMERGENCY, actor)
    edition = editions.current(session, document_id)
    if edition is None or not edition.unconfirmed:
        raise WrongState
    if edition.published_by_id == actor.id or revising.wrote_in_round(session, document, actor):
        raise SelfApproval
    revision = chain.revision(session, document, edition.revision_number)
    if revision is None:
        raise WrongState
    edition.confirmed_by_id, edition.confirmed_at = actor.id, editions.now(session)
    edition.statement = statements.make(session, document, revision, actor)
    edition.label = [one for one in edition.label if one != Reason.NOBODY]
    announcing.confirmed(session, edition)
    access.enter(document, Act.CONFIRM_EMERGENCY)
    _record(session, Act.CONFIRM_EMERGENCY, document, actor, State.PUBLISHED, edition)
    return edition


def open_to_all(session: Session, document_id: uuid.UUID, actor: User) -> Edition:
    """What could be read with the link alone, or later, is public from now on.

    Raises:
        WrongState: it is public already.
    """
    document = access.lock_for(session, document_id, Act.OPEN_TO_ALL, actor)
    edition, now = editions.current(session, document_id), editions.now(session)
    if edition is None or edition.is_public(now):
        raise WrongState
    edition.public_at = now
    announcing.opened(session, edition)
    access.enter(document, Act.OPEN_TO_ALL)
    _record(session, Act.OPEN_TO_ALL, document, actor, State.PUBLISHED, edition)
    return edition


def reopen(session: Session, document_id: uuid.UUID, actor: User, change: Change, *, reason: str) -> Document:
    """Work on the next edition begins, a new round of it; readers keep the one they have."""
    document = access.lock_for(session, document_id, Act.REOPEN, actor)
    reason = text.required("reason", text.clean(reason).strip(), name="comment", most=NOTE_MAX)
    document.reopened_for = change
    document.round += 1
    operations.void_signature(document)
    access.enter(document, Act.REOPEN)
    access.record(
        session,
        Act.REOPEN,
        document,
        actor,
        before=State.PUBLISHED,
        note=reason,
        extra=({}, {"change": change.value, "edition": document.edition}),
    )
    letters.tell_all(session, document, actor, letters.REOPENED, reason)
    return document


def keep_edition(session: Session, document_id: uuid.UUID, actor: User) -> Document:
    """Give the next edition up: the text is again what readers have, and what was written stays in the history."""
    document = access.lock_for(session, document_id, Act.KEEP_EDITION, actor)
    before = document.state
    edition = editions.current(session, document_id)
    if edition is None:
        raise WrongState
    editions.cancel_scheduled(session, document)
    operations.keep_unsaved(session, document, actor)
    published = chain.revision(session, document, edition.revision_number)
    head = revising.head_text(session, document)
    if published is not None and head is not None and (head.title, head.body) != (published.title, published.body):
        chain.append(session, document, kind=Kind.HUMAN, title=published.title, body=published.body, author_id=actor.id)
        document.title = published.title
    document.reopened_for = None
    _bind(document, edition)
    access.enter(document, Act.KEEP_EDITION)
    _record(session, Act.KEEP_EDITION, document, actor, before, edition)
    return document


def retract(session: Session, document_id: uuid.UUID, actor: User, *, note: str) -> Edition:
    """Take it back. Its page stays and says so; older editions can still be read there."""
    document = access.lock_for(session, document_id, Act.RETRACT, actor)
    note = text.required("note", text.clean(note).strip(), name="comment", most=NOTE_MAX)
    edition = editions.current(session, document_id)
    if edition is None:
        raise WrongState
    edition.state, edition.retraction, edition.ended_at = EditionState.RETRACTED, note, editions.now(session)
    announcing.retracted(session, edition)
    access.enter(document, Act.RETRACT)
    _record(session, Act.RETRACT, document, actor, State.PUBLISHED, edition, note)
    letters.tell_all(session, document, actor, letters.RETRACTED, note)
    return edition


def _edition(
    session: Session,
    document: Document,
    actor: User,
    moments: tuple[dt.datetime, dt.datetime | None],
    note: str,
    spans_of: reviews.SpansOf,
) -> Edition:
    head = revising.head_text(session, document)
    if head is None:
        raise WrongState
    change, note = document.reopened_for, text.clean(note).strip()
    if change is not None:
        text.required("note", note, name="note", most=NOTE_MAX)
    statement = statements.in_force(session, document)
    responsible = statement is not None and statement.sha256 == head.sha256
    spans = spans_of(session, document)
    label: Sequence[Reason] = disclosure.reasons(session, document, head, spans, responsible=responsible)
    return Edition(
        document_id=document.id,
        number=_next_number(session, document),
        revision_number=head.number,
        sha256=head.sha256,
        state=EditionState.LIVE,
        change=change,
        note=note if change else None,
        live_at=moments[0],
        public_at=moments[1],
        label=[one.value for one in label],
        machine_share=round(machine_share(spans)),
        editor_id=document.editor_id,
        published_by_id=actor.id,
    )


def _go_live(
    session: Session,
    document: Document,
    edition: Edition,
    actor: User | None,
    *,
    act: Act = Act.PUBLISH,
    reason: str = "",
) -> None:
    """Readers have it from now on, at the address where they had the one before."""
    before = document.state
    former = editions.current(session, document.id) if document.edition else None
    if former is not None:
        former.state, former.ended_at = EditionState.REPLACED, editions.now(session)
        session.flush()  # two can't be current, not even for a moment
    edition.state = EditionState.LIVE
    session.add(edition)
    editions.page_of(session, document)
    document.edition, document.reopened_for = edition.number, None
    _bind(document, edition)
    access.enter(document, act)
    _record(session, act, document, actor, before, edition, reason or None)
    announcing.published(session, edition)
    letters.tell_all(session, document, actor, letters.EMERGENCY if reason else letters.PUBLISHED, reason)


def _bind(document: Document, edition: Edition) -> None:
    """The signature is the edition's; an emergency's has none."""
    document.signed_by_id, document.signed_at = edition.responsible_id, edition.signed_at
    document.signed_sha256 = edition.sha256 if edition.responsible_id else None


def _next_number(session: Session, document: Document) -> int:
    query = select(func.coalesce(func.max(Edition.number), 0)).where(Edition.document_id == document.id)
    return int(session.scalars(query).one()) + 1


def _moments(times: Times, now: dt.datetime) -> tuple[dt.datetime, dt.datetime | None]:
    live_at = times.live_at or now
    public_at = times.public_at or (live_at if times.for_all else None)
    if times.live_at is not None and live_at <= now:
        raise InvalidInput("live_at", "This time has passed. Please give a later one, or publish now.")
    if public_at is not None and public_at < live_at:
        raise InvalidInput("public_at", "It can't be public before it is published. Please give a later time.")
    if max(live_at, public_at or live_at) > now + FURTHEST:
        raise InvalidInput("live_at", "This is more than two years away. Please give an earlier time.")
    return live_at, public_at


def _record(
    session: Session,
    act: Act,
    document: Document,
    actor: User | None,
    before: State,
    edition: Edition,
    note: str | None = None,
) -> None:
    moments = {"live_at": edition.live_at.isoformat(), "public_at": edition.public_at and edition.public_at.isoformat()}
    facts: dict[str, object] = {"edition": edition.number, "sha256": edition.sha256, "label": list(edition.label)}
    access.record(session, act, document, actor, before=before, note=note or edition.note, extra=({}, facts | moments))

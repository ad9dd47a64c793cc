"""What waits for whom, first things first: the queries behind each person's page of today. No Flask here."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, User
from copydesk.audit import AuditEvent
from copydesk.documents import policy
from copydesk.documents.editions import Edition, EditionState
from copydesk.documents.models import Document, State

SHOWN = 6  # of each kind; the list has the rest
MOST = 99  # beyond which nobody counts

_Where = Callable[[dt.datetime], ColumnElement[bool]]


@dataclass(frozen=True)
class Kind:
    """One kind of thing that waits."""

    name: str
    title: str
    where: _Where
    mine: bool = True  # is the viewer the one who has to act?
    soonest_due: bool = False  # by date; else whatever waits longest comes first
    state: State | None = None  # the list's filter that shows all of them


@dataclass(frozen=True)
class Group:
    """The first documents of one kind, and how many there are; `MOST` and more are not told apart."""

    kind: Kind
    documents: Sequence[Document]
    count: int


def _in(*states: State) -> _Where:
    return lambda now: Document.state.in_(states)


def _late(now: dt.datetime) -> ColumnElement[bool]:
    return and_(Document.state == State.EDITING, Document.due_at < now)


def _unsigned(now: dt.datetime) -> ColumnElement[bool]:
    return and_(Document.state.in_((State.SIGNOFF, State.QUESTION)), Document.entered_at < now - dt.timedelta(days=2))


def _to_publish(now: dt.datetime) -> ColumnElement[bool]:
    return and_(Document.state == State.APPROVED, Document.id.not_in(_editions(EditionState.SCHEDULED)))


def _scheduled(now: dt.datetime) -> ColumnElement[bool]:
    return and_(Document.state == State.APPROVED, Document.id.in_(_editions(EditionState.SCHEDULED)))


def _unconfirmed(now: dt.datetime) -> ColumnElement[bool]:
    flagged = select(Edition.document_id).where(
        Edition.state == EditionState.LIVE, Edition.emergency.is_not(None), Edition.confirmed_at.is_(None)
    )
    return and_(Document.state == State.PUBLISHED, Document.id.in_(flagged))


def _editions(state: EditionState) -> Select[Document]:
    return select(Edition.document_id).where(Edition.state == state)  # type: ignore[return-value]


_FAILED = Kind("failed", "Drafts that failed", _in(State.DRAFT_FAILED), state=State.DRAFT_FAILED)
_EMERGENCY = Kind("emergency", "Published in an emergency: a second person is needed", _unconfirmed)
KINDS: dict[Role, tuple[Kind, ...]] = {
    Role.SPONSOR: (
        Kind("question", "Questions to you", _in(State.QUESTION), state=State.QUESTION),
        Kind("signoff", "To sign off", _in(State.SIGNOFF), state=State.SIGNOFF),
        _EMERGENCY,
        Kind("choosing", "Drafts to choose from", _in(State.CHOOSING), state=State.CHOOSING),
        _FAILED,
        Kind("to-publish", "Signed, to publish", _to_publish, state=State.APPROVED),
        Kind("late", "Late, with an editor", _late, mine=False, soonest_due=True, state=State.EDITING),
        Kind("unassigned", "Without an editor", _in(State.UNASSIGNED), mine=False, state=State.UNASSIGNED),
        Kind("scheduled", "Goes out by itself", _scheduled, mine=False, state=State.APPROVED),
        Kind("drafting", "Being written", _in(State.DRAFTING), mine=False, state=State.DRAFTING),
    ),
    Role.EDITOR: (
        Kind("editing", "To edit", _in(State.EDITING), soonest_due=True, state=State.EDITING),
        Kind("free", "Free to take", _in(State.UNASSIGNED), mine=False, state=State.UNASSIGNED),
        Kind("with-sponsor", "With the sponsor", _in(State.QUESTION, State.SIGNOFF), mine=False, state=State.SIGNOFF),
    ),
    Role.ADMIN: (
        _EMERGENCY,
        _FAILED,
        Kind("unassigned", "Without an editor", _in(State.UNASSIGNED), state=State.UNASSIGNED),
        Kind("late", "Late", _late, soonest_due=True, state=State.EDITING),
        Kind("unsigned", "Waits for a sponsor for two days and more", _unsigned, state=State.SIGNOFF),
        Kind("scheduled", "Goes out by itself", _scheduled, mine=False, state=State.APPROVED),
    ),
}


def groups(session: Session, user: User, *, claiming: bool, now: dt.datetime | None = None) -> list[Group]:
    """What waits for this person, kind by kind; kinds of which there is nothing are left out."""
    now = now or dt.datetime.now(dt.UTC)
    visible = policy.visible_to(user, claiming=claiming)
    kinds = [one for one in KINDS[user.role] if claiming or one.name != "free"]
    counted = {
        one.name: select(func.count())
        .select_from(select(literal(1)).select_from(Document).where(visible, one.where(now)).limit(MOST + 1).subquery())
        .scalar_subquery()
        for one in kinds
    }
    numbers = session.execute(select(*(query.label(name) for name, query in counted.items()))).one()._asdict()
    return [Group(one, _first(session, one, visible, now), numbers[one.name]) for one in kinds if numbers[one.name]]


def _first(session: Session, kind: Kind, visible: ColumnElement[bool], now: dt.datetime) -> Sequence[Document]:
    query = select(Document).where(visible, kind.where(now))
    order = (Document.due_at.asc().nulls_last(),) if kind.soonest_due else ()
    return session.scalars(query.order_by(*order, Document.entered_at, Document.id).limit(SHOWN)).unique().all()


def published_since(session: Session, user: User, moment: dt.datetime, *, claiming: bool) -> int:
    """How many editions of documents that this person may see went live since then; at most `MOST` + 1."""
    query = select(literal(1)).select_from(Edition).join(Document, Document.id == Edition.document_id)
    query = query.where(policy.visible_to(user, claiming=claiming), Edition.live_at >= moment)
    query = query.where(or_(Edition.state == EditionState.LIVE, Edition.state == EditionState.REPLACED))
    return session.scalar(select(func.count()).select_from(query.limit(MOST + 1).subquery())) or 0


def last_words(session: Session, documents: Iterable[Document]) -> dict[str, AuditEvent]:
    """By document id what last happened to it that came with words: a question, an answer, a wish, a reason."""
    ids = [str(document.id) for document in documents]
    said = ("ask", "answer", "request_changes", "decline", "failed", "reopen", "publish_in_an_emergency", "assign")
    query = (
        select(AuditEvent)
        .ext(distinct_on(AuditEvent.object_id))
        .where(
            AuditEvent.object_type == "document",
            AuditEvent.object_id.in_(ids),
            AuditEvent.action.in_([f"document.{act}" for act in said]),
        )
        .order_by(AuditEvent.object_id, AuditEvent.id.desc())
    )
    return {event.object_id: event for event in session.scalars(query)} if ids else {}

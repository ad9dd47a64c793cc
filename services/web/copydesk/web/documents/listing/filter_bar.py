"""What a list can be filtered by, and what it is filtered by: the fields of the form, and chips to take off."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, Status, User
from copydesk.autodocs.models import Autodoc
from copydesk.config import settings
from copydesk.documents import policy
from copydesk.documents.finding.filters import Due, Since
from copydesk.documents.models import Document, State
from copydesk.web.documents.listing.asked import Asked, address
from copydesk.web.templating import STATE_LABELS

MOST_PEOPLE = 1000
DUE_WORDS = {Due.OVERDUE: "Overdue", Due.TODAY: "Today", Due.WEEK: "This week", Due.NONE: "No date"}
SINCE_WORDS = {
    Since.TODAY: "Today",
    Since.WEEK: "The last 7 days",
    Since.MONTH: "The last 30 days",
    Since.YEAR: "The last 365 days",
}


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    on: bool


@dataclass(frozen=True)
class Chip:
    """One filter that is on, and the address of the list without it."""

    says: str
    url: str


@dataclass(frozen=True)
class Bar:
    states: list[Option]
    editors: list[Option]
    sponsors: list[Option]
    due: list[Option]
    since: list[Option]
    models: list[Option]
    chips: list[Chip]


def bar(session: Session, viewer: User, asked: Asked) -> Bar:
    filters = asked.filters
    people = _people(session, viewer)
    editors = [one for one in people if one.role is Role.EDITOR]
    sponsors = [one for one in people if one.role is Role.SPONSOR]
    return Bar(
        states=[Option(one.value, STATE_LABELS[one], one in filters.state) for one in State],
        editors=_choice(editors, filters.editor, nobody="Nobody") if viewer.role is not Role.EDITOR else [],
        sponsors=_choice(sponsors, filters.sponsor) if viewer.role is not Role.SPONSOR else [],
        due=[Option(one.value, words, one is filters.due) for one, words in DUE_WORDS.items()],
        since=[Option(one.value, words, one is filters.since) for one, words in SINCE_WORDS.items()],
        models=_models(session, viewer, filters.model),
        chips=_chips(asked, {one.id: one.name for one in people}),
    )


def _chips(asked: Asked, names: dict[int, str]) -> list[Chip]:
    filters = asked.filters
    says = {
        "q": f"“{filters.q}”",
        "editor": f"Editor: {names.get(filters.editor or 0, 'nobody' if filters.editor == 0 else 'somebody else')}",
        "sponsor": f"Sponsor: {names.get(filters.sponsor or 0, 'somebody else')}",
        "due": f"Due: {DUE_WORDS[filters.due].lower()}" if filters.due else "",
        "since": f"Changed: {SINCE_WORDS[filters.since].lower()}" if filters.since else "",
        "model": f"Drafts by {filters.model}",
        "mine": "Waits for me",
    }
    return [
        Chip(
            STATE_LABELS[State(value)] if name == "state" else says[name],
            address(filters.without(name, value), asked.order, asked.size),
        )
        for name, value in filters.pairs()
    ]


def _choice(people: Sequence[User], chosen: int | None, *, nobody: str = "") -> list[Option]:
    found = [Option(str(one.id), one.name, one.id == chosen) for one in people]
    return [Option("0", nobody, chosen == 0), *found] if nobody else found


def _people(session: Session, viewer: User) -> Sequence[User]:
    """Editors for whoever chooses one, sponsors for whoever works for them; an editor sees those of their documents."""
    wanted = []
    if viewer.role is not Role.EDITOR:
        wanted.append(User.role == Role.EDITOR)
    if viewer.role is Role.ADMIN:
        wanted.append(User.role == Role.SPONSOR)
    if viewer.role is Role.EDITOR:
        visible = policy.visible_to(viewer, claiming=settings().claiming)
        wanted.append(User.id.in_(select(Document.sponsor_id).where(visible)))
    query = select(User).where(or_(*wanted), User.status.in_((Status.APPROVED, Status.SUSPENDED)))
    return session.scalars(query.order_by(User.name, User.id).limit(MOST_PEOPLE)).all()


def _models(session: Session, viewer: User, chosen: str) -> list[Option]:
    """Every model that ever drafted, one step of the index each; only admins choose among them."""
    if viewer.role is not Role.ADMIN:
        return []
    first = select(Autodoc.model).order_by(Autodoc.model).limit(1).cte(recursive=True)
    following = select(Autodoc.model).where(Autodoc.model > first.c.model).order_by(Autodoc.model).limit(1)
    every = first.union_all(select(following.scalar_subquery()).where(first.c.model.is_not(None)))
    names = session.scalars(select(every.c.model).where(every.c.model.is_not(None))).all()
    return [Option(name, name, name == chosen) for name in names]

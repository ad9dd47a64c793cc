"""Views: filters and an order that a person keeps by a name, or an admin for everyone."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from copydesk import audit
from copydesk.accounts.models import Role, User
from copydesk.db import Base, BigIntId, CreatedAt
from copydesk.documents.errors import DocumentNotFound, InvalidInput, NotAllowed
from copydesk.documents.text import clean_line, is_blank

MOST = 30  # a person keeps, and as many again for everyone
MOST_NAME = 60
MOST_QUERY = 1000
TAKEN_BACK = dt.timedelta(hours=1)  # for so long a deletion can be undone


class SavedView(Base):
    """What stands behind the address's question mark, by a name."""

    __tablename__ = "saved_views"
    __table_args__ = (
        CheckConstraint("btrim(name) <> ''", "name"),
        CheckConstraint("NOT (shared AND opens_first)", "shared_opens_first"),
        CheckConstraint("NOT (opens_first AND deleted_at IS NOT NULL)", "deleted_first"),
        Index("ix_saved_views_owner", "owner_id", "place", "id"),
        Index("ix_saved_views_shared", "place", "id", postgresql_where=text("shared")),
        Index("uq_saved_views_first", "owner_id", unique=True, postgresql_where=text("opens_first")),
    )

    id: Mapped[BigIntId]
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    shared: Mapped[bool]  # everyone of the desk has it; whoever looks sees only what is theirs to see
    name: Mapped[str] = mapped_column(String(MOST_NAME))
    query: Mapped[str] = mapped_column(String(MOST_QUERY))
    place: Mapped[int]  # the smallest first
    opens_first: Mapped[bool]  # what the owner gets who asks for no other
    created_at: Mapped[CreatedAt]
    deleted_at: Mapped[dt.datetime | None]

    owner: Mapped[User] = relationship(lazy="raise")


class ViewNotFound(DocumentNotFound):
    """There is no such view, or it is not yours."""


def of(session: Session, person: User) -> Sequence[SavedView]:
    """The person's own, then everyone's."""
    query = select(SavedView).where(or_(SavedView.owner_id == person.id, SavedView.shared), _here())
    return session.scalars(query.order_by(SavedView.shared, SavedView.place, SavedView.id)).all()


def first(session: Session, person: User) -> SavedView | None:
    """What this person wants to see who asks for no other."""
    query = select(SavedView).where(SavedView.owner_id == person.id, SavedView.opens_first)
    return session.scalars(query).one_or_none()


def keep(session: Session, person: User, *, name: str, query: str, shared: bool = False) -> SavedView:
    """A view under a new name; under one that there is, it becomes this one.

    Raises:
        NotAllowed: only admins make views for everyone.
        InvalidInput: `name`; or there are enough.
    """
    if shared and person.role is not Role.ADMIN:
        raise NotAllowed
    name = _name(name)
    if len(query) > MOST_QUERY:
        raise InvalidInput("name", "This is too much for one view. Please choose fewer filters.")
    session.execute(select(User.id).where(User.id == person.id).with_for_update())  # one after the other
    beside = [one for one in of(session, person) if one.shared == shared]
    same = next((one for one in beside if one.name.casefold() == name.casefold()), None)
    if same is not None:
        before = _facts(same)
        same.name, same.query = name, query
        _record(session, person, "changed", same, before)
        return same
    if len(beside) >= MOST:
        raise InvalidInput("name", f"There are {MOST} views already. Please delete one first.")
    place = max((one.place for one in beside), default=0) + 1
    view = SavedView(owner_id=person.id, shared=shared, name=name, query=query, place=place, opens_first=False)
    session.add(view)
    session.flush()
    _record(session, person, "added", view)
    return view


def rename(session: Session, person: User, view_id: int, name: str) -> SavedView:
    view = _mine(session, person, view_id)
    before = _facts(view)
    view.name = _name(name)
    _record(session, person, "changed", view, before)
    return view


def open_first(session: Session, person: User, view_id: int | None) -> None:
    """Have this one opened first, or none. It is the person's own."""
    view = _mine(session, person, view_id) if view_id is not None else None
    if view is not None and view.shared:
        raise NotAllowed
    last = first(session, person)
    session.execute(update(SavedView).where(SavedView.owner_id == person.id).values(opens_first=False))
    if view is not None:
        view.opens_first = True
    session.flush()
    was, now = ({"view": one.id if one else None} for one in (last, view))
    audit.record(
        session,
        "account.first_view_chosen",
        actor_id=person.id,
        object_type="user",
        object_id=person.id,
        before=was,
        after=now,
    )


def move_up(session: Session, person: User, view_id: int) -> None:
    """Before the one that stands before it."""
    view = _mine(session, person, view_id)
    beside = [one for one in of(session, person) if one.shared == view.shared]
    at = beside.index(view)
    _record(session, person, "moved", view, {"place": at + 1}, {"place": max(at, 1)})
    if at:
        beside[at - 1], beside[at] = beside[at], beside[at - 1]
    for place, one in enumerate(beside, start=1):
        one.place = place


def delete_view(session: Session, person: User, view_id: int) -> SavedView:
    """It is gone, and can be taken back for an hour."""
    view = _mine(session, person, view_id)
    _record(session, person, "deleted", view, _facts(view), {})
    view.opens_first, view.deleted_at = False, func.clock_timestamp()
    old = func.clock_timestamp() - TAKEN_BACK
    session.execute(delete(SavedView).where(SavedView.owner_id == person.id, SavedView.deleted_at < old))
    return view


def take_back(session: Session, person: User, view_id: int) -> SavedView:
    """A view that was deleted within the hour is there again."""
    recent = SavedView.deleted_at >= func.clock_timestamp() - TAKEN_BACK
    view = session.scalars(select(SavedView).where(SavedView.id == view_id, _theirs(person), recent)).one_or_none()
    if view is None:
        raise ViewNotFound
    view.deleted_at = None
    _record(session, person, "put_back", view)
    return view


def _facts(view: SavedView) -> dict[str, object]:
    """Without the filters: words that somebody looked for may stand there."""
    return {"name": view.name, "shared": view.shared}


def _record(
    session: Session,
    person: User,
    did: str,
    view: SavedView,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    audit.record(
        session,
        f"view.{did}",
        actor_id=person.id,
        object_type="view",
        object_id=view.id,
        before=before,
        after=_facts(view) if after is None else after,
    )


def _mine(session: Session, person: User, view_id: int) -> SavedView:
    query = select(SavedView).where(SavedView.id == view_id, _theirs(person), _here())
    view = session.scalars(query.with_for_update()).one_or_none()
    if view is None:
        raise ViewNotFound
    return view


def _theirs(person: User) -> ColumnElement[bool]:
    """Their own; for admins also those of everyone."""
    own = and_(SavedView.owner_id == person.id, ~SavedView.shared)
    return or_(own, SavedView.shared) if person.role is Role.ADMIN else own


def _here() -> ColumnElement[bool]:
    return SavedView.deleted_at.is_(None)


def _name(name: str) -> str:
    name = clean_line(name).strip()
    if is_blank(name):
        raise InvalidInput("name", "Please give the view a name.")
    if len(name) > MOST_NAME:
        raise InvalidInput("name", f"At most {MOST_NAME} characters, please.")
    return name

"""How the desk routes work: an admin's choices, in at most one row."""

import datetime as dt
from dataclasses import asdict, dataclass

from sqlalchemy import CheckConstraint, ForeignKey, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from copydesk.accounts.models import User
from copydesk.db import Base, CreatedAt
from copydesk.documents.errors import InvalidInput
from copydesk.documents.housestyle import house

MOST_DAYS, MOST_HOURS, MOST_BETWEEN = 365, 336, 30


class RoutingRules(Base):
    """What an admin chose."""

    __tablename__ = "routing_rules"
    __table_args__ = (
        CheckConstraint("one", "one"),
        CheckConstraint(f"days_to_edit BETWEEN 1 AND {MOST_DAYS}", "days_to_edit"),
        CheckConstraint(f"hours_before BETWEEN 0 AND {MOST_HOURS}", "hours_before"),
        CheckConstraint(f"days_between BETWEEN 1 AND {MOST_BETWEEN}", "days_between"),
    )

    one: Mapped[bool] = mapped_column(primary_key=True, default=True)
    choose_by_load: Mapped[bool]
    days_to_edit: Mapped[int | None]
    hours_before: Mapped[int]
    days_between: Mapped[int]
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    changed_at: Mapped[CreatedAt] = mapped_column(server_default=func.clock_timestamp())


@dataclass(frozen=True)
class Rules:
    """The rules that hold."""

    choose_by_load: bool = False  # the desk finds the editor where nobody chose one
    days_to_edit: int | None = None  # what the form of a new document proposes; none: no date
    hours_before: int = 24  # how long before the date an editor is reminded; 0: not at all
    days_between: int = 2  # how long whoever has to act is left alone between two reminders

    @property
    def before(self) -> dt.timedelta:
        return dt.timedelta(hours=self.hours_before)

    @property
    def between(self) -> dt.timedelta:
        return dt.timedelta(days=self.days_between)


def rules(session: Session) -> Rules:
    """What an admin chose; the usual before anybody did."""
    kept = session.scalars(select(RoutingRules).execution_options(populate_existing=True)).one_or_none()
    if kept is None:
        return Rules()
    return Rules(kept.choose_by_load, kept.days_to_edit, kept.hours_before, kept.days_between)


def choose(session: Session, actor: User, chosen: Rules) -> None:
    """An admin chooses. What is chosen already changes nothing.

    Raises:
        InvalidInput: a number out of its bounds; `field` names it.
    """
    house.may_keep_house(actor)
    if chosen.days_to_edit is not None:
        _within("days_to_edit", chosen.days_to_edit, 1, MOST_DAYS)
    _within("hours_before", chosen.hours_before, 0, MOST_HOURS)
    _within("days_between", chosen.days_between, 1, MOST_BETWEEN)
    before = rules(session)
    if before == chosen:
        return
    row = insert(RoutingRules).values(one=True, changed_by_id=actor.id, **asdict(chosen))
    changed = {name: row.excluded[name] for name in (*asdict(chosen), "changed_by_id")}
    session.execute(
        row.on_conflict_do_update(index_elements=["one"], set_=changed | {"changed_at": func.clock_timestamp()})
    )
    house.note_change(session, actor, "house.routing_changed", "routing", before=asdict(before), after=asdict(chosen))


def _within(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InvalidInput(field, f"Please enter a number from {least} to {most}.")

"""How strictly the desk takes each check; kept by admins, the checks' own choice until then."""

from collections.abc import Mapping

from sqlalchemy import CheckConstraint, ForeignKey, String, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from copydesk.accounts.models import User
from copydesk.db import Base, CreatedAt, Words, one_of
from copydesk.documents.delivery.checks import CHECKS, Mode
from copydesk.documents.errors import InvalidInput
from copydesk.documents.housestyle import house


class CheckMode(Base):
    """An admin's choice for one check."""

    __tablename__ = "check_modes"
    __table_args__ = (CheckConstraint(one_of("mode", Mode), "mode"),)

    check: Mapped[str] = mapped_column(String(40), primary_key=True)
    mode: Mapped[Mode] = mapped_column(Words(Mode))
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    changed_at: Mapped[CreatedAt] = mapped_column(server_default=func.clock_timestamp())


def modes(session: Session) -> dict[str, Mode]:
    """Of every check there is."""
    kept = {row.check: row.mode for row in session.scalars(select(CheckMode))}
    return {one.name: kept.get(one.name, one.usual) for one in CHECKS.values()}


def choose(session: Session, actor: User, chosen: Mapping[str, str]) -> None:
    """An admin chooses. What is chosen already changes nothing.

    Raises:
        InvalidInput: there is no such check, or no such mode.
    """
    house.may_keep_house(actor)
    if not set(chosen) <= set(CHECKS) or not set(chosen.values()) <= set(Mode):
        raise InvalidInput("checks", "Please choose from the checks on the page.")
    before = modes(session)
    after = before | {name: Mode(mode) for name, mode in chosen.items()}
    for name in [name for name in after if after[name] is not before[name]]:
        row = insert(CheckMode).values(check=name, mode=after[name], changed_by_id=actor.id)
        changed = {"mode": row.excluded.mode, "changed_by_id": actor.id, "changed_at": func.clock_timestamp()}
        session.execute(row.on_conflict_do_update(index_elements=["check"], set_=changed))
    if after != before:
        session.expire_all()
        house.note_change(
            session, actor, "house.checks_changed", "checks",
            before={name: mode.value for name, mode in before.items()},
            after={name: mode.value for name, mode in after.items()},
        )  # fmt: skip

"""The house's own spellings and style: kept by admins, offered to editors, applied by nothing without a person.

How words are added, removed and read from a list is in `house_words`.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, select, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from copydesk import audit
from copydesk.accounts.models import Role, User
from copydesk.db import Base, BigIntId, CreatedAt
from copydesk.documents.errors import InvalidInput, NotAllowed
from copydesk.documents.housestyle.tidy import DASHES, Rule, Style


class HouseWord(Base):
    """A word as the house spells it, and what it replaces; without `instead_of` it is only known to be right."""

    __tablename__ = "house_words"
    __table_args__ = (
        CheckConstraint("btrim(word) <> ''", "word"),
        CheckConstraint("instead_of IS NULL OR (btrim(instead_of) <> '' AND instead_of <> word)", "instead_of"),
        Index("uq_house_words_instead_of", "instead_of", unique=True, postgresql_where=text("instead_of IS NOT NULL")),
        Index("uq_house_words_word", "word", unique=True, postgresql_where=text("instead_of IS NULL")),
    )

    id: Mapped[BigIntId]
    word: Mapped[str] = mapped_column(String(80))
    instead_of: Mapped[str | None] = mapped_column(String(80))
    added_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]


class HouseStyle(Base):
    """Which marks the house prefers, in at most one row."""

    __tablename__ = "house_style"
    __table_args__ = (CheckConstraint("one", "one"),)

    one: Mapped[bool] = mapped_column(primary_key=True, default=True)
    rules: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    changed_at: Mapped[CreatedAt] = mapped_column(server_default=func.clock_timestamp())


def style(session: Session) -> Style:
    """What the house prefers, with its spellings; its defaults before anybody chose."""
    query, usual = select(HouseStyle).execution_options(populate_existing=True), Style()
    kept = session.scalars(query).one_or_none()
    if kept is None:
        return Style(usual.rules, usual.dash, spellings(session))
    on = frozenset(rule for rule in Rule if kept.rules.get(rule.value, rule in usual.rules))
    return Style(on, str(kept.rules.get("dash", usual.dash)), spellings(session))


def spellings(session: Session) -> dict[str, str]:
    """What is replaced, and by what."""
    query = select(HouseWord.instead_of, HouseWord.word).where(HouseWord.instead_of.is_not(None))
    return {wrong: right for wrong, right in session.execute(query) if wrong is not None}


def set_style(session: Session, actor: User, *, rules: Iterable[str], dash: str) -> None:
    """An admin chooses the rules and the dash. Choosing what is chosen already changes nothing.

    Raises:
        InvalidInput: there is no such rule, or no such dash.
    """
    may_keep_house(actor)
    chosen = set(rules)
    if not chosen <= set(Rule) or dash not in DASHES:
        raise InvalidInput("rules", "Please choose from the rules on the page.")
    before = _described(style(session))
    after = {**{rule.value: rule.value in chosen for rule in Rule}, "dash": dash}
    if before == after:
        return
    row = insert(HouseStyle).values(one=True, rules=after, changed_by_id=actor.id)
    changed = {"rules": row.excluded.rules, "changed_by_id": actor.id, "changed_at": func.clock_timestamp()}
    session.execute(row.on_conflict_do_update(index_elements=["one"], set_=changed))
    note_change(session, actor, "house.style_changed", "style", before=before, after=after)


def may_keep_house(actor: User) -> None:
    """Raises:
    NotAllowed: only admins keep the house's words and style.
    """
    if not actor.is_approved or actor.role is not Role.ADMIN:
        raise NotAllowed


def note_change(
    session: Session,
    actor: User,
    action: str,
    which: object,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """One audit row for one change of the house."""
    audit.record(session, action, actor_id=actor.id, object_type="house", object_id=which, before=before, after=after)


def _described(chosen: Style) -> dict[str, Any]:
    return {**{rule.value: rule in chosen.rules for rule in Rule}, "dash": chosen.dash}

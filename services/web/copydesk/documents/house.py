"""The house's own spellings and style: kept by admins, offered to editors, applied by nothing without a person."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from copydesk.db import Base, BigIntId, CreatedAt


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

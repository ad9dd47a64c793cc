"""What was done to many at once, kept so long that it can be undone."""

import datetime as dt
import uuid
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from copydesk.db import Base, BigIntId, CreatedAt, Words, one_of
from copydesk.documents.models import State


class BulkKind(StrEnum):
    ASSIGN = "assign"
    REMIND = "remind"
    WITHDRAW = "withdraw"


class Outcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"  # it could not be done; `says` why
    UNDONE = "undone"
    STAYS = "stays"  # it could not be undone; `says` why


class BulkAct(Base):
    """One act, asked for once."""

    __tablename__ = "bulk_acts"
    __table_args__ = (
        CheckConstraint(one_of("act", BulkKind), "act"),
        Index("ix_bulk_acts_person", "person_id", "created_at"),
    )

    id: Mapped[BigIntId]
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    act: Mapped[BulkKind] = mapped_column(Words(BulkKind))
    detail: Mapped[str] = mapped_column(String(200))  # the editor's name
    created_at: Mapped[CreatedAt]
    undone_at: Mapped[dt.datetime | None]

    items: Mapped[list["BulkItem"]] = relationship(order_by="BulkItem.id", lazy="select", cascade="all")

    def those(self, outcome: Outcome) -> list["BulkItem"]:
        return [item for item in self.items if item.outcome == outcome]  # a template names it in words


class BulkItem(Base):
    """What became of one document; the title is the one it had."""

    __tablename__ = "bulk_items"
    __table_args__ = (
        CheckConstraint(one_of("outcome", Outcome), "outcome"),
        CheckConstraint("(outcome IN ('refused', 'stays')) = (says IS NOT NULL)", "says"),
        Index("ix_bulk_items_act", "bulk_act_id", "id"),
        Index("ix_bulk_items_document", "document_id"),
    )

    id: Mapped[BigIntId]
    bulk_act_id: Mapped[int] = mapped_column(ForeignKey("bulk_acts.id", ondelete="CASCADE"))
    document_id: Mapped[uuid.UUID]
    title: Mapped[str] = mapped_column(String(400))
    outcome: Mapped[Outcome] = mapped_column(Words(Outcome))
    says: Mapped[str | None] = mapped_column(Text)
    state_before: Mapped[State | None] = mapped_column(Words(State))
    editor_before: Mapped[int | None] = mapped_column(BigInteger)
    changed_at: Mapped[dt.datetime | None]  # of the document, after the act: has anything happened since?

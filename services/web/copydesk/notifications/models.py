"""What was told to whom, what each person wants to hear by mail, and when their digest goes out."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from copydesk.accounts.models import User
from copydesk.db import Base, BigIntId, CreatedAt, Words, one_of
from copydesk.notifications.kinds import Group, How, Kind

USUAL_HOUR = 8
WAITS_FOR_DIGEST = "how = 'digest' AND digested_at IS NULL AND read_at IS NULL"


class Notice(Base):
    """One thing that one person should hear of."""

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint(one_of("how", How), "how"),
        CheckConstraint("address LIKE '/%' AND address NOT LIKE '//%'", "address"),
        CheckConstraint("digested_at IS NULL OR how = 'digest'", "digested"),
        Index("ix_notices_person", "person_id", "id"),
        Index("ix_notices_unread", "person_id", "id", postgresql_where=text("read_at IS NULL")),
        Index("ix_notices_digest", "person_id", "id", postgresql_where=text(WAITS_FOR_DIGEST)),
        Index("ix_notices_created", "created_at"),
        Index("ix_notices_document", "document_id", postgresql_where=text("document_id IS NOT NULL")),
    )

    id: Mapped[BigIntId]
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[Kind] = mapped_column(Words(Kind))
    document_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("documents.id", ondelete="SET NULL"))
    words: Mapped[str] = mapped_column(Text)  # a sentence; then, if there are any, a person's own words
    address: Mapped[str] = mapped_column(String(400))  # a page of this desk
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # none: the machine, or a time that came
    how: Mapped[How] = mapped_column(Words(How))  # what the person had chosen when it happened
    created_at: Mapped[CreatedAt]
    read_at: Mapped[dt.datetime | None]
    digested_at: Mapped[dt.datetime | None]

    actor: Mapped[User | None] = relationship(foreign_keys=[actor_id], lazy="raise")

    @property
    def headline(self) -> str:
        return self.words.partition("\n\n")[0]

    @property
    def more(self) -> str:
        return self.words.partition("\n\n")[2]


class Choice(Base):
    """How a person wants to hear of a group; no row: as is usual for it."""

    __tablename__ = "notification_choices"
    __table_args__ = (CheckConstraint(one_of('"group"', Group), "group"), CheckConstraint(one_of("how", How), "how"))

    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    group: Mapped[Group] = mapped_column("group", Words(Group), primary_key=True)
    how: Mapped[How] = mapped_column(Words(How))


class Digest(Base):
    """A person's digest: at which hour of their own clock, and the last day it went out; no row: never yet."""

    __tablename__ = "digests"
    __table_args__ = (CheckConstraint("hour BETWEEN 0 AND 23", "hour"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    hour: Mapped[int] = mapped_column(SmallInteger, default=USUAL_HOUR)
    last_on: Mapped[dt.date | None] = mapped_column(Date)

"""Who has a document before them, who is writing in it, and for how long they were at work."""

import datetime as dt
import uuid
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, func
from sqlalchemy.orm import Mapped, mapped_column

from copydesk.db import Base, Words, one_of


class Doing(StrEnum):
    READING = "reading"
    WRITING = "writing"


class Presence(Base):
    """A window in which a document is open. Rows that gave no sign for a while mean nothing and are cleared away."""

    __tablename__ = "presences"
    __table_args__ = (CheckConstraint(one_of("doing", Doing), "doing"), CheckConstraint("paragraph > 0", "paragraph"))

    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    tab: Mapped[str] = mapped_column(String(36), primary_key=True)
    doing: Mapped[Doing] = mapped_column(Words(Doing))
    paragraph: Mapped[int | None]  # where the cursor stands, from 1
    since: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    seen_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())


class LastSeen(Base):
    """The newest text of a document that a person has had before them."""

    __tablename__ = "last_seen"

    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    number: Mapped[int]  # of the text revision
    seen_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())


class TimeAtWork(Base):
    """How long a person wrote in a document on one day (UTC): the sum of the gaps between signs of it, each capped."""

    __tablename__ = "time_at_work"
    __table_args__ = (CheckConstraint("seconds >= 0", "seconds"),)

    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    seconds: Mapped[float]
    last_sign_at: Mapped[dt.datetime]

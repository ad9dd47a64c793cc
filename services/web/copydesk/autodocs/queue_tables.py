"""What the queue remembers beside its jobs: lanes and turns, switches, who works, which jobs killed their worker."""

import datetime as dt
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from copydesk.accounts.models import User
from copydesk.db import Base, CreatedAt, Words, one_of


class Lane(StrEnum):
    BACKLOG = "backlog"  # drafts that may take their time
    INTERACTIVE = "interactive"  # short ones that a person watches


class QueueLane(Base):
    """A lane's virtual time: the turn that was served last. Both rows exist always; they are the queue's lock."""

    __tablename__ = "queue_lanes"
    __table_args__ = (CheckConstraint(one_of("lane", Lane), "lane"),)

    lane: Mapped[Lane] = mapped_column(Words(Lane), primary_key=True)
    virtual_time: Mapped[int] = mapped_column(BigInteger, default=0)


class QueueTurn(Base):
    """When a person's next request has its turn at the earliest, in the lane's virtual time."""

    __tablename__ = "queue_turns"
    __table_args__ = (CheckConstraint(one_of("lane", Lane), "lane"),)

    lane: Mapped[Lane] = mapped_column(Words(Lane), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    finish: Mapped[int] = mapped_column(BigInteger)


class SwitchName(StrEnum):
    PAUSED = "paused"  # no draft is begun; those in writing are finished


class DeskSwitch(Base):
    """Something an admin turned on for the whole desk; off: no row. The audit log keeps the history."""

    __tablename__ = "desk_switches"
    __table_args__ = (CheckConstraint(one_of("name", SwitchName), "name"),)

    name: Mapped[SwitchName] = mapped_column(Words(SwitchName), primary_key=True)
    note: Mapped[str] = mapped_column(Text)  # what sponsors read
    switched_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    switched_at: Mapped[CreatedAt]

    switched_by: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class WorkerNote(Base):
    """What a worker says of itself; its signs of life are in Procrastinate's table, under the same id."""

    __tablename__ = "worker_notes"

    worker_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    host: Mapped[str] = mapped_column(String(255))
    process: Mapped[int]
    slots: Mapped[int]  # drafts at once
    started_at: Mapped[CreatedAt]


class Takeover(Base):
    """How often a job was taken from a worker that fell silent with it."""

    __tablename__ = "takeovers"
    __table_args__ = (CheckConstraint("times > 0", "times"),)

    job_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    times: Mapped[int]
    last_at: Mapped[dt.datetime]

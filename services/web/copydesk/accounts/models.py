"""A person of the desk."""

import datetime as dt
import secrets
from dataclasses import dataclass
from enum import StrEnum

from flask_security.core import UserMixin
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from copydesk.db import Base, BigIntId, CreatedAt, Words, one_of


class Role(StrEnum):
    SPONSOR = "sponsor"  # asks for texts and signs them
    EDITOR = "editor"  # revises what the machine drafted
    ADMIN = "admin"  # lets people in and routes the work


class Status(StrEnum):
    PENDING = "pending"  # asked for access; can only read that it waits
    APPROVED = "approved"  # may work
    REJECTED = "rejected"  # was refused, with a reason
    SUSPENDED = "suspended"  # was let in once, is out now, with a reason
    LEFT = "left"  # deleted their account; what they wrote keeps its author


@dataclass(frozen=True)
class NamedRole:
    """A role as Flask-Security wants to see it."""

    name: str

    def get_permissions(self) -> set[str]:
        return set()


def _uniquifier() -> str:
    return secrets.token_hex(32)


SECRETS = "secrets"  # columns of a person that web alone may read, and loads where it checks them


class User(UserMixin, Base):  # type: ignore[misc]  # Flask-Security ships no types
    """A person: one role, one status, one address."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(one_of("role", Role), "role"),
        CheckConstraint(one_of("status", Status), "status"),
        CheckConstraint("status NOT IN ('rejected', 'suspended') OR status_reason IS NOT NULL", "status_reason"),
        CheckConstraint("btrim(name) <> ''", "name"),
        Index("uq_users_email_lower", text("lower(email)"), unique=True),
    )

    id: Mapped[BigIntId]
    email: Mapped[str] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(String(120))
    organization: Mapped[str] = mapped_column(String(160))
    role: Mapped[Role] = mapped_column(Words(Role))
    status: Mapped[Status] = mapped_column(Words(Status), default=Status.PENDING)
    status_reason: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, default="", server_default="")  # of the admins, for themselves
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[dt.datetime | None]
    password: Mapped[str] = mapped_column(String(255), deferred_group=SECRETS)
    time_zone: Mapped[str | None] = mapped_column(String(64))  # an IANA name; none: as the browser says
    seen_time_zone: Mapped[str | None] = mapped_column(String(64))  # what it said at the last log-in: mails go by it
    confirmed_at: Mapped[dt.datetime | None]  # since when we know that letters to this address reach the person
    totp_secret: Mapped[str | None] = mapped_column(Text, deferred_group=SECRETS)  # of an app for codes, encrypted
    # Of the last code that was used: none is good twice.
    totp_counter: Mapped[int | None] = mapped_column(BigInteger, deferred_group=SECRETS)
    away: Mapped[bool] = mapped_column(default=False)  # gets no work by itself; people can still give it
    fs_uniquifier: Mapped[str] = mapped_column(
        String(64), unique=True, default=_uniquifier, deferred_group=SECRETS
    )  # in the cookie of who is logged in
    created_at: Mapped[CreatedAt]

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None

    @property
    def active(self) -> bool:
        """May this person have a session at all? The pending may, to read that they wait."""
        return self.status in (Status.PENDING, Status.APPROVED)

    @property
    def is_approved(self) -> bool:
        return self.status is Status.APPROVED

    @property
    def roles(self) -> list[NamedRole]:
        return [NamedRole(self.role.value)]

    @property
    def initials(self) -> str:
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words[:1])).upper()

    def end_sessions(self) -> None:
        """Every session of this person is void from the next request on."""
        self.fs_uniquifier = _uniquifier()

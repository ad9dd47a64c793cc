"""The tables of second steps. Apart from what computes codes: the worker knows them, and has no libraries for that."""

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from copydesk.db import Base, BigIntId, CreatedAt

NAME_MAX = 60


class Passkey(Base):
    """A key of a person's device; the device keeps the secret half."""

    __tablename__ = "passkeys"
    __table_args__ = (Index("ix_passkeys_user_id", "user_id"),)

    id: Mapped[BigIntId]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(NAME_MAX))
    created_at: Mapped[CreatedAt]
    used_at: Mapped[dt.datetime | None]


class RecoveryCode(Base):
    """One code for the day on which phone and keys are lost; good once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("uq_recovery_codes_digest", "user_id", "digest", unique=True),)

    id: Mapped[BigIntId]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[dt.datetime | None]

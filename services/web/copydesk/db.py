"""The database: one declarative base for every room, and sessions for processes that have no Flask application.

The web process reaches the same models through Flask-SQLAlchemy (`copydesk.web.extensions.db`).
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Generic, TypeVar

from sqlalchemy import BigInteger, DateTime, Engine, Identity, MetaData, String, create_engine, func
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, registry
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

E = TypeVar("E", bound=StrEnum)


class Base(DeclarativeBase):
    """Every table of the desk."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMING), type_annotation_map={dt.datetime: DateTime(timezone=True)}
    )


BigIntId = Annotated[int, mapped_column(BigInteger, Identity(always=False), primary_key=True)]
CreatedAt = Annotated[dt.datetime, mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())]


class Words(TypeDecorator[E], Generic[E]):
    """A `StrEnum` kept as plain text; a CHECK on the table names the allowed words."""

    impl = String
    cache_ok = True

    def __init__(self, enum: type[E]) -> None:
        super().__init__(32)
        self.enum = enum

    def process_bind_param(self, value: E | None, dialect: object) -> str | None:
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: object) -> E | None:
        return None if value is None else self.enum(value)


def one_of(column: str, enum: type[StrEnum]) -> str:
    """The SQL of a CHECK that allows the enum's words in `column` and nothing else."""
    return f"{column} IN ({', '.join(repr(member.value) for member in enum)})"


def make_engine(url: str, pool_size: int = 5, idle: float = 60.0) -> Engine:
    """An engine that survives a restart of the database (`pool_pre_ping`) and never waits for a lock for ever.

    `idle`: seconds after which PostgreSQL ends a transaction, and lifts its locks, whose process asks nothing more.
    """
    return create_engine(
        url,
        pool_size=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's words go into the log; what people wrote does not
        connect_args={
            "options": f"-c lock_timeout=10s -c idle_in_transaction_session_timeout={idle * 1000:.0f}ms",
            "connect_timeout": 5,
        },
    )


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """A session that is committed once, at the end of the block, or rolled back."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session

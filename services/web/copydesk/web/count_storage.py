"""How often something was asked for lately, counted in PostgreSQL: all web processes count together.

A storage for the library `limits` (scheme `copydesk`), which Flask-Limiter uses. The table is unlogged: it survives no
crash of the database, and costs little. What is counted by, an address or a name, is kept as a hash alone.
"""

import datetime as dt
import hashlib
import time
from functools import cached_property
from typing import Any

from limits.storage import Storage
from sqlalchemy import Engine, delete, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from copydesk.accounts.request_counts import RequestCount
from copydesk.config import settings
from copydesk.db import make_engine

POOL = 2  # connections of a web process for counting; each is needed for a moment


COUNT = text(
    """
    INSERT INTO request_counts AS known (key, count, ends_at)
    VALUES (:key, :amount, clock_timestamp() + make_interval(secs => :expiry))
    ON CONFLICT (key) DO UPDATE SET
      count = CASE WHEN known.ends_at <= clock_timestamp() THEN excluded.count ELSE known.count + excluded.count END,
      ends_at = CASE WHEN known.ends_at <= clock_timestamp() THEN excluded.ends_at ELSE known.ends_at END
    RETURNING count
    """
)


class PostgresStorage(Storage):
    """Counts in fixed windows; the address of the database is the desk's own."""

    STORAGE_SCHEME = ["copydesk"]  # noqa: RUF012  the library's name for it

    @property
    def base_exceptions(self) -> type[Exception]:
        return SQLAlchemyError

    @cached_property
    def _engine(self) -> Engine:
        return make_engine(settings().sqlalchemy_url, pool_size=POOL).execution_options(isolation_level="AUTOCOMMIT")

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        values = {"key": _hidden(key), "amount": amount, "expiry": float(expiry)}
        with self._engine.connect() as connection:
            return int(connection.execute(COUNT, values).scalar_one())

    def get(self, key: str) -> int:
        return int(self._one(RequestCount.count, key) or 0)

    def get_expiry(self, key: str) -> float:
        ends: dt.datetime | None = self._one(RequestCount.ends_at, key)
        return ends.timestamp() if ends is not None else time.time()

    def check(self) -> bool:
        try:
            with self._engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    def reset(self) -> int | None:
        with self._engine.connect() as connection:
            return len(connection.execute(delete(RequestCount).returning(RequestCount.key)).all())

    def clear(self, key: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(delete(RequestCount).where(RequestCount.key == _hidden(key)))

    def _one(self, column: Any, key: str) -> Any:
        query = select(column).where(RequestCount.key == _hidden(key), RequestCount.ends_at > func.clock_timestamp())
        with self._engine.connect() as connection:
            return connection.execute(query).scalar_one_or_none()


def _hidden(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()

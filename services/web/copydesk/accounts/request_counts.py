"""How often something was asked for lately, by whom: hashes and numbers, which the limits of the web go by."""

import datetime as dt

from sqlalchemy import Integer, String, delete, func
from sqlalchemy.orm import Mapped, Session, mapped_column

from copydesk.db import Base


class RequestCount(Base):
    """One thing that is counted, until `ends_at`."""

    __tablename__ = "request_counts"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    ends_at: Mapped[dt.datetime]


def clear_old(session: Session) -> int:
    """Counts whose time is over go."""
    gone = delete(RequestCount).where(RequestCount.ends_at < func.now()).returning(RequestCount.key)
    return len(session.execute(gone).all())

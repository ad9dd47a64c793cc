"""Where a person is logged in: one row a browser. A browser whose row is gone is logged out at its next request."""

import datetime as dt
import secrets
import uuid
from collections.abc import Sequence

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, undefer

from copydesk import audit
from copydesk.accounts.models import User
from copydesk.db import Base

IDLE = dt.timedelta(hours=12)  # a working day and its breaks
IDLE_STAYING = dt.timedelta(days=14)  # of somebody who asked to stay logged in on this device
LONGEST = dt.timedelta(days=7)
LONGEST_STAYING = dt.timedelta(days=90)
SEEN_EVERY = dt.timedelta(minutes=5)  # a row is not written at every click
AGENT_MAX = 400


def _new_name() -> uuid.UUID:
    """128 bits by chance; a UUID made for the purpose has 122."""
    return uuid.UUID(bytes=secrets.token_bytes(16))


class LoginSession(Base):
    """One browser in which one person is logged in."""

    __tablename__ = "login_sessions"
    __table_args__ = (
        CheckConstraint("idle_seconds > 0", "idle_seconds"),
        Index("ix_login_sessions_user_id", "user_id", "seen_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=_new_name)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    began_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    seen_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    ends_at: Mapped[dt.datetime]
    idle_seconds: Mapped[int]
    address: Mapped[str | None] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(String(AGENT_MAX))


def begin(session: Session, user: User, *, address: str | None, agent: str, staying: bool) -> LoginSession:
    """Somebody has logged in."""
    longest, idle = (LONGEST_STAYING, IDLE_STAYING) if staying else (LONGEST, IDLE)
    made = LoginSession(
        user_id=user.id,
        ends_at=dt.datetime.now(dt.UTC) + longest,
        idle_seconds=int(idle.total_seconds()),
        address=address,
        agent=agent[:AGENT_MAX],
    )
    session.add(made)
    session.flush()
    return made


def person(session: Session, session_id: uuid.UUID, uniquifier: str) -> User | None:
    """Who is logged in with this row, if it is still in force; notes that they were seen."""
    found = session.execute(
        select(User, LoginSession.seen_at < func.now() - SEEN_EVERY)
        .join(LoginSession, LoginSession.user_id == User.id)
        .where(LoginSession.id == session_id, User.fs_uniquifier == uniquifier, _in_force())
        .options(undefer(User.fs_uniquifier))  # which Flask-Security asks for at every request
    ).one_or_none()
    if found is None:
        return None
    user, due = found
    if due:
        session.execute(update(LoginSession).where(LoginSession.id == session_id).values(seen_at=func.now()))
        session.commit()
    return user


def of(session: Session, user: User) -> Sequence[LoginSession]:
    """Where this person is logged in, the latest first."""
    query = select(LoginSession).where(LoginSession.user_id == user.id, _in_force())
    return session.scalars(query.order_by(LoginSession.seen_at.desc(), LoginSession.id)).all()


def rename(session: Session, session_id: uuid.UUID) -> uuid.UUID | None:
    """The same browser under a new name, and not under the old one any more; None: it is not logged in."""
    query = update(LoginSession).where(LoginSession.id == session_id, _in_force()).values(id=_new_name())
    return session.execute(query.returning(LoginSession.id)).scalar_one_or_none()


def leave(session: Session, session_id: uuid.UUID) -> None:
    """Somebody logs out here."""
    session.execute(delete(LoginSession).where(LoginSession.id == session_id))


def end(session: Session, user: User, session_id: uuid.UUID) -> bool:
    """A person ends one of their own sessions from elsewhere; False: it has ended already, or is not theirs."""
    query = delete(LoginSession).where(LoginSession.id == session_id, LoginSession.user_id == user.id)
    if session.execute(query.returning(LoginSession.id)).one_or_none() is None:
        return False
    _record(session, user, 1)
    return True


def end_others(session: Session, user: User, staying: uuid.UUID | None) -> int:
    """A person logs out everywhere but here. Returns how many browsers that were."""
    query = delete(LoginSession).where(LoginSession.user_id == user.id)
    if staying is not None:
        query = query.where(LoginSession.id != staying)
    count = len(session.execute(query.returning(LoginSession.id)).all())
    if count:
        _record(session, user, count)
    return count


def clear(session: Session) -> int:
    """Rows that are no longer in force go."""
    gone = session.execute(delete(LoginSession).where(~_in_force()), execution_options={"synchronize_session": False})
    return int(gone.rowcount)  # type: ignore[attr-defined]  # the worker, who clears, may not read what names a session


def _in_force() -> ColumnElement[bool]:
    idle = func.make_interval(0, 0, 0, 0, 0, 0, LoginSession.idle_seconds)
    return (LoginSession.ends_at > func.now()) & (LoginSession.seen_at + idle > func.now())


def _record(session: Session, user: User, count: int) -> None:
    audit.record(
        session,
        "account.sessions_ended",
        actor_id=user.id,
        object_type="user",
        object_id=user.id,
        after={"browsers": count},
    )

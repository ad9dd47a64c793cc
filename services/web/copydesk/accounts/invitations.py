"""Invitations: an admin names an address and a role, and whoever reads that address's letters gets in with a password.

The link is the only place where its secret stands; here is its hash.
"""

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence

from sqlalchemy import CheckConstraint, ForeignKey, String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from copydesk import audit
from copydesk.accounts import letters
from copydesk.accounts.errors import EmailTaken, InvitationVoid
from copydesk.accounts.models import Role, Status, User
from copydesk.accounts.operations import find_by_email
from copydesk.db import Base, BigIntId, CreatedAt, Words, one_of

GOOD_FOR = dt.timedelta(days=14)


class Invitation(Base):
    """One address that may become a person of the desk."""

    __tablename__ = "invitations"
    __table_args__ = (CheckConstraint(one_of("role", Role), "role"),)

    id: Mapped[BigIntId]
    email: Mapped[str] = mapped_column(String(320))
    role: Mapped[Role] = mapped_column(Words(Role))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    ends_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    taken_back_at: Mapped[dt.datetime | None]

    by: Mapped[User] = relationship(lazy="joined", innerjoin=True)

    @property
    def is_open(self) -> bool:
        return self.used_at is None and self.taken_back_at is None and self.ends_at > dt.datetime.now(dt.UTC)


def invite(session: Session, actor: User, *, email: str, role: Role, address: str) -> Invitation:
    """Send the letter. `address`: of the page behind the link, to which the secret is added.

    Raises:
        EmailTaken: this person is here already.
    """
    if find_by_email(session, email) is not None:
        raise EmailTaken
    for older in session.scalars(select(Invitation).where(func.lower(Invitation.email) == email.lower())).all():
        if older.is_open:
            older.taken_back_at = dt.datetime.now(dt.UTC)  # one link is enough
    secret = secrets.token_urlsafe(24)
    made = Invitation(
        email=email, role=role, digest=_digest(secret), by_id=actor.id, ends_at=dt.datetime.now(dt.UTC) + GOOD_FOR
    )
    session.add(made)
    session.flush()
    letters.invite(session, email, actor, role.value, address + secret)
    _record(session, "account.invited", actor.id, made)
    return made


def open_ones(session: Session) -> Sequence[Invitation]:
    """Those that wait for an answer, the newest first."""
    query = select(Invitation).where(
        Invitation.used_at.is_(None), Invitation.taken_back_at.is_(None), Invitation.ends_at > func.now()
    )
    return session.scalars(query.order_by(Invitation.id.desc())).all()


def take_back(session: Session, actor: User, invitation_id: int) -> bool:
    """False: it is not open (any more)."""
    found = session.get(Invitation, invitation_id)
    if found is None or not found.is_open:
        return False
    found.taken_back_at = dt.datetime.now(dt.UTC)
    _record(session, "account.invitation_taken_back", actor.id, found)
    return True


def read(session: Session, secret: str) -> Invitation:
    """The invitation of this link.

    Raises:
        InvitationVoid: see its docstring.
    """
    found = session.scalars(select(Invitation).where(Invitation.digest == _digest(secret))).one_or_none()
    if found is None or not found.is_open:
        raise InvitationVoid
    return found


def accept(session: Session, secret: str, *, name: str, organization: str, password_hash: str) -> User:
    """The invited person is in: approved by whoever invited them, their address confirmed by the letter.

    Raises:
        InvitationVoid: see its docstring; of two at the same moment one is too late.
    """
    found = read(session, secret)
    used = update(Invitation).where(Invitation.id == found.id, Invitation.used_at.is_(None)).values(used_at=func.now())
    if session.execute(used.returning(Invitation.id)).one_or_none() is None:
        raise InvitationVoid
    if find_by_email(session, found.email) is not None:
        raise InvitationVoid
    user = User(
        name=name.strip(),
        email=found.email,
        organization=organization.strip(),
        role=found.role,
        status=Status.APPROVED,
        password=password_hash,
        confirmed_at=func.now(),
        decided_by_id=found.by_id,
        decided_at=func.now(),
    )
    session.add(user)
    session.flush()
    audit.record(
        session,
        "account.joined",
        actor_id=user.id,
        object_type="user",
        object_id=user.id,
        after={"role": user.role.value, "email": user.email, "invited_by": found.by_id},
    )
    return user


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _record(session: Session, action: str, actor_id: int, invitation: Invitation) -> None:
    audit.record(
        session,
        action,
        actor_id=actor_id,
        object_type="invitation",
        object_id=invitation.id,
        after={"email": invitation.email, "role": invitation.role.value},
    )

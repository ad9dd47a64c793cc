"""What happens to people: the verbs, with the actor explicit. The caller commits."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from copydesk import audit
from copydesk.accounts import letters
from copydesk.accounts.errors import AlreadyDecided, EmailTaken, LastAdmin, ReasonNeeded, TooLate
from copydesk.accounts.login_sessions import LoginSession
from copydesk.accounts.models import Role, Status, User
from copydesk.accounts.second_step_tables import Passkey, RecoveryCode


def find_by_email(session: Session, email: str) -> User | None:
    return session.scalars(select(User).where(func.lower(User.email) == email.strip().lower())).one_or_none()


def request_access(
    session: Session, *, name: str, email: str, organization: str, password_hash: str, role: Role, confirmed: bool
) -> User:
    """A stranger asks to be let in; nothing is possible with the account until an admin approves.

    The caller tells the admins (`notifications.access_requests`), in the same transaction. `confirmed`: the desk asks
    nobody to confirm their address.

    Raises:
        EmailTaken: somebody has this address already.
    """
    user = _add(session, name, email, organization, password_hash, role, Status.PENDING)
    user.confirmed_at = func.now() if confirmed else None
    audit.record(
        session,
        "account.requested",
        actor_id=user.id,
        object_type="user",
        object_id=user.id,
        after={"role": role.value, "status": user.status.value, "email": user.email},
    )
    return user


def create_admin(session: Session, *, name: str, email: str, password_hash: str) -> User:
    """The first person of a desk, made on the command line."""
    user = _add(session, name, email, "", password_hash, Role.ADMIN, Status.APPROVED)
    user.confirmed_at = func.now()  # by whoever sits at the machine
    audit.record(
        session,
        "account.admin_created",
        actor_id=None,
        object_type="user",
        object_id=user.id,
        after={"email": email},
    )
    return user


def describe(session: Session, user: User, *, name: str, organization: str) -> None:
    """A person changes what others read of them; what is written already keeps the name it was written under."""
    before = {"name": user.name, "organization": user.organization}
    after = {"name": name.strip(), "organization": organization.strip()}
    if before == after:
        return
    user.name, user.organization = after["name"], after["organization"]
    audit.record(
        session,
        "account.described",
        actor_id=user.id,
        object_type="user",
        object_id=user.id,
        before=before,
        after=after,
    )


def approve(session: Session, user: User, actor: User) -> None:
    """Let a pending person in."""
    _decide(session, user, actor, Status.PENDING, Status.APPROVED, "account.approved", None)
    letters.tell_approved(session, user)


def reject(session: Session, user: User, actor: User, reason: str) -> None:
    """Refuse a pending person, with a reason they will read."""
    _decide(session, user, actor, Status.PENDING, Status.REJECTED, "account.rejected", _needed(reason))
    letters.tell_rejected(session, user)


def suspend(session: Session, user: User, actor: User, reason: str) -> None:
    """Put an approved person out; their sessions end at their next click."""
    if user.role is Role.ADMIN and len(admins(session, lock=True)) <= 1:
        raise LastAdmin
    _decide(session, user, actor, Status.APPROVED, Status.SUSPENDED, "account.suspended", _needed(reason))
    letters.tell_suspended(session, user)


def restore(session: Session, user: User, actor: User) -> None:
    """Let a suspended or rejected person in (again)."""
    _decide(session, user, actor, user.status, Status.APPROVED, "account.restored", None)
    user.end_sessions()  # those of before do not come back to life
    letters.tell_approved(session, user)


UNDO_WITHIN = dt.timedelta(minutes=10)


def can_undo(user: User, actor: User) -> bool:
    """Has this admin let the person in, or declined them, a moment ago?"""
    return (
        user.status in (Status.APPROVED, Status.REJECTED)
        and user.decided_by_id == actor.id
        and user.decided_at is not None
        and dt.datetime.now(dt.UTC) - user.decided_at < UNDO_WITHIN
    )


def undo_decision(session: Session, user: User, actor: User) -> None:
    """The request waits again, as if nobody had answered it; the person hears that, too.

    Raises:
        TooLate: too much time has passed, or somebody else has decided since.
    """
    if not can_undo(user, actor):
        raise TooLate
    _decide(session, user, actor, user.status, Status.PENDING, "account.undone", None)
    user.decided_by_id, user.decided_at = None, None
    user.end_sessions()
    letters.tell_undone(session, user)


def change_role(session: Session, user: User, actor: User, role: Role) -> None:
    """A person does other work from now on; they log in anew. The caller releases what was in their hands.

    Raises:
        LastAdmin: nobody could let others in any more.
    """
    before = user.role
    if before is role:
        return
    if before is Role.ADMIN and len(admins(session, lock=True)) <= 1:
        raise LastAdmin
    user.role = role
    user.end_sessions()
    audit.record(
        session,
        "account.role_changed",
        actor_id=actor.id,
        object_type="user",
        object_id=user.id,
        before={"role": before.value},
        after={"role": role.value},
    )
    letters.tell_role(session, user)


def keep_note(session: Session, user: User, actor: User, note: str) -> None:
    """What the admins want to remember of a person; nobody else reads it."""
    if user.note == note:
        return
    user.note = note
    audit.record(session, "account.noted", actor_id=actor.id, object_type="user", object_id=user.id)


def leave(session: Session, user: User, *, pseudonym: bool) -> None:
    """A person deletes their account. What they wrote keeps its author: their name, or one that says nothing of them.

    The caller releases what was in their hands. What stands in the audit log stays there.

    Raises:
        LastAdmin: nobody could let others in any more.
    """
    if user.role is Role.ADMIN and len(admins(session, lock=True)) <= 1:
        raise LastAdmin
    letters.tell_left(session, user)
    before = user.status
    if pseudonym:
        user.name = f"Former {user.role.value} {user.id}"
    user.status, user.status_reason = Status.LEFT, None
    user.email = f"left-{user.id}@account.invalid"
    user.organization = user.note = ""
    user.password = ""  # no password has this hash
    user.time_zone = user.seen_time_zone = user.confirmed_at = user.totp_secret = user.totp_counter = None
    user.end_sessions()
    for table in (Passkey, RecoveryCode, LoginSession):
        session.execute(delete(table).where(table.user_id == user.id))
    audit.record(
        session,
        "account.left",
        actor_id=user.id,
        object_type="user",
        object_id=user.id,
        before={"status": before.value},
        after={"status": user.status.value, "pseudonym": pseudonym},
    )


def admins(session: Session, *, lock: bool = False) -> Sequence[User]:
    """The people who can let others in; locked where the last two might be suspended at once."""
    query = select(User).where(User.role == Role.ADMIN, User.status == Status.APPROVED).order_by(User.id)
    return session.scalars(query.with_for_update() if lock else query).all()


def count_pending(session: Session) -> int:
    """How many people wait to be let in."""
    return session.scalar(select(func.count()).where(User.status == Status.PENDING)) or 0


def set_away(session: Session, editor: User, *, away: bool) -> None:
    """An editor goes, or is back; while they are away the desk gives them nothing by itself."""
    if editor.away == away:
        return
    editor.away = away
    audit.record(
        session,
        "account.away" if away else "account.back",
        actor_id=editor.id,
        object_type="user",
        object_id=editor.id,
        before={"away": not away},
        after={"away": away},
    )


def approved_editors(session: Session) -> Sequence[User]:
    query = select(User).where(User.role == Role.EDITOR, User.status == Status.APPROVED).order_by(User.name, User.id)
    return session.scalars(query).all()


def _add(
    session: Session, name: str, email: str, organization: str, password_hash: str, role: Role, status: Status
) -> User:
    if find_by_email(session, email) is not None:
        raise EmailTaken
    user = User(
        name=name.strip(),
        email=email.strip(),
        organization=organization.strip(),
        password=password_hash,
        role=role,
        status=status,
    )
    session.add(user)
    session.flush()
    return user


def _decide(
    session: Session, user: User, actor: User, old: Status, new: Status, action: str, reason: str | None
) -> None:
    """Change the status by a conditional UPDATE, so that of two admins at once only one decides."""
    if old is new:
        raise AlreadyDecided
    changed = session.execute(
        update(User)
        .where(User.id == user.id, User.status == old)
        .values(status=new, status_reason=reason, decided_by_id=actor.id, decided_at=func.now())
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise AlreadyDecided
    session.refresh(user)
    audit.record(
        session,
        action,
        actor_id=actor.id,
        object_type="user",
        object_id=user.id,
        before={"status": old.value},
        after={"status": new.value},
        note=reason,
    )


def _needed(reason: str) -> str:
    if not reason.strip():
        raise ReasonNeeded
    return reason.strip()

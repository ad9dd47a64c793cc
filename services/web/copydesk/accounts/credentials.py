"""A person's address and password: the verbs, each with its audit row and its letters. The caller commits."""

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from copydesk import audit
from copydesk.accounts import letters
from copydesk.accounts.errors import EmailTaken
from copydesk.accounts.models import User
from copydesk.accounts.operations import find_by_email


def ask_to_confirm(session: Session, user: User, url: str) -> None:
    """A letter to the address, with the link that confirms it."""
    letters.ask_to_confirm(session, user, url)
    _record(session, user, "account.confirmation_asked")


def confirm(session: Session, user: User) -> None:
    """Letters to this address reach the person: somebody pressed the button behind the link. Twice is once."""
    if user.is_confirmed:
        return
    user.confirmed_at = func.now()
    _record(session, user, "account.confirmed", after={"email": user.email})


def ask_to_reset(session: Session, user: User, url: str) -> None:
    """A letter with the link to a new password."""
    letters.ask_to_reset(session, user, url)
    _record(session, user, "account.reset_asked", by_person=False)


def reset_password(session: Session, user: User, password_hash: str) -> None:
    """A new password by the link of a letter. Every session ends, and the address is confirmed by this, too."""
    _new_password(session, user, password_hash, "account.password_reset")
    if not user.is_confirmed:
        user.confirmed_at = func.now()


def change_password(session: Session, user: User, password_hash: str) -> None:
    """A new password by somebody who knew the old one. Every session ends; the caller begins a new one here."""
    _new_password(session, user, password_hash, "account.password_changed")


def ask_to_change_address(session: Session, user: User, new: str, url: str) -> None:
    """A letter to the new address with the link; the old one hears that it was asked for.

    An address that somebody has already gets no letter, and whoever asks is told the same as always.
    """
    if find_by_email(session, new) is None:
        letters.ask_to_change_address(session, user, new, url)
    letters.tell_address_asked(session, user, new)
    _record(session, user, "account.address_asked", before={"email": user.email}, after={"email": new})


def change_address(session: Session, user: User, new: str) -> None:
    """The new address is the person's: somebody pressed the button behind the link that was sent there.

    Raises:
        EmailTaken: somebody else has it by now.
    """
    old = user.email
    found = find_by_email(session, new)
    if found is not None and found.id != user.id:
        raise EmailTaken
    user.email = new
    user.confirmed_at = func.now()
    try:
        session.flush()
    except IntegrityError as error:  # two people at the same moment
        session.rollback()
        raise EmailTaken from error
    letters.tell_address_changed(session, user, old)
    _record(session, user, "account.address_changed", before={"email": old}, after={"email": new})


def _new_password(session: Session, user: User, password_hash: str, action: str) -> None:
    user.password = password_hash
    user.end_sessions()
    letters.tell_password_changed(session, user)
    _record(session, user, action)


def _record(
    session: Session,
    user: User,
    action: str,
    *,
    by_person: bool = True,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    audit.record(
        session,
        action,
        actor_id=user.id if by_person else None,
        object_type="user",
        object_id=user.id,
        before=before,
        after=after,
    )

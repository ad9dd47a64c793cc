"""The mails about a person's own account, in the words a person would use.

They must go: whoever waits at the door, or is put out of it, has no page where they could choose.
"""

from sqlalchemy.orm import Session

from copydesk import mail
from copydesk.accounts.models import User
from copydesk.config import settings

APPROVED = """Your account on this Copydesk was approved. You can log in now as {role}:"""

REJECTED = """Your request for access to this Copydesk was declined. The reason given:

{reason}

If you think this is a mistake, answer the person who invited you."""

SUSPENDED = """Your account on this Copydesk was suspended. The reason given:

{reason}

Texts you were editing went back to the desk; nothing you wrote is lost."""

CONFIRM = (
    """Somebody, probably you, asked for access to this Copydesk with this address. Please confirm that it is yours:"""
)

CONFIRM_AFTER = """If it was not you, do nothing: without this no letters will come here."""

KNOWN = """Somebody, probably you, asked for access to this Copydesk with this address. You have an account here \
already, so nothing was changed. Log in with it:"""

KNOWN_RESET = """If you don't know your password any more, choose a new one:"""

RESET = (
    """Somebody, probably you, forgot the password of your account on this Copydesk. Choose a new one within an hour:"""
)

RESET_AFTER = """If it was not you, do nothing: your password stays as it is."""

CHANGED = """The password of your account on this Copydesk was changed just now, and everybody who was logged in \
with the old one is logged out.

If it was not you, choose a new password at once, and tell an admin of the desk:"""

ADDRESS = """Your account on this Copydesk is to have this address, {new}. Please confirm it within two hours:"""

ADDRESS_AFTER = """If you didn't ask for this, do nothing: nothing will be changed."""

ADDRESS_ASKED = """Somebody who is logged in as you asked that your account on this Copydesk get another address: \
{new}. It changes when the letter that was sent there is answered.

If it was not you, change your password at once; that ends it:"""

ADDRESS_CHANGED = """Your account on this Copydesk has another address now: {new}. Letters no longer come to this one.

If it was not you, tell an admin of the desk at once."""

SECOND_STEP = """{words}, just now. It is for the second step of logging in to your account on this Copydesk.

If it was not you, change your password at once, and tell an admin of the desk:"""


def tell_second_step(session: Session, user: User, words: str) -> None:
    entry = (SECOND_STEP.format(words=words), f"{settings().base_url}/settings/account")
    _letter(session, user, user.email, "Logging in to Copydesk: a change", entry)


def ask_to_confirm(session: Session, user: User, url: str) -> None:
    _letter(session, user, user.email, "Please confirm your address", (CONFIRM, url), (CONFIRM_AFTER, ""))


def tell_known(session: Session, user: User) -> None:
    """Somebody asked for access with an address that has an account: its owner hears of it, and nobody else."""
    base = settings().base_url
    entries = (KNOWN, f"{base}/login"), (KNOWN_RESET, f"{base}/reset")
    _letter(session, user, user.email, "You have an account on Copydesk already", *entries)


def ask_to_reset(session: Session, user: User, url: str) -> None:
    _letter(session, user, user.email, "A new password for Copydesk", (RESET, url), (RESET_AFTER, ""))


def tell_password_changed(session: Session, user: User) -> None:
    url = f"{settings().base_url}/reset"
    _letter(session, user, user.email, "Your Copydesk password was changed", (CHANGED, url))


def ask_to_change_address(session: Session, user: User, new: str, url: str) -> None:
    entries = (ADDRESS.format(new=new), url), (ADDRESS_AFTER, "")
    _letter(session, user, new, "Please confirm your new address", *entries)


def tell_address_asked(session: Session, user: User, new: str) -> None:
    entry = (ADDRESS_ASKED.format(new=new), f"{settings().base_url}/settings/account")
    _letter(session, user, user.email, "Your Copydesk address is to change", entry)


def tell_address_changed(session: Session, user: User, old: str) -> None:
    _letter(session, user, old, "Your Copydesk address was changed", (ADDRESS_CHANGED.format(new=user.email), ""))


def tell_approved(session: Session, user: User) -> None:
    _send(session, user, "You can log in to Copydesk", APPROVED, f"{settings().base_url}/login")


def tell_rejected(session: Session, user: User) -> None:
    _send(session, user, "Your request for access to Copydesk", REJECTED)


def tell_suspended(session: Session, user: User) -> None:
    _send(session, user, "Your Copydesk account was suspended", SUSPENDED)


UNDONE = """The answer to your request for access to this Copydesk was taken back: somebody will look at it again. \
You will hear of it."""

ROLE = """On this Copydesk you are {role} from now on. Please log in anew:"""

LEFT = """Your account on this Copydesk was deleted, as you asked. Texts you worked on keep their record. No \
more letters will come.

If it was not you, tell an admin of the desk at once."""

INVITED = """{actor} invites you to this Copydesk as {role}. Choose a password within two weeks, and you are in:"""


def tell_undone(session: Session, user: User) -> None:
    _letter(session, user, user.email, "Your request for access to Copydesk", (UNDONE, ""))


def tell_role(session: Session, user: User) -> None:
    words = ROLE.format(role=user.role.value)
    _letter(session, user, user.email, "Your work on Copydesk", (words, f"{settings().base_url}/login"))


def tell_left(session: Session, user: User) -> None:
    _letter(session, user, user.email, "Your Copydesk account is deleted", (LEFT, ""))


def invite(session: Session, address: str, actor: User, role: str, url: str) -> None:
    letter = mail.Letter(name="", entries=(mail.Entry(INVITED.format(actor=actor.name, role=role), url),))
    mail.send_letter(session, recipient=address, subject="An invitation to Copydesk", letter=letter)


def _letter(session: Session, user: User, address: str, subject: str, *entries: tuple[str, str]) -> None:
    letter = mail.Letter(name=user.name, entries=tuple(mail.Entry(words, url) for words, url in entries))
    mail.send_letter(session, recipient=address, subject=subject, letter=letter)


def _send(session: Session, user: User, subject: str, template: str, url: str = "") -> None:
    words = template.format(role=user.role.value, reason=user.status_reason)
    letter = mail.Letter(name=user.name, entries=(mail.Entry(words, url),))
    mail.send_letter(session, recipient=user.email, subject=subject, letter=letter)

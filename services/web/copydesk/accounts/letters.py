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


def tell_approved(session: Session, user: User) -> None:
    _send(session, user, "You can log in to Copydesk", APPROVED, f"{settings().base_url}/login")


def tell_rejected(session: Session, user: User) -> None:
    _send(session, user, "Your request for access to Copydesk", REJECTED)


def tell_suspended(session: Session, user: User) -> None:
    _send(session, user, "Your Copydesk account was suspended", SUSPENDED)


def _send(session: Session, user: User, subject: str, template: str, url: str = "") -> None:
    words = template.format(role=user.role.value, reason=user.status_reason)
    letter = mail.Letter(name=user.name, entries=(mail.Entry(words, url),))
    mail.send_letter(session, recipient=user.email, subject=subject, letter=letter)

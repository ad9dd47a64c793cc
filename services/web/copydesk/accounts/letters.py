"""The mails about accounts, in the words a person would use."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from copydesk import mail
from copydesk.accounts.models import User
from copydesk.config import settings

APPROVED = """Hello {name},

your account on this Copydesk was approved. You can log in now as {role}:

{url}/login
"""

REJECTED = """Hello {name},

your request for access to this Copydesk was declined. The reason given:

{reason}

If you think this is a mistake, answer the person who invited you.
"""

SUSPENDED = """Hello {name},

your account on this Copydesk was suspended. The reason given:

{reason}

Texts you were editing went back to the desk; nothing you wrote is lost.
"""

REQUESTED = """{name} ({email}, {organization}) asks for access as {role}.

Decide here: {url}/admin/signups
"""


def tell_approved(session: Session, user: User) -> None:
    _send(session, user, "You can log in to Copydesk", APPROVED)


def tell_rejected(session: Session, user: User) -> None:
    _send(session, user, "Your request for access to Copydesk", REJECTED)


def tell_suspended(session: Session, user: User) -> None:
    _send(session, user, "Your Copydesk account was suspended", SUSPENDED)


def tell_admins_of_request(session: Session, user: User, admins: Iterable[User]) -> None:
    body = REQUESTED.format(
        name=user.name,
        email=user.email,
        organization=user.organization,
        role=user.role.value,
        url=settings().base_url,
    )
    for admin in admins:
        mail.queue(session, recipient=admin.email, subject=f"{user.name} asks for access", body=body)


def _send(session: Session, user: User, subject: str, template: str) -> None:
    body = template.format(name=user.name, role=user.role.value, reason=user.status_reason, url=settings().base_url)
    mail.queue(session, recipient=user.email, subject=subject, body=body)

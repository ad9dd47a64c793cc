"""Admins hear of whoever asks to be let in."""

from sqlalchemy.orm import Session

from copydesk.accounts import operations
from copydesk.accounts.models import User
from copydesk.notifications.kinds import Kind
from copydesk.notifications.telling import News, tell

ASKED = """{name} ({email}, {organization}) asks for access as {role}."""


def tell_admins(session: Session, user: User) -> None:
    """In the transaction of the request."""
    words = ASKED.format(name=user.name, email=user.email, organization=user.organization, role=user.role.value)
    news = News(Kind.ACCESS_ASKED, f"{user.name} asks for access", words, "/admin/signups")
    for admin in operations.admins(session):
        tell(session, admin, news, actor=user)

"""The link that ends mails of a kind, for whoever holds it: signed, for one person and one group, and for nothing else.

It must work without logging in (RFC 8058), and for as long as the mail is kept, so it does not expire. All it can do is
turn mails off.
"""

import hashlib

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.config import settings
from copydesk.notifications import choices
from copydesk.notifications.kinds import GROUPS, Group, How

PURPOSE = "copydesk.notifications.unsubscribe"
DIGEST = "digest"  # instead of a group: every group that comes with the digest


class NoSuchLink(Exception):
    """This link is not complete, or not ours."""


def url(person: User, group: Group | None) -> str:
    """The address for this person and group; no group: the digest."""
    token = _serializer().dumps([person.id, group.value if group else DIGEST])
    return f"{settings().base_url}/unsubscribe/{token}"


def read(session: Session, token: str) -> tuple[User, Group | None]:
    """Whose link it is, and what it ends.

    Raises:
        NoSuchLink: the signature does not match.
    """
    try:
        person_id, name = _serializer().loads(token)
        group = None if name == DIGEST else Group(name)
    except (BadSignature, ValueError, TypeError) as error:
        raise NoSuchLink from error
    person = session.get(User, person_id)
    if person is None:
        raise NoSuchLink
    return person, group


def stop(session: Session, person: User, group: Group | None) -> bool:
    """No more mails of this group, or no digest; the page still shows everything. False: it was so already."""
    if group is not None:
        ended = [group]
    else:
        chosen = choices.of(session, person)
        ended = [one for one in GROUPS if chosen[one] is How.DIGEST]
    return choices.choose(session, person, dict.fromkeys(ended, How.PAGE), note="By the link in a mail.")


def _serializer() -> URLSafeSerializer:
    key = settings().secret_key.get_secret_value()
    return URLSafeSerializer(key, salt=PURPOSE, signer_kwargs={"digest_method": hashlib.sha256})

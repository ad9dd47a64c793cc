"""Addresses that only the reader of a letter knows: signed, good for a while, and void once they have done their work.

Opening one does nothing: mail programs open links on their own. What it is for is done by a button on its page.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from enum import StrEnum

from flask import current_app, url_for
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.config import Settings


class Purpose(StrEnum):
    CONFIRM = "confirm"  # letters to this address reach the person
    RESET = "reset"  # a new password without the old one
    CHANGE = "change"  # another address


GOOD_FOR = {
    Purpose.CONFIRM: dt.timedelta(days=7),
    Purpose.RESET: dt.timedelta(hours=1),
    Purpose.CHANGE: dt.timedelta(hours=2),
}


class LinkVoid(Exception):
    """This link is not good any more: it was used, a newer one was sent, or it is too old."""


@dataclass(frozen=True)
class Opened:
    """Whose link it is, and the address it names (of a change)."""

    user: User
    address: str = ""


def address(purpose: Purpose, user: User, endpoint: str, *, new: str = "") -> str:
    """The address for a letter to `user`."""
    token = _serializer(purpose).dumps([user.id, _state(purpose, user), new])
    return _settings().base_url + url_for(endpoint, token=token)


def read(session: Session, purpose: Purpose, token: str) -> Opened:
    """Whose link this is.

    Raises:
        LinkVoid: it was not made by this desk, is too old, or the account has changed since.
    """
    try:
        user_id, state, new = _serializer(purpose).loads(token, max_age=int(GOOD_FOR[purpose].total_seconds()))
    except (BadData, ValueError, TypeError) as error:
        raise LinkVoid from error
    user = session.get(User, user_id)
    if user is None or state != _state(purpose, user):
        raise LinkVoid
    return Opened(user, new)


def _state(purpose: Purpose, user: User) -> str:
    """What the link stands on: changed, it is void. A new password ends every reset and every change that waits."""
    parts = [str(user.id), user.email.lower()]
    if purpose is not Purpose.CONFIRM:
        parts += [user.password, user.fs_uniquifier]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _serializer(purpose: Purpose) -> URLSafeTimedSerializer:
    digest = {"digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(
        _settings().secret_key.get_secret_value(), salt=f"copydesk.account.{purpose.value}", signer_kwargs=digest
    )


def _settings() -> Settings:
    return current_app.config["COPYDESK"]  # type: ignore[no-any-return]

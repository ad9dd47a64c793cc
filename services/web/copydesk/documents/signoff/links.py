"""Links to sign by: sent to one person for one version, good for one signature, dead when the text changes.

The secret stands in the letter alone; here is its hash. Looking a link up changes nothing.
"""

import datetime as dt
import hashlib
import secrets
from enum import StrEnum

from sqlalchemy import DateTime, func, select, update
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.config import settings
from copydesk.documents import chain, policy
from copydesk.documents.errors import LinkIsDead, LinkNotFound
from copydesk.documents.models import Document
from copydesk.documents.signoff.tables import SignLink
from copydesk.documents.workflow import Act

SECRET_BYTES = 32
LONGEST = 100  # characters; a longer one is none of ours


class Dead(StrEnum):
    """Why a link signs nothing any more."""

    USED = "This link was used already. It works once."
    EXPIRED = "This link has expired, or a newer letter has a newer one."
    CHANGED = "The text was changed since this letter was sent, so this link signs nothing any more."
    NOT_WAITING = "The text does not wait for a signature any more."
    NOT_YOURS = "The text is not yours to sign any more."
    SWITCHED_OFF = "On this desk one logs in to sign."


def issue(session: Session, document: Document, person: User) -> tuple[str, dt.datetime] | None:
    """A new secret for the text as it stands, and until when it works; earlier letters' links end with it.

    None: on this desk one logs in to sign.
    """
    head = chain.revision(session, document, document.text_number)
    if settings().sign_link_login or head is None:
        return None
    _end_earlier(session, document)
    token = secrets.token_urlsafe(SECRET_BYTES)
    until = dt.datetime.now(dt.UTC) + dt.timedelta(days=settings().sign_link_days)
    session.add(
        SignLink(
            document_id=document.id,
            person_id=person.id,
            sha256=head.sha256,
            token_sha256=_hash(token),
            expires_at=until,
        )
    )
    session.flush()
    return token, until


def find(session: Session, token: str) -> SignLink:
    """The link with this secret, dead or not.

    Raises:
        LinkNotFound: there is none.
    """
    found = None
    if len(token) <= LONGEST:
        found = session.scalars(select(SignLink).where(SignLink.token_sha256 == _hash(token))).one_or_none()
    if found is None:
        raise LinkNotFound
    return found


def why_dead(session: Session, link: SignLink) -> Dead | None:
    """None: its person can sign with it now."""
    document, head = link.document, chain.revision(session, link.document, link.document.text_number)
    mine = document.sponsor_id == link.person_id and link.person.is_approved
    reasons = (
        (Dead.SWITCHED_OFF, settings().sign_link_login),
        (Dead.USED, link.used_at is not None),
        (Dead.NOT_YOURS, not mine),
        (Dead.CHANGED, head is None or head.sha256 != link.sha256),
        (Dead.EXPIRED, link.expires_at <= _now(session)),
        (Dead.NOT_WAITING, not policy.can(Act.SIGN, link.person, document, claiming=settings().claiming)),
    )
    return next((why for why, holds in reasons if holds), None)


def spend(session: Session, link: SignLink) -> None:
    """After the signature, in its transaction: of two at once, one succeeds.

    Raises:
        LinkIsDead: it was used, or has expired, a moment ago.
    """
    spent = update(SignLink).where(SignLink.id == link.id, SignLink.used_at.is_(None))
    spent = spent.where(SignLink.expires_at > func.clock_timestamp()).values(used_at=func.clock_timestamp())
    if session.scalars(spent.returning(SignLink.id)).one_or_none() is None:
        raise LinkIsDead(Dead.USED.value)


def _end_earlier(session: Session, document: Document) -> None:
    earlier = update(SignLink).where(SignLink.document_id == document.id, SignLink.used_at.is_(None))
    earlier = earlier.where(SignLink.expires_at > func.clock_timestamp())
    session.execute(earlier.values(expires_at=func.clock_timestamp()).execution_options(synchronize_session=False))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _now(session: Session) -> dt.datetime:
    return session.scalars(select(func.clock_timestamp(type_=DateTime(timezone=True)))).one()

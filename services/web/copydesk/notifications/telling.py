"""The one place that tells a person something: a notice, and by their choice a mail; the caller commits."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from copydesk import mail
from copydesk.accounts.models import User
from copydesk.config import settings
from copydesk.mail import Entry, Footer, Letter
from copydesk.notifications import choices, unsubscribing
from copydesk.notifications.kinds import GROUPS, Group, How, Kind
from copydesk.notifications.models import Notice


@dataclass(frozen=True)
class News:
    """What happened, in words."""

    kind: Kind
    subject: str  # of the mail
    words: str  # a sentence; more after an empty line
    address: str  # the page of this desk where it goes on, from its first slash
    in_mail: Callable[[], Sequence[Entry]] = tuple  # what the mail has besides, made only when there is one


def tell(
    session: Session,
    person: User | None,
    news: News,
    *,
    actor: User | None = None,
    document_id: uuid.UUID | None = None,
) -> Notice | None:
    """Let `person` know; nobody hears of their own act, and whoever is not let in hears nothing of the desk."""
    if person is None or not person.is_approved or (actor is not None and person.id == actor.id):
        return None
    group = news.kind.group
    notice = Notice(
        person_id=person.id,
        kind=news.kind,
        document_id=document_id,
        words=news.words.strip(),
        address=news.address,
        actor_id=actor.id if actor else None,
        how=choices.how(session, person, group),
    )
    session.add(notice)
    session.flush()
    if notice.how is How.AT_ONCE:
        _mail(session, person, news, group)
    return notice


def _mail(session: Session, person: User, news: News, group: Group) -> None:
    end = unsubscribing.url(person, group)
    letter = Letter(
        name=person.name,
        entries=(Entry(news.words.strip(), settings().base_url + news.address), *news.in_mail()),
        footer=(
            Footer(f"Mails about “{GROUPS[group].title}” come at once. Choose which mails you get:", settings_url()),
            Footer("No more mails of this kind:", end),
        ),
    )
    mail.send_letter(session, recipient=person.email, subject=news.subject, letter=letter, unsubscribe=end)


def settings_url() -> str:
    return f"{settings().base_url}/settings"

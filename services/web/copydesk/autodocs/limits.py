"""How many drafts may be in the queue: for one person, and for the whole desk."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, User
from copydesk.autodocs import fairness
from copydesk.autodocs.models import LIVE, Autodoc
from copydesk.config import settings
from copydesk.documents.errors import InvalidInput

PERSON = "You have {live} in the queue, and the most for one person is {most}. {todo}"
DESK = "The desk’s queue is full: {live} wait or are being written, and the most is {most}. {todo}"
WAIT = "Nothing you typed is lost; try again when some are written."
FEWER = "Ask for fewer at once, or try again when some are written; nothing you typed is lost."


class TooManyDrafts(InvalidInput):
    """The queue takes no more drafts at the moment."""

    def __init__(self, message: str) -> None:
        super().__init__("drafts", message)


def check(session: Session, person: User, wanting: int) -> None:
    """May `person` ask for `wanting` drafts more? Holds the queue's lock: two at once can't both take the last place.

    Raises:
        TooManyDrafts: not now; its message says why and what to do. Admins have the desk's limit only.
    """
    fairness.lock(session)
    query = select(func.count(), func.count().filter(Autodoc.requested_by_id == person.id)).where(
        Autodoc.state.in_(LIVE)
    )
    desk, own = session.execute(query).one()
    if person.role is not Role.ADMIN:
        _check(PERSON, own, wanting, settings().drafts_per_person)
    _check(DESK, desk, wanting, settings().drafts_waiting)


def _check(message: str, live: int, wanting: int, most: int) -> None:
    if live + wanting > most:
        drafts = f"{live:,} draft{'' if live == 1 else 's'}" if live else "no draft"
        todo = FEWER if wanting > 1 and live < most else WAIT
        raise TooManyDrafts(message.format(live=drafts, most=f"{most:,}", todo=todo))

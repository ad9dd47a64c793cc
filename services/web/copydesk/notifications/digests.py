"""The digest: once a day, at the hour a person chose on their own clock, one mail with what they have not seen yet."""

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from copydesk import mail
from copydesk.accounts.models import Status, User
from copydesk.accounts.zones import zone_of
from copydesk.config import settings
from copydesk.mail import Entry, Footer, Letter
from copydesk.notifications import unsubscribing
from copydesk.notifications.kinds import GROUPS, Group
from copydesk.notifications.models import USUAL_HOUR, WAITS_FOR_DIGEST, Digest, Notice
from copydesk.notifications.telling import settings_url

MOST_LISTED = 50  # the rest is on the page
MOST_CHARS = 300  # of what a person wrote; the page has all of it


def last_moment(now: dt.datetime, hour: int, zone: ZoneInfo) -> tuple[dt.date, dt.datetime]:
    """The last time a digest was to go out, and the day on the person's clock that it belongs to.

    An hour that the clock leaves out in spring comes an hour later; of one that it repeats in autumn the first counts.
    """
    day = now.astimezone(zone).date()
    moment = _moment(day, hour, zone)
    if moment > now:
        day -= dt.timedelta(days=1)
        moment = _moment(day, hour, zone)
    return day, moment


def due(session: Session, now: dt.datetime) -> list[int]:
    """The people whose hour has come and who have something to read, oldest account first."""
    hour, first = func.coalesce(Digest.hour, USUAL_HOUR), func.min(Notice.created_at)
    query = (
        select(User, hour, Digest.last_on, first)
        .join(Notice, Notice.person_id == User.id)
        .outerjoin(Digest, Digest.person_id == User.id)
        .where(text(WAITS_FOR_DIGEST), User.status == Status.APPROVED)
        .group_by(User.id, Digest.person_id)
        .order_by(User.id)
    )
    found = []
    for person, at, last_on, oldest in session.execute(query):
        day, moment = last_moment(now, at, zone_of(person))
        if oldest < moment and (last_on is None or last_on < day):
            found.append(person.id)
    return found


def send(session: Session, person_id: int, now: dt.datetime) -> mail.Mail | None:
    """Write the digest of a person whose hour has come; None: it was written, or there is nothing to say.

    Of two workers the second waits here for the first, and then finds the day taken.
    """
    person = session.get_one(User, person_id)
    session.execute(insert(Digest).values(person_id=person_id, hour=USUAL_HOUR).on_conflict_do_nothing())
    hour = session.scalars(select(Digest.hour).where(Digest.person_id == person_id).with_for_update()).one()
    day, moment = last_moment(now, hour, zone_of(person))
    notices = _unseen(session, person, moment)
    if not notices or not person.is_approved:
        return None
    free = or_(Digest.last_on.is_(None), Digest.last_on < day)
    mine = update(Digest).where(Digest.person_id == person_id, free).values(last_on=day)
    if session.execute(mine.returning(Digest.person_id)).one_or_none() is None:
        return None
    session.execute(update(Notice).where(Notice.id.in_([one.id for one in notices])).values(digested_at=now))
    end = unsubscribing.url(person, None)
    return mail.send_letter(
        session,
        recipient=person.email,
        subject=f"Your day in Copydesk: {_count(len(notices))}",
        letter=_letter(person, notices, end),
        unsubscribe=end,
    )


def _moment(day: dt.date, hour: int, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), zone).astimezone(dt.UTC)


def _unseen(session: Session, person: User, moment: dt.datetime) -> Sequence[Notice]:
    query = select(Notice).where(Notice.person_id == person.id, Notice.created_at < moment, text(WAITS_FOR_DIGEST))
    return session.scalars(query.order_by(Notice.id)).all()


def _letter(person: User, notices: Sequence[Notice], end: str) -> Letter:
    base = settings().base_url
    order = list(Group)
    listed = sorted(notices, key=lambda one: order.index(one.kind.group))[:MOST_LISTED]  # by group, then by time
    entries = []
    for number, one in enumerate(listed):
        new = number == 0 or listed[number - 1].kind.group is not one.kind.group
        heading = GROUPS[one.kind.group].title if new else ""
        entries.append(Entry(_shortened(one), base + one.address, heading))
    if len(notices) > len(listed):
        entries.append(Entry(f"And {_count(len(notices) - len(listed))} more:", f"{base}/notifications"))
    return Letter(
        name=person.name,
        lead="What you have not seen in Copydesk yet:",
        entries=entries,
        footer=(
            Footer("This comes once a day at most. Choose the hour, and which mails you get:", settings_url()),
            Footer("No more digests:", end),
        ),
    )


def _shortened(notice: Notice) -> str:
    more = notice.more
    if len(more) > MOST_CHARS:
        more = more[:MOST_CHARS].rsplit(maxsplit=1)[0] + " …"
    return f"{notice.headline}\n\n{more}" if more else notice.headline


def _count(number: int) -> str:
    return "1 thing" if number == 1 else f"{number} things"

"""Moments as a person's own clock shows them."""

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy.orm import Session

from copydesk import audit
from copydesk.accounts.errors import NoSuchTimeZone
from copydesk.accounts.models import User


@cache
def names() -> frozenset[str]:
    """Every time zone a person can choose."""
    return frozenset(available_timezones() - {"Factory", "localtime"})


def named(name: str | None) -> ZoneInfo:
    """The zone of this name; UTC for none, or for one that there is not."""
    return ZoneInfo(name) if name in names() else ZoneInfo("UTC")


def zone_of(user: User | None) -> ZoneInfo:
    """The zone this person chose; else the one of the browser in which they last logged in; else UTC."""
    return named(user.time_zone or user.seen_time_zone if user else None)


def saw(user: User, name: str | None) -> None:
    """Somebody logs in, and their browser names this zone; what is no zone is passed over."""
    if name in names():
        user.seen_time_zone = name


def choose(session: Session, user: User, name: str) -> None:
    """A person's own zone, as they typed it; nothing: as their browser says, and UTC where there is none.

    Raises:
        NoSuchTimeZone: there is none of this name.
    """
    found = _spelled(name)
    if name.strip() and found is None:
        raise NoSuchTimeZone
    if found == user.time_zone:
        return
    before, user.time_zone = user.time_zone, found
    audit.record(
        session,
        "account.time_zone_chosen",
        actor_id=user.id,
        object_type="user",
        object_id=user.id,
        before={"time_zone": before},
        after={"time_zone": found},
    )


def _spelled(name: str) -> str | None:
    """As the list spells it: “new york” is not in it, “america/new york” is America/New_York."""
    wanted = "_".join(name.split()).lower()
    return next((one for one in names() if one.lower() == wanted), None)


def in_words(moment: dt.datetime, zone: ZoneInfo) -> str:
    """“Friday, 27 November, 17:00 (Europe/Berlin)”, for mails, where no page can say more."""
    local = moment.astimezone(zone)
    year = "" if local.year == dt.datetime.now(zone).year else f" {local.year}"
    return f"{local:%A, %-d %B}{year}, {local:%H:%M} ({zone.key.replace('_', ' ')})"

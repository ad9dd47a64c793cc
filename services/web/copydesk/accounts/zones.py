"""Moments as a person's own clock shows them."""

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from copydesk.accounts.models import User


@cache
def names() -> frozenset[str]:
    """Every time zone a person can choose."""
    return frozenset(available_timezones())


def named(name: str | None) -> ZoneInfo:
    """The zone of this name; UTC for none, or for one that there is not."""
    return ZoneInfo(name) if name in names() else ZoneInfo("UTC")


def zone_of(user: User | None) -> ZoneInfo:
    """The zone this person chose; UTC before they did."""
    return named(user.time_zone if user else None)


def in_words(moment: dt.datetime, zone: ZoneInfo) -> str:
    """“Friday, 27 November, 17:00 (Europe/Berlin)”, for mails, where no page can say more."""
    local = moment.astimezone(zone)
    year = "" if local.year == dt.datetime.now(zone).year else f" {local.year}"
    return f"{local:%A, %-d %B}{year}, {local:%H:%M} ({zone.key.replace('_', ' ')})"

"""On whose clock a page shows moments and reads the ones that are typed."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask_login import current_user
from markupsafe import Markup

from copydesk.accounts import zones
from copydesk.documents.errors import InvalidInput
from copydesk.documents.models import Document, State
from copydesk.documents.routing import deadlines
from copydesk.web.cookies import host_name

COOKIE = "zone"  # set by script: what the browser's own clock says
WORKDAY_ENDS = dt.time(17)
OPEN_TO_BE_LATE = (State.DRAFTING, State.DRAFT_FAILED, State.CHOOSING, State.UNASSIGNED, State.EDITING)

AGO = (
    (86400, "yesterday", "{} days ago"),
    (3600, "an hour ago", "{} hours ago"),
    (60, "a minute ago", "{} minutes ago"),
)


def viewer_zone(told: str | None = None) -> ZoneInfo:
    """What the person chose in their settings; else what the browser says, in the form or before; else UTC."""
    if request.blueprint == "reading":  # public, and kept by caches: the same for everyone
        return ZoneInfo("UTC")
    chosen = current_user.time_zone if current_user.is_authenticated else None
    return zones.named(chosen or told or browser_zone())


def browser_zone() -> str | None:
    """What the browser's own clock says, as it says it."""
    return request.cookies.get(host_name(COOKIE))


def moment(
    typed: str, field: str, told: str | None = None, *, says: str = "Please enter a date and a time."
) -> dt.datetime:
    """A date, or a date and a time, as typed; a date alone is the end of that working day.

    Raises:
        InvalidInput: `field`: there is no such moment, or no such zone.
    """
    typed = typed.strip()
    if told and told not in zones.names():
        raise InvalidInput(field, says)
    try:
        local = dt.datetime.fromisoformat(typed)
        if "T" not in typed and " " not in typed:
            local = dt.datetime.combine(local.date(), WORKDAY_ENDS)
        if local.tzinfo is None:
            local = local.replace(tzinfo=viewer_zone(told))
        return local.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(field, says) from None


def due_of(form: Any) -> dt.datetime | None:
    """The date in a form with `due` and `zone`; None: there is none.

    Raises:
        InvalidInput: `due`.
    """
    typed = form.due.data or ""
    return moment(typed, "due", form.zone.data, says="Please enter a date, or nothing.") if typed.strip() else None


def proposed(days: int | None) -> str:
    """The end of the working day in so many days, as a field holds it; nothing for no days."""
    if days is None:
        return ""
    day = dt.datetime.now(viewer_zone()).date() + dt.timedelta(days=days)
    return dt.datetime.combine(day, WORKDAY_ENDS).strftime("%Y-%m-%dT%H:%M")


def as_typed(value: dt.datetime | None) -> str:
    """A moment as a field of the page holds it: on the viewer's clock, to the minute."""
    return value.astimezone(viewer_zone()).strftime("%Y-%m-%dT%H:%M") if value else ""


def when(value: dt.datetime | None) -> Markup:
    """A moment as a person would say it, with the exact time for machines."""
    if value is None:
        return Markup("")
    now = dt.datetime.now(dt.UTC)
    pattern = "%-d %b, %H:%M" if value.year == now.year else "%-d %b %Y, %H:%M"
    return _time(value, value.astimezone(viewer_zone()).strftime(pattern))


def due(document: Document) -> Markup:
    """By when it should be delivered: “Today, 17:00”, “Friday, 17:00”, “2 December”; and how late it is."""
    value = deadlines.due_now(document)
    if value is None:
        return Markup("")
    zone, now = viewer_zone(), dt.datetime.now(dt.UTC)
    local, today = value.astimezone(zone), now.astimezone(zone).date()
    days = (local.date() - today).days
    if value < now and document.state in OPEN_TO_BE_LATE:
        return _time(
            value, {0: f"late since {local:%H:%M}", -1: "late since yesterday"}.get(days, f"{-days} days late")
        )
    if days in (0, 1):
        return _time(value, f"{('Today', 'Tomorrow')[days]}, {local:%H:%M}")
    if 1 < days < 7:
        return _time(value, f"{local:%A, %H:%M}")
    return _time(value, f"{local:%-d %B}" if local.year == today.year else f"{local:%-d %B %Y}")


def is_late(document: Document) -> bool:
    """Should it have been delivered by now?"""
    value = deadlines.due_now(document)
    return value is not None and document.state in OPEN_TO_BE_LATE and value < dt.datetime.now(dt.UTC)


def ago(value: dt.datetime | None) -> Markup:
    """How long ago, in words."""
    if value is None:
        return Markup("")
    seconds = max(0, int((dt.datetime.now(dt.UTC) - value).total_seconds()))
    for size, one, many in AGO:
        if seconds >= size:
            return _time(value, one if seconds // size == 1 else many.format(seconds // size))
    return _time(value, "just now")


def _time(value: dt.datetime, words: str) -> Markup:
    zone = viewer_zone()
    exact = f"{value.astimezone(zone):%-d %B %Y, %H:%M:%S} {zone.key.replace('_', ' ')}"
    utc = value.astimezone(dt.UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(utc, exact, words)

"""A backup every day at a time, for as long as the process runs."""

import datetime as dt
import re
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from copydesk.backup import keeping
from copydesk.backup.errors import BackupError

log = structlog.get_logger(__name__)

AGAIN = dt.timedelta(minutes=15)  # after one that failed
TOO_OLD = dt.timedelta(hours=24)
_AT = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def read_time(words: str) -> dt.time:
    """`03:00` as a time of day, in UTC.

    Raises:
        ValueError: it is none.
    """
    match = _AT.fullmatch(words)
    if match is None:
        raise ValueError(f"{words} is no time of day such as 03:00.")
    return dt.time(int(match[1]), int(match[2]))


def next_after(now: dt.datetime, at: dt.time) -> dt.datetime:
    """The next moment at which it is that time."""
    today = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return today if today > now else today + dt.timedelta(days=1)


def first(now: dt.datetime, at: dt.time, folder: Path) -> dt.datetime:
    """At once where the newest whole backup is over a day old or there is none; else at its time."""
    newest = keeping.newest(folder)
    return now if newest is None or now - newest.made_at > TOO_OLD else next_after(now, at)


def every_day(at: dt.time, folder: Path, back_up: Callable[[], object], *, days: int | None = None) -> None:
    """Never returns, unless after so many `days`. A backup that fails is tried again soon."""
    due = first(_now(), at, folder)
    while days is None or days > 0:
        _sleep_until(due)
        try:
            back_up()
        except BackupError as error:
            log.error("backup.failed", reason=str(error))
            due = _now() + AGAIN
            continue
        due = next_after(_now(), at)
        days = None if days is None else days - 1


def _sleep_until(moment: dt.datetime) -> None:
    # In short steps: the machine may sleep, and its clock may be set.
    while (left := (moment - _now()).total_seconds()) > 0:
        time.sleep(min(left, 30))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)

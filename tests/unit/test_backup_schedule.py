"""When the daily backup is due, and what happens when one fails."""

import datetime as dt

import pytest

from copydesk.backup import keeping, schedule
from copydesk.backup.errors import BackupError
from copydesk.backup.programs import environment, last_words

AT = dt.time(3, 0)


def moment(words: str) -> dt.datetime:
    return dt.datetime.fromisoformat(words).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-22 02:59:59", "2026-11-22 03:00"),
        ("2026-11-22 03:00:00", "2026-11-23 03:00"),
        ("2026-12-31 23:00:00", "2027-01-01 03:00"),
    ],
)
def test_it_is_due_at_the_next_such_time(now, due):
    assert schedule.next_after(moment(now), AT) == moment(due)


@pytest.mark.parametrize("words", ["3", "24:00", "03:60", "3 am", ""])
def test_what_is_no_time_is_refused(words):
    with pytest.raises(ValueError, match="is no time of day such as 03:00"):
        schedule.read_time(words)
    assert schedule.read_time("3:05") == dt.time(3, 5)


@pytest.mark.parametrize(("hours", "at_once"), [(None, True), (25, True), (23, False)])
def test_a_desk_without_a_backup_of_the_last_day_makes_one_at_once(monkeypatch, tmp_path, hours, at_once):
    now = moment("2026-11-22 12:00")

    class Newest:
        made_at = now - dt.timedelta(hours=hours or 0)

    monkeypatch.setattr(keeping, "newest", lambda folder: Newest if hours else None)
    assert schedule.first(now, AT, tmp_path) == (now if at_once else moment("2026-11-23 03:00"))


def test_one_that_fails_is_tried_again_soon_and_then_every_day(monkeypatch, tmp_path):
    clock, made, faults = [moment("2026-11-22 12:00")], [], [BackupError("The disk is full.")]

    def sleep(seconds):
        clock[0] += dt.timedelta(seconds=seconds)

    def back_up():
        made.append(clock[0])
        if faults:
            raise faults.pop()

    monkeypatch.setattr(schedule, "_now", lambda: clock[0])
    monkeypatch.setattr(schedule.time, "sleep", sleep)
    schedule.every_day(AT, tmp_path, back_up, days=2)
    assert made == [moment("2026-11-22 12:00"), moment("2026-11-22 12:15"), moment("2026-11-23 03:00")]


def test_the_address_goes_to_programs_without_being_shown(monkeypatch):
    monkeypatch.setenv("PGHOST", "elsewhere")
    given = environment("postgresql://desk:s%40crit@database:5433/copydesk?sslmode=require")
    wanted = {"PGHOST": "database", "PGPORT": "5433", "PGUSER": "desk", "PGPASSWORD": "s@crit", "PGSSLMODE": "require"}
    assert wanted.items() <= given.items()
    assert given["PGDATABASE"] == "copydesk"


def test_of_complaints_the_telling_line_is_said():
    assert last_words("NOTICE: x\npg_dump: error: gone\nmore\n") == "pg_dump: error: gone"
    assert last_words("a word\n") == "a word"
    assert last_words("") == "it said nothing"

"""The digest: once a day, at the hour of a person's own clock, with what they have not seen."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from copydesk.accounts.models import Status
from copydesk.mail import Mail
from copydesk.notifications import choices, digests, reading, unsubscribing
from copydesk.notifications.kinds import Group, How, Kind
from copydesk.notifications.models import Notice
from copydesk.notifications.telling import News, tell

BERLIN, NEW_YORK, APIA = (ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Pacific/Apia"))
HOUR = dt.timedelta(hours=1)


def utc(*moment):
    return dt.datetime(*moment, tzinfo=dt.UTC)


def mails(session, person):
    return session.scalars(select(Mail).where(Mail.recipient == person.email).order_by(Mail.id)).all()


def told_at(session, person, moment, kind=Kind.PUBLISHED, words="“A text” is published."):
    """A notice from that moment."""
    notice = tell(session, person, News(kind, "Published: A text", words, "/documents"))
    session.execute(update(Notice).where(Notice.id == notice.id).values(created_at=moment))
    return notice


@pytest.mark.parametrize(
    ("now", "hour", "zone", "day", "moment"),
    [
        (utc(2026, 7, 1, 6, 0), 8, BERLIN, (7, 1), utc(2026, 7, 1, 6)),
        (utc(2026, 7, 1, 5, 59), 8, BERLIN, (6, 30), utc(2026, 6, 30, 6)),
        # Across midnight: in New York it is still the day before.
        (utc(2026, 7, 2, 3, 30), 23, NEW_YORK, (7, 1), utc(2026, 7, 2, 3)),
        (utc(2026, 7, 2, 4, 0), 0, NEW_YORK, (7, 2), utc(2026, 7, 2, 4)),
        (utc(2026, 7, 1, 20, 0), 8, APIA, (7, 2), utc(2026, 7, 1, 19)),
        # 29 March: 02:00 does not exist in Berlin, the clock goes from 01:59 to 03:00.
        (utc(2026, 3, 29, 0, 59), 2, BERLIN, (3, 28), utc(2026, 3, 28, 1)),
        (utc(2026, 3, 29, 1, 0), 2, BERLIN, (3, 29), utc(2026, 3, 29, 1)),
        (utc(2026, 3, 29, 6, 0), 8, BERLIN, (3, 29), utc(2026, 3, 29, 6)),
        # 25 October: 02:00 comes twice; the first one counts.
        (utc(2026, 10, 25, 0, 0), 2, BERLIN, (10, 25), utc(2026, 10, 25, 0)),
        (utc(2026, 10, 25, 1, 30), 2, BERLIN, (10, 25), utc(2026, 10, 25, 0)),
        (utc(2026, 10, 25, 6, 59), 8, BERLIN, (10, 24), utc(2026, 10, 24, 6)),
    ],
)
def test_the_hour_is_the_persons_own(now, hour, zone, day, moment):
    assert digests.last_moment(now, hour, zone) == (dt.date(2026, *day), moment)


def test_one_digest_with_what_came_before_its_hour(session, cast):
    cast.editor.time_zone = "Europe/Berlin"
    before = told_at(session, cast.editor, utc(2026, 7, 1, 5))
    after = told_at(session, cast.editor, utc(2026, 7, 1, 6, 30))
    assert digests.due(session, utc(2026, 7, 1, 5, 59)) == []
    assert digests.due(session, utc(2026, 7, 1, 6, 45)) == [cast.editor.id]
    assert digests.send(session, cast.editor.id, utc(2026, 7, 1, 6, 45)) is not None
    for later in (utc(2026, 7, 1, 6, 46), utc(2026, 7, 1, 21, 59)):
        assert digests.due(session, later) == []
        assert digests.send(session, cast.editor.id, later) is None
    session.refresh(before)
    session.refresh(after)
    assert (before.digested_at is None, after.digested_at is None) == (False, True)
    assert digests.due(session, utc(2026, 7, 2, 6)) == [cast.editor.id]
    digests.send(session, cast.editor.id, utc(2026, 7, 2, 6))
    assert len(mails(session, cast.editor)) == 2


def test_a_day_around_the_change_of_clocks_has_one_digest(session, cast):
    """Every half hour of the night in which 02:00 comes twice, and of the one in which it does not come."""
    cast.editor.time_zone = "Europe/Berlin"
    choices.choose(session, cast.editor, {}, hour=2)
    for start in (utc(2026, 3, 28, 22), utc(2026, 10, 24, 21)):
        session.execute(update(Notice).values(read_at=start))
        already = len(mails(session, cast.editor))
        told_at(session, cast.editor, start - HOUR)
        for step in range(16):
            now = start + step * HOUR / 2
            told_at(session, cast.editor, now)
            for person_id in digests.due(session, now):
                digests.send(session, person_id, now)
        assert len(mails(session, cast.editor)) == already + 1, start


def test_nothing_to_say_no_mail(session, cast):
    notice = told_at(session, cast.editor, utc(2026, 7, 1, 5))
    reading.mark(session, cast.editor, notice.id)
    told_at(session, cast.sponsor, utc(2026, 7, 1, 5), kind=Kind.ASSIGNED)  # went out at once
    cast.other_editor.status = Status.APPROVED
    told_at(session, cast.other_editor, utc(2026, 7, 1, 5))
    cast.other_editor.status, cast.other_editor.status_reason = Status.SUSPENDED, "Away."
    session.flush()
    assert digests.due(session, utc(2026, 7, 1, 9)) == []
    for person in (cast.editor, cast.sponsor, cast.other_editor):
        assert digests.send(session, person.id, utc(2026, 7, 1, 9)) is None


def test_a_move_to_the_west_or_another_hour_makes_no_second_digest(session, cast):
    cast.editor.time_zone = "Pacific/Apia"
    told_at(session, cast.editor, utc(2026, 7, 1, 18))
    assert digests.send(session, cast.editor.id, utc(2026, 7, 1, 19))  # 2 July there
    cast.editor.time_zone = "America/New_York"
    choices.choose(session, cast.editor, {}, hour=20)
    told_at(session, cast.editor, utc(2026, 7, 1, 20))
    session.flush()
    assert digests.due(session, utc(2026, 7, 2, 0)) == []  # 1 July, 20:00 in New York
    assert digests.due(session, utc(2026, 7, 3, 0)) == []  # 2 July: that day had its digest
    assert digests.due(session, utc(2026, 7, 4, 0)) == [cast.editor.id]


def test_the_digest_by_groups_and_not_without_end(session, cast):
    choices.choose(session, cast.editor, {Group.WORK: How.DIGEST})
    for number in range(digests.MOST_LISTED + 5):
        told_at(session, cast.editor, utc(2026, 7, 1, 5), words=f"“T{number}” is published.\n\n{'<b>word</b> ' * 200}")
    told_at(session, cast.editor, utc(2026, 7, 1, 5, 30), kind=Kind.ASSIGNED, words="Ruth gave you “T” to edit.")
    mail = digests.send(session, cast.editor.id, utc(2026, 7, 1, 9))
    assert mail.subject.endswith("56 things")
    assert mail.body.index("Work given to me") < mail.body.index("Approval and publication")
    assert mail.body.count("is published") == digests.MOST_LISTED - 1
    assert "And 6 things more:" in mail.body
    assert "<b>" not in mail.html
    assert len(mail.body) < 30_000
    assert mail.unsubscribe == unsubscribing.url(cast.editor, None)


def test_the_end_of_the_digest_is_at_once(session, cast):
    told_at(session, cast.editor, utc(2026, 7, 1, 5))
    unsubscribing.stop(session, cast.editor, None)
    assert How.DIGEST not in choices.of(session, cast.editor).values()
    assert choices.how(session, cast.editor, Group.WORK) is How.AT_ONCE
    assert digests.due(session, utc(2026, 7, 1, 9)) == []
    assert reading.unread(session, cast.editor) == 1

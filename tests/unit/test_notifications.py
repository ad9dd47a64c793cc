"""What a person is told, by which way, and when: notices, choices, the digest, the link that ends mails."""

import datetime as dt
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from copydesk import audit
from copydesk.accounts import zones
from copydesk.accounts.errors import NoSuchTimeZone
from copydesk.accounts.models import Role, Status
from copydesk.documents import letters, operations
from copydesk.documents.workflow import Act
from copydesk.mail import Mail
from copydesk.notifications import choices, digests, reading, unsubscribing
from copydesk.notifications.kinds import GROUP_OF, GROUPS, Group, How, Kind, groups_for
from copydesk.notifications.models import Choice, Digest, Notice
from copydesk.notifications.telling import News, tell
from copydesk.notifications.unsubscribing import NoSuchLink

BERLIN, NEW_YORK, APIA = (ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Pacific/Apia"))
HOUR = dt.timedelta(hours=1)


def utc(*moment):
    return dt.datetime(*moment, tzinfo=dt.UTC)


def news(kind=Kind.PUBLISHED, words="“A text” is published.", address="/documents"):
    return News(kind, "Published: A text", words, address)


def notices(session, person):
    return session.scalars(select(Notice).where(Notice.person_id == person.id).order_by(Notice.id)).all()


def mails(session, person):
    return session.scalars(select(Mail).where(Mail.recipient == person.email).order_by(Mail.id)).all()


def told_at(session, person, moment, **more):
    """A notice from that moment."""
    notice = tell(session, person, news(**more))
    session.execute(update(Notice).where(Notice.id == notice.id).values(created_at=moment))
    return notice


# The groups


def test_every_kind_has_a_group_and_every_group_a_name():
    assert set(GROUP_OF) == set(Kind)
    assert set(GROUPS) == set(Group) == set(GROUP_OF.values())
    assert all(groups_for(role) for role in Role)
    assert Group.ACCOUNTS in groups_for(Role.ADMIN)
    assert Group.ACCOUNTS not in groups_for(Role.EDITOR)


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        (Kind.ASSIGNED, How.AT_ONCE),
        (Kind.DELIVERED, How.AT_ONCE),
        (Kind.ASKED, How.AT_ONCE),
        (Kind.OVERDUE, How.AT_ONCE),
        (Kind.COMMENTED, How.DIGEST),
        (Kind.PUBLISHED, How.DIGEST),
    ],
)
def test_at_once_what_waits_for_me_and_the_rest_once_a_day(session, cast, kind, way):
    assert choices.how(session, cast.sponsor, kind.group) is way


# Telling


@pytest.mark.parametrize(("way", "letters_sent"), [(How.PAGE, 0), (How.AT_ONCE, 1), (How.DIGEST, 0)])
def test_the_page_always_shows_it_and_the_mail_is_a_choice(session, cast, way, letters_sent):
    choices.choose(session, cast.editor, {Group.PUBLICATION: way})
    tell(session, cast.editor, news(), actor=cast.sponsor)
    (notice,) = notices(session, cast.editor)
    assert (notice.kind, notice.how, notice.actor_id) == (Kind.PUBLISHED, way, cast.sponsor.id)
    assert len(mails(session, cast.editor)) == letters_sent


def test_nobody_is_told_of_their_own_act_and_whoever_is_out_hears_nothing(session, cast):
    assert tell(session, cast.editor, news(), actor=cast.editor) is None
    for person in (None, cast.pending, cast.rejected, cast.suspended):
        assert tell(session, person, news(), actor=cast.sponsor) is None
    assert session.scalars(select(Notice)).all() == session.scalars(select(Mail)).all() == []


def test_a_cause_that_is_undone_leaves_neither_notice_nor_mail(session, cast, make_document):
    document = make_document("editing")
    before = len(notices(session, cast.sponsor)), len(mails(session, cast.sponsor))
    with session.begin_nested() as cause:
        operations.move(session, document.id, Act.ASK, cast.editor, comment="Which kiln?")
        assert (len(notices(session, cast.sponsor)), len(mails(session, cast.sponsor))) > before
        cause.rollback()
    assert (len(notices(session, cast.sponsor)), len(mails(session, cast.sponsor))) == before


def test_a_title_is_no_html_and_no_template(session, cast, make_document):
    document = make_document("editing", title="<script>{actor}</script> & {0}\u2028")
    operations.move(session, document.id, Act.ASK, cast.editor, comment="<img src=x> {title} %s")
    (notice,) = [one for one in notices(session, cast.sponsor) if one.kind is Kind.ASKED]
    assert "<script>{actor}</script> & {0}" in notice.headline
    assert notice.more.startswith("<img src=x> {title} %s")
    mail = mails(session, cast.sponsor)[-1]
    assert "<script" not in mail.html
    assert "&lt;script&gt;{actor}&lt;/script&gt; &amp; {0}" in mail.html
    assert "&lt;img src=x&gt; {title} %s" in mail.html
    assert "\n" not in mail.subject


def test_a_mail_at_once_can_be_ended_and_says_where(session, cast, make_document):
    make_document("editing")
    (mail,) = mails(session, cast.editor)
    assert mail.unsubscribe == unsubscribing.url(cast.editor, Group.WORK)
    assert mail.unsubscribe in mail.body
    assert mail.unsubscribe in mail.html
    assert "Work given to me" in mail.body


def test_an_address_leads_nowhere_else(session, cast):
    for address in ("https://evil.example/", "//evil.example/", ""):
        with pytest.raises(IntegrityError), session.begin_nested():
            tell(session, cast.editor, news(address=address))


def test_every_letter_about_documents_can_be_written(session, cast, make_document):
    """Whatever a wording names beside the usual is given by its letter."""
    document = make_document("editing")
    for name, wording in vars(letters).items():
        if isinstance(wording, letters.Wording):
            named = {field for _, field, _, _ in Formatter().parse(wording.words) if field}
            more = dict.fromkeys(named - {"actor", "title", "note"}, "Something")
            letters.tell(session, document, cast.editor, cast.sponsor, wording, "A note.", **more)
            latest = notices(session, cast.editor)[-1]
            assert latest.kind is wording.kind, name
            assert latest.headline.strip(), name
            assert document.title in wording.subject.format(title=document.title), name


# Reading


def test_unread_ones_are_counted_and_marked(session, cast):
    mine = [tell(session, cast.editor, news()) for _ in range(3)]
    theirs = tell(session, cast.sponsor, news())
    assert reading.unread(session, cast.editor) == 3
    reading.mark(session, cast.editor, mine[0].id)
    reading.mark(session, cast.editor, theirs.id)  # not theirs to mark
    assert (reading.unread(session, cast.editor), reading.unread(session, cast.sponsor)) == (2, 1)
    reading.mark(session, cast.editor, mine[0].id, read=False)
    reading.mark_all(session, cast.editor, up_to=mine[1].id)
    assert [one.read_at is None for one in notices(session, cast.editor)] == [False, False, True]


def test_pages_go_on_where_the_last_one_ended(session, cast):
    ids = [tell(session, cast.editor, news()).id for _ in range(reading.PAGE + 2)]
    first = reading.page(session, cast.editor)
    tell(session, cast.editor, news())  # comes while the first page is read
    second = reading.page(session, cast.editor, before=first.next_before)
    assert [one.id for one in (*first.notices, *second.notices)] == ids[::-1]
    assert second.next_before is None


def test_what_is_old_is_cleared(session, cast):
    now = dt.datetime.now(dt.UTC)
    told_at(session, cast.editor, now - reading.KEPT - HOUR)
    kept = told_at(session, cast.editor, now - reading.KEPT + HOUR)
    assert reading.clear_old(session) == 1
    assert [one.id for one in notices(session, cast.editor)] == [kept.id]


def test_notices_of_a_deleted_document_lead_to_its_record(session, cast, make_document):
    document = make_document("editing")
    letters.tell_of_deletion(session, document, cast.admin, "It was asked for.")
    session.expire_all()
    assert {one.address for one in notices(session, cast.editor)} == {f"/records/{document.id}"}


# Choices


def test_a_choice_is_kept_and_noted_once(session, cast):
    wanted = {Group.WORK: How.DIGEST, Group.PUBLICATION: How.DIGEST}
    assert choices.choose(session, cast.editor, wanted, hour=17)
    assert not choices.choose(session, cast.editor, wanted, hour=17)
    assert choices.of(session, cast.editor)[Group.WORK] is How.DIGEST
    assert choices.digest_hour(session, cast.editor) == 17
    (event,) = audit.history(session, "user", cast.editor.id)
    assert event.action == "account.notifications_chosen"
    assert event.before == {"work": "at_once", "digest_hour": "8"}
    assert event.after == {"work": "digest", "digest_hour": "17"}
    assert session.scalars(select(Choice.group)).all() == [Group.WORK]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" america/new york ", "America/New_York"),
        ("", None),
    ],
)
def test_a_time_zone_is_chosen(session, cast, typed, kept):
    cast.editor.time_zone = "Asia/Tokyo"
    zones.choose(session, cast.editor, typed)
    assert cast.editor.time_zone == kept
    assert audit.history(session, "user", cast.editor.id)[-1].after == {"time_zone": kept}


@pytest.mark.parametrize("typed", ["Mars/Base", "../etc/passwd", "Factory", "Europe"])
def test_there_is_no_such_time_zone(session, cast, typed):
    with pytest.raises(NoSuchTimeZone):
        zones.choose(session, cast.editor, typed)


# The digest


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


# The link that ends mails


def token(person, group):
    return unsubscribing.url(person, group).rpartition("/")[2]


def test_the_link_ends_its_group_for_its_person(session, cast):
    reader, group = unsubscribing.read(session, token(cast.editor, Group.WORK))
    assert (reader.id, group) == (cast.editor.id, Group.WORK)
    assert unsubscribing.stop(session, reader, group)
    assert not unsubscribing.stop(session, reader, group)
    assert choices.how(session, cast.editor, Group.WORK) is How.PAGE
    assert choices.how(session, cast.editor, Group.QUESTIONS) is How.AT_ONCE
    assert choices.how(session, cast.sponsor, Group.WORK) is How.AT_ONCE


def test_the_end_of_the_digest_is_at_once(session, cast):
    told_at(session, cast.editor, utc(2026, 7, 1, 5))
    unsubscribing.stop(session, cast.editor, None)
    assert How.DIGEST not in choices.of(session, cast.editor).values()
    assert choices.how(session, cast.editor, Group.WORK) is How.AT_ONCE
    assert digests.due(session, utc(2026, 7, 1, 9)) == []
    assert reading.unread(session, cast.editor) == 1


def test_a_forged_link_is_none(session, cast, monkeypatch):
    good = token(cast.editor, Group.WORK)
    payload, _, signature = good.rpartition(".")
    other = token(cast.sponsor, Group.WORK).rpartition(".")[0]
    monkeypatch.setattr(unsubscribing, "PURPOSE", "something else")
    elsewhere = token(cast.editor, Group.WORK)
    monkeypatch.undo()
    for forged in ("", "x", payload, f"{other}.{signature}", good[:-1], good + "x", elsewhere, "é" * 10):
        with pytest.raises(NoSuchLink):
            unsubscribing.read(session, forged)


def test_digest_rows_are_made_when_they_are_needed(session, cast):
    assert session.scalars(select(Digest)).all() == []
    assert choices.digest_hour(session, cast.editor) == 8

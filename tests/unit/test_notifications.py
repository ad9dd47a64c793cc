"""What a person is told and by which way: notices, choices, the link that ends mails."""

import datetime as dt
from string import Formatter

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from copydesk import audit
from copydesk.accounts import zones
from copydesk.accounts.errors import NoSuchTimeZone
from copydesk.accounts.models import Role
from copydesk.documents import letters, operations
from copydesk.documents.workflow import Act
from copydesk.mail import Mail
from copydesk.notifications import choices, reading, unsubscribing
from copydesk.notifications.kinds import GROUP_OF, GROUPS, Group, How, Kind, groups_for
from copydesk.notifications.models import Choice, Notice
from copydesk.notifications.telling import News, tell
from copydesk.notifications.unsubscribing import NoSuchLink

HOUR = dt.timedelta(hours=1)


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


def test_the_sponsor_hears_of_a_draft_that_could_not_be_written(session, cast, make_document):
    make_document("draft_failed")
    (notice,) = notices(session, cast.sponsor)
    assert (notice.kind, notice.actor_id) == (Kind.DRAFT_FAILED, None)
    assert "The engine said no." in notice.words
    assert len(mails(session, cast.sponsor)) == 1


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

"""Due dates and the clock that stands still, the editors' load and the choice by it, reminders."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from copydesk import audit
from copydesk.accounts import zones
from copydesk.accounts.models import Status
from copydesk.autodocs import requests
from copydesk.documents import operations
from copydesk.documents.errors import InvalidInput, NotAllowed, WrongState
from copydesk.documents.models import Document, State
from copydesk.documents.routing import deadlines, load, reminders, rules
from copydesk.documents.routing.reminders import About, Reminder
from copydesk.documents.routing.rules import Rules
from copydesk.documents.workflow import Act
from copydesk.mail import Mail

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def now():
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def due(session, make_document, cast, now):
    """A text in an editor's hands, due in two days, that came ten days ago."""
    document = deadlines.set_due(session, make_document("editing").id, cast.sponsor, now + 2 * DAY)
    session.execute(update(Document).values(created_at=now - 10 * DAY, entered_at=now - 10 * DAY))
    session.execute(update(Mail).values(subject="before"))
    session.refresh(document)
    return document


@pytest.fixture
def by_load(session, cast):
    """The desk chooses; of the cast's two editors one is away."""
    cast.other_editor.away = True
    rules.choose(session, cast.admin, Rules(choose_by_load=True))


def mails(session):
    """Who was told what since the test began."""
    query = select(Mail.recipient, Mail.subject).where(Mail.subject != "before").order_by(Mail.id)
    return [(recipient.split("@")[0], subject.split(":")[0]) for recipient, subject in session.execute(query)]


def name(person):
    return person.email.split("@")[0]


# Dates


def test_a_date_is_set_moved_and_taken_away_each_with_one_audit_row(session, make_document, cast, now):
    document = make_document("editing")
    for moment in (now + DAY, now + 2 * DAY, None):
        deadlines.set_due(session, document.id, cast.sponsor, moment)
        assert document.due_at == moment
    deadlines.set_due(session, document.id, cast.sponsor, None)  # as it is: nothing happens
    rows = [one for one in audit.history(session, "document", document.id) if one.action == "document.set_the_date"]
    written = [(now + days * DAY).isoformat(timespec="seconds") for days in (1, 2)]
    assert [one.before["due_at"] for one in rows] == [None, *written]
    assert [one.after["due_at"] for one in rows] == [*written, None]


@pytest.mark.parametrize(("ahead", "says"), [(-HOUR, "has passed"), (11 * 366 * DAY, "ten years")])
def test_a_date_nobody_can_work_towards_is_refused(session, make_document, cast, now, ahead, says):
    document = make_document("editing")
    with pytest.raises(InvalidInput, match=says):
        deadlines.set_due(session, document.id, cast.sponsor, now + ahead)
    with pytest.raises(InvalidInput, match=says):
        requests.create_document(session, cast.sponsor, title="T", brief="B", editor_id=None, due_at=now + ahead)


def test_the_editor_sets_no_date_of_their_own(session, make_document, cast, now):
    with pytest.raises(NotAllowed):
        deadlines.set_due(session, make_document("editing").id, cast.editor, now + DAY)
    with pytest.raises(WrongState):
        deadlines.set_due(session, make_document("approved").id, cast.sponsor, now + DAY)


@pytest.mark.parametrize("way_back", [Act.ANSWER, Act.GO_ON])
def test_the_clock_stands_still_while_a_question_waits(session, due, cast, now, way_back):
    operations.move(session, due.id, Act.ASK, cast.editor, comment="Which year?")
    assert due.clock_stopped_at is not None
    due.clock_stopped_at -= 3 * DAY  # the question was asked three days ago
    was = due.due_at
    assert deadlines.due_now(due, now) - was == pytest.approx(3 * DAY, abs=dt.timedelta(minutes=1))
    actor = cast.sponsor if way_back is Act.ANSWER else cast.editor
    operations.move(session, due.id, way_back, actor, comment="1902")
    assert due.clock_stopped_at is None
    assert due.due_at - was == pytest.approx(3 * DAY, abs=dt.timedelta(minutes=1))


def test_a_question_leaves_a_text_without_a_date_without_one(session, make_document, cast):
    document = make_document("question")
    assert (document.due_at, document.clock_stopped_at is None) == (None, False)
    operations.move(session, document.id, Act.ANSWER, cast.sponsor, comment="Yes")
    assert (document.due_at, document.clock_stopped_at) == (None, None)


def test_the_clock_runs_again_when_the_text_leaves_the_question_by_any_door(session, make_document, cast):
    document = make_document("question")
    operations.release_work(session, cast.editor, cast.admin)
    session.flush()  # the database would refuse a clock that stands in another state
    assert (document.state, document.clock_stopped_at) == (State.UNASSIGNED, None)


def test_a_moment_in_a_persons_zone(cast):
    moment = dt.datetime(2031, 1, 15, 23, 30, tzinfo=dt.UTC)
    cast.editor.time_zone = "Asia/Kolkata"
    assert zones.in_words(moment, zones.zone_of(cast.editor)) == "Thursday, 16 January 2031, 05:00 (Asia/Kolkata)"
    cast.editor.time_zone = "Mars/Olympus"
    assert zones.zone_of(cast.editor) == ZoneInfo("UTC")


# Load


def test_the_load_of_each_editor(session, make_person, make_document, cast, now):
    idle = make_person("Zoe", "editor")
    make_document("editing"), make_document("question"), make_document("signoff"), make_document("approved")
    session.execute(update(Document).values(due_at=now - HOUR))
    found = {one.editor.id: one for one in load.of_editors(session)}
    mine, hers = found[cast.editor.id], found[idle.id]
    assert (mine.in_hand, mine.late, mine.with_sponsor) == (2, 1, 1)
    assert mine.says == "2 texts in hand, one late"
    assert hers.says == "nothing in hand"


def test_without_the_rule_a_text_waits(session, make_document, cast):
    assert make_document("unassigned").state is State.UNASSIGNED


def test_the_desk_gives_a_text_to_whoever_has_least(session, make_person, make_document, cast, by_load):
    idle = make_person("Zoe", "editor")
    make_document("editing")
    document = make_document("unassigned")
    assert (document.state, document.editor_id) == (State.EDITING, idle.id)
    row = audit.history(session, "document", document.id)[-1]
    assert (row.action, row.actor_id, row.after["editor"]) == ("document.assign", None, idle.id)
    assert mails(session)[-1] == (name(idle), "For you to edit")


def test_away_suspended_and_giving_back_are_passed_over(session, make_person, make_document, cast, by_load):
    away, gone = make_person("Amy", "editor"), make_person("Bob", "editor", "suspended")
    away.away = True
    session.flush()
    document = make_document("unassigned")
    assert document.editor_id == cast.editor.id
    operations.move(session, document.id, Act.DECLINE, cast.editor, comment="Not my field")
    assert (document.state, document.editor_id) == (State.UNASSIGNED, None)
    assert gone.status is Status.SUSPENDED


def test_the_work_of_somebody_suspended_goes_to_others(session, make_person, make_document, cast, by_load):
    other = make_person("Zoe", "editor")
    document = make_document("editing", editor=cast.editor)
    cast.editor.status, cast.editor.status_reason = Status.SUSPENDED, "left"
    operations.release_work(session, cast.editor, cast.admin)
    assert document.editor_id == other.id


def test_only_admins_keep_the_rules_and_numbers_have_bounds(session, cast):
    with pytest.raises(NotAllowed):
        rules.choose(session, cast.sponsor, Rules(choose_by_load=True))
    for wrong in (Rules(days_to_edit=0), Rules(hours_before=337), Rules(days_between=0)):
        with pytest.raises(InvalidInput, match="Please enter a number from"):
            rules.choose(session, cast.admin, wrong)
    rules.choose(session, cast.admin, Rules())  # the usual: nothing to record
    assert audit.history(session, "house", "routing") == []
    rules.choose(session, cast.admin, Rules(days_to_edit=3))
    assert rules.rules(session).days_to_edit == 3
    assert len(audit.history(session, "house", "routing")) == 1


# Reminders


def test_before_the_date_the_editor_is_reminded_once(session, due, cast, now):
    assert reminders.remind_due(session, now=now) == 0
    soon = due.due_at - 2 * HOUR
    assert reminders.remind_due(session, now=soon) == 1
    assert reminders.remind_due(session, now=soon + HOUR) == 0
    assert mails(session) == [(name(cast.editor), "Due soon")]


def test_who_was_given_a_short_time_is_not_reminded_of_it_at_once(session, due, cast, now):
    session.execute(update(Document).values(created_at=due.due_at - HOUR))
    assert reminders.remind_due(session, now=due.due_at - HOUR / 2) == 0


def test_after_the_date_three_times_then_no_more(session, due, cast, now):
    late = due.due_at + HOUR
    for days in range(20):
        reminders.remind_due(session, now=late + days * DAY)
    editor, sponsor, admin = (name(one) for one in (cast.editor, cast.sponsor, cast.admin))
    again = [(editor, "Late"), (admin, "Late")]
    assert mails(session) == [(editor, "Late"), (sponsor, "Late"), *again, *again]
    assert sorted(session.scalars(select(Reminder.number).where(Reminder.about == About.LATE))) == [0, 1, 2]


def test_another_date_is_another_matter(session, due, cast):
    reminders.remind_due(session, now=due.due_at + HOUR)
    deadlines.set_due(session, due.id, cast.sponsor, due.due_at + 5 * DAY)
    reminders.remind_due(session, now=due.due_at + HOUR)
    assert mails(session).count((name(cast.editor), "Late")) == 2


def test_nobody_is_late_while_a_question_waits_but_the_sponsor_is_reminded_of_it(session, due, cast, now):
    operations.move(session, due.id, Act.ASK, cast.editor, comment="Which year?")
    session.execute(update(Mail).values(subject="before"))
    assert reminders.remind_due(session, now=now + 3 * DAY) == 1
    assert mails(session) == [(name(cast.sponsor), "An answer is waited for")]


def test_a_sponsor_who_does_not_sign_is_reminded_then_admins_hear_of_it(session, make_document, cast, now):
    make_document("signoff")
    session.execute(update(Mail).values(subject="before"))
    assert reminders.remind_due(session, now=now + DAY) == 0
    for days in range(1, 20):
        reminders.remind_due(session, now=now + days * DAY)
    sponsor, admin = name(cast.sponsor), name(cast.admin)
    assert mails(session) == [(sponsor, "Unsigned")] * 3 + [(admin, "Unsigned")]


def test_a_title_and_names_with_braces_are_only_words(session, due, cast):
    cast.editor.name = "{note} {0}"
    reminders.remind_due(session, now=due.due_at + HOUR)
    body = session.scalars(select(Mail.body).where(Mail.recipient == cast.sponsor.email).order_by(Mail.id)).all()[-1]
    assert "is still with {note} {0}." in body

"""Who has a document before them, what they do there, what they saw last, and how long they were at work."""

import datetime as dt

import pytest
from sqlalchemy import func, select, text

from copydesk.documents import presence, revising
from copydesk.documents.presence import Doing, LastSeen, Presence, TimeAtWork
from copydesk.documents.revising import Text

PROGRAM = {"Accept": "application/json"}


@pytest.fixture
def document(session, make_document):
    made = make_document("editing")
    session.commit()
    return made


@pytest.fixture
def later(session):
    """As if so much time had gone by since the last sign."""

    def later(seconds):
        past = {"past": dt.timedelta(seconds=seconds)}
        session.execute(text("UPDATE presences SET seen_at = seen_at - :past, since = since - :past"), past)
        session.execute(text("UPDATE time_at_work SET last_sign_at = last_sign_at - :past"), past)

    return later


def who(session, document, person, tab="mine"):
    return [(one.name, one.doing.value, one.paragraph) for one in presence.others(session, document, person, tab)]


def since(session, document, person):
    (one,) = presence.others(session, document, person, "mine")
    return one.since


def sign(browser, document, doing="reading", tab="one", **more):
    sent = {"tab": tab, "doing": doing, **more}
    return browser.post(f"/documents/{document.id}/presence", json=sent, headers=PROGRAM)


def test_others_are_seen_with_what_they_do_and_where(session, cast, document):
    presence.give_sign(session, document, cast.editor, "a", Doing.WRITING, 3)
    presence.give_sign(session, document, cast.admin, "b", Doing.READING)
    expected = [("Ada Byrne", "writing", 3), ("Grete Admin", "reading", None)]
    assert who(session, document, cast.sponsor) == expected
    assert who(session, document, cast.admin) == expected[:1]


def test_whoever_is_silent_for_half_a_minute_is_gone(session, cast, document, later):
    presence.give_sign(session, document, cast.editor, "a", Doing.WRITING, 3)
    later(29)
    assert who(session, document, cast.sponsor) == [("Ada Byrne", "writing", 3)]
    later(2)
    assert who(session, document, cast.sponsor) == []


def test_since_when_holds_for_as_long_as_they_go_on(session, cast, document, later):
    presence.give_sign(session, document, cast.editor, "a", Doing.WRITING, 3)
    later(20)
    began = since(session, document, cast.sponsor)
    presence.give_sign(session, document, cast.editor, "a", Doing.WRITING, 4)
    assert since(session, document, cast.sponsor) == began
    presence.give_sign(session, document, cast.editor, "a", Doing.READING, 4)
    assert since(session, document, cast.sponsor) > began
    later(40)
    presence.give_sign(session, document, cast.editor, "a", Doing.READING, 4)
    later(0)
    assert since(session, document, cast.sponsor) > began


def test_a_person_with_several_windows_is_there_once_by_what_they_do_most(session, cast, document):
    presence.give_sign(session, document, cast.editor, "a", Doing.WRITING, 2)
    presence.give_sign(session, document, cast.editor, "b", Doing.READING, 9)
    assert who(session, document, cast.sponsor) == [("Ada Byrne", "writing", 2)]


def test_ones_own_other_window_counts_only_where_one_writes_in_it(session, cast, document):
    presence.give_sign(session, document, cast.editor, "a", Doing.READING)
    assert who(session, document, cast.editor) == []
    presence.give_sign(session, document, cast.editor, "a", Doing.WRITING, 2)
    (one,) = presence.others(session, document, cast.editor, "mine")
    assert (one.own, one.paragraph) == (True, 2)
    assert presence.others(session, document, cast.editor, "a") == []


def test_a_closed_window_is_gone_at_once(session, cast, document):
    presence.give_sign(session, document, cast.editor, "a", Doing.WRITING, 2)
    presence.leave(session, document, cast.editor, "a")
    assert who(session, document, cast.sponsor) == []


def test_old_windows_are_cleared_away(session, cast, document, later):
    presence.give_sign(session, document, cast.editor, "a", Doing.READING)
    later(25 * 3600)
    presence.give_sign(session, document, cast.editor, "b", Doing.READING)
    assert presence.clear_old(session) == 1
    assert session.scalars(select(Presence.tab)).all() == ["b"]


# Time at work


def seconds(session):
    return session.scalar(select(func.sum(TimeAtWork.seconds)))


def test_time_at_work_is_the_sum_of_gaps_up_to_a_minute(session, cast, document, later):
    presence.give_sign(session, document, cast.editor, "a", Doing.WRITING)
    assert seconds(session) == 0
    for gap in (10, 20, 3600):
        later(gap)
        presence.give_sign(session, document, cast.editor, "a", Doing.WRITING)
    assert seconds(session) == pytest.approx(10 + 20 + 60, abs=5)


def test_reading_is_no_work_and_two_windows_at_once_count_once(session, cast, document, later):
    presence.give_sign(session, document, cast.editor, "a", Doing.READING)
    assert seconds(session) is None
    presence.give_sign(session, document, cast.editor, "a", Doing.WRITING)
    later(30)
    presence.give_sign(session, document, cast.editor, "a", Doing.WRITING)
    presence.give_sign(session, document, cast.editor, "b", Doing.WRITING)
    assert seconds(session) == pytest.approx(30, abs=5)


def test_a_clock_that_went_back_takes_nothing_away(session, cast, document, later):
    presence.give_sign(session, document, cast.editor, "a", Doing.WRITING)
    later(-100)
    presence.give_sign(session, document, cast.editor, "a", Doing.WRITING)
    assert seconds(session) == 0


# Last seen


def test_what_a_person_saw_last_is_read_before_it_is_marked(session, cast, document, as_person):
    assert presence.last_seen(session, document, cast.sponsor) is None
    assert as_person(cast.sponsor).get(f"/documents/{document.id}").status_code == 200
    first = document.text_number
    assert presence.last_seen(session, document, cast.sponsor) == first
    revising.save(session, document.id, cast.editor, Text("T", "Newer words.", first))
    session.commit()
    assert presence.last_seen(session, document, cast.sponsor) == first
    assert presence.last_seen(session, document, cast.editor) == document.text_number  # who saved it has seen it
    as_person(cast.sponsor).get(f"/documents/{document.id}")
    session.refresh(document)
    assert presence.last_seen(session, document, cast.sponsor) == document.text_number


def test_a_document_without_a_text_marks_nothing(session, cast, make_document, as_person):
    document = make_document("drafting")
    session.commit()
    as_person(cast.sponsor).get(f"/documents/{document.id}")
    seen = select(func.count()).select_from(LastSeen).where(LastSeen.document_id == document.id)
    assert session.scalar(seen) == 0


def test_looking_again_writes_nothing(session, cast, document, as_person, count_queries):
    browser = as_person(cast.sponsor)
    browser.get(f"/documents/{document.id}")
    before = session.execute(text("SELECT xmin FROM last_seen")).all()
    browser.get(f"/documents/{document.id}")
    assert session.execute(text("SELECT xmin FROM last_seen")).all() == before


# In the browser


def test_everyone_who_may_read_gives_signs_and_only_who_may_save_writes(session, cast, document, as_person):
    for person in (cast.sponsor, cast.admin, cast.editor):
        assert sign(as_person(person), document, "writing", paragraph=2).status_code == 200
    assert who(session, document, cast.sponsor, "one") == [
        ("Ada Byrne", "writing", 2),
        ("Grete Admin", "reading", 2),
    ]
    news = sign(as_person(cast.sponsor), document).json
    assert [(one["name"], one["doing"]) for one in news["others"]] == [
        ("Ada Byrne", "writing"),
        ("Grete Admin", "reading"),
    ]
    assert (news["head"], news["by"], news["state"]) == (document.text_number, "the machine", "editing")
    assert dt.datetime.fromisoformat(news["others"][0]["since"]).tzinfo is not None


def test_strangers_learn_nothing(session, cast, document, as_person):
    assert sign(as_person(cast.other_sponsor), document).status_code == 404
    assert sign(as_person(cast.other_editor), document).status_code == 404
    assert sign(as_person(None), document).status_code == 401
    assert as_person(None).get(f"/documents/{document.id}/presence", headers=PROGRAM).status_code == 401


def test_news_of_a_newer_version_say_whose_it_is(session, cast, document, as_person):
    revising.save(session, document.id, cast.editor, Text("T", "Newer words.", document.text_number))
    session.commit()
    assert sign(as_person(cast.sponsor), document).json["by"] == "Ada Byrne"
    assert sign(as_person(cast.editor), document).json["by"] == "you"


def test_closing_a_window_is_said(session, cast, document, as_person):
    editor = as_person(cast.editor)
    sign(editor, document, "writing")
    assert sign(editor, document, "gone").status_code == 200
    assert who(session, document, cast.sponsor) == []


@pytest.mark.parametrize(
    "wrong",
    [{"doing": "dancing"}, {"tab": ""}, {"tab": "a b"}, {"paragraph": 0}, {"paragraph": "1"}, {"x": 1}],
    ids=str,
)
def test_what_no_page_of_ours_sends_is_refused(cast, document, as_person, wrong):
    sent = {"tab": "one", "doing": "reading"} | wrong
    answer = as_person(cast.editor).post(f"/documents/{document.id}/presence", json=sent, headers=PROGRAM)
    assert answer.status_code == 400
    assert "error" in answer.json


def test_a_strange_token_is_refused(app, cast, document, as_person, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    assert sign(as_person(cast.editor), document).status_code == 400


def test_the_page_knows_who_is_there(session, cast, document, as_person):
    sign(as_person(cast.admin), document)
    desk = as_person(cast.editor).get(f"/documents/{document.id}/desk.json").json
    assert [one["name"] for one in desk["others"]] == ["Grete Admin"]
    assert desk["urls"]["presence"].endswith("/presence")


def test_signs_cost_the_same_however_many_are_there(session, cast, document, as_person, count_queries):
    browser = as_person(cast.editor)
    sign(browser, document, "writing")
    with count_queries() as few:
        sign(browser, document, "writing")
    for number in range(30):
        presence.give_sign(session, document, cast.admin, f"tab-{number}", Doing.READING)
    session.commit()
    with count_queries() as many:
        sign(browser, document, "writing")
    assert len(many) == len(few)

"""Today, dates and the admin's page of routing, as people use them."""

import datetime as dt
import re

import pytest
from sqlalchemy import func, select, update

from copydesk.accounts.models import User
from copydesk.audit import AuditEvent
from copydesk.documents import operations, publishing
from copydesk.documents.models import Document
from copydesk.documents.routing import rules, waiting
from copydesk.documents.routing.rules import Rules
from copydesk.documents.workflow import Act
from copydesk.web import clock
from copydesk.web.documents import today

DAY = dt.timedelta(days=1)


def groups(page):
    """The groups on the page with the titles in them."""
    found = re.findall(r'<section class="waits"\s+id="([a-z-]+)"(.*?)</section>', page.text, re.DOTALL)
    return {name: re.findall(r'id="waits-[^"]+" dir="auto">([^<]+)<', inside) for name, inside in found}


@pytest.mark.parametrize(
    ("who", "says", "waits"),
    [
        (
            "sponsor",
            "Five texts wait for you",
            ["question", "signoff", "choosing", "failed", "to-publish", "unassigned"],
        ),
        ("editor", "One text waits for you", ["editing", "free", "with-sponsor"]),
        ("admin", "Two texts wait for you", ["failed", "unassigned"]),
        ("other_sponsor", "Nothing waits for you", []),
    ],
)
def test_what_waits_for_whom(session, cast, as_person, make_document, who, says, waits):
    states = ("question", "signoff", "choosing", "draft_failed", "approved", "editing", "unassigned", "published")
    for state in states:
        make_document(state, title=f"About {state}")
    session.commit()
    page = as_person(getattr(cast, who)).get("/documents/today")
    assert f"<h1>{says}</h1>" in page.text
    assert list(groups(page)) == waits
    assert "About published" not in page.text


def test_the_one_who_is_latest_comes_first_and_texts_without_a_date_last(session, cast, as_person, make_document):
    now = dt.datetime.now(dt.UTC)
    for title, due in (("B", now + DAY), ("None", None), ("A", now - DAY), ("C", now + 3 * DAY)):
        make_document("editing", title=title).due_at = due
    session.commit()
    page = as_person(cast.editor).get("/documents/today")
    assert groups(page)["editing"] == ["A", "B", "C", "None"]
    assert page.text.count("waits-when small late") == 1


def test_it_says_what_somebody_said(session, cast, as_person, make_document):
    asked, changes = make_document("editing", title="Asked"), make_document("signoff", title="Changes")
    operations.move(session, asked.id, Act.ASK, cast.editor, comment="Which <b>kiln</b>?")
    operations.move(session, changes.id, Act.REQUEST_CHANGES, cast.sponsor, comment="Shorter, please. " * 30)
    session.commit()
    assert "Ada Byrne asks: “Which &lt;b&gt;kiln&lt;/b&gt;?”" in as_person(cast.sponsor).get("/documents/today").text
    editors = as_person(cast.editor).get("/documents/today").text
    assert "You asked: “Which" in editors
    assert re.search(r"Changes asked: “Shorter, please\.[^<]{80,180}…”", editors)


def test_an_emergency_waits_for_a_second_person(session, cast, as_person, make_document):
    document = make_document("editing")
    publishing.publish_in_emergency(session, document.id, cast.admin, reason="The bridge is closed.")
    session.commit()
    page = as_person(cast.admin).get("/documents/today")
    assert list(groups(page)) == ["emergency"]
    assert "The bridge is closed." in page.text


def test_long_queues_are_cut_and_counted(session, cast, as_person, make_document):
    for number in range(8):
        make_document("editing", title=f"Text {number}")
    session.commit()
    page = as_person(cast.editor).get("/documents/today")
    assert len(groups(page)["editing"]) == 6
    assert "Eight texts wait for you" in page.text
    assert 'href="/documents?state=editing">All 8</a>' in page.text


def test_more_than_anybody_counts_is_said_so(session, cast, as_person, make_document, monkeypatch):
    for module in (waiting, today):
        monkeypatch.setattr(module, "MOST", 2)
    for _ in range(4):
        make_document("editing")
    session.commit()
    page = as_person(cast.editor).get("/documents/today").text
    assert "<h1>More than 2 texts wait for you</h1>" in page
    assert "<b>2+</b>" in page


def test_the_number_of_queries_does_not_grow(session, cast, as_person, make_document, count_queries):
    sponsor = as_person(cast.sponsor)
    make_document("signoff"), make_document("question")
    session.commit()
    sponsor.get("/documents/today")
    with count_queries() as few:
        sponsor.get("/documents/today")
    for _ in range(3):
        make_document("signoff"), make_document("question")
    session.commit()
    with count_queries() as many:
        sponsor.get("/documents/today")
    assert len(many) == len(few)


def test_it_is_home(session, cast, as_person):
    session.commit()
    browser = as_person(cast.editor)
    assert browser.get("/").location == "/documents/today"
    assert browser.get("/waiting").location == "/documents/today"


def test_an_editor_goes_away_and_comes_back(session, cast, as_person):
    session.commit()
    editor = as_person(cast.editor)
    for away in (True, False):
        assert editor.post("/documents/today/away").status_code == 303
        assert session.scalar(select(User.away).where(User.id == cast.editor.id)) is away
    query = select(AuditEvent.action).where(AuditEvent.action.in_(("account.away", "account.back")))
    assert session.scalars(query.order_by(AuditEvent.id)).all() == ["account.away", "account.back"]
    assert as_person(cast.sponsor).post("/documents/today/away").status_code == 403


# Dates


def due_of(session, document):
    return session.scalar(select(Document.due_at).where(Document.id == document.id))


@pytest.mark.parametrize(
    ("chosen", "told", "utc"),
    [
        (None, "", "17:00"),
        (None, "Asia/Kolkata", "11:30"),
        ("America/New_York", "Asia/Kolkata", "22:00"),  # what the person chose goes before what the browser says
    ],
)
def test_a_date_is_typed_on_ones_own_clock(session, cast, as_person, make_document, chosen, told, utc):
    document, cast.sponsor.time_zone = make_document("editing"), chosen
    session.commit()
    sponsor = as_person(cast.sponsor)
    sponsor.post(f"/documents/{document.id}/due", data={"due": "2031-01-15T17:00", "zone": told})
    assert due_of(session, document) == dt.datetime.fromisoformat(f"2031-01-15T{utc}:00+00:00")
    page = sponsor.get(f"/documents/{document.id}").text
    assert "15 January 2031</time>" in page
    sponsor.post(f"/documents/{document.id}/due", data={"due": "", "zone": told})
    assert due_of(session, document) is None


@pytest.mark.parametrize(
    "typed", ["tomorrow", "2031-13-45", "0001-01-01T00:00", "2031-01-15T17:00+99:00", "1999-01-01"]
)
def test_a_date_that_there_is_not_comes_back_with_words(session, cast, as_person, make_document, typed):
    document = make_document("editing")
    session.commit()
    answer = as_person(cast.sponsor).post(f"/documents/{document.id}/due", data={"due": typed, "zone": "UTC"})
    assert answer.status_code == 400
    assert re.search("Please enter a date, or nothing|This date has passed", answer.text)
    assert due_of(session, document) is None


def test_others_set_no_date(session, cast, as_person, make_document):
    document = make_document("editing")
    session.commit()
    for who, status in (("editor", 403), ("other_sponsor", 404)):
        answer = as_person(getattr(cast, who)).post(f"/documents/{document.id}/due", data={"due": "2031-01-15"})
        assert answer.status_code == status
    assert due_of(session, document) is None


def test_a_new_document_has_its_date_and_the_rules_propose_one(session, cast, as_person):
    rules.choose(session, cast.admin, Rules(days_to_edit=3))
    session.commit()
    sponsor = as_person(cast.sponsor)
    day = (dt.datetime.now(dt.UTC) + 3 * DAY).date().isoformat()
    assert f'value="{day}T17:00"' in sponsor.get("/documents/new").text
    typed = {"title": "T", "brief": "B", "preset": "balanced", "length": "usual", "n": "1", "due": "2031-01-15"}
    answer = sponsor.post("/documents/new", data=typed | {"due": "no date"})
    assert answer.status_code == 400
    assert "Please enter a date, or nothing." in answer.text
    assert sponsor.post("/documents/new", data=typed).status_code == 303
    assert session.scalar(select(Document.due_at)) == dt.datetime(2031, 1, 15, 17, tzinfo=dt.UTC)


def test_how_a_date_reads(session, cast, as_person, make_document, app):
    document = make_document("editing")
    now = dt.datetime.now(dt.UTC)
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    said = {}
    with app.test_request_context():
        for days in (-3, -1, 1, 3, 10):
            document.due_at = noon + days * DAY
            said[days] = re.sub("<[^>]+>", "", str(clock.due(document)))
    assert said[-3] == "3 days late"
    assert said[-1] == "late since yesterday"
    assert said[1] == "Tomorrow, 12:00"
    assert said[3] == f"{noon + 3 * DAY:%A}, 12:00"
    assert said[10].startswith(f"{(noon + 10 * DAY).day} ")


def test_the_load_stands_beside_the_choice_of_an_editor(session, cast, as_person, make_document):
    make_document("editing")
    session.commit()
    page = as_person(cast.sponsor).get("/documents/new").text
    assert re.search(r"Ada Byrne: one text in hand\s*</li>", page)
    assert re.search(r"Tom Lind: nothing in hand\s*</li>", page)


# The admin's page


def test_an_admin_keeps_the_rules(session, cast, as_person):
    session.commit()
    admin = as_person(cast.admin)
    typed = {"choose_by_load": "y", "days_to_edit": "5", "hours_before": "0", "days_between": "1"}
    assert admin.post("/admin/routing", data=typed).status_code == 303
    assert rules.rules(session) == Rules(choose_by_load=True, days_to_edit=5, hours_before=0, days_between=1)
    assert session.scalar(select(func.count()).where(AuditEvent.action == "house.routing_changed")) == 1
    answer = admin.post("/admin/routing", data=typed | {"hours_before": "9999"})
    assert answer.status_code == 400
    assert "from 0 to 336" in answer.text
    assert 'value="9999"' in answer.text  # what was typed is still there
    assert admin.post("/admin/routing", data=typed | {"days_between": ""}).status_code == 400


def test_only_admins_see_it(session, cast, as_person):
    session.commit()
    assert as_person(cast.sponsor).get("/admin/routing").status_code == 403
    assert as_person(cast.editor).post("/admin/routing", data={}).status_code == 403


def test_it_shows_who_has_what(session, cast, as_person, make_document):
    make_document("editing"), make_document("signoff")
    session.execute(update(Document).values(due_at=dt.datetime.now(dt.UTC) - DAY))
    cast.other_editor.away = True
    session.commit()
    page = as_person(cast.admin).get("/admin/routing").text
    row = re.search(r"<b>Ada Byrne</b>.*?</tr>", page, re.DOTALL)[0]
    assert re.findall(r">(\d+)</td>", row) == ["1", "1", "1"]
    assert ", away" in page

"""The bell, the page of notifications, a person's settings, and the link that ends mails."""

import re

import pytest
from sqlalchemy import select

from copydesk.accounts import zones
from copydesk.accounts.models import Role
from copydesk.audit import AuditEvent
from copydesk.notifications import choices, reading, unsubscribing
from copydesk.notifications.kinds import Group, How, Kind
from copydesk.notifications.models import Notice
from copydesk.notifications.telling import News, tell
from tests.conftest import PASSWORD


@pytest.fixture
def told(session):
    def told(person, count=1, words="“A text” is published.", address="/help/editing"):
        made = [tell(session, person, News(Kind.PUBLISHED, "s", words, address)) for _ in range(count)]
        session.commit()
        return made

    return told


def bell(client):
    found = re.search(r'class="bell".*?<span class="visually-hidden">(.*?)</span>', client.get("/settings").text, re.S)
    return " ".join(found[1].split())


def links(page):
    return re.findall(r'href="/notifications/(\d+)"', page.text)


# The bell


@pytest.mark.parametrize(
    ("count", "says"),
    [(0, "Notifications"), (3, "Notifications, 3 unread"), (120, "Notifications, more than 99 unread")],
)
def test_the_bell_says_how_many(cast, as_person, told, count, says):
    told(cast.editor, count)
    told(cast.sponsor)
    assert bell(as_person(cast.editor)) == says


def test_the_bell_is_one_query_however_many_there_are(session, cast, as_person, told, count_queries):
    editor = as_person(cast.editor)
    counts = []
    for count in (1, 80):
        told(cast.editor, count)
        with count_queries() as statements:
            editor.get("/help/editing")
        counts.append(len(statements))
        assert sum("notices" in statement for statement in statements) == 1
    assert counts[0] == counts[1]


def test_strangers_have_no_bell(client, as_person, cast):
    assert 'class="bell"' not in client.get("/").text
    assert 'class="bell"' not in as_person(cast.pending).get("/waiting").text


# The page


def test_newest_first_page_after_page(cast, as_person, told, count_queries):
    ids = [str(one.id) for one in told(cast.editor, reading.PAGE + 3)]
    told(cast.sponsor, 2)
    editor, sponsor = as_person(cast.editor), as_person(cast.sponsor)
    with count_queries() as many:
        first = editor.get("/notifications")
    with count_queries() as few:
        sponsor.get("/notifications")
    assert len(many) == len(few)
    second = editor.get(re.search(r'rel="next"\s+href="([^"]+)"', first.text)[1].replace("&amp;", "&"))
    assert links(first) + links(second) == ids[::-1]
    assert "Older" not in second.text


def test_only_the_unread(session, cast, as_person, told):
    read, unread = told(cast.editor, 2)
    reading.mark(session, cast.editor, read.id)
    session.commit()
    editor = as_person(cast.editor)
    assert links(editor.get("/notifications?show=unread")) == [str(unread.id)]
    told(cast.sponsor)
    as_person(cast.sponsor).post("/notifications", data={"up_to": 2**40})
    assert "You have read everything" in as_person(cast.sponsor).get("/notifications?show=unread").text
    assert "Nothing has happened yet" in as_person(cast.admin).get("/notifications").text


def test_following_one_marks_it_and_leads_on(session, cast, as_person, told):
    (notice,) = told(cast.editor)
    editor = as_person(cast.editor)
    ahead = editor.get(f"/notifications/{notice.id}", headers={"Sec-Purpose": "prefetch"})
    assert ahead.headers["Location"] == "/help/editing"
    assert bell(editor) == "Notifications, 1 unread"
    assert editor.get(f"/notifications/{notice.id}").headers["Location"] == "/help/editing"
    assert bell(editor) == "Notifications"


def test_nobody_marks_what_is_somebody_elses(session, cast, as_person, told):
    (notice,) = told(cast.editor)
    for person in (cast.sponsor, cast.admin):
        assert as_person(person).get(f"/notifications/{notice.id}").status_code == 404
        assert as_person(person).post(f"/notifications/{notice.id}").status_code == 404
        as_person(person).post("/notifications", data={"up_to": notice.id})
    assert bell(as_person(cast.editor)) == "Notifications, 1 unread"


def test_marking_and_marking_back(cast, as_person, told):
    (notice,) = told(cast.editor)
    editor = as_person(cast.editor)
    editor.post(f"/notifications/{notice.id}", data={"read": "yes"})
    assert bell(editor) == "Notifications"
    answer = editor.post(f"/notifications/{notice.id}", data={"read": "no", "show": "unread"})
    assert answer.headers["Location"] == "/notifications?show=unread"
    assert bell(editor) == "Notifications, 1 unread"


def test_all_are_marked_but_those_that_came_later(cast, as_person, told):
    told(cast.editor, 2)
    editor = as_person(cast.editor)
    up_to = re.search(r'name="up_to" value="(\d+)"', editor.get("/notifications").text)[1]
    told(cast.editor)
    editor.post("/notifications", data={"up_to": up_to})
    assert bell(editor) == "Notifications, 1 unread"
    assert editor.post("/notifications", data={"up_to": "x"}).status_code == 400
    assert editor.post("/notifications", data={"up_to": "9" * 30}).status_code == 400


def test_what_people_wrote_is_escaped(cast, as_person, told):
    told(cast.editor, words="<script>alert(1)</script> asks:\n\n<img src=x onerror=alert(1)>")
    page = as_person(cast.editor).get("/notifications").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; asks:" in page


@pytest.mark.parametrize(
    "address", ["?before=x", "?before=-1", f"?before={'9' * 30}", "?show=%00", "/99999999999999999999"]
)
def test_nonsense_in_the_address_breaks_nothing(cast, as_person, address):
    assert as_person(cast.editor).get(f"/notifications{address}").status_code in (200, 404)


# Settings


def test_each_role_chooses_about_what_it_can_hear_of(cast, as_person):
    for person, sees, does_not in (
        (cast.editor, "Changes asked", "Account requests"),
        (cast.sponsor, "Waits for my sign-off", "Account requests"),
        (cast.admin, "Account requests", "Waits for my sign-off"),
    ):
        page = as_person(person).get("/settings").text
        assert sees in page
        assert does_not not in page


def test_settings_are_kept(session, cast, as_person):
    editor = as_person(cast.editor)
    typed = {"time_zone": "europe/berlin", "hour": "17", "how-work": "digest", "how-comments": "page"}
    answer = editor.post("/settings", data=typed, follow_redirects=True)
    assert "Your settings are kept." in answer.text
    session.refresh(cast.editor)
    assert cast.editor.time_zone == "Europe/Berlin"
    assert choices.digest_hour(session, cast.editor) == 17
    chosen = choices.of(session, cast.editor)
    assert (chosen[Group.WORK], chosen[Group.COMMENTS]) == (How.DIGEST, How.PAGE)
    assert re.search(r'value="digest"[^>]*aria-describedby="says-work"\s*checked', answer.text)
    assert 'value="Europe/Berlin"' in answer.text
    actions = session.scalars(select(AuditEvent.action).where(AuditEvent.actor_id == cast.editor.id)).all()
    assert sorted(actions) == ["account.notifications_chosen", "account.time_zone_chosen"]


@pytest.mark.parametrize("who", ["sponsor", "editor", "admin"])
def test_everything_that_the_page_offers_can_be_chosen(session, cast, as_person, who):
    person = getattr(cast, who)
    browser = as_person(person)
    offered = set(re.findall(r'name="(how-\w+)"', browser.get("/settings").text))
    assert len(offered) > 3
    answer = browser.post("/settings", data={"time_zone": "", "hour": "9"} | dict.fromkeys(offered, "page"))
    assert answer.status_code == 303
    chosen = choices.of(session, person)
    assert {chosen[Group(name.removeprefix("how-"))] for name in offered} == {How.PAGE}


@pytest.mark.parametrize(
    "wrong", [{"time_zone": "Mars/Base"}, {"time_zone": "x" * 65}, {"hour": "24"}, {"hour": "x"}, {"hour": ""}]
)
def test_a_mistake_keeps_what_was_typed_and_changes_nothing(session, cast, as_person, wrong):
    typed = {"time_zone": "Europe/Berlin", "hour": "17", "how-work": "page"} | wrong
    answer = as_person(cast.editor).post("/settings", data=typed)
    assert answer.status_code == 400
    assert re.search(r'value="page"[^>]*aria-describedby="says-work"\s*checked', answer.text)
    session.refresh(cast.editor)
    assert cast.editor.time_zone is None
    assert choices.how(session, cast.editor, Group.WORK) is How.AT_ONCE


def test_choices_that_are_none_or_not_ones_own_are_not_made(session, cast, as_person):
    typed = {"time_zone": "", "hour": "8", "how-work": "never", "how-accounts": "page", "how-nothing": "page"}
    assert as_person(cast.editor).post("/settings", data=typed).status_code == 303
    chosen = choices.of(session, cast.editor)
    assert (chosen[Group.WORK], chosen[Group.ACCOUNTS]) == (How.AT_ONCE, How.AT_ONCE)


# The link in mails


def path(person, group=Group.WORK):
    return unsubscribing.url(person, group).partition("//")[2].partition("/")[2].join(("/", ""))


def test_opening_the_link_changes_nothing_and_the_button_does(session, app, client, cast):
    app.config["WTF_CSRF_ENABLED"] = True  # a mail provider has no token of ours
    try:
        for method in ("get", "head"):
            assert getattr(client, method)(path(cast.editor)).status_code == 200
        page = client.get(path(cast.editor))
        assert "No more mails about “Work given to me”?" in page.text
        assert cast.editor.email not in page.text
        assert choices.how(session, cast.editor, Group.WORK) is How.AT_ONCE
        done = client.post(path(cast.editor), data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
        assert choices.how(session, cast.editor, Group.WORK) is How.PAGE
        assert client.post(path(cast.editor)).status_code == 200  # twice is once
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "account.notifications_chosen")).one()
    assert (event.actor_id, event.note) == (cast.editor.id, "By the link in a mail.")


def test_the_link_of_the_digest(session, client, cast):
    client.post(path(cast.editor, None))
    assert How.DIGEST not in choices.of(session, cast.editor).values()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_forged_link_is_not_there(session, client, cast, method):
    good = path(cast.editor)
    for forged in (good[:-1], good + "x", "/unsubscribe/x", "/unsubscribe/" + "x" * 3000):
        assert getattr(client, method)(forged).status_code == 404
    assert choices.how(session, cast.editor, Group.WORK) is How.AT_ONCE


def test_a_link_can_do_nothing_else(session, client, cast):
    """Whoever has it is not logged in by it, and can turn nothing on."""
    choices.choose(session, cast.editor, {Group.WORK: How.DIGEST})
    session.commit()
    client.post(path(cast.editor), data={"how-work": "at_once", "time_zone": "Asia/Tokyo"})
    session.refresh(cast.editor)
    assert choices.how(session, cast.editor, Group.WORK) is How.PAGE
    assert cast.editor.time_zone is None
    assert client.get("/settings").headers["Location"].startswith("/login")


# Account requests


def test_admins_are_told_in_the_page_too(session, client, cast):
    typed = {"name": "Nora", "email": "nora@example.org", "organization": "o", "password": "a long enough one"}
    client.post("/signup/editor", data=typed)
    notice = session.scalars(select(Notice)).one()
    assert (notice.person_id, notice.kind, notice.address) == (cast.admin.id, Kind.ACCESS_ASKED, "/admin/signups")
    assert cast.admin.role is Role.ADMIN


@pytest.mark.parametrize(
    ("said", "seen"),
    [("Asia/Tokyo", "Asia/Tokyo"), ("Mars/Base", None), ("x" * 500, None), ("", None)],
    ids=["tokyo", "mars", "long", "none"],
)
def test_mails_go_by_the_browser_one_logged_in_with_until_one_chooses(session, client, cast, said, seen):
    session.commit()
    if said:
        client.set_cookie("zone", said)
    client.post("/login", data={"email": cast.editor.email, "password": PASSWORD})
    session.refresh(cast.editor)
    assert cast.editor.seen_time_zone == seen
    assert zones.zone_of(cast.editor).key == (seen or "UTC")
    cast.editor.time_zone = "Europe/Berlin"
    assert zones.zone_of(cast.editor).key == "Europe/Berlin"

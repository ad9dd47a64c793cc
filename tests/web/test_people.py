"""Sign up, wait, be let in or not, log in, log out, be put out: as the browser sees it."""

import re
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from copydesk.accounts.models import Role, Status, User
from copydesk.audit import AuditEvent
from copydesk.mail import Mail
from tests.conftest import PASSWORD

NEW = {
    "name": "Nora New",
    "email": "nora@example.org",
    "organization": "Harbour Gallery",
    "password": "a long enough one",
}


def find(session, email):
    session.expire_all()
    return session.scalars(select(User).where(User.email == email)).one_or_none()


def log_in(client, email, password=PASSWORD):
    return client.post("/login", data={"email": email, "password": password}, follow_redirects=True)


@pytest.mark.parametrize("role", ["sponsor", "editor"])
def test_signing_up_asks_for_access_and_waits(session, client, cast, role):
    page = client.post(f"/signup/{role}", data=NEW, follow_redirects=True)
    assert "waiting for approval" in page.text
    user = find(session, NEW["email"])
    assert (user.role, user.status) == (Role(role), Status.PENDING)
    assert user.password.startswith("$argon2id$")
    assert client.get("/documents").status_code == 302  # asking is no log-in
    assert "waiting for approval" in log_in(client, NEW["email"], NEW["password"]).text
    assert client.get("/documents").status_code == 403
    assert "waiting for approval" in client.get("/documents").text


def test_admins_are_told_of_a_request_by_mail(session, client, cast):
    client.post("/signup/sponsor", data=NEW)
    mail = session.scalars(select(Mail)).one()
    assert mail.recipient == cast.admin.email
    assert "Nora New" in mail.subject


@pytest.mark.parametrize("role", ["admin", "sponsors", ""])
def test_nobody_signs_up_as_admin(client, role):
    assert client.post(f"/signup/{role}", data=NEW).status_code == 404
    assert client.post("/signup/sponsor", data=NEW | {"role": "admin", "status": "approved"}).status_code == 302


def test_fields_beyond_the_form_are_ignored(session, client):
    client.post("/signup/sponsor", data=NEW | {"role": "admin", "status": "approved", "id": "1"})
    user = find(session, NEW["email"])
    assert (user.role, user.status) == (Role.SPONSOR, Status.PENDING)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "enter your name"),
        ("name", "\u200b", "enter your name"),
        ("name", "x" * 121, "At most 120"),
        ("email", "", "enter your email"),
        ("email", "not an address", "look like an email"),
        ("email", "a@b", "look like an email"),
        ("organization", " ", "enter where you work"),
        ("password", "", "choose a password"),
        ("password", "short", "At least 8"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_kept(session, client, field, value, says):
    answer = client.post("/signup/sponsor", data=NEW | {field: value})
    assert answer.status_code == 400
    assert says in answer.text
    if field != "organization":
        assert "Harbour Gallery" in answer.text
    assert NEW["password"] not in answer.text
    assert find(session, NEW["email"]) is None


def test_an_address_is_taken_once_whatever_its_case(session, client, cast):
    session.commit()
    client.post("/signup/sponsor", data=NEW | {"email": cast.sponsor.email.upper()})
    session.expire_all()
    assert [user.name for user in session.scalars(select(User)) if user.email.lower() == cast.sponsor.email] == [
        "Ruth Okafor"
    ]


def test_approval_lets_in_and_tells(session, client, cast, as_person):
    client.post("/signup/sponsor", data=NEW)
    log_in(client, NEW["email"], NEW["password"])
    user = find(session, NEW["email"])
    answer = as_person(cast.admin).post(f"/admin/signups/{user.id}/approve", follow_redirects=True)
    assert "Nora New can log in now" in answer.text
    assert client.get("/documents").status_code == 200
    assert (
        session.scalars(select(Mail.subject).where(Mail.recipient == user.email)).one() == "You can log in to Copydesk"
    )


def test_rejection_needs_a_reason_and_tells_it(session, client, cast, as_person):
    client.post("/signup/editor", data=NEW)
    log_in(client, NEW["email"], NEW["password"])
    user = find(session, NEW["email"])
    admin = as_person(cast.admin)
    assert "Please give a reason" in admin.post(f"/admin/signups/{user.id}/reject", follow_redirects=True).text
    admin.post(f"/admin/signups/{user.id}/reject", data={"reason": "We know nobody by this name."})
    assert find(session, NEW["email"]).status is Status.REJECTED
    mail = session.scalars(select(Mail).where(Mail.recipient == user.email)).one()
    assert "We know nobody by this name." in mail.body
    out = client.get("/waiting", follow_redirects=True)
    assert "We know nobody by this name." in out.text
    assert "Log in" in out.text
    assert "We know nobody by this name." in log_in(client, NEW["email"], NEW["password"]).text


def test_a_suspended_person_is_out_at_the_next_click(session, cast, as_person, make_document):
    document = make_document("editing")
    session.commit()
    editor = as_person(cast.editor)
    assert editor.get("/documents").status_code == 200
    as_person(cast.admin).post(f"/admin/users/{cast.editor.id}/suspend", data={"reason": "On leave."})
    out = editor.get("/documents", follow_redirects=True)
    assert out.request.path == "/login"
    assert "On leave." in out.text
    assert "On leave." in log_in(editor, cast.editor.email).text
    session.expire_all()
    assert document.editor_id is None
    as_person(cast.admin).post(f"/admin/users/{cast.editor.id}/restore")
    assert log_in(editor, cast.editor.email).status_code == 200
    assert editor.get("/documents").status_code == 200


def test_of_two_admins_one_decides(session, client, cast, as_person, make_person):
    client.post("/signup/editor", data=NEW)
    user, second = find(session, NEW["email"]), make_person("Second Admin", "admin")
    session.commit()
    as_person(cast.admin).post(f"/admin/signups/{user.id}/approve")
    answer = as_person(second).post(f"/admin/signups/{user.id}/reject", data={"reason": "No."})
    assert answer.status_code == 409
    assert find(session, NEW["email"]).status is Status.APPROVED


def test_the_last_admin_stays(session, cast, as_person):
    session.commit()
    answer = as_person(cast.admin).post(f"/admin/users/{cast.admin.id}/suspend", data={"reason": "Bye."})
    assert answer.status_code == 409
    assert "last admin" in answer.text


def test_logging_in_and_out(session, client, cast):
    session.commit()
    assert "Nothing waits for you" in log_in(client, cast.sponsor.email).text
    client.post("/logout")
    assert client.get("/documents").status_code == 302


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "image"},
    ],
)
def test_a_link_or_picture_from_elsewhere_logs_nobody_out(session, cast, as_person, headers):
    session.commit()
    browser = as_person(cast.sponsor)
    assert "Log out?" in browser.get("/logout", headers=headers).text
    assert browser.get("/documents").status_code == 200


def test_the_address_of_logging_out_logs_out(session, cast, as_person):
    session.commit()
    browser = as_person(cast.sponsor)
    typed = {"Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document"}
    assert "logged out" in browser.get("/logout", headers=typed, follow_redirects=True).text
    assert browser.get("/documents").status_code == 302


@pytest.mark.parametrize(
    ("email", "password"), [("nobody@example.org", PASSWORD), ("ruth.okafor@example.org", "wrong")]
)
def test_a_failed_log_in_does_not_say_which_half_was_wrong(session, client, cast, email, password):
    session.commit()
    page = log_in(client, email, password).text
    assert "That email and password don" in page
    assert "does not exist" not in page
    assert "Invalid password" not in page


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "/\\evil.example", "https:evil.example"])
def test_logging_in_never_leads_away(session, client, cast, away):
    session.commit()
    data = {"email": cast.sponsor.email, "password": PASSWORD, "next": away}
    target = client.post("/login", data=data).headers.get("Location", "")
    assert not urlsplit(target).netloc
    assert target.startswith("/")


def test_after_logging_in_one_is_where_one_wanted_to_be(session, client, cast, make_document):
    document = make_document("editing")
    session.commit()
    wanted = f"/documents/{document.id}"
    login = client.get(wanted).headers["Location"]
    hidden = re.search(r'name="next"[^>]*value="([^"]*)"', client.get(login).text)
    data = {"email": cast.sponsor.email, "password": PASSWORD, "next": hidden.group(1)}
    assert client.post("/login", data=data).headers["Location"] == wanted


def test_every_decision_leaves_one_audit_row(session, client, cast, as_person):
    client.post("/signup/editor", data=NEW)
    user = find(session, NEW["email"])
    admin = as_person(cast.admin)
    admin.post(f"/admin/signups/{user.id}/approve")
    admin.post(f"/admin/users/{user.id}/suspend", data={"reason": "Enough."})
    admin.post(f"/admin/users/{user.id}/restore")
    events = session.scalars(
        select(AuditEvent).where(AuditEvent.object_id == str(user.id)).order_by(AuditEvent.id)
    ).all()
    assert [event.action for event in events] == [
        "account.requested",
        "account.approved",
        "account.suspended",
        "account.restored",
    ]
    assert events[1].actor_id == cast.admin.id
    assert (events[1].before, events[1].after) == ({"status": "pending"}, {"status": "approved"})
    assert events[1].request_id
    assert events[1].address == "127.0.0.1"


def test_forms_without_the_token_are_refused(app, session, cast, as_person):
    session.commit()
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        for url in ("/signup/sponsor", "/login", "/documents/new", "/theme", "/logout"):
            assert as_person(cast.sponsor).post(url, data=NEW).status_code == 400, url
        answer = as_person(cast.admin).post(f"/admin/users/{cast.editor.id}/suspend", data={"reason": "x"})
        assert answer.status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False

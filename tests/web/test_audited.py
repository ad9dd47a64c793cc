"""Every changing route and every export leaves an event, or is one of the few that need none."""

import pytest
from sqlalchemy import func, select, text

from copydesk.accounts.models import User
from copydesk.audit.log import AuditEvent
from copydesk.autodocs import records
from copydesk.documents.asking import attachments
from copydesk.documents.records import kept_records
from copydesk.documents.records.record import encode
from copydesk.mail.outbox import Mail, MailState
from copydesk.web.extensions import db
from copydesk.web.guards import approved
from tests import audited
from tests.conftest import PASSWORD

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def changing(app):
    return {rule.endpoint for rule in app.url_map.iter_rules() if rule.methods & CHANGING}


def downloads(app):
    """Routes whose address ends like a file's, and those of the rooms that make files."""
    ends = (".csv", ".json", ".xml", ".atom")
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods]
    return {rule.endpoint for rule in rules if rule.rule.endswith(ends) or rule.endpoint.startswith("exports.")}


def test_every_changing_route_is_decided(app):
    """A new route needs its events in `tests/audited.py`, or a reason why it leaves none."""
    assert not audited.AUDITED.keys() & audited.UNAUDITED.keys()
    assert changing(app) == audited.AUDITED.keys() | audited.UNAUDITED.keys()


def test_every_download_is_decided(app):
    assert not audited.EXPORTS.keys() & audited.NOT_EXPORTS.keys()
    decided = audited.EXPORTS.keys() | audited.NOT_EXPORTS.keys()
    assert downloads(app) <= decided
    assert decided <= {rule.endpoint for rule in app.url_map.iter_rules()}


def test_a_change_without_an_event_is_noticed(app, session, cast, as_person, monkeypatch):
    @approved()
    def forgetful():
        db.session.execute(text("UPDATE users SET away = NOT away"))
        db.session.commit()
        return "done"

    monkeypatch.setitem(app.view_functions, "documents.away", forgetful)
    with pytest.raises(AssertionError, match=r"documents\.away has changed users and left no event"):
        as_person(cast.editor).post("/documents/today/away")

    @approved()
    def thoughtful():
        db.session.execute(text("UPDATE users SET away = NOT away"))
        db.session.rollback()
        return "nothing done"

    monkeypatch.setitem(app.view_functions, "documents.away", thoughtful)
    assert as_person(cast.editor).post("/documents/today/away").status_code == 200


@pytest.fixture
def events(session):
    """The events since this was asked last."""
    seen = [session.scalar(select(func.coalesce(func.max(AuditEvent.id), 0)))]

    def since():
        found = session.scalars(select(AuditEvent).where(AuditEvent.id > seen[0]).order_by(AuditEvent.id)).all()
        seen[0] = max((one.id for one in found), default=seen[0])
        return found

    return since


def one(found, person):
    assert len(found) == 1, [event.action for event in found]
    assert (found[0].actor_id, found[0].source, found[0].address) == (person.id, "web", "127.0.0.1")
    assert found[0].request_id
    return found[0]


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        ("disclosure.as_csv", "/admin/disclosure.csv"),
        ("figures.as_csv", "/admin/figures.csv"),
        ("audit_log.as_csv", "/admin/log.csv"),
        ("account.data", "/settings/account/data.json"),
        ("exports.export", "/documents/{document}/export"),
        ("documents.record", "/documents/{document}/record.json"),
    ],
)
def test_what_leaves_the_desk_is_an_event(cast, session, make_document, as_person, events, endpoint, path):
    document = make_document("editing")
    browser = as_person(cast.admin)
    session.flush()
    events()
    answer = browser.get(path.format(document=document.id))
    assert answer.status_code == 200
    answer.close()
    assert {one(events(), cast.admin).action} == audited.EXPORTS[endpoint]


def test_reading_matter_and_kept_records_too(cast, session, make_document, as_person, events):
    document = make_document("editing")
    made = attachments.add(session, document.id, cast.sponsor, [attachments.Upload("notes.txt", b"words")])
    kept_records.keep(session, document, cast.admin, record=encode(records.of(session, document)), reason="So.")
    browser = as_person(cast.admin)
    session.flush()
    events()
    answer = browser.get(f"/documents/{document.id}/attachments/{made[0].id}")
    assert (answer.status_code, answer.data) == (200, b"words")
    answer.close()
    event = one(events(), cast.admin)
    assert (event.action, event.after) == ("attachment.exported", {"document": str(document.id)})
    assert browser.get(f"/records/{document.id}/record.json").status_code == 200
    assert one(events(), cast.admin).action == "record.exported"


def test_many_documents_in_one_file_are_an_event_each(cast, session, make_document, as_person, events):
    which = [make_document("editing").id for _ in range(2)]
    browser = as_person(cast.sponsor)
    session.flush()
    events()
    answer = browser.post("/documents/bulk", data={"act": "export", "document": [str(one) for one in which]})
    assert answer.mimetype == "application/zip"
    answer.close()
    found = events()
    assert {event.action for event in found} == {"document.exported"}
    assert {event.object_id for event in found} == {str(one) for one in which}


def test_the_password_once_more_is_an_event(cast, session, as_person, events):
    browser = as_person(cast.admin)
    session.flush()
    events()
    assert browser.post("/verify", data={"password": "not this one"}).status_code == 400
    failed = events()
    assert [(event.action, event.object_id) for event in failed] == [("account.login_failed", str(cast.admin.id))]
    assert browser.post("/verify", data={"password": PASSWORD}).status_code == 303
    event = one(events(), cast.admin)
    assert (event.action, event.after) == ("account.proved", {"by": "password"})


def test_views_say_what_they_were(cast, session, as_person, events):
    browser = as_person(cast.admin)
    session.flush()
    events()
    browser.post("/documents/views", data={"query": "state=editing", "name": "Late", "shared": "1"})
    added = one(events(), cast.admin)
    assert (added.action, added.after) == ("view.added", {"name": "Late", "shared": True})
    url = f"/documents/views/{added.object_id}"
    for path, data, action, before, after in (
        ("rename", {"name": "Later"}, "view.changed", {"name": "Late"}, {"name": "Later"}),
        ("up", {}, "view.moved", {"place": 1}, {"place": 1}),
        ("delete", {}, "view.deleted", {"name": "Later"}, {}),
        ("take-back", {}, "view.put_back", {}, {"name": "Later"}),
    ):
        browser.post(f"{url}/{path}", data=data)
        event = one(events(), cast.admin)
        assert event.action == action
        assert before.items() <= event.before.items()
        assert after.items() <= event.after.items()


def test_a_letter_that_is_sent_again_says_so(cast, session, as_person, events):
    mail = Mail(recipient="a@example.org", subject="S", body="B", state=MailState.FAILED, reason="No.")
    session.add(mail)
    browser = as_person(cast.admin)
    session.flush()
    events()
    browser.post(f"/admin/queue/letters/{mail.id}/send-again")
    event = one(events(), cast.admin)
    assert (event.before, event.after) == ({"state": "failed"}, {"state": "queued"})


def test_asking_for_access_with_a_known_address_is_an_event_of_that_account(cast, session, client, events):
    session.flush()
    events()
    words = {"name": "R", "email": cast.sponsor.email, "organization": "o", "password": "a lot of herring today"}
    assert client.post("/signup/sponsor", data=words).status_code == 302
    found = events()
    assert [(event.action, event.object_id) for event in found] == [("account.requested_again", str(cast.sponsor.id))]


def test_the_page_says_when_web_could_change_the_log(app, cast, session, as_person, monkeypatch):
    browser = as_person(cast.admin)
    session.flush()
    assert "as its owner" not in browser.get("/admin/log").text
    monkeypatch.setattr(app, "wsgi_app", app.wsgi_app.inner)  # with the rights of these tests: the owner's
    assert "as its owner" in browser.get("/admin/log").text


def test_events_hold_no_secret(cast, session, client, as_person):
    """What was typed as a password, and what is made of one, is nowhere in the log."""
    browser = as_person(cast.sponsor)
    session.flush()
    new = "seventeen herrings at dawn"
    typed = {"password-current": PASSWORD, "password-password": new, "password-again": new}
    assert browser.post("/settings/account/password", data=typed).status_code == 303
    client.post("/login", data={"email": cast.editor.email, "password": "letmein, I am the editor"})
    rows = " ".join(session.scalars(text("SELECT one::text FROM audit_events AS one")).all())
    assert "account.password_changed" in rows
    hashes = session.scalars(select(User.password).where(User.password != "")).all()
    for secret in (PASSWORD, new, "letmein", *hashes):
        assert secret not in rows

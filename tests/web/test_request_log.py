"""A request's number and its line in the log; and what /healthz and /readyz need."""

import re

import pytest
from sqlalchemy import select

from copydesk.audit import AuditEvent
from copydesk.web import health, stopping
from tests.conftest import PASSWORD

NUMBER = re.compile(r"[0-9a-f]{32}")


def lines(caplog):
    """The lines of requests, as fields."""
    found = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return [line for line in found if line["event"] == "request"]


def test_nobody_gives_a_request_its_number_where_no_proxy_stands_before_us(client, cast, session):
    session.commit()
    given = "f" * 32
    answer = client.post(
        "/login", data={"email": cast.sponsor.email, "password": PASSWORD}, headers={"X-Request-ID": given}
    )
    number = answer.headers["X-Request-ID"]
    assert NUMBER.fullmatch(number)
    assert number != given
    query = select(AuditEvent).where(AuditEvent.action == "account.logged_in").order_by(AuditEvent.id.desc()).limit(1)
    assert session.scalars(query).one().request_id == number


def test_a_fault_is_a_page_with_the_number_in_the_log(app, client, caplog, monkeypatch):
    def broken():
        raise RuntimeError("the words of somebody")

    broken.guard = "public"
    monkeypatch.setitem(app.view_functions, "home.landing", broken)
    answer = client.get("/")
    number = answer.headers["X-Request-ID"]
    assert answer.status_code == 500
    assert number in answer.text
    assert "the words of somebody" not in answer.text
    assert {record.msg["request_id"] for record in caplog.records if isinstance(record.msg, dict)} == {number}
    as_json = client.get("/", headers={"Accept": "application/json"})
    assert as_json.json["request_id"] == as_json.headers["X-Request-ID"]


@pytest.mark.parametrize("place", ["reset", "confirm", "join", "address", "sign", "unsubscribe"])
def test_the_secret_of_a_letter_is_not_in_the_line(client, caplog, place):
    client.get(f"/{place}/a-secret-9f3c")
    (line,) = lines(caplog)
    assert line["path"] == f"/{place}/…"


def test_queries_are_not_in_the_line(client, caplog):
    client.get("/login?next=/documents&q=a-secret-9f3c")
    (line,) = lines(caplog)
    assert line["path"] == "/login"
    assert "9f3c" not in str(line)


def test_the_line_says_who_asked_where_the_page_knows(as_person, cast, caplog, session):
    browser = as_person(cast.sponsor)
    session.commit()
    browser.get("/documents")
    assert lines(caplog)[-1]["user"] == cast.sponsor.id


def test_being_alive_needs_no_database(app, as_person, cast, count_queries, session):
    browser = as_person(cast.sponsor)
    session.commit()
    with count_queries() as statements:
        assert browser.get("/healthz").status_code == 200
    assert statements == [], statements


def test_who_is_about_to_end_is_alive_and_not_ready(client, monkeypatch):
    monkeypatch.setattr(health, "_engine_answers", lambda: True)
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(stopping, "is_stopping", lambda: True)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["process"]) == (503, "stopping")
    assert client.get("/healthz").status_code == 200

"""Requests that no page of this desk sends: without a token, of another type, with more in them than was asked for."""

import io
import json
import re

import pytest
from sqlalchemy import select, text

from copydesk.accounts.models import Role, Status, User
from copydesk.documents.asking import attachments
from copydesk.documents.asking.attachments import Upload
from copydesk.documents.models import Document, State
from copydesk.mail import Mail
from copydesk.web.guards import PUBLIC_ENDPOINTS
from tests.web.attacks import fields
from tests.web.attacks.populated import CANARY
from tests.web.test_permissions import MATRIX, url_of

NO_TOKEN_NEEDED = {
    "signing.sign",
    "notifications.stop",
}  # their address is the secret, and no cookie does anything there
DEEP = 100_000


@pytest.fixture
def editing(session, make_document):
    document = make_document("editing")
    session.commit()
    return document


@pytest.fixture
def unsent(editing, cast, as_person):
    """Sends a body to a route that takes JSON."""
    browser, url = as_person(cast.editor), f"/documents/{editing.id}/unsent"

    def send(body, content_type="application/json", **headers):
        return browser.put(url, data=body, content_type=content_type, headers={"Accept": "application/json", **headers})

    return send


# Forged requests


def test_every_change_needs_the_token_of_its_page(app, session, cast, as_person, editing, monkeypatch):
    """For whoever may do it, too: a page of another site sends their cookie along, but does not know the token."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    tried = 0
    for method, rule in fields.changing(app):
        if rule.endpoint in NO_TOKEN_NEEDED:
            continue
        who = "admin"
        if rule.endpoint not in PUBLIC_ENDPOINTS:
            who = next((name for name, gets in MATRIX[method, rule.endpoint].items() if gets == "open"), "admin")
        with session.begin_nested() as undo:
            url = url_of(app, rule.endpoint, editing, cast)
            for token in ({}, {"X-CSRFToken": "made up"}):
                answer = as_person(getattr(cast, who, None)).open(url, method=method, headers=token)
                assert answer.status_code == 400, (method, rule.endpoint, who)
                assert "could not be checked" in answer.text, (method, rule.endpoint)
            undo.rollback()
        session.expire_all()
        tried += 1
    assert tried > 100


def test_a_token_of_somebody_else_is_none(app, session, cast, as_person, monkeypatch):
    session.commit()
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    theirs = as_person(cast.editor).get("/settings")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', theirs.text)[1]
    mine = as_person(cast.sponsor)
    mine.get("/settings")
    assert mine.post("/theme", data={"theme": "dark", "csrf_token": token}).status_code == 400


# JSON


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "text/json", "application/xml"],
)
def test_json_is_said_to_be_json(unsent, content_type):
    answer = unsent(b"{}", content_type)
    assert answer.status_code == 415
    assert "JSON" in answer.json["error"]


@pytest.mark.parametrize(
    "body",
    [b"[" * DEEP, b'{"a":' * DEEP, b"[" * DEEP + b"]" * DEEP, b'{"tab":' + b"[" * DEEP + b"]" * DEEP + b"}"],
    ids=["arrays", "objects", "closed", "inside"],
)
def test_json_is_not_followed_into_the_deep(unsent, body):
    answer = unsent(body)
    assert answer.status_code == 400
    assert "not sent by a page" in answer.json["error"]


def test_json_has_a_length(unsent):
    assert unsent(b'{"body": "' + b"m" * 4_300_000 + b'"}').status_code == 413


@pytest.mark.parametrize("body", [b"[]", b"[{}]", b'"words"', b"7", b"null", b"true"])
def test_json_is_an_object(unsent, body):
    assert unsent(body).status_code == 400


@pytest.mark.parametrize("more", [{"author_id": 1}, {"__class__": "x"}, {"base": "2"}, {"base": True}, {"base": 2.0}])
def test_json_holds_what_was_asked_for_and_no_more(unsent, more):
    message = {"tab": "one", "version": 1, "base": 2, "title": "T", "body": "B"}
    assert unsent(json.dumps(message | more)).status_code == 400


# More than was asked for


def test_nobody_signs_up_as_more(session, client):
    person = {"name": "Nora", "email": "nora@example.org", "organization": "X", "password": "a hard one to guess 71"}
    more = {
        "role": "admin",
        "status": "approved",
        "id": "1",
        "confirmed_at": "2020-01-01",
        "active": "y",
        "is_admin": "1",
    }
    client.post("/signup/sponsor", data=person | more)
    made = session.scalars(select(User).where(User.email == "nora@example.org")).one()
    assert (made.role, made.status) == (Role.SPONSOR, Status.PENDING)


def test_nobody_writes_themselves_another_role(session, cast, as_person):
    session.commit()
    more = {
        "role": "admin",
        "status": "approved",
        "email": "root@example.org",
        "password": "x",
        "id": str(cast.admin.id),
    }
    for url in ("/settings", "/settings/account"):
        as_person(cast.editor).post(url, data={"name": "Ada", "organization": "X", **more})
    session.expire_all()
    assert (cast.editor.role, cast.editor.email) == (Role.EDITOR, "ada.byrne@example.org")
    assert cast.admin.name == "Grete Admin"


def test_a_new_document_is_ones_own_and_a_draft(session, cast, as_person):
    session.commit()
    more = {"sponsor_id": str(cast.other_sponsor.id), "state": "published", "id": "0" * 32, "signed_sha256": "0" * 64}
    as_person(cast.sponsor).post("/documents/new", data={"title": "T", "brief": "B", "editor": "", **more})
    made = session.scalars(select(Document)).one()
    assert (made.sponsor_id, made.state) == (cast.sponsor.id, State.DRAFTING)


# What is in an address, a name, a header


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/dist/../../config.py",
        "/static/%00", "/static/dist/%5c..%5c..%5capp.py", "/static/", "/static/dist",
        "/.git/config", "/.env", "/%2e%2e/etc/passwd", "/read/..%2f..%2fetc%2fpasswd", "/sign/..%2f..",
    ],
)  # fmt: skip
def test_no_path_leads_out(session, client, path):
    answer = client.get(path)
    assert answer.status_code in (403, 404, 405)
    assert "import" not in answer.text
    answer.close()


@pytest.mark.parametrize("host", ["evil.example", "desk.test:80@evil.example", "127.0.0.1:1"])
def test_the_host_that_was_asked_for_is_in_no_letter(session, client, cast, config, host):
    session.commit()
    client.post("/reset", data={"email": cast.editor.email}, headers={"Host": host, "X-Forwarded-Host": host})
    letters = session.scalars(select(Mail).where(Mail.recipient == cast.editor.email).order_by(Mail.id)).all()
    assert letters
    for letter in letters:
        assert config.base_url in letter.body
        assert "evil" not in letter.body
        assert "127.0.0.1:1/" not in letter.body


@pytest.mark.parametrize(
    "name", ["a\r\nSet-Cookie: stolen=1", 'a"; filename="b.exe', "../../../etc/passwd", "\u202ecod.exe", "é\x00.txt"]
)
def test_a_file_name_is_no_header(session, cast, as_person, editing, name):
    kept = attachments.add(session, editing.id, cast.sponsor, [Upload(name + ".txt", b"Notes")])[0]
    session.commit()
    answer = as_person(cast.editor).get(f"/documents/{editing.id}/attachments/{kept.id}")
    disposition = answer.headers["Content-Disposition"]
    assert not any(one.startswith("stolen") for one in answer.headers.getlist("Set-Cookie"))
    assert not re.search(r"[\r\n\x00/\\\u202e]", disposition.replace('\\"', ""))
    assert disposition.startswith("attachment;")
    assert re.fullmatch(r"attachment; filename=(\"[^\"]*\"|[\w.-]+)(; filename\*=UTF-8''[\w.%-]+)?", disposition)


@pytest.mark.parametrize("method", ["TRACE", "PATCH", "CONNECT", "PROPFIND"])
def test_other_methods_do_nothing(session, cast, as_person, editing, method):
    assert as_person(cast.editor).open(f"/documents/{editing.id}", method=method).status_code == 405


@pytest.mark.parametrize(
    "typed", ["' OR '1'='1", "%' OR 1=1 --", "x'); DELETE FROM users; --", '"a" -- OR', "\\", "a & b | !c:*", "(" * 200]
)
def test_what_is_searched_for_is_no_sql(session, cast, as_person, make_document, typed):
    make_document("editing", title=f"{CANARY} of somebody else", sponsor=cast.other_sponsor, editor=cast.other_editor)
    session.commit()
    answer = as_person(cast.sponsor).get("/documents", query_string={"q": typed, "sort": typed, "state": typed})
    assert answer.status_code == 200
    assert CANARY not in answer.text
    assert as_person(cast.admin).get("/admin/users", query_string={"q": typed}).status_code == 200
    assert session.execute(text("SELECT count(*) FROM users")).scalar_one() == 8


@pytest.mark.parametrize("name", ["evil.html", "evil.svg", "evil.txt", "evil.exe", "evil.pdf"])
def test_a_file_that_is_a_page_is_not_taken_or_not_shown(session, cast, as_person, editing, name):
    page = b"<html><script>alert('x')</script><svg onload=alert(1)></html>"
    data = {"attachment": (io.BytesIO(page), name)}
    as_person(cast.sponsor).post(f"/documents/{editing.id}/attachments", data=data, content_type="multipart/form-data")
    for kept in attachments.of(session, editing):
        answer = as_person(cast.editor).get(f"/documents/{editing.id}/attachments/{kept.id}")
        assert answer.mimetype not in ("text/html", "image/svg+xml", "application/xhtml+xml")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_an_error_tells_nothing_of_the_inside(app, session, client, monkeypatch):
    monkeypatch.setitem(app.view_functions, "home.landing", _break)
    for headers in ({}, {"Accept": "application/json"}):
        answer = client.get("/", headers=headers)
        assert answer.status_code == 500
        assert "Traceback" not in answer.text
        assert "the inside" not in answer.text
        assert "copydesk/web" not in answer.text


def _break():
    raise RuntimeError("the inside of it")


_break.guard = "public"

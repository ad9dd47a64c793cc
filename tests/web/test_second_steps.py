"""The second step of logging in: app, passkey, recovery codes; required of admins; fresh for what is dangerous."""

import re
import time
from html import unescape
from urllib.parse import urlsplit

import pytest
from markupsafe import escape
from passlib.totp import TOTP
from sqlalchemy import select

from copydesk.accounts import second_steps
from copydesk.accounts.second_step_tables import RecoveryCode
from copydesk.audit import AuditEvent
from copydesk.mail import Mail
from copydesk.web import limits
from tests.authenticator import Authenticator
from tests.conftest import PASSWORD
from tests.web.test_accounts import actions, is_in

ORIGIN = "http://localhost:5000"


@pytest.fixture(autouse=True)
def with_a_name(app, monkeypatch):
    """A desk that is reached by a host name, so that there are passkeys."""
    config = app.config["COPYDESK"]
    monkeypatch.setitem(app.config, "COPYDESK", config.model_copy(update={"base_url": ORIGIN}))


@pytest.fixture
def admins_need_one(app, monkeypatch, with_a_name):
    config = app.config["COPYDESK"]
    monkeypatch.setitem(app.config, "COPYDESK", config.model_copy(update={"admin_second_step": True}))


class Phone:
    """An app for codes that has read the page. Its clock can be put forward."""

    def __init__(self, page):
        self.totp = TOTP(key=re.search(r"<code>([^<]+)</code>", page).group(1))

    def code(self, later=0):
        return self.totp.generate(time=int(time.time()) + later).token


def with_app(browser, path="/settings/account/app"):
    phone = Phone(browser.get(path).text)
    answer = browser.post(path, data={"code": phone.code(-30)})
    assert answer.status_code == 200, answer.text
    codes = re.findall(r"<code>([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4})</code>", answer.text)
    return phone, codes


def with_passkey(browser, name="My laptop", device=None):
    device = device or Authenticator(ORIGIN)
    options = browser.post("/settings/account/passkeys/options").get_json()
    answer = browser.post("/settings/account/passkeys", data={"name": name, "credential": device.create(options)})
    assert answer.status_code == 200, answer.text
    return device


def password(client, user, **more):
    return client.post("/login", data={"email": user.email, "password": PASSWORD} | more)


def refused(session):
    return len(session.scalars(select(AuditEvent).where(AuditEvent.action == "account.login_failed")).all())


# The app


def test_a_code_is_asked_for_after_the_password(session, app, cast, as_person):
    session.commit()
    phone, codes = with_app(as_person(cast.editor))
    assert len(codes) == second_steps.RECOVERY_CODES
    client = app.test_client()
    answer = password(client, cast.editor, next="/documents?state=editing", remember="y")
    assert answer.headers["Location"] == "/login/second"
    assert not is_in(client)
    assert client.post("/login/second", data={"code": "000000"}).status_code == 400
    assert not is_in(client)
    assert refused(session) == 1
    answer = client.post("/login/second", data={"code": phone.code()})
    assert answer.headers["Location"] == "/documents?state=editing"
    assert is_in(client)


def test_a_code_is_good_once(session, app, cast, as_person):
    session.commit()
    phone, _ = with_app(as_person(cast.editor))
    code = phone.code()
    answers = []
    for _ in range(2):
        client = app.test_client()
        password(client, cast.editor)
        answers.append(client.post("/login/second", data={"code": code}).status_code)
    assert answers == [303, 400]


def test_a_phone_whose_clock_is_a_little_wrong(session, app, cast, as_person):
    session.commit()
    phone, _ = with_app(as_person(cast.editor))
    for later, status in ((300, 400), (30, 303)):
        client = app.test_client()
        password(client, cast.editor)
        assert client.post("/login/second", data={"code": phone.code(later)}).status_code == status


def test_the_secret_is_kept_encrypted(session, cast, as_person):
    session.commit()
    phone, _ = with_app(as_person(cast.editor))
    session.refresh(cast.editor)
    plain = phone.totp.base32_key
    assert plain not in cast.editor.totp_secret
    assert second_steps.shown(cast.editor.totp_secret, cast.editor)[1].replace("-", "") == plain


def test_codes_can_not_be_guessed_without_end(session, app, cast, as_person):
    session.commit()
    phone, _ = with_app(as_person(cast.editor))
    limits.limiter.enabled = True
    limits.limiter.reset()
    try:
        for number in range(11):
            client = app.test_client()  # a fresh cookie each time: the count is not in it
            password(client, cast.editor)
            answer = client.post("/login/second", data={"code": f"{number:06}"})
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 0
        assert client.post("/login/second", data={"code": phone.code()}).status_code == 429
    finally:
        limits.limiter.reset()
        limits.limiter.enabled = False


def test_without_the_password_there_is_no_second_step(session, client, cast, as_person):
    session.commit()
    phone, _ = with_app(as_person(cast.editor))
    answer = client.post("/login/second", data={"code": phone.code()})
    assert answer.headers["Location"] == "/login"
    assert client.get("/login/set-up").headers["Location"] == "/login"
    assert client.post("/login/second/passkey/options").status_code == 403
    assert client.post("/login/second/passkey", data={"credential": "{}"}).status_code == 403
    assert not is_in(client)


def test_half_in_lasts_ten_minutes_and_no_new_password(session, app, cast, as_person):
    session.commit()
    phone, _ = with_app(as_person(cast.editor))
    for spoil in ("time", "password"):
        client = app.test_client()
        password(client, cast.editor)
        if spoil == "time":
            with client.session_transaction() as cookie:
                cookie["half_in"] = cookie["half_in"] | {"at": int(time.time()) - 601}
        else:
            cast.editor.end_sessions()
            session.commit()
        assert client.post("/login/second", data={"code": phone.code()}).headers["Location"] == "/login"
        assert not is_in(client)


def test_the_app_is_removed_and_both_are_told(session, app, cast, as_person):
    session.commit()
    browser = as_person(cast.editor)
    with_app(browser)
    assert browser.post("/settings/account/app/remove").status_code == 303
    assert password(app.test_client(), cast.editor).headers["Location"] == "/documents/today"
    subjects = session.scalars(select(Mail.body).where(Mail.recipient == cast.editor.email)).all()
    assert any("An app for codes was added" in body for body in subjects)
    assert any("The app for codes was removed" in body for body in subjects)
    done = [action for action in actions(session, cast.editor) if "app" in action or "recovery" in action]
    assert done == ["account.app_added", "account.recovery_codes_made", "account.app_removed"]


# Recovery codes


def test_a_recovery_code_lets_in_once(session, app, cast, as_person):
    session.commit()
    _, codes = with_app(as_person(cast.editor))
    answers = []
    for code in (codes[0].upper(), codes[0], codes[1].replace("-", " ")):
        client = app.test_client()
        password(client, cast.editor)
        answers.append(client.post("/login/second", data={"code": code}).status_code)
    assert answers == [303, 400, 303]
    assert second_steps.of(session, cast.editor).recovery_codes == second_steps.RECOVERY_CODES - 2


def test_recovery_codes_are_kept_as_hashes_and_made_anew(session, app, cast, as_person):
    session.commit()
    browser = as_person(cast.editor)
    _, old = with_app(browser)
    digests = session.scalars(select(RecoveryCode.digest)).all()
    assert not any(code.replace("-", "") in digest for code in old for digest in digests)
    page = browser.post("/settings/account/recovery-codes").text
    assert not any(code in page for code in old)
    client = app.test_client()
    password(client, cast.editor)
    assert client.post("/login/second", data={"code": old[0]}).status_code == 400


def test_codes_of_one_person_open_nothing_of_another(session, app, cast, as_person):
    session.commit()
    _, mine = with_app(as_person(cast.editor))
    with_app(as_person(cast.sponsor))
    client = app.test_client()
    password(client, cast.sponsor)
    assert client.post("/login/second", data={"code": mine[0]}).status_code == 400


# Passkeys


def test_a_passkey_is_a_second_step(session, app, cast, as_person):
    session.commit()
    device = with_passkey(as_person(cast.editor))
    client = app.test_client()
    assert password(client, cast.editor).headers["Location"] == "/login/second"
    options = client.post("/login/second/passkey/options").get_json()
    answer = client.post("/login/second/passkey", data={"credential": device.get(options)})
    assert answer.get_json() == {"next": "/documents/today"}
    assert is_in(client)


def test_a_passkey_alone_lets_in(session, app, cast, as_person):
    session.commit()
    device = with_passkey(as_person(cast.editor))
    client = app.test_client()
    options = client.post("/login/passkey/options").get_json()
    assert client.post("/login/passkey", data={"credential": device.get(options)}).status_code == 200
    assert "Ada Byrne" in client.get("/settings/account").text
    assert "My laptop" in client.get("/settings/account").text


def test_an_answer_is_good_once(session, app, cast, as_person):
    session.commit()
    device = with_passkey(as_person(cast.editor))
    client = app.test_client()
    answer = device.get(client.post("/login/passkey/options").get_json())
    assert client.post("/login/passkey", data={"credential": answer}).status_code == 200
    client.post("/logout")
    assert client.post("/login/passkey", data={"credential": answer}).status_code == 400
    client.post("/login/passkey/options")
    assert client.post("/login/passkey", data={"credential": answer}).status_code == 400
    assert not is_in(client)


def other_key(device):
    device.key = Authenticator().key


def copied(device):
    device.count = -1  # a copy that lags behind the device


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda device: setattr(device, "origin", "https://evil.example"), id="another site"),
        pytest.param(lambda device: setattr(device, "verifies", False), id="no finger"),
        pytest.param(lambda device: setattr(device, "id", b"0" * 16), id="unknown"),
        pytest.param(other_key, id="another key"),
        pytest.param(copied, id="a copy"),
    ],
)
def test_what_is_not_the_device_is_refused(session, app, cast, as_person, spoil):
    session.commit()
    device = with_passkey(as_person(cast.editor))
    client = app.test_client()
    answer = device.get(client.post("/login/passkey/options").get_json())
    client.post("/login/passkey", data={"credential": answer})
    client.post("/logout")
    spoil(device)
    answer = device.get(client.post("/login/passkey/options").get_json())
    assert client.post("/login/passkey", data={"credential": answer}).status_code == 400
    assert not is_in(client)
    assert refused(session) == 1


@pytest.mark.parametrize(
    "credential",
    ["", "{}", "[]", "null", "{", '{"rawId": 1}', '{"rawId": "a"}', "x" * 30_000, "[" * 9_000, '{"rawId":' * 2_000],
    ids=lambda words: words[:12],
)
def test_what_is_no_answer_is_refused(session, app, cast, as_person, credential):
    session.commit()
    client = app.test_client()
    client.post("/login/passkey/options")
    assert client.post("/login/passkey", data={"credential": credential}).status_code == 400
    browser = as_person(cast.editor)
    browser.post("/settings/account/passkeys/options")
    assert browser.post("/settings/account/passkeys", data={"name": "x", "credential": credential}).status_code == 400


def test_the_passkey_of_somebody_else_is_no_second_step(session, app, cast, as_person):
    session.commit()
    with_passkey(as_person(cast.editor))
    theirs = with_passkey(as_person(cast.sponsor))
    client = app.test_client()
    password(client, cast.editor)
    answer = theirs.get(client.post("/login/second/passkey/options").get_json())
    assert client.post("/login/second/passkey", data={"credential": answer}).status_code == 400
    assert not is_in(client)


def test_a_passkey_of_somebody_who_is_out_lets_nobody_in(session, app, cast, as_person):
    session.commit()
    device = with_passkey(as_person(cast.editor))
    as_person(cast.admin).post(f"/admin/users/{cast.editor.id}/suspend", data={"reason": "On leave."})
    client = app.test_client()
    answer = device.get(client.post("/login/passkey/options").get_json())
    assert client.post("/login/passkey", data={"credential": answer}).status_code == 400


def test_a_passkey_is_removed_by_its_owner_alone(session, cast, as_person):
    session.commit()
    mine = as_person(cast.editor)
    with_passkey(mine)
    [passkey] = second_steps.of(session, cast.editor).passkeys
    path = f"/settings/account/passkeys/{passkey.id}/remove"
    assert as_person(cast.sponsor).post(path).status_code == 404
    assert mine.post(path).status_code == 303
    session.expire_all()
    assert not second_steps.of(session, cast.editor)


def test_a_device_is_added_once(session, cast, as_person):
    session.commit()
    browser, device = as_person(cast.editor), Authenticator(ORIGIN)
    with_passkey(browser, device=device)
    options = browser.post("/settings/account/passkeys/options").get_json()
    assert options["excludeCredentials"][0]["id"]
    answer = browser.post("/settings/account/passkeys", data={"name": "x", "credential": device.create(options)})
    assert answer.status_code == 400
    assert "known here already" in answer.get_json()["error"]


# Admins must have one


def test_an_admin_sets_it_up_before_they_are_in(session, app, cast, admins_need_one):
    session.commit()
    client = app.test_client()
    assert password(client, cast.admin, next="/admin/users").headers["Location"] == "/login/set-up"
    assert not is_in(client)
    phone = Phone(client.get("/login/set-up").text)
    assert client.post("/login/set-up", data={"code": "123456"}).status_code == 400
    answer = client.post("/login/set-up", data={"code": phone.code(-30)})
    assert "Codes for the drawer" in answer.text
    assert 'href="/admin/users"' in answer.text
    assert is_in(client)
    again = app.test_client()
    assert password(again, cast.admin).headers["Location"] == "/login/second"
    assert again.get("/login/set-up").headers["Location"] == "/login"  # nobody sets up another on the way in


def test_an_admin_keeps_one(session, app, cast, as_person, admins_need_one):
    session.commit()
    browser = as_person(cast.admin)
    with_app(browser)
    assert browser.post("/settings/account/app/remove").status_code == 409
    with_passkey(browser)
    assert browser.post("/settings/account/app/remove").status_code == 303
    [passkey] = second_steps.of(session, cast.admin).passkeys
    assert browser.post(f"/settings/account/passkeys/{passkey.id}/remove").status_code == 409


def test_others_need_none(session, app, cast, admins_need_one):
    session.commit()
    assert password(app.test_client(), cast.editor).headers["Location"] == "/documents/today"


def test_a_new_password_is_no_way_around_it(session, app, cast, as_person):
    session.commit()
    with_app(as_person(cast.editor))
    client = app.test_client()
    client.post("/reset", data={"email": cast.editor.email})
    bodies = session.scalars(select(Mail.body).where(Mail.subject == "A new password for Copydesk")).all()
    there = re.search(r"/reset/\S+", bodies[0]).group(0)
    new = "seven otters juggle quietly"
    client.post(there, data={"password": new, "again": new})
    assert not is_in(client)
    answer = client.post("/login", data={"email": cast.editor.email, "password": new})
    assert answer.headers["Location"] == "/login/second"


# Asked anew before what is dangerous


def make_stale(client):
    with client.session_transaction() as cookie:
        cookie["proved_at"] = int(time.time()) - 16 * 60


def test_what_is_dangerous_asks_once_more(session, cast, as_person):
    session.commit()
    browser = as_person(cast.editor)
    make_stale(browser)
    answer = browser.get("/settings/account/app")
    assert answer.headers["Location"] == "/verify?next=/settings/account/app"
    assert browser.post("/verify", data={"password": "wrong", "next": "/settings/account/app"}).status_code == 400
    assert browser.get("/settings/account/app").status_code == 303
    answer = browser.post("/verify", data={"password": PASSWORD, "next": "/settings/account/app"})
    assert answer.headers["Location"] == "/settings/account/app"
    assert browser.get("/settings/account/app").status_code == 200


def hidden(page):
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found if name != "csrf_token"}


def test_what_was_sent_is_done_afterwards_without_typing_it_again(session, cast, as_person):
    session.commit()
    browser = as_person(cast.admin)
    make_stale(browser)
    reason = "Writes under a “false” name & knows it."
    answer = browser.post(f"/admin/users/{cast.editor.id}/suspend", data={"reason": reason})
    assert answer.headers["Location"] == "/verify?next=/verify/then"
    assert browser.get("/verify/then").headers["Location"] == "/verify?next=/verify/then"
    answer = browser.post("/verify", data={"password": PASSWORD, "next": "/verify/then"})
    assert answer.headers["Location"] == "/verify/then"
    page = browser.get("/verify/then").text
    assert f"You wanted to suspend {cast.editor.name}." in page
    assert f"<li>{escape(reason)}</li>" in page
    assert f'action="/admin/users/{cast.editor.id}/suspend"' in page
    session.refresh(cast.editor)
    assert cast.editor.is_approved  # nothing is done by showing who one is
    assert hidden(page) == {"reason": reason}
    browser.post(f"/admin/users/{cast.editor.id}/suspend", data=hidden(page))
    session.refresh(cast.editor)
    assert not cast.editor.is_approved
    assert browser.get("/verify/then").headers["Location"] == "/documents/today"  # done, and not offered again


@pytest.mark.parametrize(
    "data",
    [{"password": "mine"}, {"reason": "x" * 2_100}, {"reason": "well", "recovery_code": "abc"}],
    ids=["password", "long", "code"],
)
def test_secrets_and_long_texts_are_not_kept_in_the_browser(session, cast, as_person, data):
    session.commit()
    browser = as_person(cast.admin)
    make_stale(browser)
    answer = browser.post(f"/admin/users/{cast.editor.id}/suspend", data=data)
    assert answer.headers["Location"] == "/verify?next=/admin/users"
    with browser.session_transaction() as cookie:
        assert "postponed" not in cookie


def test_what_somebody_else_sent_in_this_browser_is_nobody_elses(session, cast, as_person):
    session.commit()
    browser, other = as_person(cast.admin), as_person(cast.editor)
    make_stale(browser)
    browser.post("/admin/invitations", data={"email": "nora@example.org", "role": "editor"})
    with browser.session_transaction() as cookie:
        kept = dict(cookie["postponed"])
    with other.session_transaction() as cookie:
        cookie["postponed"] = kept
    assert other.get("/verify/then").headers["Location"] == "/documents/today"


def test_what_was_sent_is_offered_for_a_quarter_of_an_hour(session, cast, as_person):
    session.commit()
    browser = as_person(cast.admin)
    make_stale(browser)
    browser.post("/admin/invitations", data={"email": "nora@example.org", "role": "editor"})
    with browser.session_transaction() as cookie:
        cookie["proved_at"] = int(time.time())
        cookie["postponed"] = cookie["postponed"] | {"at": int(time.time()) - 901}
    assert browser.get("/verify/then").headers["Location"] == "/documents/today"


def test_a_program_hears_where_to_show_it(session, cast, as_person):
    session.commit()
    browser = as_person(cast.editor)
    make_stale(browser)
    answer = browser.post("/settings/account/passkeys/options", headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert answer.get_json()["verify"] == "/verify?next=/settings/account"


def test_a_passkey_shows_it_too(session, cast, as_person):
    session.commit()
    browser = as_person(cast.editor)
    device = with_passkey(browser)
    make_stale(browser)
    answer = device.get(browser.post("/verify/passkey/options").get_json())
    data = {"credential": answer, "next": "/settings/account/app"}
    assert browser.post("/verify/passkey", data=data).get_json() == {"next": "/settings/account/app"}
    assert browser.get("/settings/account/app").status_code == 200


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_showing_it_never_leads_away(session, cast, as_person, away):
    session.commit()
    answer = as_person(cast.editor).post("/verify", data={"password": PASSWORD, "next": away})
    there = answer.headers["Location"]
    assert there.startswith("/")
    assert not there.startswith(("//", "/\\"))
    assert not urlsplit(there).netloc

"""One's own account: the address confirmed and changed, the password forgotten and changed, sessions ended."""

import datetime as dt
import hashlib
import re
import time

import pytest
from flask.json.tag import TaggedJSONSerializer
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import func, select, update

from copydesk.accounts import login_sessions
from copydesk.accounts.login_sessions import LoginSession
from copydesk.accounts.models import User
from copydesk.audit import AuditEvent
from copydesk.mail import Mail
from tests.conftest import PASSWORD

NEW = {
    "name": "Nora New",
    "email": "nora@example.org",
    "organization": "Harbour Gallery",
    "password": "a long enough one",
}
ANOTHER = "seven otters juggle quietly"


@pytest.fixture
def asks_to_confirm(app, monkeypatch):
    monkeypatch.setitem(app.config, "COPYDESK", app.config["COPYDESK"].model_copy(update={"confirm_addresses": True}))


def find(session, email):
    session.expire_all()
    return session.scalars(select(User).where(func.lower(User.email) == email.lower())).one_or_none()


def letters(session, address):
    return session.scalars(select(Mail).where(Mail.recipient == address).order_by(Mail.id)).all()


def link(mail):
    """The path behind the letter's first link."""
    return re.search(r"http://[^/\s]+(/\S+)", mail.body).group(1)


def actions(session, user):
    found = select(AuditEvent.action).where(AuditEvent.object_type == "user", AuditEvent.object_id == str(user.id))
    return session.scalars(found.order_by(AuditEvent.id)).all()


def log_in(client, email, password=PASSWORD, **more):
    return client.post("/login", data={"email": email, "password": password} | more, follow_redirects=True)


def is_in(client):
    return client.get("/settings/account").status_code == 200


# Asking for access


def test_whether_an_address_has_an_account_is_seen_by_its_owner_alone(session, app, cast):
    session.commit()
    answers = []
    for email in (cast.sponsor.email.upper(), "nobody.yet@example.org"):
        client = app.test_client()
        posted = client.post("/signup/sponsor", data=NEW | {"email": email})
        page = client.get(posted.headers["Location"])
        answers.append((posted.status_code, posted.headers["Location"], page.status_code, page.text.replace(email, "")))
        assert not is_in(client)
    strip = [(*rest, re.sub(r'nonce="[^"]*"|value="[^"]*"', "", page)) for *rest, page in answers]
    assert strip[0] == strip[1]
    [told] = letters(session, cast.sponsor.email)
    assert "have an account" in told.subject
    assert "/reset" in told.body
    assert find(session, cast.sponsor.email).name == "Ruth Okafor"


def test_the_page_afterwards_is_for_whoever_asked(client):
    assert client.get("/signup/done").headers["Location"] == "/"


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("password1", "easy to guess"),
        ("Harbour Gallery", "knows you"),
        ("x" * 257, "At most 256"),
        ("six666", "At least 8"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused(session, client, password, says):
    answer = client.post("/signup/sponsor", data=NEW | {"password": password})
    assert answer.status_code == 400
    assert says in answer.text
    assert find(session, NEW["email"]) is None


# Confirming


def test_nobody_logs_in_with_an_address_that_is_not_confirmed(session, client, cast, as_person, asks_to_confirm):
    session.commit()
    page = client.post("/signup/sponsor", data=NEW, follow_redirects=True)
    assert "waiting for approval" in page.text
    assert "confirms that the address is yours" in page.text
    user = find(session, NEW["email"])
    as_person(cast.admin).post(f"/admin/signups/{user.id}/approve")
    assert "confirm your address first" in log_in(client, NEW["email"], NEW["password"]).text
    assert not is_in(client)
    there = link(letters(session, NEW["email"])[0])
    assert "Is this your address?" in client.get(there).text
    assert not find(session, NEW["email"]).is_confirmed  # a mail program that opens links confirms nothing
    assert client.post(there).status_code == 303
    assert find(session, NEW["email"]).is_confirmed
    assert client.get(there).status_code == 303  # again is no fault
    log_in(client, NEW["email"], NEW["password"])
    assert is_in(client)
    assert actions(session, user).count("account.confirmed") == 1


def test_the_letter_that_confirms_can_be_had_again(session, client, cast, asks_to_confirm):
    client.post("/signup/sponsor", data=NEW)
    answers = [client.post("/confirm", data={"email": one}) for one in (NEW["email"], "nobody@example.org")]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(letters(session, NEW["email"])) == 2
    assert letters(session, "nobody@example.org") == []
    client.post("/confirm", data={"email": cast.sponsor.email})
    assert letters(session, cast.sponsor.email) == []


def test_without_that_setting_nobody_is_asked(session, client):
    client.post("/signup/sponsor", data=NEW)
    assert find(session, NEW["email"]).is_confirmed
    assert letters(session, NEW["email"]) == []


@pytest.mark.parametrize("path", ["/confirm/", "/reset/", "/address/"])
@pytest.mark.parametrize("token", ["x", "WzEsImEiLCIiXQ.aaaa.bbbb", "%00", "..%2f"])
def test_a_link_that_this_desk_did_not_make_opens_nothing(client, path, token):
    answer = client.get(path + token)
    assert answer.status_code in (404, 410)
    assert client.post(path + token).status_code in (404, 410)


def test_a_link_is_good_for_one_purpose(session, client, cast):
    session.commit()
    client.post("/reset", data={"email": cast.sponsor.email})
    token = link(letters(session, cast.sponsor.email)[0]).rpartition("/")[2]
    assert client.get(f"/confirm/{token}").status_code == 410
    assert client.get(f"/address/{token}").status_code == 410


@pytest.mark.parametrize("header", ["Referrer-Policy", "Cache-Control"])
def test_the_secret_of_a_link_leaves_the_page_by_no_header(session, client, cast, header):
    session.commit()
    client.post("/reset", data={"email": cast.sponsor.email})
    answer = client.get(link(letters(session, cast.sponsor.email)[0]))
    assert {"Referrer-Policy": "same-origin", "Cache-Control": "no-store, private"}[header] == answer.headers[header]


@pytest.mark.parametrize("path", ["reset", "confirm"])
def test_the_button_behind_a_link_works_over_https(session, app, cast, monkeypatch, path):
    """There tokens of forms are only good with a Referer: a page that has the browser send none can't be answered."""
    cast.sponsor.confirmed_at = None
    session.commit()
    desk = "https://desk.example.org"
    client = app.test_client()
    client.post(f"/{path}", data={"email": cast.sponsor.email})
    address = link(letters(session, cast.sponsor.email)[0])
    for name in ("WTF_CSRF_ENABLED", "WTF_CSRF_SSL_STRICT"):  # as in production
        monkeypatch.setitem(app.config, name, True)
    page = client.get(address, base_url=desk)
    sent = {"Referer": f"{desk}{address}"} if page.headers["Referrer-Policy"] == "same-origin" else {}
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]
    data = {"csrf_token": token, "password": NEW["password"], "again": NEW["password"]}
    answer = client.post(address, base_url=desk, data=data, headers=sent)
    assert answer.status_code == 303


def test_the_secret_of_a_link_is_not_in_the_log(session, client, cast, caplog):
    session.commit()
    client.post("/reset", data={"email": cast.sponsor.email})
    path = link(letters(session, cast.sponsor.email)[0])
    client.get(path)
    assert path.rpartition("/")[2] not in caplog.text
    assert "/reset/…" in caplog.text


# A forgotten password


def test_a_new_password_by_letter_ends_every_session(session, app, cast, as_person):
    session.commit()
    elsewhere, client = as_person(cast.sponsor), app.test_client()
    client.post("/reset", data={"email": cast.sponsor.email})
    there = link(letters(session, cast.sponsor.email)[0])
    assert cast.sponsor.email in client.get(there).text
    assert "differ" in client.post(there, data={"password": ANOTHER, "again": "other"}).text
    assert "easy to guess" in client.post(there, data={"password": "12345678", "again": "12345678"}).text
    assert is_in(elsewhere)
    assert client.post(there, data={"password": ANOTHER, "again": ANOTHER}).status_code == 303
    assert not is_in(elsewhere)
    assert not is_in(client)  # the link is no log-in
    assert client.get(there).status_code == 410
    assert "don&#39;t match" in log_in(client, cast.sponsor.email, PASSWORD).text
    log_in(client, cast.sponsor.email, ANOTHER)
    assert is_in(client)
    assert [mail.subject for mail in letters(session, cast.sponsor.email)][-1] == "Your Copydesk password was changed"
    assert actions(session, cast.sponsor)[:2] == ["account.reset_asked", "account.password_reset"]


def test_the_link_of_a_letter_grows_old(session, client, cast, monkeypatch):
    session.commit()
    client.post("/reset", data={"email": cast.sponsor.email})
    there = link(letters(session, cast.sponsor.email)[0])
    later = time.time() + 3700
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: later)
    assert client.get(there).status_code == 410
    assert client.post(there, data={"password": ANOTHER, "again": ANOTHER}).status_code == 410


def test_who_has_an_account_is_not_told(session, client, cast):
    session.commit()
    emails = (cast.sponsor.email, "nobody@example.org", cast.suspended.email)
    pages = [client.post("/reset", data={"email": one}, follow_redirects=True).text for one in emails]
    pages = [page.replace(one, "") for page, one in zip(pages, emails, strict=True)]
    plain = [re.sub(r'nonce="[^"]*"|value="[^"]*"', "", page) for page in pages]
    assert len(set(plain)) == 1
    assert letters(session, cast.suspended.email) == []


@pytest.mark.parametrize(("path", "more"), [("/reset", {}), ("/signup/sponsor", NEW), ("/confirm", {})])
def test_the_clock_tells_nobody_who_has_an_account(app, session, client, cast, monkeypatch, path, more):
    """Whatever the ways differ in is slept away: each answer comes at the same time after its question."""
    session.commit()
    monkeypatch.setitem(app.config, "EVEN_SECONDS", 30.0)
    now, slept = [1000.0], []
    monkeypatch.setattr("copydesk.web.accounts.evenly.time.monotonic", lambda: now[0])
    monkeypatch.setattr("copydesk.web.accounts.evenly.time.sleep", slept.append)
    for email, takes in ((cast.sponsor.email, 0.4), ("nobody@example.org", 0.1)):
        monkeypatch.setattr(
            "copydesk.accounts.operations.find_by_email",
            lambda session, address, takes=takes: now.__setitem__(0, now[0] + takes) or find(session, address),
        )
        began = now[0]
        client.post(path, data=more | {"email": email})
        assert slept[-1] + now[0] - began == pytest.approx(30.0)
    assert len(slept) == 2


# Password and address of somebody who is logged in


def test_a_changed_password_leaves_only_this_browser_in(session, cast, as_person):
    session.commit()
    here, elsewhere = as_person(cast.editor), as_person(cast.editor)
    typed = {"password-current": PASSWORD, "password-password": ANOTHER, "password-again": ANOTHER}
    assert here.post("/settings/account/password", data=typed).status_code == 303
    assert is_in(here)
    assert not is_in(elsewhere)
    assert "account.password_changed" in actions(session, cast.editor)
    assert letters(session, cast.editor.email)[-1].subject == "Your Copydesk password was changed"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"current": "wrong"}, "This is not your password."),
        ({"current": ""}, "Please enter your password."),
        ({"again": "other"}, "The two passwords differ."),
        ({"password": "Ada Byrne", "again": "Ada Byrne"}, "easy to guess"),
    ],
)
def test_a_password_is_not_changed_by_halves(session, cast, as_person, typed, says):
    session.commit()
    full = {"current": PASSWORD, "password": ANOTHER, "again": ANOTHER} | typed
    answer = as_person(cast.editor).post(
        "/settings/account/password", data={f"password-{name}": value for name, value in full.items()}
    )
    assert answer.status_code == 400
    assert says in answer.text
    assert ANOTHER not in answer.text
    assert PASSWORD not in answer.text
    assert letters(session, cast.editor.email) == []


def test_another_address_is_confirmed_there_and_told_here(session, cast, as_person, app):
    session.commit()
    client, old, new = as_person(cast.editor), cast.editor.email, "ada@elsewhere.example"
    typed = {"address-email": new, "address-current": PASSWORD}
    assert client.post("/settings/account/address", data=typed).status_code == 303
    assert find(session, old) is not None
    there = link(letters(session, new)[0])
    assert new in letters(session, old)[0].body
    stranger = app.test_client()
    assert "Your new address?" in stranger.get(there).text
    assert find(session, new) is None  # opening changes nothing
    assert stranger.post(there).status_code == 303
    assert find(session, new).id == cast.editor.id
    assert letters(session, old)[-1].subject == "Your Copydesk address was changed"
    assert stranger.post(there).status_code == 410
    log_in(stranger, new)
    assert is_in(stranger)
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "account.address_changed")).one()
    assert (event.before, event.after) == ({"email": old}, {"email": new})


def test_a_new_password_ends_a_change_of_address_that_waits(session, cast, as_person):
    session.commit()
    client = as_person(cast.editor)
    client.post("/settings/account/address", data={"address-email": "x@evil.example", "address-current": PASSWORD})
    there = link(letters(session, "x@evil.example")[0])
    typed = {"password-current": PASSWORD, "password-password": ANOTHER, "password-again": ANOTHER}
    client.post("/settings/account/password", data=typed)
    assert client.post(there).status_code == 410
    assert find(session, "x@evil.example") is None


def test_an_address_that_somebody_has_is_not_told_from_a_free_one(session, cast, as_person):
    session.commit()
    client = as_person(cast.editor)
    typed = {"address-email": cast.sponsor.email, "address-current": PASSWORD}
    assert client.post("/settings/account/address", data=typed).status_code == 303
    assert letters(session, cast.sponsor.email) == []
    assert find(session, cast.editor.email) is not None


def test_of_two_who_want_an_address_the_first_gets_it(session, cast, as_person, app):
    session.commit()
    new, links = "wanted@example.org", []
    for user in (cast.editor, cast.sponsor):
        as_person(user).post("/settings/account/address", data={"address-email": new, "address-current": PASSWORD})
        links.append(link(letters(session, new)[-1]))
    assert [app.test_client().post(one).status_code for one in links] == [303, 410]
    assert find(session, new).id == cast.editor.id


def test_a_person_says_how_they_are_called(session, cast, as_person):
    session.commit()
    client = as_person(cast.editor)
    assert client.post("/settings/account", data={"name": "\u200b ", "organization": "x"}).status_code == 400
    client.post("/settings/account", data={"name": "Ada B. Byrne", "organization": "Freelance", "role": "admin"})
    session.expire_all()
    assert (cast.editor.name, cast.editor.organization, cast.editor.role.value) == (
        "Ada B. Byrne",
        "Freelance",
        "editor",
    )
    assert "account.described" in actions(session, cast.editor)


# Where one is logged in


def test_a_session_is_ended_from_elsewhere(session, cast, app):
    session.commit()
    phone, desk = app.test_client(), app.test_client()
    phone.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
    for client in (phone, desk):
        log_in(client, cast.editor.email)
    page = desk.get("/settings/account").text
    assert "Firefox on Android" in page
    assert "This browser" in page
    ids = {one.agent[:7]: one.id for one in login_sessions.of(session, cast.editor)}
    assert desk.post(f"/settings/account/sessions/{ids['Mozilla']}/end").status_code == 303
    assert not is_in(phone)
    assert is_in(desk)
    assert desk.post(f"/settings/account/sessions/{ids['Mozilla']}/end").status_code == 404


def test_nobody_ends_a_session_of_somebody_else(session, cast, as_person):
    session.commit()
    theirs = as_person(cast.sponsor)
    [found] = login_sessions.of(session, cast.sponsor)
    assert as_person(cast.editor).post(f"/settings/account/sessions/{found.id}/end").status_code == 404
    assert as_person(cast.admin).post(f"/settings/account/sessions/{found.id}/end").status_code == 404
    assert is_in(theirs)


def test_logged_out_everywhere_else(session, cast, as_person):
    session.commit()
    browsers = [as_person(cast.editor) for _ in range(3)]
    assert browsers[1].post("/settings/account/sessions/end-others").status_code == 303
    assert [is_in(one) for one in browsers] == [False, True, False]


def test_a_cookie_opens_nothing_after_logging_out(session, cast, app):
    session.commit()
    client, thief = app.test_client(), app.test_client()
    log_in(client, cast.editor.email, remember="y")
    stolen = list(client._cookies.values())
    for cookie in stolen:
        thief.set_cookie(cookie.key, cookie.value, path=cookie.path)
    assert is_in(thief)
    client.post("/logout")
    assert not is_in(thief)
    assert not is_in(client)
    assert actions(session, cast.editor)[-1] == "account.logged_out"


def test_logging_in_begins_a_session_of_its_own(session, cast, app):
    """Whoever planted a cookie before has nothing from the log-in: it gets a new row."""
    session.commit()
    client = app.test_client()
    log_in(client, cast.sponsor.email)
    with client.session_transaction() as cookie:
        first = cookie["login"]
    client.post("/logout")
    with client.session_transaction() as cookie:
        assert "login" not in cookie
    log_in(client, cast.sponsor.email)
    with client.session_transaction() as cookie:
        assert cookie["login"] != first


def test_a_session_has_a_name_of_128_bits(session, cast):
    """None of them always the same, as the version in a UUID would be."""
    made = [login_sessions.begin(session, cast.editor, address=None, agent="A test", staying=False) for _ in range(60)]
    names = [one.id.int for one in made]
    assert [bit for bit in range(128) if len({name >> bit & 1 for name in names}) == 1] == []


def test_showing_once_more_who_one_is_makes_the_old_cookie_void(session, cast, app):
    session.commit()
    client, thief = app.test_client(), app.test_client()
    log_in(client, cast.editor.email)
    for cookie in list(client._cookies.values()):
        thief.set_cookie(cookie.key, cookie.value, path=cookie.path)
    [before] = login_sessions.of(session, cast.editor)
    began, name = before.began_at, before.id
    assert is_in(thief)
    assert client.post("/verify", data={"password": PASSWORD}).status_code == 303
    session.expire_all()
    [after] = login_sessions.of(session, cast.editor)
    assert after.id != name
    assert after.began_at == began  # the same log-in, which ends when it would have ended
    assert is_in(client)
    assert not is_in(thief)


@pytest.mark.parametrize("digest", [hashlib.sha256, hashlib.sha1])
def test_a_cookie_is_signed_with_sha_256(session, cast, app, client, digest):
    made = login_sessions.begin(session, cast.editor, address=None, agent="A test", staying=False)
    session.commit()
    signer = {"key_derivation": "hmac", "digest_method": digest}
    signed = URLSafeTimedSerializer(
        app.secret_key, salt="cookie-session", serializer=TaggedJSONSerializer(), signer_kwargs=signer
    )
    client.set_cookie("copydesk", signed.dumps({"_user_id": cast.editor.fs_uniquifier, "login": str(made.id)}))
    assert is_in(client) == (digest is hashlib.sha256)


@pytest.mark.parametrize(
    ("scheme", "name", "other"), [("https", "__Host-theme", "theme"), ("http", "theme", "__Host-theme")]
)
def test_light_or_dark_is_kept_under_a_name_that_no_other_host_may_set(client, scheme, name, other):
    line = {"base_url": f"{scheme}://localhost"}
    said = client.post("/theme", data={"theme": "dark"}, **line).headers["Set-Cookie"]
    assert said.startswith(f"{name}=dark;")
    assert ("Secure" in said) == (scheme == "https")
    client.delete_cookie(name)
    for each, seen in ((other, "auto"), (name, "dark")):
        client.set_cookie(each, "dark")
        assert f'data-theme="{seen}"' in client.get("/login", **line).text


@pytest.mark.parametrize(("staying", "days"), [("", None), ("y", 90)])
def test_staying_logged_in_is_a_choice(session, cast, app, staying, days):
    session.commit()
    client = app.test_client()
    log_in(client, cast.editor.email, remember=staying)
    [cookie] = [one for one in client._cookies.values() if one.key == "copydesk"]
    assert (cookie.expires is not None) == bool(staying)
    assert not [one for one in client._cookies.values() if one.key == "remember_token"]
    [found] = login_sessions.of(session, cast.editor)
    assert found.idle_seconds == (login_sessions.IDLE_STAYING if staying else login_sessions.IDLE).total_seconds()


@pytest.mark.parametrize(
    "values",
    [
        {"ends_at": dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)},
        {"seen_at": dt.datetime.now(dt.UTC) - login_sessions.IDLE - dt.timedelta(seconds=1)},
    ],
)
def test_a_session_ends_by_itself(session, cast, as_person, values):
    session.commit()
    client = as_person(cast.editor)
    assert is_in(client)
    session.execute(update(LoginSession).values(values))
    assert not is_in(client)
    assert login_sessions.clear(session) >= 1


def test_a_session_in_use_is_noted_now_and_then(session, cast, as_person):
    session.commit()
    client = as_person(cast.editor)
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)
    session.execute(update(LoginSession).values(seen_at=long_ago))
    assert is_in(client)
    assert session.scalars(select(LoginSession.seen_at)).one() > long_ago


def test_a_failed_log_in_is_noted_without_what_was_typed(session, client, cast):
    session.commit()
    log_in(client, cast.sponsor.email, "hunter2 hunter2")
    log_in(client, "my password is swordfish", "x")
    events = session.scalars(
        select(AuditEvent).where(AuditEvent.action == "account.login_failed").order_by(AuditEvent.id)
    ).all()
    assert [event.object_id for event in events] == [str(cast.sponsor.id), "unknown"]
    assert not [event for event in events if "swordfish" in str(vars(event)) or "hunter2" in str(vars(event))]

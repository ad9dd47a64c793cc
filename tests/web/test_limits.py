"""How often one may ask for what, counted in the database; and that nobody is locked out by somebody else."""

import pytest
from sqlalchemy import select

from copydesk.accounts.models import User
from copydesk.accounts.request_counts import RequestCount
from copydesk.mail import Mail
from copydesk.web import create_app, limits
from copydesk.web.count_storage import PostgresStorage
from tests.conftest import PASSWORD
from tests.web.test_accounts import NEW, is_in, log_in


@pytest.fixture(autouse=True)
def limited(app):
    """Limits are in force, and nothing was counted before."""
    limits.limiter.enabled = True
    limits.limiter.reset()
    yield
    limits.limiter.reset()
    limits.limiter.enabled = False


def fail(client, email, times):
    return [client.post("/login", data={"email": email, "password": "wrong"}) for _ in range(times)]


def test_guessing_is_slowed_down_with_when_to_come_back(session, client, cast):
    session.commit()
    assert {answer.status_code for answer in fail(client, cast.sponsor.email, 10)} == {200}
    answer = client.post("/login", data={"email": cast.sponsor.email, "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60 + 1
    assert "Please try again in" in answer.text
    assert not is_in(client)


def test_another_application_in_this_process_counts_nothing_twice(session, config, client, cast):
    for _ in range(3):
        create_app(config)
    session.commit()
    assert {answer.status_code for answer in fail(client, cast.sponsor.email, 10)} == {200}
    assert set(session.scalars(select(RequestCount.count))) == {10}


def test_whoever_has_no_account_is_slowed_down_the_same(session, client, cast):
    session.commit()
    fail(client, "nobody@example.org", 10)
    assert client.post("/login", data={"email": "nobody@example.org", "password": "x"}).status_code == 429


def test_nobody_is_locked_out_of_a_browser_that_the_account_knows(session, app, cast):
    session.commit()
    own, stranger = app.test_client(), app.test_client()
    log_in(own, cast.sponsor.email)
    own.post("/logout")
    fail(stranger, cast.sponsor.email, 12)
    log_in(own, cast.sponsor.email)
    assert is_in(own)
    assert client_is_stopped(stranger, cast.sponsor.email)


def client_is_stopped(client, email):
    return client.post("/login", data={"email": email, "password": PASSWORD}).status_code == 429


def test_a_browser_that_is_known_can_not_guess_without_end(session, app, cast):
    session.commit()
    own = app.test_client()
    log_in(own, cast.sponsor.email)
    own.post("/logout")
    fail(own, cast.sponsor.email, 10)
    assert client_is_stopped(own, cast.sponsor.email)


def test_a_cookie_of_one_account_says_nothing_of_another(session, app, cast):
    session.commit()
    client = app.test_client()
    log_in(client, cast.editor.email)
    client.post("/logout")
    fail(client, cast.sponsor.email, 10)
    assert client_is_stopped(app.test_client(), cast.sponsor.email)


def test_a_new_password_lets_in_at_once(session, app, cast):
    session.commit()
    fail(app.test_client(), cast.sponsor.email, 10)
    own = app.test_client()
    own.post("/reset", data={"email": cast.sponsor.email})
    body = session.scalars(select(Mail.body).where(Mail.recipient == cast.sponsor.email)).one()
    there = next(line for line in body.splitlines() if "/reset/" in line).partition("/reset/")[2]
    new = "seven otters juggle quietly"
    own.post(f"/reset/{there}", data={"password": new, "again": new})
    log_in(own, cast.sponsor.email, new)
    assert is_in(own)


def test_one_account_gets_few_letters_whoever_asks_for_them(session, app, cast):
    session.commit()
    answers = [app.test_client().post("/reset", data={"email": cast.sponsor.email}) for _ in range(7)]
    assert {answer.status_code for answer in answers} == {303}  # nobody is told
    assert len(session.scalars(select(Mail).where(Mail.recipient == cast.sponsor.email)).all()) == 5


def test_one_address_asks_for_access_so_often(session, app):
    def ask(number, address="203.0.113.7"):
        data = NEW | {"email": f"n{number}@example.org", "password": "x"}  # refused, and counted all the same
        return app.test_client().post("/signup/editor", data=data, environ_base={"REMOTE_ADDR": address})

    assert {ask(number).status_code for number in range(30)} == {400}
    answer = ask(31)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 3601
    assert "Try again in" in answer.text
    assert ask(32, "203.0.113.8").status_code == 400
    assert session.scalars(select(User).where(User.email.like("n3%"))).all() == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:198.51.100.7", "198.51.100.7", True),
        ("198.51.100.7", "198.51.100.8", False),
    ],
)
def test_a_house_with_many_addresses_counts_as_one(app, one, other, same):
    def of(address):
        with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            return limits.network()

    assert (of(one) == of(other)) is same


def test_a_program_is_told_in_its_own_words(session, client, cast, as_person, monkeypatch):
    session.commit()
    browser = as_person(cast.sponsor)
    headers = {"Accept": "application/json"}
    answers = [browser.post("/theme", data={"theme": "dark"}, headers=headers) for _ in range(601)]
    assert [answer.status_code for answer in answers[598:]] == [302, 302, 429]
    assert "Too much came from here" in answers[-1].get_json()["error"]
    assert int(answers[-1].headers["Retry-After"]) <= 61
    assert as_person(cast.editor).post("/theme").status_code == 302  # each person for themselves
    assert browser.get("/documents").status_code == 200  # reading goes on


def test_what_is_counted_by_is_kept_as_a_hash(session, client):
    fail(client, "nobody@example.org", 1)
    storage = limits.limiter.storage
    with storage._engine.connect() as connection:
        keys = connection.execute(select(RequestCount.key)).scalars().all()
    assert keys
    assert all(len(key) == 64 and int(key, 16) for key in keys)


def test_two_processes_count_together():
    one, other = PostgresStorage(), PostgresStorage()
    assert [each.incr("k", 60) for each in (one, other, one)] == [1, 2, 3]
    assert other.get("k") == 3
    one.clear("k")
    assert other.get("k") == 0


def test_a_window_ends():
    storage = PostgresStorage()
    storage.incr("short", -1)
    assert storage.get("short") == 0
    assert storage.incr("short", 60) == 1
    assert storage.check()

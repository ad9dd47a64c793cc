"""The application as it is in production, on the tests' database; every answer is looked at, and nothing is kept.

Run in a process of its own, for the settings of a process are read once. Prints what is wrong as JSON.
"""

import datetime as dt
import json
import os
import re
import sys

from flask_security import hash_password
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, Status, User
from copydesk.web import create_app
from copydesk.web.extensions import db
from tests.web.attacks import passive

BASE = "https://desk.test"
PASSWORD = "correct horse battery"
OPEN = ("/", "/login", "/signup/sponsor", "/reset", "/nothing", "/healthz", "/documents/today", "/read/feed.json")
PRIVATE = ("/documents/today", "/documents", "/settings", "/settings/account", "/notifications", "/help/sponsoring")


def look() -> dict[str, object]:
    app = create_app()
    db.session.session_factory.configure(join_transaction_mode="create_savepoint")
    with app.app_context():
        engines = db._app_engines[app]
        real = engines[None]
    with real.connect() as connection:
        outer = connection.begin()
        engines[None] = connection
        try:
            return _walk(app, connection)
        finally:
            outer.rollback()


def _walk(app, connection) -> dict[str, object]:
    wrong, cookies = [], []
    with app.app_context(), Session(connection, join_transaction_mode="create_savepoint") as session:
        person = User(
            name="Ruth", email="ruth@example.org", organization="X", role=Role.SPONSOR, status=Status.APPROVED,
            password=hash_password(PASSWORD), confirmed_at=dt.datetime.now(dt.UTC),
        )  # fmt: skip
        session.add(person)
        session.commit()
    client = app.test_client()

    def note(address: str, answer, private: bool) -> None:
        wrong.extend(f"{address}: {one}" for one in passive.faults(answer, private=private, production=True))
        cookies.extend(answer.headers.getlist("Set-Cookie"))

    for address in OPEN:
        note(address, client.get(address, base_url=BASE), False)
    with client.session_transaction(base_url=BASE) as planted:
        planted["planted"] = "by somebody who will know this cookie"
    page = client.get("/login", base_url=BASE)
    before = _session_cookies(client)
    assert before
    typed = {"email": "ruth@example.org", "password": PASSWORD, "remember": "y", "csrf_token": _token(page.text)}
    answer = client.post("/login", data=typed, headers={"Referer": BASE + "/login"}, base_url=BASE)
    note("/login", answer, True)
    assert answer.status_code == 302, answer.text
    after = _session_cookies(client)
    old = app.test_client()
    for name, value in before.items():
        old.set_cookie(name, value, domain="desk.test", secure=True)
    if old.get("/documents/today", base_url=BASE).status_code != 302:
        wrong.append("the cookie of before opens the desk")
    for address in PRIVATE:
        answer = client.get(address, base_url=BASE)
        note(address, answer, True)
        if answer.status_code != 200:
            wrong.append(f"{address}: {answer.status_code}")
    data = {"csrf_token": _token(client.get("/settings", base_url=BASE).text)}
    note("/logout", client.post("/logout", data=data, headers={"Referer": BASE + "/"}, base_url=BASE), True)
    if client.get("/documents/today", base_url=BASE).status_code != 302:
        wrong.append("still logged in")
    return {"wrong": wrong, "cookies": cookies, "same": sorted(set(before.values()) & set(after.values()))}


def _session_cookies(client) -> dict[str, str]:
    return {one.key: one.value for one in client._cookies.values() if "copydesk" in one.key}


def _token(page: str) -> str:
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]


if __name__ == "__main__":
    os.environ["COPYDESK_ENV"] = "production"
    sys.stdout.write(json.dumps(look()) + "\n")

"""The list of documents on a desk with a thousand documents and on one with a hundred thousand, page by page."""

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text

from bench import many_documents
from bench.desk import _spread
from bench.many_documents import COMMON, RARE, People
from copydesk.config import settings
from copydesk.local.testing import running

SIZES = {"small": 1_000, "large": 100_000}
DEEP = {"small": 20, "large": 200}  # the page that is reached by going on and on
ROUNDS = 40
ADMIN, SPONSOR, EDITOR = "admin", "sponsor", "editor"
# Page, who asks, address. {editor} and {sponsor} are those who have most.
PAGES = {
    "first page": (ADMIN, "all=1"),
    "page 200, by place": (ADMIN, "{deep}"),
    "100 on a page": (ADMIN, "size=100"),
    "by title": (ADMIN, "sort=title"),
    "by due date": (ADMIN, "sort=due"),
    "by state": (ADMIN, "sort=state"),
    "a state with most of all": (ADMIN, "state=published"),
    "a state with few": (ADMIN, "state=draft_failed"),
    "three states by title": (ADMIN, "state=editing&state=signoff&state=question&sort=title"),
    "one editor": (ADMIN, "editor={editor}"),
    "one sponsor": (ADMIN, "sponsor={sponsor}"),
    "overdue": (ADMIN, "due=overdue"),
    "due this week": (ADMIN, "due=week"),
    "changed in 7 days": (ADMIN, "since=7"),
    "one model": (ADMIN, "model=gpt2-xl"),
    "what waits for me": (ADMIN, "mine=1"),
    "search, a common word": (ADMIN, f"q={COMMON}"),
    "search, a rare word": (ADMIN, f"q={RARE}"),
    "search, a common and a rare word": (ADMIN, f"q={COMMON}+{RARE}"),
    "search, the beginning of a word": (ADMIN, f"q={COMMON[:4]}"),
    "search, a common word by title": (ADMIN, f"q={COMMON}&sort=title"),
    "search, nothing found": (ADMIN, "q=nowhere"),
    "a sponsor's first page": (SPONSOR, "all=1"),
    "a sponsor's search": (SPONSOR, f"q={COMMON}"),
    "an editor's first page": (EDITOR, "all=1"),
    "an editor's search": (EDITOR, f"q={COMMON}"),
}


@dataclass
class Filled:
    """A desk in this process, with its people logged in."""

    engine: Engine
    clients: dict[str, Any]
    people: People
    deep: str
    fill_s: float


def run(work: Path, *, quick: bool = False) -> dict[str, Any]:
    """Milliseconds of each page, whole, as the application answers it; both desks take turns."""
    sizes = {"small": 200, "large": 1_000} if quick else SIZES
    rounds = 3 if quick else ROUNDS
    work.mkdir(parents=True, exist_ok=True)
    with running(work) as url, _environment(url, work):
        desks = {name: _desk(url, name, count, quick) for name, count in sizes.items()}
        pages = {name: _measure(desks, who, address, rounds) for name, (who, address) in PAGES.items()}
        found = {
            "documents": sizes,
            "rounds": rounds,
            "fill_s": {name: round(desk.fill_s, 1) for name, desk in desks.items()},
            "load": round(os.getloadavg()[0], 1),
            "pages": pages,
        }
        for desk in desks.values():
            desk.engine.dispose()
    return found


def rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """For the table."""
    return [
        {
            "page": name,
            **{f"{size} p50 ms": page[size]["p50"] for size in SIZES},
            **{f"{size} p95 ms": page[size]["p95"] for size in SIZES},
            "ratio p50": page["ratio_p50"],
            "ratio p95": page["ratio_p95"],
            "statements": " / ".join(str(page["statements"][size]) for size in SIZES),
        }
        for name, page in found["pages"].items()
    ]


def _measure(desks: dict[str, Filled], who: str, address: str, rounds: int) -> dict[str, Any]:
    took: dict[str, list[float]] = {name: [] for name in desks}
    statements = {}
    for name, desk in desks.items():
        for _ in range(2):  # warm
            _ask(desk, who, address)
        with _counted(desk.engine) as sent:
            _ask(desk, who, address)
        statements[name] = len(sent)
    for _ in range(rounds):
        for name, desk in desks.items():
            started = time.perf_counter()
            _ask(desk, who, address)
            took[name].append(1000 * (time.perf_counter() - started))
    found = {name: _spread(each) for name, each in took.items()}
    ratios = {f"ratio_{key}": round(found["large"][key] / found["small"][key], 2) for key in ("p50", "p95")}
    return found | ratios | {"statements": statements}


def _ask(desk: Filled, who: str, address: str) -> str:
    query = address.format(editor=desk.people.editors[0], sponsor=desk.people.sponsors[0], deep=desk.deep)
    answer = desk.clients[who].get(f"/documents?{query}")
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status}")
    return str(answer.text)


def _desk(url: str, name: str, count: int, quick: bool) -> Filled:
    from flask_migrate import upgrade

    from copydesk.accounts.models import User
    from copydesk.web import create_app
    from copydesk.web.extensions import db

    base = create_engine(url.replace("postgresql://", "postgresql+psycopg2://"), isolation_level="AUTOCOMMIT")
    with base.connect() as connection:
        connection.execute(text(f"CREATE DATABASE bench_{name} TEMPLATE template0"))
    address = base.url.set(drivername="postgresql", database=f"bench_{name}").render_as_string(hide_password=False)
    base.dispose()
    os.environ["DATABASE_URL"] = address
    settings.cache_clear()
    app = create_app(settings())
    started = time.perf_counter()
    with app.app_context():
        upgrade()
        engine = db.engine
        people = many_documents.fill(engine, count)
        fill_s = time.perf_counter() - started
        names = dict(zip((ADMIN, SPONSOR, EDITOR), (people.admin, people.sponsors[0], people.editors[0]), strict=True))
        marks = {who: db.session.get_one(User, number).fs_uniquifier for who, number in names.items()}
    clients = {}
    for who, mark in marks.items():
        clients[who] = app.test_client()
        with clients[who].session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = mark, True
    desk = Filled(engine, clients, people, "all=1", fill_s)
    for _ in range((5 if quick else DEEP[name]) - 1):
        following = re.search(r'rel="next"\s+href="/documents\?([^"]+)"', _ask(desk, ADMIN, "{deep}"))
        if following is None:
            raise RuntimeError("a page without a next one")
        desk.deep = following[1].replace("&amp;", "&")
    return desk


@contextmanager
def _counted(engine: Engine) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def _environment(url: str, work: Path) -> Iterator[None]:
    """What the application reads when it is made; afterwards as it was."""
    before = dict(os.environ)
    os.environ.update(
        COPYDESK_ENV="test",
        DATABASE_URL=url,
        DATA_DIR=str(work),
        LOG_LEVEL="ERROR",
        **{name: secrets.token_hex(16) for name in ("SECRET_KEY", "PASSWORD_SALT", "ENGINE_TOKEN")},
    )
    settings.cache_clear()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()

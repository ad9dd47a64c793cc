"""A whole desk on the seed model, as a sponsor feels it: from "Create document" to the first words and to the draft."""

import time
from contextlib import closing
from pathlib import Path
from statistics import median, quantiles

from sqlalchemy import create_engine, text

from copydesk.local.testing import running
from tests.desk import Desk, desk, until
from tests.integration.test_faults import Sponsor

DRAFTS = 30
BACKLOG = 32


def run(work: Path) -> list[dict[str, object]]:
    """Rows of seconds, and the gain of a backlog over one draft after the other."""
    (work / "desk").mkdir()
    with running(work / "desk") as server:
        database = create_engine(server.replace("postgresql:", "postgresql+psycopg2:"), isolation_level="AUTOCOMMIT")
        with database.connect() as connection:
            connection.execute(text("CREATE DATABASE bench"))
        url = database.url.set(drivername="postgresql", database="bench").render_as_string(hide_password=False)
        database.dispose()
        with desk(url, work) as live:
            live.start_all()
            with closing(Sponsor(live)) as sponsor:
                return _measure(live, sponsor)


def _measure(live: Desk, sponsor: Sponsor) -> list[dict[str, object]]:
    sponsor.create("Warm")
    time.sleep(2)
    first, whole = zip(*(_one(sponsor) for _ in range(DRAFTS)), strict=True)
    started = time.perf_counter()
    token = sponsor.token_of("/documents/new")
    for number in range(BACKLOG):
        sponsor.create(f"Backlog {number}", token=token)
    until(lambda: _unfinished(live) == 0, "the backlog", 120)
    backlog = (time.perf_counter() - started) / BACKLOG
    return [
        _row('"Create document" to first words on the page', first),
        _row('"Create document" to the draft in the database', whole),
        {"what": f"a draft in a backlog of {BACKLOG}", "p50 s": round(backlog, 3), "p95 s": ""},
        {"what": "one by one ÷ backlog", "p50 s": round(median(whole) / backlog, 2), "p95 s": ""},
    ]


def _unfinished(live: Desk) -> int:
    """Asked of the database: asking the pages of all of them would be most of the work."""
    with live.database.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM documents WHERE state = 'drafting'")).scalar_one()


def _one(sponsor: Sponsor) -> tuple[float, float]:
    """Seconds to the first words and to the finished draft, asked for as the page does."""
    token = sponsor.token_of("/documents/new")
    started = time.perf_counter()
    path = sponsor.create("Measured", token=token)
    first = None
    while True:
        progress = sponsor.progress(path)
        now = time.perf_counter() - started
        if first is None and progress["text"]:
            first = now
        if progress["document_state"] == "unassigned":
            return first or now, now
        time.sleep(0.02)


def _row(what: str, seconds: tuple[float, ...]) -> dict[str, object]:
    return {"what": what, "p50 s": round(median(seconds), 3), "p95 s": round(quantiles(seconds, n=20)[-1], 3)}

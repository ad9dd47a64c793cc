"""Whole desks, each process real: how long a draft takes from the page to the database, alone and in a backlog."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Any

import psutil
from sqlalchemy import text

from bench.contestants import ROOT
from bench.drafts import NEW_TOKENS
from copydesk.engine.models import ModelFolder
from copydesk.local.console import Console
from copydesk.local.postgres import Postgres, start
from copydesk.local.supervisor import Supervisor
from tests.desk import Desk, desk, until
from tests.integration.test_faults import Sponsor

BACKLOG = 64
SINGLES = 20
ROUNDS = 3
SLOTS = "32"
BRIEF = "A review of a small show of ceramics in a converted bakery, eleven pots in all."  # 20 tokens of GPT-2's
FINISHED = text(
    "SELECT extract(epoch FROM finished_at - created_at), cardinality(prompt_tokens), cardinality(output_tokens) "
    "FROM autodocs WHERE document_id = :id"
)
SPAN = text(
    "SELECT extract(epoch FROM max(finished_at) - min(started_at)), sum(cardinality(output_tokens)), "
    "count(*) FILTER (WHERE state = 'done'), count(DISTINCT document_id), "
    "(SELECT count(*) FROM revisions JOIN documents ON documents.id = document_id "
    "WHERE kind = 'machine' AND documents.title LIKE :title) "
    "FROM autodocs WHERE document_id IN (SELECT id FROM documents WHERE title LIKE :title)"
)


class Person(Sponsor):
    """A sponsor with a brief of known length."""

    def ask_for(self, title: str, token: str) -> str:
        """A new document's identifier."""
        data = {"csrf_token": token, "title": title, "brief": BRIEF, "editor": ""}
        answer = self.http.post("/documents/new", data=data, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"]).rpartition("/")[2]


@contextmanager
def whole_desk(work: Path, **environment: str) -> Iterator[tuple[Desk, Person]]:
    """Database, engine, worker and web, with the database's usual care for the disk; and a sponsor who is logged in."""
    work.mkdir(parents=True, exist_ok=True)
    patience = {"WORKER_HEARTBEAT": "2", "WORKER_STALLED_AFTER": "10"}  # as usual; the tests' own is short
    with Path(os.devnull).open("w") as nowhere, Supervisor(Console(nowhere)) as supervisor:
        url = start(supervisor, Postgres(work))
        with desk(url, work, **patience, **environment) as live:
            live.start_all()
            with closing(Person(live)) as person:
                yield live, person


def first_words(work: Path, drafts: int = 30) -> dict[str, Any]:
    """The seed model on an idle desk: from "Create document" to the first words on the page, and to the draft."""
    with whole_desk(work) as (live, person):
        for _ in range(2):
            _watch(live, person)
        first, whole = zip(*(_watch(live, person) for _ in range(drafts)), strict=True)
    return {"first_words_s": _spread(first), "draft_s": _spread(whole)}


def _watch(live: Desk, person: Person) -> tuple[float, float]:
    """Seconds to the first words and to the finished draft, asked for as the page does."""
    token = person.token_of("/documents/new")
    started = time.perf_counter()
    path = f"/documents/{person.ask_for('Watched', token)}"
    first = None
    while True:
        progress = person.progress(path)
        now = time.perf_counter() - started
        if first is None and progress["text"]:
            first = now
        if progress["document_state"] not in ("drafting", "draft_failed"):
            return first or now, now
        assert progress["document_state"] == "drafting", live.log("worker")
        time.sleep(0.02)


def large_model(model: ModelFolder, work: Path, *, quick: bool = False) -> dict[str, Any]:
    """The 124M model: one draft, a backlog, and the pages while the engine is busy."""
    environment = {
        "MODELS_DIR": str(model.path.parent),
        "MODEL": model.name,
        "DRAFT_TOKENS": str(NEW_TOKENS),
        "ENGINE_SLOTS": os.environ.get("ENGINE_SLOTS", SLOTS),
        "WORKER_CONCURRENCY": os.environ.get("WORKER_CONCURRENCY", SLOTS),
    }
    with whole_desk(work, **environment) as (live, person):
        for number in range(2):
            _one(live, person, f"Warm {number}")
        rounds = [_alone_and_together(live, person, number, quick=quick) for number in range(1 if quick else ROUNDS)]
        web = _pages(live, person, rounds=1 if quick else 3)
    alone = [one for singles, _ in rounds for one in singles]
    backlogs = [backlog for _, backlog in rounds]
    return {
        "slots": environment["ENGINE_SLOTS"],
        "worker_concurrency": environment["WORKER_CONCURRENCY"],
        "one_draft_s": _spread([one["seconds"] for one in alone]),
        "prompt_tokens": alone[0]["prompt_tokens"],
        "new_tokens": median(one["new_tokens"] for one in alone),
        "backlog": _middle(backlogs) | {"rounds": backlogs},
        "web": web,
    }


def _alone_and_together(
    live: Desk, person: Person, number: int, *, quick: bool
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Drafts one by one and right after them a backlog, since the machine's own pace changes from minute to minute."""
    alone = [_one(live, person, f"Alone {number} {one}") for one in range(6 if quick else SINGLES)]
    each = mean(one["seconds"] for one in alone)
    backlog = _backlog(live, person, f"Backlog {number}")
    return alone, backlog | {"gain": round(each / (backlog["seconds"] / BACKLOG), 2)}


def _middle(backlogs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The round of the median gain; nothing is lost only if nothing was in any."""
    by_gain = sorted(backlogs, key=lambda one: one["gain"])
    return by_gain[len(by_gain) // 2] | {"nothing_lost": all(one["nothing_lost"] for one in backlogs)}


def _one(live: Desk, person: Person, title: str) -> dict[str, Any]:
    """A draft that nothing else is before or beside; its times are the database's own."""
    document = person.ask_for(title, person.token_of("/documents/new"))
    until(lambda: _unfinished(live) == 0, "the draft", 120)
    with live.database.connect() as connection:
        seconds, prompt_tokens, new_tokens = connection.execute(FINISHED, {"id": document}).one()
    return {"seconds": float(seconds), "prompt_tokens": prompt_tokens, "new_tokens": new_tokens}


def _backlog(live: Desk, person: Person, title: str) -> dict[str, Any]:
    """Queued while no worker runs; measured from its first draft's beginning to its last one's end."""
    live.stop("worker")
    token = person.token_of("/documents/new")
    for number in range(BACKLOG):
        person.ask_for(f"{title}, {number}", token)
    live.start("worker")
    until(lambda: _unfinished(live) == 0, "the backlog", 600)
    with live.database.connect() as connection:
        seconds, tokens, done, documents, revisions = connection.execute(SPAN, {"title": f"{title}, %"}).one()
    return {
        "drafts": BACKLOG,
        "seconds": round(float(seconds), 3),
        "tokens": int(tokens),
        "nothing_lost": (done, documents, revisions) == (BACKLOG, BACKLOG, BACKLOG),
    }


def _unfinished(live: Desk) -> int:
    """Asked of the database: asking the pages of all of them would be most of the work."""
    with live.database.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM documents WHERE state = 'drafting'")).scalar_one()


def _pages(live: Desk, person: Person, rounds: int) -> dict[str, Any]:
    """The list of documents, asked for again and again by one person: with an idle engine and a busy one, in turns."""
    idle, busy, used = [], [], []
    for _ in range(rounds):
        idle += _page_times(person)
        with _busy_engine(live):
            engine = psutil.Process(live.running["engine"].pid)
            engine.cpu_percent()
            busy += _page_times(person)
            used.append(engine.cpu_percent())
        time.sleep(1)
    return {
        "page": "/documents",
        "idle_s": _spread(idle),
        "busy_s": _spread(busy),
        "ratio_p95": round(_p95(busy) / _p95(idle), 2),
        "engine_cpu_percent_when_busy": round(median(used)),
        "busy_with": f"{SLOTS} texts at once, asked for by another process; web, worker and database idle",
    }


def _page_times(person: Person, pages: int = 150) -> list[float]:
    seconds = []
    for _ in range(pages):
        started = time.perf_counter()
        assert person.http.get("/documents").status_code == 200
        seconds.append(time.perf_counter() - started)
        time.sleep(0.02)
    return seconds


@contextmanager
def _busy_engine(live: Desk) -> Iterator[None]:
    url = f"http://127.0.0.1:{live.engine_port}"
    command = [sys.executable, "-m", "bench.load", url, SLOTS]
    with subprocess.Popen(command, cwd=ROOT, env=live.environment) as process:  # noqa: S603  ours
        time.sleep(3)
        assert process.poll() is None, "the load could not be made"
        try:
            yield
        finally:
            process.terminate()


def _p95(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=20)[-1]


def _spread(seconds: Sequence[float]) -> dict[str, Any]:
    rounded = [round(one, 4) for one in seconds]
    return {"p50": round(median(seconds), 3), "p95": round(_p95(seconds), 3), "all": rounded}

"""Does memory stay flat? An hour's work of a newsroom goes through a whole desk, and each process is weighed meanwhile.

`python -m bench soak`. The hour is one of work, not of waiting: twelve people who each do something that is kept every
half minute and look at two pages a minute do 1,440 acts and look at 1,440 pages; here they don't pause between them.
"""

import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.chaos_people import EDITOR, SPONSOR, Browser, GaveUp, Ledger, everybody
from bench.chaos_place import place
from tests.desk import until

ACTS, PAGES = 1_440, 1_440  # of an hour
SAMPLES = 48
WRITERS = 3
TOKENS = 120  # of a draft
ADMIN = ("admin@test.com", "password")
PROCESSES = ("web", "worker", "engine")
LISTS = {
    SPONSOR: ("/documents/today", "/documents", "/documents/new", "/notifications", "/settings/account"),
    EDITOR: ("/documents/today", "/documents", "/notifications", "/settings", "/help/editing"),
    ADMIN: ("/admin/users", "/admin/signups", "/admin/log", "/admin/queue", "/documents"),
}
OF_A_DOCUMENT = {
    SPONSOR: ("", "/history", "/record", "/record.json"),
    EDITOR: ("", "/history", "/compare", "/export?format=docx"),
    ADMIN: ("", "/record"),
}
Weights = Mapping[str, Sequence[int]]  # bytes of each process, a sample each


def run(folder: Path, *, acts: int = ACTS, pages: int = PAGES, samples: int = SAMPLES, seed: int = 1) -> dict[str, Any]:
    """So many acts and pages, and how heavy each process was on the way; the one that is slower decides the end."""
    ledger, looks, ended = Ledger(), Ledger(), threading.Event()
    weights: dict[str, list[int]] = {name: [] for name in PROCESSES}
    with place(folder, DRAFT_TOKENS=str(TOKENS)) as here:
        here.start()
        started = time.monotonic()
        threads = [
            *everybody(here.wire.url, ledger, ended, WRITERS, seed),
            *_lookers(here.wire.url, looks, ledger, ended),
        ]
        try:
            for sample in range(1, samples + 1):
                _until_done(ledger, looks, acts * sample // samples, pages * sample // samples)
                for name in PROCESSES:
                    weights[name].append(held(here.desk.running[name].pid))
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        minutes = (time.monotonic() - started) / 60
        restarts = dict(here.ended_by_themselves)
    done = [act.kind for act in ledger.acts if act.acknowledged]
    return {
        "minutes": round(minutes, 1),
        "acts": {kind: done.count(kind) for kind in sorted(set(done))},
        "pages": looks.tries - looks.errors,
        "errors": ledger.errors + looks.errors,
        "refused": [*ledger.refused, *looks.refused],
        "restarts": restarts,
        "mebibytes": {name: [round(size / 2**20, 1) for size in sizes] for name, sizes in weights.items()},
        "growth": growth(weights),
    }


def growth(weights: Weights) -> dict[str, float]:
    """The last quarter's weight in ratio to the second's, by process: 1 is flat.

    In the first quarter caches are filled: pages that are seen for the first time, prepared statements, the model's
    own buffers.
    """
    return {
        name: round(median(sizes[-(len(sizes) // 4) :]) / median(_second_quarter(sizes)), 3)
        for name, sizes in weights.items()
    }


def rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One for a process, for the terminal."""
    return [
        {"process": name, "first": sizes[0], "least": min(sizes), "most": max(sizes), "last": sizes[-1]}
        | {"last quarter / second": found["growth"][name]}
        for name, sizes in found["mebibytes"].items()
    ]


def _second_quarter(sizes: Sequence[int]) -> Sequence[int]:
    return sizes[len(sizes) // 4 : len(sizes) // 2]


def held(leader: int) -> int:
    """Bytes that a process and its children hold, what they share counted once (PSS).

    Source: https://docs.kernel.org/filesystems/proc.html#smaps-rollup
    """
    return sum(_proportional(one) for one in _group(leader))


def _group(leader: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                # The name, in brackets, may hold spaces; behind it: state, parent, group.
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
            if int(fields[2]) == leader:
                found.append(int(folder.name))
    return found


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _until_done(ledger: Ledger, looks: Ledger, acts: int, pages: int) -> None:
    def done() -> object:
        refused = ledger.refused or looks.refused
        return refused or (len(ledger.acts) >= acts and looks.tries >= pages)

    until(done, f"{acts} acts and {pages} pages", 600)
    if refused := [*ledger.refused, *looks.refused]:
        raise AssertionError(f"answers that nothing explains: {refused}")


def _lookers(url: str, looks: Ledger, ledger: Ledger, ended: threading.Event) -> list[threading.Thread]:
    def looker(who: tuple[str, str]) -> Callable[[], None]:
        return lambda: _keep_looking(Browser(url, looks, ended), who, ledger)

    threads = [threading.Thread(target=looker(who)) for who in LISTS]
    for thread in threads:
        thread.start()
    return threads


def _keep_looking(browser: Browser, who: tuple[str, str], ledger: Ledger) -> None:
    """Page after page: the lists, and each newest document from all sides."""
    try:
        browser.log_in(*who)
        for number in itertools.count():
            if browser.ended.is_set():
                return
            created = ledger.acknowledged("document")
            paths = [f"/documents/{created[-1].place}{path}" for path in OF_A_DOCUMENT[who]] if created else []
            paths += LISTS[who]
            answer = browser.insist("GET", paths[number % len(paths)], follow_redirects=True)
            if answer.status_code not in (200, 404, 409):  # some are there once there is a text, or a signed one
                browser.ledger.refuse(f"{answer.url.path} was answered with {answer.status_code}")
                return
    except GaveUp:
        pass
    except Exception as error:
        browser.ledger.refuse(f"{type(error).__name__}: {error}")
    finally:
        browser.http.close()

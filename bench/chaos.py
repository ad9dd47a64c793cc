"""A desk is broken in every part while people work at it; afterwards all that it acknowledged has to be there, once.

`python -m bench chaos --minutes N`. Processes are killed without a word (SIGKILL), all connections are ended, the disk
is filled to its last byte, the mail server refuses. What people were told is compared with what is in the database.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from bench.chaos_people import Ledger, everybody
from bench.chaos_place import Place, place
from bench.chaos_verdict import judge
from tests.desk import until

WRITERS = 3
HELD = 1.0  # seconds that something stays broken
WORK = 6  # acts that are acknowledged between two faults
Fault = Callable[[Place], None]


def kill(name: str) -> Fault:
    """The process and its children end at once; another one is started, as the production stack does."""

    def fault(here: Place) -> None:
        here.desk.kill(name)
        time.sleep(HELD)
        here.begin(name)

    return fault


def kill_database(here: Place) -> None:
    here.database.kill()
    time.sleep(HELD)
    here.database.start()


def end_connections(here: Place) -> None:
    """Three times in a row: reconnecting is ended, too."""
    ended = 0
    for _ in range(3):
        ended += here.database.terminate_connections()
        time.sleep(HELD / 3)
    assert ended, "nobody was connected to the database"


def cut_the_line(here: Place) -> None:
    """Between people and web, wherever in a request they are."""
    deadline = time.monotonic() + 60
    cut = 0
    while cut < 3 and time.monotonic() < deadline:
        cut += here.wire.cut()
        time.sleep(0.1)
    assert cut >= 3, "nobody was connected to web"


def refuse_mail(here: Place) -> None:
    refused = here.postbox.refused
    here.postbox.busy = True
    # Somebody always signs up, so there always is a letter.
    until(lambda: here.postbox.refused > refused, "a letter is refused")
    here.postbox.busy = False


def fill_the_disk(here: Place) -> None:
    assert here.database.fill() > 0
    assert here.database.runs_out(), "the disk was not full"
    time.sleep(2 * HELD)
    here.database.free_again()


FAULTS: Mapping[str, Fault] = {
    "worker killed": kill("worker"),
    "engine killed": kill("engine"),
    "web killed": kill("web"),
    "database killed": kill_database,
    "connections ended": end_connections,
    "line cut": cut_the_line,
    "mail refused": refuse_mail,
    "disk full": fill_the_disk,
}


def run(
    folder: Path, *, minutes: float = 0.0, seed: int = 1, writers: int = WRITERS, work: int = WORK
) -> dict[str, Any]:
    """Every fault at least once, in turns by chance, for so many minutes; then the count.

    `work`: how many acts are acknowledged between two faults.
    """
    ledger, ended, faults, rounds = Ledger(), threading.Event(), Counter[str](), 0
    order = random.Random(seed)  # noqa: S311  nothing is kept secret by it
    with place(folder) as here:
        here.start()
        possible = [name for name in FAULTS if name != "disk full" or here.database.can_be_filled]
        started = time.monotonic()
        threads = everybody(here.wire.url, ledger, ended, writers, seed)
        try:
            while not rounds or time.monotonic() - started < 60 * minutes:
                rounds += 1
                for name in order.sample(possible, len(possible)):
                    _work(ledger, work)
                    FAULTS[name](here)
                    faults[name] += 1
                    here.until_up()
            _let_them_finish(ledger)
        except AssertionError as error:
            error.add_note(f"{here.state()}; answers that no fault explains: {ledger.refused}")
            raise
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        worked = time.monotonic() - started
        _settle(here)
        verdict = judge(here.database.url, ledger, here.postbox.received)
    return {
        "minutes": round(worked / 60, 1),
        "writers": writers,
        "seed": seed,
        "faults": dict(faults),
        "not_done": [name for name in FAULTS if name not in possible],
        "requests": ledger.tries,
        "requests_in_vain": ledger.errors,
        "ended_by_themselves": dict(here.ended_by_themselves),
        "refused": ledger.refused,
        **verdict,
    }


def _work(ledger: Ledger, wanted: int) -> None:
    """Until people got something done again, so that the next fault finds them at work.

    Whoever got an answer that no fault explains does not go on: then nobody is waited for, and the verdict says why.
    """

    def done() -> int:
        return sum(act.acknowledged for act in list(ledger.acts))

    before = done()
    until(lambda: ledger.refused or done() >= before + wanted, "people work", 120)


def _let_them_finish(ledger: Ledger) -> None:
    """Until one more document was approved: the desk works after all that."""
    before = len(ledger.acknowledged("approval"))
    until(
        lambda: ledger.refused or len(ledger.acknowledged("approval")) > before,
        "a document is approved after the last fault",
        180,
    )


def _settle(here: Place) -> None:
    """Until nothing waits any more. Letters that wait for hours after a refusal are told to go now."""

    def settled() -> bool:
        here.revive()
        with suppress(psycopg.OperationalError), psycopg.connect(here.database.url, connect_timeout=5) as connection:
            connection.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
            left = connection.execute(
                "SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')) "
                "+ (SELECT count(*) FROM documents WHERE state = 'drafting') "
                "+ (SELECT count(*) FROM mails WHERE state = 'queued')"
            ).fetchone()
            return left == (0,)
        return False

    until(settled, "drafts and letters that wait are done", 180)


def report(found: Mapping[str, Any]) -> str:
    """The page in docs."""
    acts = "\n".join(
        f"| {kind} | {row['acknowledged']:,} | {row['in_doubt']:,} | {row['lost']} | {row['doubled']} |"
        for kind, row in found["acts"].items()
    )
    faults = "\n".join(f"| {name} | {count} |" for name, count in found["faults"].items())
    return TEMPLATE.format(
        **{name: found[name] for name in ("minutes", "writers", "requests", "requests_in_vain", "measured_at")},
        acts=acts,
        faults=faults,
        letters_given_twice=found["letters_given_twice"],
        events=found["events_of_the_log"],
        records=found["records"],
        losses=found["losses"],
        doubles=found["doubles"],
        chains=found["chains"] or "hold",
        not_done=", ".join(found["not_done"]) or "none",
    )


TEMPLATE = (Path(__file__).with_name("chaos.md")).read_text(encoding="utf-8")

"""The document page in a real browser: how soon it paints on a slow phone, and what a key costs in a long text."""

import random
import shutil
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.desk import whole_desk
from copydesk.accounts.models import User
from copydesk.documents import revising
from copydesk.documents.revising import Text
from tests import journeys
from tests.browser.conftest import FLAGS
from tests.desk import Desk

WORDS = 20_000
KEYS = 200
SPONSOR, EDITOR = "test@test.com", "editor@test.com"
# Lighthouse's slow phone: a quarter of the processor, 150 ms there and back, 1.6 Mbit/s down.
PHONE = {"width": 360, "height": 740}
SLOWER = 4
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1_638_400 / 8, "uploadThroughput": 750_000 / 8}


def run(work: Path, *, quick: bool = False) -> dict[str, Any] | None:
    """First paint and typing; None where there is no browser."""
    path = shutil.which("chromium")
    if path is None:
        return None
    from playwright.sync_api import sync_playwright

    with whole_desk(work) as (live, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            short = _document(live, "Painted", journeys.DRAFT)
            long = _document(live, "Typed", _long_text(2_000 if quick else WORDS))
            return {
                "first_paint": _first_paint(browser, live, short, rounds=2 if quick else 7),
                "typing": _typing(browser, live, long, keys=40 if quick else KEYS),
            }
        finally:
            browser.close()


def _document(live: Desk, title: str, text: str) -> str:
    """The path of a document that the development editor edits: the machine's draft, then `text` saved over it."""
    with Session(live.database) as session:
        sponsor, editor = (
            session.scalars(select(User).where(User.email == email)).one() for email in (SPONSOR, EDITOR)
        )
        document = journeys.bring_to(session, "editing", sponsor, editor, title=title)
        base = journeys.head(session, document)
        revising.save(session, document.id, editor, Text(title, f"{journeys.DRAFT}\n\n{text}", base))
        session.commit()
        return f"/documents/{document.id}"


def _long_text(words: int) -> str:
    chosen = random.Random(7)  # noqa: S311  words, not secrets
    pool = journeys.DRAFT.lower().replace(".", "").split()
    sentences = [" ".join(chosen.choice(pool) for _ in range(20)).capitalize() + "." for _ in range(words // 20)]
    return "\n\n".join(" ".join(sentences[start : start + 5]) for start in range(0, len(sentences), 5))


def _log_in(browser: Any, live: Desk, **options: Any) -> Any:
    page = browser.new_context(base_url=live.url, **options).new_page()
    page.goto("/login")
    page.get_by_label("Email").fill(EDITOR)
    page.get_by_label("Password").fill("123456")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/documents**")
    return page


def _first_paint(browser: Any, live: Desk, path: str, *, rounds: int) -> dict[str, Any]:
    """Milliseconds to the first paint with words in it, with nothing in the browser's cache, and to the editor."""
    page = _log_in(browser, live, viewport=PHONE, device_scale_factor=2)
    slow = page.context.new_cdp_session(page)
    slow.send("Network.enable")
    slow.send("Network.emulateNetworkConditions", NETWORK)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    painted, ready = [], []
    for _ in range(rounds):
        slow.send("Network.clearBrowserCache")
        page.goto(path)
        page.locator(".cm-content").wait_for()
        painted.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        ready.append(page.evaluate("performance.now()"))
    page.context.close()
    network = f"{NETWORK['latency']} ms, 1.6 Mbit/s"
    return {
        "phone": f"{PHONE['width']} px wide, processor {SLOWER} times slower, {network}, empty cache",
        "first_contentful_paint_ms": round(median(painted)),
        "editor_ready_ms": round(median(ready)),
        "all": [[round(each) for each in pair] for pair in zip(painted, ready, strict=True)],
    }


def _typing(browser: Any, live: Desk, path: str, *, keys: int) -> dict[str, Any]:
    """What a key costs in the middle of a long text, at full speed of this machine."""
    page = _log_in(browser, live, viewport={"width": 1440, "height": 900})
    page.goto(path)
    text = page.locator(".cm-content")
    text.click()
    page.keyboard.press("Control+End")
    page.keyboard.press("PageUp")
    for _ in range(10):
        page.keyboard.press("x")  # what is done once is done
    watched = page.context.new_cdp_session(page)
    watched.send("Performance.enable")
    costs = []
    for number in range(keys):
        page.wait_for_timeout(100)  # what belongs to the key before is over
        before = _busy(watched)
        page.keyboard.press("abcdefghij "[number % 11])
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")  # it is painted
        costs.append(1000 * (_busy(watched) - before))
    page.context.close()
    cuts = quantiles(costs, n=20)
    return {
        "words": WORDS,
        "keys": keys,
        "main_thread_ms": {"p50": round(median(costs), 1), "p95": round(cuts[-1], 1), "worst": round(max(costs), 1)},
    }


def _busy(watched: Any) -> float:
    """Seconds that the page's main thread has been at work so far: script, layout and painting."""
    metrics = {one["name"]: one["value"] for one in watched.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])

"""The document page in a real browser: how soon it paints on a slow phone, what it loads, and what a key costs."""

import gzip
import os
import shutil
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench import typing_keys
from bench.desk import whole_desk
from bench.machine import load
from copydesk.accounts.models import User
from copydesk.documents import revising, suggesting
from copydesk.documents.proposals import Proposal
from copydesk.documents.revising import Text
from tests import journeys
from tests.browser.conftest import FLAGS
from tests.desk import Desk

SPONSOR, EDITOR = "test@test.com", "editor@test.com"
PHONE = {"width": 360, "height": 740}
SLOWER = 4
# Lighthouse's "slow 4G": 150 ms there and back, 1.6 Mbit/s down, 750 kbit/s up; a quarter of the processor.
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1_638_400 / 8, "uploadThroughput": 750_000 / 8}
# What Lighthouse sets in a browser for the same network, so that each request also pays for its connection.
HARSHER = NETWORK | {"latency": 562.5, "downloadThroughput": 0.9 * 1_638_400 / 8, "uploadThroughput": 0.9 * 750_000 / 8}
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
WORDS, SHORT = 20_000, 800  # at least so many are left of the long one, after what the editor wrote anew
SUGGESTED = 20


def run(work: Path, *, quick: bool = False) -> dict[str, Any] | None:
    """First paint, bytes and typing; None where there is no browser."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        return None
    from playwright.sync_api import sync_playwright

    with whole_desk(work) as (live, _), live.settings(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            short = _document(live, "Painted", typing_keys.prose(SHORT))
            long = _document(live, "Typed", typing_keys.prose(2_000 if quick else WORDS * 6 // 5))
            rounds = 2 if quick else 7
            return {
                "load": load(),
                "first_paint": _first_paint(browser, live, short, NETWORK, rounds),
                "first_paint_20000_words": _first_paint(browser, live, long, NETWORK, rounds),
                "first_paint_harsher": _first_paint(browser, live, short, HARSHER, rounds),
                "bytes": _bytes(browser, live, short),
                "typing": typing_keys.run(_log_in(browser, live, viewport={"width": 1440, "height": 900}), long, quick),
            }
        finally:
            browser.close()


def _document(live: Desk, title: str, text: str) -> str:
    """The path of a document that the development editor edits: the machine's draft, every seventh paragraph written
    anew by the editor, and changes that the sponsor suggests."""
    with Session(live.database) as session:
        sponsor, editor = (
            session.scalars(select(User).where(User.email == email)).one() for email in (SPONSOR, EDITOR)
        )
        document = journeys.bring_to(session, "editing", sponsor, editor, title=title, text=text)
        paragraphs = text.split("\n\n")
        for number in range(0, len(paragraphs), 7):
            paragraphs[number] = f"Somebody wrote paragraph {number} of this anew, word by word, in their own way."
        body = "\n\n".join(paragraphs)
        saved = revising.save(session, document.id, editor, Text(title, body, journeys.head(session, document)))
        for number in range(1, SUGGESTED + 1):
            at = body.index(" ", number * len(body) // (SUGGESTED + 2))
            suggesting.propose_one(
                session, document.id, sponsor, base=saved.number, proposal=Proposal(at, at, " perhaps")
            )
        session.commit()
        return f"/documents/{document.id}"


def _log_in(browser: Any, live: Desk, **options: Any) -> Any:
    page = browser.new_context(base_url=live.url, **options).new_page()
    page.set_default_timeout(120_000)  # a slow phone on a busy machine
    page.goto("/login")
    page.get_by_label("Email").fill(EDITOR)
    page.get_by_label("Password").fill("123456")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/documents**")
    return page


def _first_paint(browser: Any, live: Desk, path: str, network: dict[str, Any], rounds: int) -> dict[str, Any]:
    """Milliseconds to the first paint with words in it, with nothing in the browser's cache, and to the editor."""
    page = _log_in(browser, live, viewport=PHONE, device_scale_factor=2)
    page.goto(path)  # the server's own first time is not the phone's
    slow = page.context.new_cdp_session(page)
    slow.send("Network.enable")
    slow.send("Network.emulateNetworkConditions", network)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    answered, painted, ready = [], [], []
    for _ in range(rounds):
        slow.send("Network.clearBrowserCache")
        page.goto(path, wait_until="commit")
        page.locator(".cm-content").wait_for()
        ready.append(page.evaluate("performance.now()"))
        painted.append(page.evaluate(PAINTED))
        answered.append(page.evaluate("performance.getEntriesByType('navigation')[0].responseStart"))
    page.context.close()
    speed = f"{network['downloadThroughput'] * 8 / 1024 / 1000:.2f} Mbit/s"
    return {
        "phone": f"{PHONE['width']} px wide, processor {SLOWER} times slower, "
        f"{network['latency']} ms for each answer, {speed}, empty cache",
        "answer_ms": round(median(answered)),
        "first_contentful_paint_ms": round(median(painted)),
        "best_ms": round(min(painted)),
        "editor_ready_ms": round(median(ready)),
        "all": [[round(each) for each in pair] for pair in zip(painted, ready, strict=True)],
        "load": load(),
    }


def _bytes(browser: Any, live: Desk, path: str) -> dict[str, Any]:
    """Of script and style on the page where somebody writes: as the desk serves them, and with gzip's best."""
    page = _log_in(browser, live)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path)
    page.locator(".cm-content").wait_for()
    page.wait_for_load_state("networkidle")
    page.context.close()
    served, best = 0, 0
    for url in sorted({url for url in asked if url.endswith((".js", ".css"))}):
        with httpx.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as answer:
            served += sum(map(len, answer.iter_raw()))
        best += len(gzip.compress(httpx.get(url).content, 9))
    return {"script_and_style_as_served": served, "script_and_style_gzip_9": best}

"""Watching a draft: it grows on the page, can be left and reopened, stopped and asked for again."""

import contextlib
import signal
import threading
import time
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.test_story import state

BRIEF = "A review of a small show of ceramics in a converted bakery."


@pytest.fixture
def slow_engine(live):
    """Lets the engine run for a moment and stand still for a longer one, so that a draft takes long enough to watch."""
    engine = live.running["engine"]
    over = threading.Event()

    def pulse():
        while not over.is_set():
            engine.send_signal(signal.SIGSTOP)
            over.wait(0.25)
            engine.send_signal(signal.SIGCONT)
            over.wait(0.02)

    thread = threading.Thread(target=pulse)
    thread.start()
    yield
    over.set()
    thread.join()
    with contextlib.suppress(ProcessLookupError):
        engine.send_signal(signal.SIGCONT)


def create(page, title):
    page.goto("/documents/new")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Brief").fill(BRIEF)
    page.get_by_role("button", name="Create document").click()
    page.wait_for_url("**/documents/*-*")


def test_the_draft_grows_on_the_page_word_by_word(log_in, slow_engine):
    page = log_in()
    create(page, "Growing")
    seen = []
    deadline = time.monotonic() + 60
    draft = page.locator("[data-role=autodoc]")
    while time.monotonic() < deadline and page.locator("[data-state=drafting]").count():
        with contextlib.suppress(Exception):  # the page is replaced when the draft is done
            words = draft.inner_text(timeout=500)
            if not seen or words != seen[-1]:
                seen.append(words)
        time.sleep(0.02)
    state(page, "unassigned")
    growing = [words for words in seen if words.strip()]
    assert len(growing) >= 3, seen
    assert all(len(before) <= len(after) for before, after in pairwise(growing[:-1]))


def test_a_draft_can_be_left_and_reopened(log_in, slow_engine):
    page = log_in()
    create(page, "Left and reopened")
    url = page.url
    page.goto("/documents")
    expect(page.get_by_text("Left and reopened").first).to_be_visible()
    page.goto(url)
    state(page, "unassigned", timeout=60_000)


def test_a_draft_can_be_stopped_and_asked_for_again(log_in, live):
    page = log_in()
    live.running["engine"].send_signal(signal.SIGSTOP)
    try:
        create(page, "Stopped by hand")
        page.get_by_role("button", name="Stop").click()
        page.locator("dialog[open] button").last.click()
        state(page, "draft_failed")
    finally:
        live.running["engine"].send_signal(signal.SIGCONT)
    page.get_by_role("button", name="Try again").first.click()
    state(page, "unassigned")


def test_without_script_the_whole_job_still_works(log_in):
    sponsor = log_in(java_script_enabled=False)
    create(sponsor, "Without script")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and sponsor.locator("[data-state=drafting]").count():
        time.sleep(0.3)
        sponsor.reload()
    state(sponsor, "unassigned")
    editor = log_in("editor@test.com", java_script_enabled=False)
    editor.goto(sponsor.url)
    editor.get_by_role("button", name="Take").first.click()
    editor.get_by_role("textbox", name="Text").fill("Written without script.")
    editor.get_by_role("button", name="Save revision").click()
    expect(editor.get_by_role("textbox", name="Text")).to_have_value("Written without script.")
    editor.get_by_role("button", name="Deliver to sponsor").first.click()
    state(editor, "signoff")


def test_a_form_sent_four_times_at_once_makes_one_document(log_in):
    page = log_in()
    page.goto("/documents/new")
    page.get_by_label("Title").fill("Sent four times")
    page.get_by_label("Brief").fill(BRIEF)
    urls = page.evaluate(
        """() => {
          const body = new FormData(document.querySelector("form.form"));
          const send = () => fetch("/documents/new", {method: "POST", body});
          return Promise.all([send(), send(), send(), send()].map(async (one) => (await one).url));
        }"""
    )
    assert len(set(urls)) == 1, urls
    page.goto("/documents")
    expect(page.get_by_role("link", name="Sent four times")).to_have_count(1)

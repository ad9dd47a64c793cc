"""A real browser on a whole desk. Where none is found the tests are skipped; in continuous integration they fail."""

import os
import shutil
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from tests import journeys
from tests.desk import Desk, desk

expect.set_options(timeout=20_000)  # as patient as the pages' own time-out: a machine that does other things is slow

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FRESH = 600  # seconds; after a quarter of an hour what is dangerous asks for the password again
# The same browser without its window takes a fifth less time.
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")
AXE = Path(__file__).resolve().parents[2] / "services/web/frontend/node_modules/axe-core/axe.min.js"


def pytest_collection_modifyitems(items):
    for item in items:
        if "/tests/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        message = "No Chromium was found: install Debian's package chromium, or set CHROMIUM to its path."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def live(make_database, tmp_path_factory) -> Desk:
    """The whole desk, with the seed model."""
    with desk(make_database("browser"), tmp_path_factory.mktemp("desk")) as running:
        running.start_all()
        yield running


@pytest.fixture
def browser_of(chromium, live):
    """A browser of its own for each person: `page = browser_of("Ruth")`. An error in its console fails the test."""
    contexts, errors = [], []

    def open_for(name="", **options):
        # What fades is met halfway on a slow machine, and axe measures colours that nobody would see for long.
        context = chromium.new_context(**{"base_url": live.url, "reduced_motion": "reduce"} | options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{name}: {error}"))
        page.on("console", lambda said: errors.append(f"{name}: {said.text}") if said.type == "error" else None)
        return page

    yield open_for
    for context in contexts:
        context.close()
    # The browser notes every answer that is not 2xx; those are asked for by the tests themselves.
    assert [error for error in errors if "Failed to load resource" not in error] == []


@pytest.fixture(scope="session")
def cookies(live):
    """Of the people who have logged in before, by their addresses: a person does not log in anew for each test."""
    return {}


@pytest.fixture
def log_in(browser_of, cookies):
    """A page in which one of the development people is logged in: by the form the first time, by its cookie later."""

    def log_in(email="test@test.com", password="123456", **options):
        page = browser_of(email, **options)
        since, kept = cookies.get(email, (0, []))
        if time.monotonic() - since < FRESH:
            page.context.add_cookies(kept)
        page.goto("/documents/today")
        if "/login" in page.url:
            page.get_by_label("Email").fill(email)
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url(lambda url: "/login" not in url)
            cookies[email] = time.monotonic(), [one for one in page.context.cookies() if one["name"] == "copydesk"]
        return page

    return log_in


@pytest.fixture
def assigned(live):
    """The path of a machine's draft that the development editor edits for the development sponsor; no browser is needed
    to bring it there."""

    def make(title, text=journeys.DRAFT):
        with Session(live.database, expire_on_commit=False) as session, session.begin():
            sponsor, editor = (
                session.scalars(select(User).where(User.email == email)).one()
                for email in ("test@test.com", "editor@test.com")
            )
            document = journeys.bring_to(session, "editing", sponsor, editor, title=title, text=text)
            return f"/documents/{document.id}"

    return make


def written(page):
    """The text that stands in the editor: the hidden field is always in step with it."""
    return page.locator("textarea[name=body]").input_value()


def accessible(page):
    """No violation of WCAG 2.2 A and AA that axe can find."""
    page.wait_for_load_state()
    # Playwright's own evaluation is not bound by the page's content security policy.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    report = page.evaluate(
        """async () => {
          const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
          const { violations } = await axe.run(document, { resultTypes: ["violations"], runOnly });
          return violations.map((one) => [one.id, one.help, one.nodes.map((node) => node.html.slice(0, 160))]);
        }"""
    )
    assert report == [], page.url

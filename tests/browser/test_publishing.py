"""From the signature to a page that strangers read, in a real browser: on time, corrected, retracted."""

import datetime as dt
import uuid

import pytest
from playwright.sync_api import expect
from sqlalchemy import text
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.documents import operations, revising
from copydesk.documents.revising import Text
from tests import journeys
from tests.browser.conftest import accessible
from tests.browser.test_story import state
from tests.desk import until

BODY = """The old bakery on Quay Street has a new tenant.

## What stands there

Eleven pots by **Ines Marr** stand on the cold lip of the ovens.

> They are not large, nor do they ask to be admired.

- grey
- orange
"""


@pytest.fixture
def approved(live):
    """The address of a signed text of the development people."""
    with Session(live.database, expire_on_commit=False) as session, session.begin():
        people = {one.email: one for one in session.query(User)}
        sponsor, editor = people["test@test.com"], people["editor@test.com"]
        title = f"Eleven pots {uuid.uuid4().hex[:6]}"
        document = journeys.bring_to(session, "editing", sponsor, editor, title=title)
        revising.deliver(session, document.id, editor, Text(title, BODY, document.text_number))
        head = revising.head_text(session, document)
        operations.sign(session, document.id, sponsor, sha256=head.sha256)
        return f"/documents/{document.id}"


def confirm(page):
    page.get_by_role("dialog").get_by_role("button").last.click()


@pytest.mark.parametrize("script", [True, False])
def test_published_corrected_and_retracted(log_in, browser_of, approved, script):
    sponsor = log_in(java_script_enabled=script)
    sponsor.goto(approved)
    sponsor.get_by_role("link", name="Publish").first.click()
    sponsor.get_by_role("button", name="Publish").click()
    state(sponsor, "published")
    address = sponsor.get_by_role("link", name="The page").get_attribute("href")

    reader = browser_of("reader", java_script_enabled=script)
    reader.goto(address)
    expect(reader.get_by_role("heading", level=2, name="What stands there")).to_be_visible()
    expect(reader.locator("[data-role=responsible]")).to_contain_text("signed")
    reader.get_by_role("link", name="See it word by word").click()
    expect(reader.locator(".text")).to_contain_text("Eleven pots by Ines Marr")

    sponsor.get_by_role("link", name="Correct or update").click()
    sponsor.get_by_role("button", name="Open it again").click()
    expect(sponsor.get_by_text("Please choose one of the two.").first).to_be_visible()
    sponsor.get_by_label("A correction").check()
    sponsor.get_by_label("What should change?").fill("Ten pots, not eleven.")
    sponsor.get_by_role("button", name="Open it again").click()
    state(sponsor, "editing")
    sponsor.get_by_role("button", name="Leave the edition as it is").click()
    if script:
        confirm(sponsor)
    state(sponsor, "published")

    sponsor.get_by_role("link", name="Retract").click()
    sponsor.get_by_label("What readers are told").fill("The show never took place.")
    sponsor.get_by_role("button", name="Retract it").click()
    state(sponsor, "retracted")
    reader.goto(address)
    expect(reader.get_by_role("heading", name="This text was retracted")).to_be_visible()
    expect(reader.get_by_role("heading", name="What stands there")).to_be_hidden()
    reader.get_by_text("The text as it was").click()
    expect(reader.get_by_role("heading", name="What stands there")).to_be_visible()


def test_a_time_in_ones_own_zone_goes_out_by_itself(log_in, browser_of, approved, live):
    sponsor = log_in(timezone_id="America/New_York")
    sponsor.goto(f"{approved}/publish")
    expect(sponsor.get_by_label("Date and time")).to_be_hidden()
    sponsor.get_by_label("For everyone, at a time", exact=True).check()
    expect(sponsor.get_by_text("America/New York")).to_be_visible()
    tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).strftime("%Y-%m-%d")
    sponsor.get_by_label("Date and time").fill(f"{tomorrow}T09:30")
    sponsor.get_by_role("button", name="Publish").click()
    expect(sponsor.get_by_text("The time is set.").first).to_be_visible()
    state(sponsor, "approved")
    expect(sponsor.locator("#publication time")).to_have_attribute("datetime", f"{tomorrow}T14:30:00+00:00")

    # Nobody waits for tomorrow: its time is now, and the worker has to find that out by itself.
    with live.database.begin() as connection:
        number = approved.rpartition("/")[2]
        connection.execute(
            text("UPDATE editions SET live_at = now(), public_at = now() WHERE document_id = :id"), {"id": number}
        )
    until(lambda: sponsor.reload() and sponsor.locator("[data-state=published]").count(), "the text goes out")
    reader = browser_of("reader")
    reader.goto(sponsor.get_by_role("link", name="The page").get_attribute("href"))
    expect(reader.get_by_role("heading", level=1)).to_contain_text("Eleven pots")


@pytest.mark.parametrize(("size", "theme"), [(360, "dark"), (1440, "light")])
def test_the_pages_are_accessible_and_fit(log_in, browser_of, approved, size, theme, tmp_path):
    settings = {"viewport": {"width": size, "height": 900}, "color_scheme": theme}
    sponsor = log_in(**settings)

    def look(page, name):
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size, name
        page.screenshot(path=tmp_path / f"{name}-{size}-{theme}.png", full_page=True)

    sponsor.goto(approved)
    look(sponsor, "approved")
    sponsor.goto(f"{approved}/publish")
    sponsor.get_by_label("Under embargo").check()
    look(sponsor, "publish")
    sponsor.get_by_label("With the link only").check()
    sponsor.get_by_role("button", name="Publish").click()
    state(sponsor, "published")
    look(sponsor, "published")
    address = sponsor.get_by_role("link", name="The page, with its key").get_attribute("href")
    reader = browser_of("reader", **settings)
    reader.goto(address)
    look(reader, "reading")
    reader.get_by_role("link", name="See it word by word").click()
    look(reader, "hands")
    for act in ("reopen", "retract"):
        sponsor.goto(f"{approved}/{act}")
        look(sponsor, act)

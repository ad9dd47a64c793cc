"""Checks before delivery in a real browser: held, led to its place, waived without leaving the page, delivered."""

import uuid

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.documents import revising
from copydesk.documents.revising import Text
from tests import journeys
from tests.browser.conftest import accessible
from tests.browser.test_story import state
from tests.browser.writing import opened


@pytest.fixture
def path(live):
    """The address of a text of the development people whose brief wants a line kept."""
    with Session(live.database, expire_on_commit=False) as session, session.begin():
        people = {one.email: one for one in session.query(User)}
        sponsor, editor = people["test@test.com"], people["editor@test.com"]
        document = journeys.bring_to(session, "editing", sponsor, editor, title=f"Kept {uuid.uuid4().hex[:6]}")
        document.must_keep = "Open daily, ten to six."
        revising.save(session, document.id, editor, Text(document.title, journeys.prose(12), document.text_number))
        return f"/documents/{document.id}"


@pytest.mark.parametrize("script", [True, False])
def test_held_waived_and_delivered(log_in, path, script):
    page = log_in("editor@test.com", java_script_enabled=script)
    page.goto(path)
    page.get_by_role("button", name="Deliver to sponsor").click()
    expect(page.get_by_text("One line the brief wants kept is not in the text.").first).to_be_visible()
    state(page, "editing")
    reason = page.locator("#check-must_keep").get_by_label("It may stay, because …")
    expect(reason).to_be_visible()  # the held check is open
    if script:
        opened(page).press("Control+End")
        page.keyboard.type(" The lamps are lit.")
    reason.fill("The hours changed.")
    page.get_by_role("button", name="Let it stay").click()
    expect(page.get_by_text("It may stay, and the record says why.").first).to_be_visible()
    if script:
        expect(opened(page)).to_contain_text("The lamps are lit.")  # nothing typed was lost on the way
    page.get_by_role("button", name="Deliver to sponsor").click()
    state(page, "signoff")


@pytest.mark.parametrize(("size", "theme"), [(360, "dark"), (1440, "light")])
def test_the_pages_are_accessible_and_fit(log_in, path, size, theme, tmp_path):
    settings = {"viewport": {"width": size, "height": 900}, "color_scheme": theme}
    pages = {
        "card": (log_in("editor@test.com", **settings), path),
        "new": (log_in(**settings), "/documents/new"),
        "house": (log_in("admin@test.com", "password", **settings), "/admin/house"),
        "disclosure": (log_in("admin@test.com", "password", **settings), "/admin/disclosure"),
    }
    for name, (page, url) in pages.items():
        page.goto(url)
        if name == "card":
            page.locator("#check-must_keep summary").click()
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size, name
        page.screenshot(path=tmp_path / f"{name}-{size}-{theme}.png", full_page=True)

"""A draft is written again from its own page, and is the same."""

from playwright.sync_api import expect

from tests.browser.conftest import accessible
from tests.browser.test_drafting import create
from tests.browser.test_pages import NARROW, fits
from tests.browser.test_story import state


def test_a_draft_is_written_again_and_is_identical(log_in):
    page = log_in()
    create(page, "Written twice")
    state(page, "unassigned")
    page.get_by_role("link", name="1 of 1").click()
    page.get_by_role("button", name="Write it again").click()
    expect(page.locator("[data-role=replay]")).to_have_attribute("data-identical", "true", timeout=30_000)
    accessible(page)


def test_doubt_is_shown_when_asked_for_and_remembered(log_in):
    page = log_in(**NARROW)
    create(page, "Where it was unsure")
    state(page, "unassigned")
    page.get_by_role("link", name="1 of 1").click()
    mark = page.locator("article .doubt-3, article .doubt-2, article .doubt-1").first
    plain = mark.evaluate("one => getComputedStyle(one).backgroundColor")
    toggle = page.get_by_label("Show where the model was unsure")
    toggle.check()
    assert mark.evaluate("one => getComputedStyle(one).backgroundColor") != plain
    fits(page)
    accessible(page)
    page.reload()
    expect(toggle).to_be_checked()

"""A page that is left at once after undo and redo: what comes back is what stood there, not what the desk had last."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_two_people import (  # noqa: F401  fixtures
    TEXT,
    document,
    editor_of,
    kept,
    line,
    open_for,
    type_at_end,
)
from tests.browser.writing import body, save

SAVED = TEXT + " Typed and saved."


@pytest.fixture
def page(open_for):  # noqa: F811  the fixture
    """A text whose last words are saved, and can be undone."""
    page = editor_of(open_for())
    type_at_end(page, " Typed and saved.")
    save(page)
    return page


def undone(page):
    page.keyboard.press("Control+z")
    expect(body(page)).to_have_value(TEXT)
    kept(page)  # the desk has the text without them, too


@pytest.mark.parametrize("network", ["as it is", "without a farewell"])
def test_redone_words_stay_after_an_immediate_reload(page, network):
    if network != "as it is":  # the last message of the page is lost: this browser knows it all the same
        page.route("**/unsent", lambda route: route.abort() if route.request.method == "DELETE" else route.continue_())
    undone(page)
    page.keyboard.press("Control+y")
    page.reload()
    expect(body(page)).to_have_value(SAVED)
    expect(line(page, "restored")).to_be_hidden()
    page.unroute_all()
    page.reload()
    expect(body(page)).to_have_value(SAVED)
    # And the desk has heard of it by now: in another window they don't come back either.
    with page.expect_response("**/presence"):
        page.reload()
    data = page.context.request.get(page.url + "/desk.json").json()
    assert data["unsent"] is None


def test_undone_words_stay_undone_after_an_immediate_reload(page):
    undone(page)
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+z")
    page.reload()
    expect(body(page)).to_have_value(TEXT)
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+y")
    expect(body(page)).to_have_value(SAVED)


def test_words_of_the_last_moment_come_back_and_those_before_can_be_undone(page):
    undone(page)
    page.keyboard.press("Control+y")
    page.keyboard.type(" And more.")
    page.reload()
    expect(body(page)).to_have_value(SAVED + " And more.")
    kept(page)
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+z")
    page.reload()
    expect(body(page)).to_have_value(SAVED)
    expect(line(page, "restored")).to_be_hidden()


def test_words_thrown_away_are_gone_after_an_immediate_reload(open_for):  # noqa: F811  the fixture
    page = editor_of(open_for())
    type_at_end(page, " For the basket.")
    kept(page)
    page.reload()
    line(page, "restored").get_by_role("button", name="Throw them away").click()
    page.reload()
    expect(body(page)).to_have_value(TEXT)
    expect(line(page, "restored")).to_be_hidden()

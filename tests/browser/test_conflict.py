"""The page that asks which words stay: on a phone, in both themes, and from place to place by the keyboard."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import accessible
from tests.browser.test_pages import NARROW, fits
from tests.browser.test_two_people import TEXT, document, editor_of, open_for, record  # noqa: F401  fixtures
from tests.browser.writing import body, save, write

LONG = "https://example.org/" + "jars-and-lids/" * 12 + "kiln"  # nowhere to break it but inside


def rewritten(first, second):
    return TEXT.replace("old", first).replace("pots", second)


@pytest.fixture
def conflict(open_for):  # noqa: F811  the fixture
    """Two places, each changed in two windows; shown in the second one."""

    def make(**options):
        one, other = editor_of(open_for()), editor_of(open_for(**options))
        write(one, rewritten("new", "cups"))
        write(other, rewritten(LONG, "mugs"))
        save(one)
        other.keyboard.press("Control+s")
        expect(other.locator("[data-role=conflict]")).to_be_visible(timeout=30_000)
        return other

    return make


def said(page):
    return page.locator("[data-walk-said]")


@pytest.mark.parametrize("theme", ["dark"])
def test_on_a_phone_nothing_is_too_wide(conflict, theme):
    page = conflict(color_scheme=theme, **NARROW)
    expect(page.get_by_role("group", name=re.compile("^Place"))).to_have_count(2)
    fits(page)
    accessible(page)
    page.get_by_text("Rather go on with one version whole").click()
    fits(page)
    accessible(page)


def test_from_place_to_place_by_the_keyboard(conflict, document):  # noqa: F811  the fixture
    page = conflict()
    first, second = page.get_by_role("group", name="Place 1"), page.get_by_role("group", name="Place 2")
    page.keyboard.press("n")
    expect(first.get_by_role("radio", name=re.compile("^Both"))).to_be_focused()
    expect(said(page)).to_have_text("1 of 2")
    page.keyboard.press("ArrowUp")
    expect(first.get_by_role("radio", name=re.compile("^Yours"))).to_be_checked()
    page.keyboard.press("n")
    expect(second.get_by_role("radio", name=re.compile("^Both"))).to_be_focused()
    expect(said(page)).to_have_text("2 of 2")
    page.keyboard.press("p")
    expect(first.get_by_role("radio", name=re.compile("^Yours"))).to_be_focused()
    page.keyboard.press("Tab")
    expect(said(page)).to_have_text("2 of 2")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(second.get_by_role("radio", name=re.compile("^Stored"))).to_be_checked()
    page.get_by_label("go from place to place").uncheck()
    page.keyboard.press("n")
    expect(page.get_by_label("go from place to place")).to_be_focused()
    page.get_by_role("button", name=re.compile("^Save as version")).press("Enter")
    expect(body(page)).to_have_value(rewritten(LONG, "cups"))
    assert record(page, document)["text"] == rewritten(LONG, "cups")

"""Where to look first, by keys: shaded and underlined, F8 from place to place, gone once the words are changed."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import accessible
from tests.browser.test_drafting import create
from tests.browser.test_pages import NARROW, WIDE, fits
from tests.browser.test_story import state
from tests.browser.writing import opened, write

TEXT = "We met Nadia Petrov in 1911. It rained, and Nadia Petrov sang."


@pytest.fixture
def desk(log_in):
    """A machine's draft, open in its editor's browser."""

    def make(title, **options):
        sponsor = log_in()
        create(sponsor, title)
        state(sponsor, "unassigned")
        editor = log_in("editor@test.com", **options)
        editor.goto(sponsor.url)
        editor.get_by_role("button", name="Take").first.click()
        opened(editor)
        return editor

    return make


def switch(page):
    button = page.get_by_role("button", name="Where to look first")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-looking-said]")).not_to_be_empty()


def selected(page):
    return page.evaluate("getSelection().toString()")


def test_f8_leads_from_place_to_place(desk):
    page = desk("Led by F8")
    write(page, TEXT)
    switch(page)
    expect(page.locator(".cm-content .claim")).to_have_count(3)
    opened(page).focus()
    page.keyboard.press("Control+Home")
    for words, number in (("Nadia Petrov", 1), ("1911", 2), ("Nadia Petrov", 3), ("Nadia Petrov", 1)):
        page.keyboard.press("F8")
        assert selected(page) == words
        expect(page.locator("[data-looking-said]")).to_contain_text(f"{number} of 3")
    page.keyboard.press("Shift+F8")
    page.keyboard.press("Shift+F8")
    assert selected(page) == "1911"
    expect(page.locator(".looking-tip")).to_have_text("A date or time that is not in the brief.")
    expect(page.locator("[data-looking-list] li")).to_have_count(2)
    expect(page.locator("[data-looking-list] li").first).to_contain_text("Nadia Petrov name, 2 times")
    accessible(page)


def test_a_mark_moves_with_its_words_and_goes_when_they_change(desk):
    page = desk("Marks that move")
    write(page, TEXT)
    switch(page)
    claims = page.locator(".cm-content .claim")
    expect(claims).to_have_count(3)
    opened(page).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.type("So, ")
    expect(claims.first).to_have_text("Nadia Petrov")
    page.keyboard.press("F8")
    page.keyboard.press("F8")
    assert selected(page) == "1911"
    page.keyboard.type("spring")
    expect(claims).to_have_count(2)
    page.keyboard.insert_text(" in Faro with 40 others")
    expect(claims).to_have_count(4)  # looked through again, a moment after the last key
    expect(page.locator("[data-looking-list]")).to_contain_text("Faro")


def test_what_the_machine_doubted_is_shaded_until_it_is_rewritten(desk):
    page = desk("Doubted words")
    switch(page)
    doubted = page.locator(".cm-content .doubt-3")
    expect(doubted.first).to_be_visible()
    page.locator("[data-looking-count='3']").filter(has_text=re.compile("[1-9]")).wait_for()
    before = doubted.count()
    doubted.first.dblclick()
    page.keyboard.type("kiln")
    expect(doubted).to_have_count(before - 1)
    page.get_by_role("button", name="Where to look first").click()
    expect(page.locator(".cm-content .doubt-3")).to_have_count(0)
    expect(page.locator("[data-looking]")).to_be_hidden()


@pytest.mark.parametrize(("size", "theme"), [(NARROW, "dark"), (WIDE, "light")], ids=["360-dark", "1440-light"])
def test_it_is_accessible_at_every_size(desk, size, theme):
    page = desk(f"Looked at {theme}", color_scheme=theme, **size)
    switch(page)
    expect(page.locator(".cm-content [class*=doubt-]").first).to_be_visible()
    fits(page)
    accessible(page)
    page.goto(page.url.split("#")[0] + "/looking")
    expect(page.get_by_role("heading", name="Where to look first")).to_be_visible()
    fits(page)
    accessible(page)

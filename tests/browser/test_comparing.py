"""Comparing two versions in a real browser: from change to change by keys, folds, moves, pairs from the history."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import accessible
from tests.browser.test_pages import NARROW, WIDE, fits
from tests.browser.writing import write

SHELVES = [f"The {place} shelf holds cups, jugs and a plate nobody uses." for place in ("top", "next", "third", "low")]
SALT = "Salt goes into the kiln when it glows, and the glaze comes by itself."
FIRST = ["# The kiln", SALT, "It was lit at dawn and burned until noon.", *SHELVES, "Nobody spoke."]
SECOND = ["## The kiln", "It was lit at dusk and burned until **noon**.", *SHELVES, SALT, "Nobody spoke."]


@pytest.fixture
def compared(log_in, assigned):
    """The path of a comparison of two versions by the editor, in a browser of these options."""

    def make(title, **options):
        editor = log_in("editor@test.com", **options)
        editor.goto(assigned(title))
        for lines in (FIRST, SECOND):
            save(editor, lines)
        editor.get_by_role("link", name="All versions").click()
        return editor

    return make


def save(page, lines):
    base = page.locator("[data-base]").get_attribute("data-base")
    write(page, "\n\n".join(lines))
    page.get_by_role("button", name="Save revision").click()
    expect(page.locator("[data-base]")).not_to_have_attribute("data-base", base)


def current(page):
    return page.locator("[data-current]")


def test_from_change_to_change_by_keys(compared):
    page = compared("Walked by keys")
    page.get_by_role("button", name="Compare the two").click()
    expect(page.get_by_role("heading", name="4 changes")).to_be_visible()
    page.keyboard.press("n")
    expect(current(page)).to_be_focused()
    expect(page.locator("[data-walk-said]")).to_have_text("1 of 4")
    page.keyboard.press("p")
    expect(page.locator("[data-walk-said]")).to_have_text("4 of 4")
    page.keyboard.press("n")
    page.keyboard.press("n")
    expect(current(page)).to_contain_text("dawn")
    accessible(page)
    page.get_by_label("go from change to change").uncheck()
    page.keyboard.press("n")
    expect(page.locator("[data-walk-said]")).to_have_text("2 of 4")
    page.reload()
    expect(page.get_by_label("go from change to change")).not_to_be_checked()
    page.get_by_role("button", name="Next").click()
    expect(page.locator("[data-walk-said]")).to_have_text("1 of 4")


def test_what_moved_is_linked_at_both_ends(compared):
    page = compared("Something moved")
    page.get_by_role("button", name="Compare the two").click()
    page.get_by_role("link", name="moved here from above").click()
    expect(page.locator("del.moved:focus, del.moved:target")).to_contain_text("Salt goes")
    page.get_by_role("link", name="moved down").click()
    expect(page.locator("ins.moved:target")).to_contain_text("Salt goes")


def test_quiet_lines_are_folded_and_open_by_keyboard(compared):
    page = compared("Folded away")
    page.get_by_role("button", name="Compare the two").click()
    fold = page.locator("details.fold")
    expect(page.get_by_text("third shelf")).to_be_hidden()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("third shelf")).to_be_visible()


@pytest.mark.parametrize(("size", "theme"), [(NARROW, "dark"), (WIDE, "light")], ids=["360-dark", "1440-light"])
def test_both_views_are_accessible_at_every_size(compared, size, theme):
    page = compared(f"Seen {theme}", color_scheme=theme, **size)
    fits(page)
    accessible(page)
    page.get_by_role("button", name="Compare the two").click()
    for view in ("In one", "Side by side"):
        page.get_by_role("link", name=view).click()
        expect(page.get_by_role("link", name=view)).to_have_attribute("aria-current", "true")
        fits(page)
        accessible(page)


def test_any_pair_can_be_chosen_without_script(compared):
    page = compared("Without script", java_script_enabled=True)
    bare = page.context.browser.new_context(
        base_url=page.url.split("/documents")[0],
        storage_state=page.context.storage_state(),
        java_script_enabled=False,
    )
    try:
        plain = bare.new_page()
        plain.goto(page.url)
        plain.get_by_label("From version 2").check()
        plain.get_by_label("To version 4").check()
        plain.get_by_role("button", name="Compare the two").click()
        expect(plain.get_by_role("heading", name=re.compile("changes?$"))).to_be_visible()
        plain.get_by_role("link", name="First change").click()
        expect(plain.locator("#c1")).to_be_visible()
        plain.get_by_label("To", exact=True).select_option("3")
        plain.get_by_role("button", name="Compare", exact=True).click()
        expect(plain.get_by_text("From version 2")).to_be_visible()
        plain.get_by_role("link", name="Swap").click()
        expect(plain.get_by_text("From version 3")).to_be_visible()
    finally:
        bare.close()


def test_changes_since_one_last_looked_are_a_link_away(compared, log_in):
    editor = compared("Looked at before")
    path = editor.url.removesuffix("/history")
    sponsor = log_in()
    sponsor.goto(path)
    editor.goto(path)
    save(editor, [*SECOND, "The end."])
    sponsor.goto(path)
    sponsor.get_by_role("link", name="One change since you last saw it (version 4)").click()
    expect(sponsor.locator("#c1")).to_contain_text("The end.")

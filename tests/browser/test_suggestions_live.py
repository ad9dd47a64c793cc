"""Suggestions between two open browsers: they come into the other's editor, and go, without a reload."""

from playwright.sync_api import expect

from tests.browser.conftest import accessible
from tests.browser.test_suggestions import TEXT, panel, shown, suggest, textbox, two  # noqa: F401  a fixture
from tests.browser.writing import body, opened

PATIENCE = 40_000  # a page that is open hears news every ten seconds


def proposed(page):
    return page.locator(".cm-content .proposed")


def test_one_that_is_made_and_taken_back_while_the_other_writes(two):  # noqa: F811  the fixture
    sponsor, editor = two("Suggested while the editor writes")
    opened(editor)
    textbox(editor).press("Control+End")
    editor.keyboard.type(" Typed and not saved.")
    suggest(sponsor, TEXT.replace("old", "very old"))
    expect(proposed(editor)).to_have_text("very ", timeout=PATIENCE)
    assert "is [+very ]old" in shown(editor)
    expect(panel(editor).get_by_role("button", name="Accept suggestion")).to_have_count(1)
    expect(panel(editor).get_by_text("suggests “very” here.").first).to_be_visible()
    expect(body(editor)).to_have_value(TEXT + " Typed and not saved.")
    expect(textbox(editor)).to_be_focused()
    accessible(editor)
    panel(sponsor).get_by_role("button", name="Take back").click()
    expect(proposed(editor)).to_have_count(0, timeout=PATIENCE)
    expect(panel(editor).get_by_role("button", name="Accept suggestion")).to_have_count(0)
    editor.keyboard.type(" And on.")
    expect(body(editor)).to_have_value(TEXT + " Typed and not saved. And on.")


def test_one_that_is_decided_in_another_window(two):  # noqa: F811  the fixture
    sponsor, editor = two("Decided in another window")
    opened(editor)
    suggest(sponsor, TEXT.replace("old", "very old").replace("pots", "vessels"))
    expect(proposed(editor)).to_have_count(3, timeout=PATIENCE)
    window = editor.context.new_page()
    window.goto(editor.url)
    opened(window)
    panel(window).get_by_role("button", name="Refuse suggestion 1").click()
    expect(panel(window).get_by_text("One is left.")).to_be_visible()
    expect(proposed(editor)).to_have_count(2, timeout=PATIENCE)  # pots, vessels
    expect(panel(editor).get_by_text("One is left.")).to_be_visible()
    panel(window).get_by_role("button", name="Accept suggestion 2").click()
    expect(body(editor)).to_have_value(TEXT.replace("pots", "vessels"), timeout=PATIENCE)
    expect(proposed(editor)).to_have_count(0)
    expect(panel(editor).get_by_role("button", name="Accept suggestion")).to_have_count(0)

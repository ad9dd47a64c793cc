"""Suggestions with real keys: proposed in place, walked through, accepted and refused, in two browsers; and plainly."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import accessible
from tests.browser.test_pages import NARROW, fits
from tests.browser.writing import opened, write

TEXT = "The bakery is old. It smells of flour in the morning. People come from far away to see the pots."


@pytest.fixture
def two(log_in, assigned):
    """The sponsor's page and the editor's page of one document with our own text."""

    def make(title, text=TEXT, script=True, **options):
        path = assigned(title)
        sponsor, editor = log_in(**options), log_in("editor@test.com", java_script_enabled=script, **options)
        sponsor.goto(path)
        editor.goto(path)
        write(editor, text) if script else textbox(editor).fill(text)
        editor.get_by_role("button", name="Save revision").click()
        expect(editor.locator("[data-kept]")).to_contain_text("Saved." if script else "Version 3, saved")
        sponsor.reload()
        return sponsor, editor

    return make


def textbox(page):
    return page.get_by_role("textbox", name="Text")


def suggest(sponsor, changed, note=""):
    """The sponsor writes into the text on the page for it."""
    back = sponsor.url
    sponsor.get_by_role("link", name="Suggest changes").click()
    textbox(sponsor).fill(changed)
    sponsor.get_by_label("Why").fill(note)
    sponsor.get_by_role("button", name="Suggest these changes").click()
    expect(sponsor.get_by_text(re.compile("suggested")).first).to_be_visible()
    return back


def panel(page):
    return page.get_by_role("region", name="Suggestions")


def shown(page):
    """What stands in the sheet, proposed words in brackets."""
    expect(page.locator(".cm-content .proposed").first).to_be_visible()
    return page.locator(".cm-content").evaluate(
        """sheet => { const copy = sheet.cloneNode(true);
        for (const one of copy.querySelectorAll('ins')) one.textContent = `[+${one.textContent}]`;
        for (const one of copy.querySelectorAll('del')) one.textContent = `[-${one.textContent}]`;
        return copy.textContent; }"""
    )


def saved(page, text):
    expect(page.locator("textarea[name=body]")).to_have_value(text)


def test_the_sponsor_suggests_and_the_editor_decides_with_the_keyboard(two):
    sponsor, editor = two("Suggested by the sponsor")
    changed = TEXT.replace("old", "very old").replace("far away", "afar").replace("pots", "vessels")
    suggest(sponsor, changed, "Tighter.")
    expect(panel(sponsor).get_by_role("button", name="Take back")).to_have_count(3)
    accessible(sponsor)
    editor.reload()
    assert shown(editor) == (
        "The bakery is [+very ]old. It smells of flour in the morning. "
        "People come from [-far away][+afar] to see the [-pots][+vessels]."
    )
    accessible(editor)
    textbox(editor).press("Control+Home")
    editor.keyboard.press("Alt+ArrowDown")
    expect(panel(editor).get_by_text("1 of 3. ")).to_be_visible()
    editor.keyboard.press("Alt+ArrowDown")
    expect(panel(editor).get_by_text("instead of “far away”.")).to_be_visible()
    editor.keyboard.press("Alt+Enter")
    saved(editor, TEXT.replace("far away", "afar"))
    expect(panel(editor).get_by_text("2 are left.")).to_be_visible()
    expect(textbox(editor)).to_be_focused()
    editor.keyboard.press("Alt+Delete")
    expect(panel(editor).get_by_text("One is left.")).to_be_visible()
    editor.keyboard.press("Alt+ArrowUp")
    editor.keyboard.press("Alt+Enter")
    expect(panel(editor).get_by_text("None is left.")).to_be_visible()
    saved(editor, TEXT.replace("far away", "afar").replace("old", "very old"))
    editor.keyboard.press("Control+z")
    saved(editor, TEXT.replace("far away", "afar"))


def test_the_sponsor_sees_in_the_same_editor_what_is_proposed(two):
    sponsor, _ = two("Written by the sponsor")
    back = sponsor.url
    sponsor.get_by_role("link", name="Suggest changes").click()
    opened(sponsor).focus()
    sponsor.keyboard.press("Control+End")
    sponsor.keyboard.type(" Come early.")
    sponsor.keyboard.press("Control+Home")
    for _ in "The ":
        sponsor.keyboard.press("Delete")
    assert shown(sponsor) == "[-The ]" + TEXT[4:] + "[+ Come early.]"
    accessible(sponsor)
    sponsor.keyboard.press("Control+z")
    assert shown(sponsor) == TEXT + "[+ Come early.]"
    sponsor.keyboard.press("Control+s")
    sponsor.wait_for_url(re.compile(re.escape(back)))
    expect(panel(sponsor).get_by_role("button", name="Take back")).to_have_count(1)


def test_suggesting_instead_of_saving(two):
    _, editor = two("Suggested by the editor")
    textbox(editor).press("Control+End")
    editor.keyboard.press("Control+Alt+s")
    toggle = editor.get_by_role("button", name="Suggesting")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    editor.keyboard.type(" Come early.")
    editor.keyboard.press("Control+Home")
    for _ in range(4):
        editor.keyboard.press("Delete")
    expect(editor.locator(".cm-content")).to_contain_text("Come early.")
    assert shown(editor) == "[-The ]" + TEXT[4:] + "[+ Come early.]"
    accessible(editor)
    editor.get_by_role("button", name="Deliver to sponsor").click()
    expect(editor.get_by_text("switch “Suggesting” off")).to_be_visible()
    textbox(editor).focus()
    editor.keyboard.press("Control+s")
    expect(editor.locator("[data-kept]")).to_have_text("2 changes are suggested.")
    saved(editor, TEXT)
    expect(panel(editor).get_by_role("button", name="Accept suggestion")).to_have_count(2)
    editor.keyboard.press("Control+Alt+s")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    panel(editor).get_by_role("button", name="Accept all").click()
    saved(editor, TEXT[4:] + " Come early.")
    editor.reload()
    saved(editor, TEXT[4:] + " Come early.")
    expect(panel(editor).get_by_role("button", name="Accept suggestion")).to_have_count(0)


def test_accepting_while_words_are_not_saved_saves_them_first(two):
    sponsor, editor = two("Accepted with words unsaved")
    suggest(sponsor, TEXT.replace("old", "very old"))
    editor.reload()
    opened(editor)
    textbox(editor).press("Control+End")
    editor.keyboard.type(" Typed just now.")
    panel(editor).get_by_role("button", name="Accept suggestion 1").click()
    saved(editor, TEXT.replace("old", "very old") + " Typed just now.")
    editor.reload()
    saved(editor, TEXT.replace("old", "very old") + " Typed just now.")


def test_suggestions_move_with_what_is_typed(two):
    sponsor, editor = two("Suggestions that move")
    suggest(sponsor, TEXT.replace("flour", "bread"))
    editor.reload()
    opened(editor)
    textbox(editor).press("Control+Home")
    editor.keyboard.type("🔥 Look: ")
    assert "smells of [-flour][+bread] in" in shown(editor)
    editor.keyboard.press("Control+s")
    expect(editor.locator("[data-kept]")).to_contain_text("Saved.")
    assert "smells of [-flour][+bread] in" in shown(editor)
    editor.keyboard.press("Alt+ArrowDown")
    editor.keyboard.press("Alt+Enter")
    saved(editor, "🔥 Look: " + TEXT.replace("flour", "bread"))


def test_delivery_waits_and_jumps_to_the_first(two):
    sponsor, editor = two("Delivery that waits", **NARROW)
    suggest(sponsor, TEXT.replace("pots", "vessels"), "They are not all pots.")
    editor.reload()
    opened(editor)
    editor.get_by_role("button", name="Deliver to sponsor").click()
    expect(editor.get_by_role("link", name=re.compile("^Saved, but not delivered. One suggestion"))).to_be_visible()
    expect(editor.locator("#suggestion-1")).to_be_focused()
    fits(editor)
    accessible(editor)
    panel(editor).get_by_text("Say why").click()
    panel(editor).get_by_label("Why it is refused").fill("They are.")
    panel(editor).get_by_role("button", name="Refuse suggestion 1").click()
    expect(panel(editor).get_by_text("None is left.")).to_be_visible()
    saved(editor, TEXT)


def test_without_script(two):
    sponsor, editor = two("Suggestions without script", script=False)
    suggest(sponsor, TEXT.replace("old", "very old").replace("pots", "vessels"))
    editor.reload()
    textbox(editor).fill(TEXT + " Typed just now.")
    panel(editor).get_by_role("button", name="Accept suggestion 1").click()
    expect(textbox(editor)).to_have_value(TEXT.replace("old", "very old") + " Typed just now.")
    textbox(editor).fill("Rather this.")
    editor.get_by_role("button", name="Suggest instead of saving").click()
    expect(textbox(editor)).to_have_value(TEXT.replace("old", "very old") + " Typed just now.")
    panel(editor).get_by_role("button", name="Refuse all").click()
    expect(panel(editor).get_by_text("Nothing is suggested.")).to_be_visible()
    expect(textbox(editor)).to_have_value(TEXT.replace("old", "very old") + " Typed just now.")

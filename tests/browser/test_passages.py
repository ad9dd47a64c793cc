"""Redrafting one passage from the keyboard: select, ask, see it in place, use it or not; and without script."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import accessible
from tests.browser.test_pages import NARROW, fits
from tests.browser.writing import body, opened, save, select, write

TEXT = "The bakery is old. It smells of flour in the morning. People come from far away to see the pots."
PASSAGE = "It smells of flour in the morning."
IN_PLACE = "[data-previewed]"


@pytest.fixture
def text_of(log_in, assigned):
    """A document of the development editor with our own words in it, open in the editor's browser."""

    def make(title, **options):
        editor = log_in("editor@test.com", **options)
        editor.goto(assigned(title))
        if options.get("java_script_enabled", True):
            write(editor, TEXT)
        else:
            editor.get_by_role("textbox", name="Text").fill(TEXT)
        return editor

    return make


def uses(page):
    return page.get_by_role("button", name=re.compile("^Use this"))


def test_a_passage_is_redrafted_from_the_keyboard_and_undo_goes_across_it(text_of):
    page = text_of("A passage by keyboard")
    button = page.get_by_role("button", name="Redraft")
    expect(button).to_be_disabled()
    select(page, TEXT, PASSAGE)
    expect(button).to_be_enabled()
    page.keyboard.press("Control+j")
    expect(uses(page).first).to_be_focused(timeout=30_000)
    accessible(page)
    expect(body(page)).to_have_value(TEXT)
    page.keyboard.press("ArrowDown")
    candidate = page.locator(".candidate-text").nth(1).inner_text()
    expect(page.locator(IN_PLACE)).to_have_text(candidate)
    expect(body(page)).to_have_value(TEXT)  # it is only shown
    page.keyboard.press("2")
    taken = TEXT.replace(PASSAGE, candidate)
    expect(body(page)).to_have_value(taken)
    expect(opened(page)).to_be_focused()
    expect(page.locator("[data-candidates]")).to_be_hidden()
    expect(page.locator(".cm-content .m", has_text=candidate)).to_be_visible()
    page.reload()
    opened(page).focus()
    expect(body(page)).to_have_value(taken)
    page.keyboard.press("Control+z")
    expect(body(page)).to_have_value(TEXT)
    page.keyboard.press("Control+Shift+Z")
    expect(body(page)).to_have_value(taken)


def test_escape_keeps_it_as_it_is(text_of):
    page = text_of("A passage kept", **NARROW)
    select(page, TEXT, PASSAGE)
    page.get_by_role("button", name="Redraft").click()
    expect(page.locator("[data-use]").first).to_be_visible(timeout=30_000)
    fits(page)
    accessible(page)
    page.keyboard.press("x")  # the text rests
    expect(body(page)).to_have_value(TEXT)
    page.keyboard.press("Escape")
    expect(opened(page)).to_be_focused()
    expect(page.locator(IN_PLACE)).to_have_count(0)
    assert page.evaluate("getSelection().toString()") == PASSAGE
    page.keyboard.press("Control+End")
    page.keyboard.type(" Typed on.")
    expect(body(page)).to_have_value(TEXT + " Typed on.")
    save(page)


def test_candidates_can_be_left_and_come_back_to(text_of):
    page = text_of("A passage left")
    select(page, TEXT, PASSAGE)
    page.keyboard.press("Control+j")
    expect(page.locator("[data-candidates]")).to_be_visible()
    page.goto("/documents")
    page.go_back()
    page.get_by_role("link", name="Candidates").click()
    expect(page.get_by_role("button", name="Use this").first).to_be_visible(timeout=30_000)
    accessible(page)


def test_a_lost_network_is_said_calmly_and_the_text_goes_on(text_of):
    page = text_of("A passage without network")
    save(page)
    select(page, TEXT, PASSAGE)
    page.context.set_offline(True)
    page.keyboard.press("Control+j")
    expect(page.locator("[data-said]")).to_contain_text("The desk did not answer")
    page.context.set_offline(False)
    page.keyboard.press("Control+End")
    page.keyboard.type(" More.")
    expect(body(page)).to_have_value(TEXT + " More.")


def in_another_window(page, text):
    """The same text, saved elsewhere meanwhile."""
    other = page.context.new_page()
    other.goto(page.url)
    write(other, text)
    save(other)
    other.close()
    opened(page).focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Typed here.")
    select(page, TEXT, PASSAGE)
    page.keyboard.press("Control+j")


def test_a_change_elsewhere_is_merged_and_the_passage_found_again(text_of):
    page = text_of("A passage in a merged text")
    save(page)
    in_another_window(page, TEXT.replace("The bakery is old.", "The bakery is quite old."))
    expect(uses(page).first).to_be_focused(timeout=30_000)
    expect(page.locator("[data-candidates-for]")).to_have_text(f"“{PASSAGE}”")
    candidate = page.locator(".candidate-text").first.inner_text()
    page.keyboard.press("1")
    merged = TEXT.replace("is old", "is quite old").replace(PASSAGE, candidate) + " Typed here."
    expect(body(page)).to_have_value(merged)


def test_a_text_that_moved_on_meanwhile_keeps_what_was_typed(text_of):
    page = text_of("A passage too late")
    save(page)
    in_another_window(page, TEXT + " Saved in another window.")
    expect(page.locator("[data-said]")).to_contain_text("A newer version was saved")
    expect(body(page)).to_have_value(TEXT + " Typed here.")
    page.keyboard.press("Control+End")
    page.keyboard.type(" And more.")
    expect(body(page)).to_have_value(TEXT + " Typed here. And more.")


def test_without_script_sentences_are_ticked(text_of):
    page = text_of("A passage without script", java_script_enabled=False)
    page.get_by_role("button", name="Save revision").click()
    page.get_by_role("link", name="Redraft a passage").click()
    page.get_by_role("checkbox", name=PASSAGE).check()
    page.get_by_role("button", name="Ask for candidates").click()
    for _ in range(100):
        if page.get_by_role("button", name="Use this").count():
            break
        page.wait_for_timeout(300)
        page.reload()
    candidate = page.locator("li.sheet mark").first.inner_text()
    page.get_by_role("button", name="Use this").first.click()
    expect(page.get_by_role("textbox", name="Text")).to_have_value(TEXT.replace(PASSAGE, candidate))

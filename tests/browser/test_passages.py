"""Redrafting one passage from the keyboard: select, ask, see it in place, use it or not; and without script."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import accessible
from tests.browser.test_drafting import create
from tests.browser.test_pages import NARROW, fits
from tests.browser.test_story import state

TEXT = "The bakery is old. It smells of flour in the morning. People come from far away to see the pots."
PASSAGE = "It smells of flour in the morning."


@pytest.fixture
def text_of(log_in):
    """A document of the development editor with our own words in it, open in the editor's browser."""

    def make(title, **options):
        sponsor = log_in()
        create(sponsor, title)
        state(sponsor, "unassigned")
        editor = log_in("editor@test.com", **options)
        editor.goto(sponsor.url)
        editor.get_by_role("button", name="Take").first.click()
        editor.get_by_role("textbox", name="Text").fill(TEXT)
        return editor

    return make


def select(page, passage):
    page.get_by_role("textbox", name="Text").evaluate(
        """(field, passage) => { const at = field.value.indexOf(passage);
        field.focus(); field.setSelectionRange(at, at + passage.length); }""",
        passage,
    )


def test_a_passage_is_redrafted_from_the_keyboard(text_of):
    page = text_of("A passage by keyboard")
    button = page.locator("[data-redraft]")
    expect(button).to_be_disabled()
    select(page, PASSAGE)
    expect(button).to_be_enabled()
    expect(button).to_have_text("Save and redraft this passage")
    page.wait_for_timeout(800)  # by now the browser keeps a copy of the unsaved words
    page.keyboard.press("Control+j")
    uses = page.get_by_role("button", name=re.compile("^Use this"))
    expect(uses.first).to_be_focused(timeout=30_000)
    accessible(page)
    page.keyboard.press("ArrowDown")
    candidate = page.locator(".candidate-text").nth(1).inner_text()
    expect(page.locator("[data-preview] mark")).to_have_text(candidate)
    page.keyboard.press("2")
    expect(page.get_by_role("textbox", name="Text")).to_have_value(TEXT.replace(PASSAGE, candidate))
    expect(page.locator("[data-restore]")).to_be_hidden()


def test_escape_keeps_it_as_it_is(text_of):
    page = text_of("A passage kept", **NARROW)
    select(page, PASSAGE)
    page.locator("[data-redraft]").click()
    expect(page.locator("[data-use]").first).to_be_visible(timeout=30_000)
    fits(page)
    accessible(page)
    page.keyboard.press("Escape")
    text = page.get_by_role("textbox", name="Text")
    expect(text).to_be_focused()
    expect(text).to_have_value(TEXT)
    assert text.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)") == PASSAGE
    page.keyboard.press("End")
    page.keyboard.type(" Typed on.")
    expect(text).to_have_value(re.compile("Typed on"))
    page.get_by_role("button", name="Save revision").click()
    expect(page.get_by_text("Saved.").first).to_be_visible()


def test_candidates_can_be_left_and_come_back_to(text_of):
    page = text_of("A passage left")
    select(page, PASSAGE)
    page.keyboard.press("Control+j")
    expect(page.locator("[data-candidates]")).to_be_visible()
    page.goto("/documents")
    page.go_back()
    page.get_by_role("link", name="Candidates").click()
    expect(page.get_by_role("button", name="Use this").first).to_be_visible(timeout=30_000)
    accessible(page)


def test_a_text_that_moved_on_meanwhile_keeps_what_was_typed(text_of):
    page = text_of("A passage too late")
    page.get_by_role("button", name="Save revision").click()
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_role("textbox", name="Text").fill("Saved in another window.")
    other.get_by_role("button", name="Save revision").click()
    expect(other.get_by_text("Saved.").first).to_be_visible()
    text = page.get_by_role("textbox", name="Text")
    text.press("Control+End")
    page.keyboard.type(" Typed here.")
    select(page, PASSAGE)
    page.keyboard.press("Control+j")
    expect(page.locator("[data-redraft-said]")).to_contain_text("A newer version was saved")
    expect(text).to_have_value(TEXT + " Typed here.")
    expect(text).to_be_editable()


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

"""Several drafts at once: they grow side by side, one is chosen by a key, the others stay."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import accessible
from tests.browser.test_options import new
from tests.browser.test_pages import NARROW, fits
from tests.browser.test_story import state


def ask_for(page, count, title):
    new(page, title)
    page.get_by_role("radio", name=count).check()
    page.get_by_role("button", name="Create document").click()
    page.wait_for_url("**/documents/*-*")


def test_three_are_written_and_one_is_chosen_by_keyboard(log_in):
    page = log_in()
    ask_for(page, "Three", "Three at once")
    state(page, "choosing")
    expect(page.get_by_role("button", name="Choose this draft")).to_have_count(3)
    drafts = page.locator("[data-look] .text").all_inner_texts()
    assert len({draft.strip() for draft in drafts}) == 3
    accessible(page)
    page.keyboard.press("2")
    expect(page.locator("[data-look]").nth(1)).to_have_attribute("data-looked-at", "true")
    page.keyboard.press("Enter")
    state(page, "unassigned")
    expect(page.get_by_text("Draft 2 is the text")).to_be_visible()
    assert page.locator("[data-role=autodoc]").inner_text().strip() == drafts[1].strip()
    page.get_by_role("link", name="Draft 1", exact=True).click()
    expect(page.locator("article.text")).to_contain_text(drafts[0].strip()[:40])


def test_on_a_phone_a_finger_brings_the_next(log_in):
    page = log_in(has_touch=True, **NARROW)
    ask_for(page, "Two", "Two on a phone")
    state(page, "choosing")
    fits(page)
    accessible(page)
    page.get_by_role("link", name="2", exact=True).click()
    expect(page.locator("[data-look]").nth(1)).to_be_in_viewport(ratio=0.3)
    fits(page)


def test_without_script_a_button_chooses(log_in):
    page = log_in(java_script_enabled=False)
    ask_for(page, "Two", "Chosen without script")
    for _ in range(100):
        if page.locator("[data-state=choosing]").count():
            break
        page.wait_for_timeout(300)
        page.reload()
    page.get_by_role("button", name="Choose this draft").first.click()
    state(page, "unassigned")


def test_the_editor_sees_them_and_can_do_nothing(log_in):
    sponsor = log_in()
    new(sponsor, "Seen by the editor")
    choice = sponsor.get_by_label("Editor").locator("option", has_text="Edda Editor")
    sponsor.get_by_label("Editor").select_option(value=choice.get_attribute("value"))
    sponsor.get_by_role("radio", name="Two").check()
    sponsor.get_by_role("button", name="Create document").click()
    state(sponsor, "choosing")
    editor = log_in("editor@test.com")
    editor.goto(sponsor.url)
    expect(editor.get_by_role("heading", name=re.compile("chooses among these drafts"))).to_be_visible()
    expect(editor.get_by_role("button", name="Choose this draft")).to_have_count(0)
    accessible(editor)

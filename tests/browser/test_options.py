"""How should it be written: the slider, the length, the expert's fields; with script and without, by keyboard."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import accessible
from tests.browser.test_drafting import BRIEF
from tests.browser.test_pages import NARROW, fits


def new(page, title):
    page.goto("/documents/new")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Brief").fill(BRIEF)


def preset(page):
    return page.locator("input[name=preset]:checked").get_attribute("value")


def test_the_slider_moves_by_the_arrow_keys(log_in):
    page = log_in()
    page.goto("/documents/new")
    page.get_by_role("radio", name=re.compile("Balanced")).focus()
    page.keyboard.press("ArrowRight")
    assert preset(page) == "eccentric"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert preset(page) == "careful"


def test_a_value_of_ones_own_moves_it_to_custom_and_the_fields_follow_the_strategy(log_in):
    page = log_in(**NARROW)
    page.goto("/documents/new")
    page.get_by_text("Expert", exact=True).click()
    expect(page.get_by_label("top_p")).to_be_visible()
    expect(page.get_by_label("num_beams")).to_be_hidden()
    page.get_by_label("strategy").select_option("beam")
    assert preset(page) == "custom"
    expect(page.get_by_label("top_p")).to_be_hidden()
    expect(page.get_by_label("num_beams")).to_be_visible()
    expect(page.get_by_text("shows the text whole, at the end")).to_be_visible()
    fits(page)
    accessible(page)


def test_without_script_every_field_is_there_and_nothing_is_lost(log_in):
    page = log_in(java_script_enabled=False)
    new(page, "Without script")
    page.get_by_text("Expert", exact=True).click()
    for name in ("strategy", "temperature", "top_k", "top_p", "num_beams", "seed", "stop", "prefix", "truncate"):
        expect(page.get_by_label(name, exact=True)).to_be_visible()
    page.get_by_label("temperature").fill("9")
    page.get_by_label("Number of words").fill("7")
    page.get_by_role("button", name="Create document").click()
    expect(page.get_by_label("Number of words")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("temperature")).to_have_value("9")
    expect(page.get_by_label("Title")).to_have_value("Without script")
    page.get_by_label("temperature").fill("0.9")
    page.get_by_label("Number of words").fill("12")
    page.get_by_role("button", name="Create document").click()
    page.wait_for_url("**/documents/*-*")


def test_the_choice_comes_back_at_the_next_draft(log_in):
    page = log_in()
    new(page, "Kept with the document")
    page.get_by_role("radio", name=re.compile("Careful")).check()
    page.get_by_role("radio", name=re.compile("A sentence")).check()
    page.get_by_role("button", name="Create document").click()
    expect(page.locator("[data-role=state]")).to_have_attribute("data-state", "unassigned", timeout=30_000)
    page.get_by_role("link", name="Draft again").click()
    assert preset(page) == "careful"
    expect(page.get_by_role("radio", name=re.compile("A sentence"))).to_be_checked()
    expect(page.get_by_text(re.compile("Written by seed"))).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Draft again").click()
    expect(page.locator("[data-role=state]")).to_have_attribute("data-state", "unassigned", timeout=30_000)
    expect(page.get_by_text("Other drafts")).to_be_visible()

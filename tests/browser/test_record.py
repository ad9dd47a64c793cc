"""Reading before delivery and the record, with real keys: held, read, reasoned, delivered, downloaded, verified."""

import subprocess
import sys
from contextlib import closing

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import accessible, written
from tests.browser.test_pages import NARROW, WIDE, fits
from tests.browser.test_story import deliver, state


@pytest.fixture
def path(live, log_in):
    """A document that the development editor has taken on."""
    from tests.desk import until
    from tests.integration.test_faults import Sponsor

    with closing(Sponsor(live)) as sponsor:
        made = sponsor.create("Read before it goes")
        until(lambda: sponsor.state(made) == "unassigned", "the draft")
    editor = log_in("editor@test.com")
    editor.goto(made)
    editor.get_by_role("button", name="Take this text").click()
    state(editor, "editing")
    return made


def card(page):
    return page.locator("[data-before-delivery]")


def test_held_read_and_delivered_by_keyboard(log_in, path, tmp_path):
    editor = log_in("editor@test.com", **WIDE)
    editor.goto(path)
    draft = written(editor)
    deliver(editor)
    expect(editor.get_by_role("alert")).to_contain_text("Saved, but not delivered")
    state(editor, "editing")
    first = card(editor).locator("details:has(input[name=sha256])").first
    expect(first).to_have_attribute("open", "")
    many = card(editor).locator("details:has(input[name=sha256])").count()
    for number in range(many):
        paragraph = card(editor).locator("details:has(input[name=sha256])").first
        if paragraph.get_attribute("open") is None:
            paragraph.locator("summary").press("Enter")
        paragraph.get_by_role("button", name="Show it in the text").click()
        assert editor.evaluate("getSelection().toString()").strip() in draft
        reason = paragraph.get_by_label("Reviewed unchanged, because")
        reason.fill(f"I asked them, paragraph {number}.")
        reason.press("Enter")
        expect(card(editor).get_by_text(f"{number + 1} reviewed unchanged")).to_be_visible()
    expect(card(editor)).to_contain_text("Every paragraph of the machine’s was read or changed")
    accessible(editor)
    assert written(editor) == draft
    deliver(editor)
    state(editor, "signoff")
    editor.get_by_role("link", name="Record", exact=True).click()
    expect(editor.get_by_text("Every link of this record holds")).to_be_visible()
    expect(editor.get_by_text("I asked them, paragraph 0.").first).to_be_visible()
    with editor.expect_download() as kept:
        editor.get_by_role("link", name="Download the record").click()
    file = tmp_path / kept.value.suggested_filename
    kept.value.save_as(file)
    words = [sys.executable, "-m", "copydesk.cli", "verify", file.name]
    done = subprocess.run(words, env={}, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_card_follows_a_save(log_in, path):
    editor = log_in("editor@test.com", **WIDE)
    editor.goto(path)
    editor.locator("textarea[name=body]").evaluate(
        "(field) => { field.value = field.value + ' Mine.'; field.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    editor.keyboard.press("Control+s")
    before = card(editor).inner_text()
    editor.get_by_role("button", name="Save revision").click()
    expect(card(editor)).not_to_have_text(before)


@pytest.mark.parametrize(("size", "theme"), [(NARROW, "dark"), (WIDE, "light")], ids=["360-dark", "1440-light"])
def test_the_pages_are_accessible_and_fit(log_in, path, theme, size):
    admin = log_in("admin@test.com", "password", color_scheme=theme, **size)
    for page in (f"{path}/record", f"{path}/paragraphs", "/admin/figures", "/admin/figures?span=year", "/records"):
        admin.goto(page)
        fits(admin)
        accessible(admin)

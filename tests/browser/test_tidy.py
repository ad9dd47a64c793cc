"""Tidying up and the house's words with real keys: an admin keeps the list, an editor lets it be applied."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import accessible
from tests.browser.test_pages import NARROW, fits
from tests.browser.writing import body, opened, save, write

TEXT = "\"It's an organisation -- isn't it?\" See `it's  code`."
TIDY = "“It’s an organization – isn’t it?” See `it's  code`."


@pytest.fixture
def admin(log_in):
    page = log_in("admin@test.com", "password")
    page.goto("/admin/house")
    return page


@pytest.fixture
def editor_of(log_in, assigned):
    def make(title, text=TEXT, **options):
        page = log_in("editor@test.com", **options)
        page.goto(assigned(title))
        if options.get("java_script_enabled", True):
            write(page, text)
        else:
            page.get_by_role("textbox", name="Text").fill(text)
        return page

    return make


def add(page, word, instead_of=""):
    page.get_by_label("The house writes").fill(word)
    page.get_by_label("Instead of").fill(instead_of)
    page.get_by_label("Instead of").press("Enter")


def ensure(page, word, instead_of):
    """The list outlives each test of this desk."""
    if not page.get_by_role("button", name=f"Remove {instead_of}").count():
        add(page, word, instead_of)


def test_an_admin_keeps_the_list(admin):
    add(admin, "jewellery", "jewelry")
    expect(admin.get_by_text("“jewellery” is in the list.")).to_be_visible()
    accessible(admin)
    add(admin, "jewels", "jewelry")
    error = admin.get_by_role("link", name="“jewelry” already becomes “jewellery”.")
    expect(error).to_be_visible()
    accessible(admin)
    admin.goto("/admin/house")
    admin.get_by_role("button", name="Remove jewelry").click()
    admin.get_by_role("button", name="Put it back").click()
    expect(admin.get_by_role("button", name="Remove jewelry")).to_be_visible()
    admin.get_by_label("A list, one word a line").fill("aeroplane\nplough -> plow\nplough -> plow")
    admin.get_by_role("button", name="Add the list").click()
    expect(admin.get_by_text("2 words were added. 1 were there already.")).to_be_visible()
    admin.get_by_label("Find a word").fill("plo")
    admin.keyboard.press("Enter")
    expect(admin.get_by_text("1 to 1 of 1")).to_be_visible()


def test_the_houses_page_on_a_phone(log_in):
    page = log_in("admin@test.com", "password", **NARROW)
    page.goto("/admin/house")
    add(page, "gray", "grey")
    fits(page)
    accessible(page)


def test_a_house_word_is_marked_and_replaced_by_one_key(admin, editor_of):
    ensure(admin, "organization", "organisation")
    page = editor_of("House words", "An Organisation, see `organisation`.")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-kept]")).to_contain_text("Saved.")
    page.reload()
    marked = page.locator(".house-word")
    expect(marked).to_have_text(["Organisation"])
    expect(marked).to_have_attribute("title", "The house writes “Organization”")
    page.get_by_role("textbox", name="Text").press("Control+Home")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".house-offer button")).to_contain_text("Organization")
    accessible(page)
    page.keyboard.press("Control+.")
    expect(page.locator("textarea[name=body]")).to_have_value("An Organization, see `organisation`.")
    expect(marked).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(marked).to_have_text(["Organisation"])


def test_tidying_up_without_script_shows_the_difference_first(admin, editor_of):
    ensure(admin, "organization", "organisation")
    page = editor_of("Tidied without script", java_script_enabled=False)
    page.get_by_role("button", name="Tidy up").click()
    page.wait_for_url("**/tidy")
    expect(page.get_by_role("heading", name="Tidy up")).to_be_visible()
    expect(page.locator(".diff ins").first).to_be_visible()
    page.get_by_label("House spellings").uncheck()
    page.get_by_role("button", name="Show what would change").click()
    expect(page.locator(".diff")).not_to_contain_text("organization")
    page.get_by_label("House spellings").check()
    page.get_by_role("button", name="Apply the ticked rules").click()
    expect(page.get_by_text("Tidied up. The version before is kept.")).to_be_visible()
    expect(page.locator("textarea[name=body]")).to_have_value(TIDY)


def open_dialog(page):
    page.get_by_role("button", name="Tidy up").press("Enter")
    dialog = page.get_by_role("dialog", name="Tidy up")
    expect(dialog.locator(".diff ins").first).to_be_visible()
    return dialog


def test_tidying_up_over_the_text(admin, editor_of):
    ensure(admin, "organization", "organisation")
    page = editor_of("Tidied with script")
    dialog = open_dialog(page)
    expect(body(page)).to_have_value(TEXT)  # what was typed is saved, and not changed
    expect(page.locator("[data-kept]")).to_contain_text("Saved.")
    expect(dialog.get_by_role("button", name="Apply the ticked rules")).to_be_focused()
    accessible(page)
    spellings = dialog.get_by_label("House spellings")
    spellings.focus()
    page.keyboard.press("Space")
    expect(dialog.locator(".diff")).not_to_contain_text("organization")
    expect(spellings).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(body(page)).to_have_value(TEXT)
    expect(page.get_by_role("button", name="Tidy up")).to_be_focused()
    open_dialog(page)
    page.keyboard.press("Enter")
    expect(body(page)).to_have_value(TIDY)
    expect(dialog).to_have_count(0)
    expect(opened(page)).to_be_focused()
    expect(page.locator("[data-kept]")).to_contain_text("Tidied up.")
    page.keyboard.press("Control+z")
    expect(body(page)).to_have_value(TEXT)
    page.keyboard.press("Control+y")
    page.reload()
    expect(body(page)).to_have_value(TIDY)


@pytest.mark.parametrize("theme", ["dark"])
def test_tidying_up_on_a_phone_when_the_text_moves_on(admin, editor_of, theme):
    ensure(admin, "organization", "organisation")
    page = editor_of(f"Tidied on a phone, {theme}", color_scheme=theme, **NARROW)
    dialog = open_dialog(page)
    fits(page)
    accessible(page)
    window = page.context.new_page()
    window.goto(page.url)
    write(window, TEXT + " Another window.")
    save(window)
    dialog.get_by_role("button", name="Apply the ticked rules").click()
    expect(dialog.get_by_text("The text has moved on").first).to_be_visible()
    dialog.get_by_role("button", name="Apply the ticked rules").click()
    expect(body(page)).to_have_value(TIDY + " Another window.")
    page.goto(page.url + "/tidy")
    expect(page.get_by_text("These rules find nothing to do")).to_be_visible()
    fits(page)
    accessible(page)

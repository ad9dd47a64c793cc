"""Hands on the editor: what stands in it, and selecting with the keys."""

from playwright.sync_api import expect


def opened(page):
    """The editor of the page, once it is there."""
    expect(page.locator(".cm-content")).to_be_visible()
    return page.get_by_role("textbox", name="Text")


def body(page):
    """The text itself, without what is only shown in it; for `expect(…).to_have_value`."""
    return page.locator("textarea[name=body]")


def write(page, text):
    """This text and nothing else, with the cursor at its end."""
    opened(page).focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)
    expect(body(page)).to_have_value(text)


def cursor(page, place):
    """The cursor goes to this place of a text of one line."""
    opened(page).focus()
    page.keyboard.press("Control+Home")
    for _ in range(place):
        page.keyboard.press("ArrowRight")


def select(page, text, passage):
    """These words of a text of one line, by the keys."""
    cursor(page, text.index(passage))
    for _ in passage:
        page.keyboard.press("Shift+ArrowRight")


def save(page):
    """Ctrl+S, and the answer is there."""
    page.keyboard.press("Control+s")
    expect(page.locator("[data-kept]")).to_contain_text("Saved", timeout=30_000)

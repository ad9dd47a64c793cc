"""Who wrote what, before it is saved: the tint follows reloads and moves, and the bar under the sheet follows it."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import accessible
from tests.browser.test_ghost import GHOST, ghost
from tests.browser.test_two_people import (  # noqa: F401  fixtures
    FIRST,
    SECOND,
    TEXT,
    document,
    editor_of,
    kept,
    line,
    open_for,
    type_at_end,
)
from tests.browser.writing import body, opened, save


@pytest.fixture
def page(open_for):  # noqa: F811  the fixture
    """A text of two paragraphs, all of it the machine's."""
    return editor_of(open_for())


def tinted(page):
    """The machine's words as the sheet shows them."""
    return page.locator(".cm-content .m").all_inner_texts()


def of_server(page):
    """The machine's words of the saved text, by the server."""
    data = page.context.request.get(page.url + "/desk.json").json()
    return [data["text"][one["start"] : one["end"]] for one in data["spans"] if one["origin"] == "machine"]


def shares(page):
    return page.locator("[data-part=hands] [data-share]").all_inner_texts()


def cut_first_paragraph(page, rest=SECOND):
    opened(page).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Shift+End")
    page.keyboard.press("Control+x")
    expect(body(page)).to_have_value(f"\n\n{rest}")


def test_words_of_the_machine_keep_their_tint_over_a_reload(page):
    type_at_end(page, " Typed. ")
    page.keyboard.press("Control+Space")
    words = ghost(page)
    page.keyboard.press("Tab")
    expect(page.locator(GHOST)).to_have_count(0)
    expect(body(page)).to_have_value(f"{TEXT} Typed. {words}")
    before = tinted(page)
    assert "".join(before).endswith(words)
    page.reload()
    expect(line(page, "restored")).to_be_visible()
    expect(body(page)).to_have_value(f"{TEXT} Typed. {words}")
    assert tinted(page) == before
    assert not any("Typed." in one for one in before)
    kept(page)
    opened(page).focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Mine.")
    assert tinted(page) == before
    save(page)
    assert "".join(tinted(page)) == "".join(before)
    assert "".join(of_server(page)).replace("\n", "") == "".join(before)


def test_words_that_are_cut_and_pasted_keep_their_author(page):
    type_at_end(page, " I typed this.")
    cut_first_paragraph(page, f"{SECOND} I typed this.")
    assert tinted(page) == [SECOND]
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+v")
    expect(body(page)).to_have_value(f"\n\n{SECOND} I typed this.{FIRST}")
    assert tinted(page) == [SECOND, FIRST]
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(body(page)).to_have_value(f"{TEXT} I typed this.")
    assert tinted(page) == [FIRST, SECOND]
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+y")
    assert tinted(page) == [SECOND, FIRST]
    save(page)
    assert tinted(page) == [SECOND, FIRST]  # and the server says so, too
    assert [one.strip() for one in of_server(page)] == [SECOND, FIRST]


def test_words_cut_before_a_reload_are_known_after_it(page):
    cut_first_paragraph(page)
    page.reload()
    expect(body(page)).to_have_value(f"\n\n{SECOND}")
    opened(page).focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+v")
    expect(body(page)).to_have_value(f"\n\n{SECOND}{FIRST}")
    assert "".join(tinted(page)) == SECOND + FIRST


def test_a_moved_line_keeps_its_author_and_typed_ones_stay_plain(page):
    type_at_end(page, "\nA whole line that I typed by hand.")
    page.keyboard.press("Alt+ArrowUp")
    expect(body(page)).to_have_value(f"{FIRST}\n\nA whole line that I typed by hand.\n{SECOND}")
    assert tinted(page) == [FIRST, SECOND]
    opened(page).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowDown")
    expect(body(page)).to_have_value(f"\nA whole line that I typed by hand.\n{FIRST}\n{SECOND}")
    assert tinted(page) == [FIRST, SECOND]
    save(page)
    assert tinted(page) == [FIRST, SECOND]


def test_dragged_words_keep_their_author(page):
    opened(page).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Shift+End")
    # The browser's own events of a drag: a driven mouse drags no text.
    page.locator(".cm-content").evaluate(
        """content => {
        const dataTransfer = new DataTransfer(), end = content.querySelectorAll('.cm-line')[2].getBoundingClientRect();
        const at = {clientX: end.right - 4, clientY: end.bottom - 4};
        const tell = (name, more) => content.firstChild.dispatchEvent(
          new DragEvent(name, {dataTransfer, bubbles: true, cancelable: true, ...more}));
        tell('dragstart'); tell('drop', at); tell('dragend'); }"""
    )
    expect(body(page)).to_have_value(f"\n\n{SECOND}{FIRST}")
    assert "".join(tinted(page)) == SECOND + FIRST


def test_the_bar_follows_what_is_typed_and_agrees_with_the_server(page):
    bar = page.locator("[data-part=hands] .share-bar")
    facts = page.locator("[data-part=facts] [data-share=machine]")
    expect(bar).to_have_attribute("aria-label", "100 % machine, 0 % people, 0 % brief")
    type_at_end(page, " These words I typed by hand.")
    # The figures in full: the bar follows key by key, and a looser pattern would meet it halfway through the words.
    expect(bar).to_have_attribute("aria-label", "71 % machine, 29 % people, 0 % brief, not saved yet")
    live = shares(page)
    expect(facts).to_have_text(live[0])
    accessible(page)
    said = bar.get_attribute("aria-label")
    save(page)
    expect(bar).to_have_attribute("aria-label", said.removesuffix(", not saved yet"))
    expect(page.locator("[data-part=facts]")).to_contain_text("Version 3")
    assert shares(page) == live
    for _ in range(2):  # the typed words go, in one step or two
        page.keyboard.press("Control+z")
    expect(bar).to_have_attribute("aria-label", "100 % machine, 0 % people, 0 % brief, not saved yet")
    page.reload()
    expect(bar).to_have_attribute("aria-label", "100 % machine, 0 % people, 0 % brief, not saved yet")

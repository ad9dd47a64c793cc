"""Going on from the cursor with real keys: words stream in as ghost text, and nothing stands before it was taken."""

import re
from itertools import groupby
from operator import itemgetter

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import accessible
from tests.browser.test_pages import NARROW, fits
from tests.browser.test_passages import text_of  # noqa: F401  a fixture
from tests.browser.writing import body, cursor, opened, save, write

TYPED = "The bakery is old. Xylographs were"
GHOST = "[data-ghost]"
PATIENCE = 30_000


@pytest.fixture
def writer(text_of):  # noqa: F811  the fixture
    """The editor at the end of an unsaved sentence."""

    def make(title, **options):
        page = text_of(title, **options)
        write(page, TYPED)
        return page

    return make


def ghost(page):
    """The words that are shown, once all of them are there."""
    expect(page.locator("[data-ghost-said]")).to_contain_text("Tab takes these words", timeout=PATIENCE)
    return page.locator(GHOST).evaluate("one => one.firstChild.textContent")


def hands(page):
    """(words, origin) of the text as it is saved, from hand to hand."""
    record = page.context.request.get(page.url + "/record.json").json()
    origins = [one["origin"] for one in record["spans"] for _ in range(one["start"], one["end"])]
    runs = groupby(zip(record["text"], origins, strict=True), key=itemgetter(1))
    return [("".join(character for character, _ in run), origin) for origin, run in runs]


def test_words_stream_in_and_tab_takes_them_all(writer):
    page = writer("Going on")
    page.keyboard.press("Control+Space")
    words = ghost(page)
    assert words.strip()
    expect(body(page)).to_have_value(TYPED)  # not in the text
    expect(page.locator(GHOST + " kbd")).to_have_text("Tab")
    accessible(page)
    page.keyboard.press("Tab")
    expect(body(page)).to_have_value(TYPED + words)
    expect(page.locator(GHOST)).to_have_count(0)
    expect(page.locator(".cm-content .m").last).to_have_text(words)  # tinted at once
    expect(opened(page)).to_be_focused()
    page.keyboard.type(" Xylographs hum")
    save(page)
    (machine, origin), last = hands(page)[-2:]
    assert (machine[-len(words) :], origin) == (words, "machine")
    assert last == (" Xylographs hum", "human")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(body(page)).to_have_value(TYPED)


def test_word_by_word_and_the_rest_let_go(writer):
    page = writer("Word by word")
    page.keyboard.press("Control+Space")
    words = ghost(page)
    first, second = re.findall(r"\s*\S+", words)[:2]
    page.keyboard.press("Control+ArrowRight")
    page.keyboard.press("Control+ArrowRight")
    expect(body(page)).to_have_value(TYPED + first + second)
    page.keyboard.press("Escape")
    expect(page.locator(GHOST)).to_have_count(0)
    expect(body(page)).to_have_value(TYPED + first + second)
    save(page)
    machine, origin = hands(page)[-1]
    assert (machine[-len(first + second) :], origin) == (first + second, "machine")


def test_typing_the_same_letters_keeps_it_and_others_let_it_go(writer):
    page = writer("Typing along")
    page.keyboard.press("Control+Space")
    words = ghost(page)
    page.keyboard.type(words[:4])
    expect(page.locator(GHOST)).to_contain_text(words[4:])
    page.keyboard.press("Tab")
    expect(body(page)).to_have_value(TYPED + words)
    page.keyboard.press("Control+Space")
    ghost(page)
    page.keyboard.type("~")
    expect(page.locator(GHOST)).to_have_count(0)
    expect(body(page)).to_have_value(TYPED + words + "~")


def test_escape_leaves_the_text_and_nothing_is_recorded(writer):
    page = writer("Let go")
    page.keyboard.press("Control+Space")
    ghost(page)
    page.keyboard.press("Escape")
    expect(page.locator(GHOST)).to_have_count(0)
    expect(body(page)).to_have_value(TYPED)
    page.keyboard.type(" humming")
    save(page)
    assert hands(page)[-1][1] == "human"


def test_inside_the_text_it_goes_on_from_the_cursor(writer):
    page = writer("In the middle")
    cursor(page, len("The bakery"))
    page.keyboard.press("Control+Space")
    words = ghost(page)
    page.keyboard.press("Tab")
    expect(body(page)).to_have_value("The bakery" + words + TYPED[len("The bakery") :])


def test_with_buttons_alone_on_a_phone(writer):
    page = writer("By finger", **NARROW)
    page.get_by_role("button", name="Go on").click()
    words = ghost(page)
    fits(page)
    accessible(page)
    page.get_by_role("button", name="Take these words").click()
    expect(body(page)).to_have_value(TYPED + words)
    page.get_by_role("button", name="Go on").click()
    more = ghost(page)
    page.locator(GHOST + " kbd").click()
    expect(body(page)).to_have_value(TYPED + words + more)


def test_a_lost_network_is_said_calmly_and_taken_words_arrive_later(writer):
    page = writer("Without network")
    page.context.set_offline(True)
    page.keyboard.press("Control+Space")
    expect(page.locator("[data-said]")).to_contain_text("The desk did not answer")
    expect(page.locator(GHOST)).to_have_count(0)
    page.context.set_offline(False)
    page.keyboard.press("Control+Space")
    words = ghost(page)
    expect(page.locator("[data-said]")).to_be_hidden()
    page.context.set_offline(True)
    page.keyboard.press("Tab")
    expect(body(page)).to_have_value(TYPED + words)
    page.context.set_offline(False)
    save(page)
    machine, origin = hands(page)[-1]
    assert (machine[-len(words) :], origin) == (words, "machine")


def test_too_many_askings_are_answered_in_words(writer):
    page = writer("Too often")
    page.route(
        "**/go-on",
        lambda route: route.fulfill(status=429, json={"error": "The machine was asked 40 times within a minute."}),
    )
    page.keyboard.press("Control+Space")
    expect(page.locator("[data-said]")).to_have_text("The machine was asked 40 times within a minute.")
    expect(body(page)).to_have_value(TYPED)

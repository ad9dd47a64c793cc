"""The whole story by keyboard alone: real Tab, Enter, Space, arrows and shortcuts, no mouse; the focus always seen."""

import re
import uuid
from contextlib import closing

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import written
from tests.browser.keyboard import STEPS, Keyboard
from tests.browser.test_ghost import ghost
from tests.browser.test_pages import WIDE
from tests.browser.test_story import state
from tests.browser.writing import body
from tests.desk import until
from tests.integration.test_faults import Sponsor

OWN = "The ovens are cold now. Eleven pots stand where loaves waited."
PASSAGE = "Eleven pots stand where loaves waited."


@pytest.fixture
def person(browser_of):
    """(page, keys) of a person who has logged in by keyboard."""

    def arrive(email, password="123456", **options):
        page = browser_of(email, **options)
        keys = Keyboard(page)
        page.goto("/login")
        keys.fill("Email", email)
        keys.fill("Password", password)
        keys.press("Enter")
        page.wait_for_url("**/documents**")
        return page, keys

    return arrive


def in_the_text(page, keys):
    """The cursor stands in the text, and is seen to."""
    expect(page.get_by_role("textbox", name="Text")).to_be_focused()
    keys.focus()


def saved(page, keys):
    keys.press("Control+s")
    expect(page.locator("[data-kept]")).to_contain_text("Saved", timeout=30_000)
    in_the_text(page, keys)


def confirmed(page, keys):
    """Some acts ask once more."""
    page.wait_for_timeout(200)
    dialog = page.locator("dialog[open]")
    if dialog.count():
        keys.focus()
        for _ in range(3):
            if page.evaluate("document.activeElement.matches('.btn-go')"):
                break
            keys.press("Tab")
        keys.press("Enter")


PHONE = {"viewport": {"width": 390, "height": 800}}


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1440", "390"])
def test_the_whole_story_by_keyboard(person, size):
    title = f"By keyboard {uuid.uuid4().hex[:6]}"
    sponsor, hers = person("test@test.com", **size)
    create(sponsor, hers, title)
    editor, his = person("editor@test.com", **size)
    open_from_the_list(his, title)
    writes_and_leaves(editor, his)
    takes_a_candidate(editor, his)
    goes_on(editor, his)
    suggests_and_decides(editor, his)
    tidies(editor, his)
    reviews(editor, his, title)
    delivers(editor, his)
    compares(sponsor, hers, title)
    asks_for_changes(sponsor, hers)
    answers(editor, his)
    approves(sponsor, hers)


def create(page, keys, title):
    """The sponsor writes a brief, names the editor, and watches the draft."""
    keys.follow("link", "New document")
    keys.fill("Title", title)
    keys.fill("Brief", "A review of a small show of ceramics in a converted bakery.")
    keys.tab_to("combobox", "Editor")
    keys.type("Edda")
    keys.follow("button", "Create document")
    state(page, "editing", 60_000)
    expect(page.get_by_role("group", name="What the machine wrote")).not_to_be_empty()


def open_from_the_list(keys, title):
    """Today names the five that are most pressing; the list has all, the newest first."""
    keys.follow("link", "Documents")
    keys.follow("link", title)


def writes_and_leaves(page, keys):
    """Tab goes into the text and out of it again, both ways: the text is no trap, and says so."""
    keys.tab_to("textbox", "Text")
    keys.press("Control+End", "Enter", "Enter")
    keys.type(OWN)
    keys.press("Tab")
    keys.focus()
    assert not keys.at("textbox", "Text")
    keys.back_to("textbox", "Text")
    keys.press("Shift+Tab")
    keys.focus()
    assert not keys.at("textbox", "Text")
    keys.tab_to("textbox", "Text")
    assert written(page).endswith(OWN)  # and nothing was written by all this
    expect(page.get_by_role("textbox", name="Text")).to_have_accessible_description(re.compile("Tab leaves the text"))


def takes_a_candidate(page, keys):
    keys.press("Control+End", *["Shift+ArrowLeft"] * len(PASSAGE), "Control+j")
    expect(page.get_by_role("button", name=re.compile("^Use this")).first).to_be_focused(timeout=30_000)
    keys.focus()
    keys.press("ArrowDown")
    keys.focus()
    words = page.locator(".candidate-text").nth(1).inner_text()
    keys.press("2")
    expect(body(page)).to_have_value(re.compile(re.escape(words) + "$"))
    in_the_text(page, keys)
    keys.press("Control+z")
    expect(body(page)).to_have_value(re.compile(re.escape(OWN) + "$"))
    keys.press("Control+Shift+z")
    expect(body(page)).to_have_value(re.compile(re.escape(words) + "$"))


def goes_on(page, keys):
    """Ghost text is let go by Escape, and Tab leaves then; taken by Tab, and the cursor stays."""
    keys.press("Control+End")
    keys.type(" They were")
    keys.press("Control+Space")
    ghost(page)
    keys.press("Escape", "Tab")
    keys.focus()
    assert not keys.at("textbox", "Text")
    keys.back_to("textbox", "Text")
    assert written(page).endswith(" They were")
    keys.press("Control+Space")
    words = ghost(page)
    keys.press("Tab")
    expect(body(page)).to_have_value(re.compile(re.escape(" They were" + words) + "$"))
    in_the_text(page, keys)
    saved(page, keys)


def suggests_and_decides(page, keys):
    """Two changes are suggested; one is accepted from the text, the other refused in the panel."""
    before = written(page)
    keys.press("Control+Alt+s", "Control+End")
    keys.type(" Come early.")
    keys.press("Control+Home")
    keys.type("So: ")
    keys.press("Control+s")
    expect(page.locator("[data-kept]")).to_have_text("2 changes are suggested.")
    in_the_text(page, keys)
    keys.press("Control+Alt+s", "Control+Home", "Alt+ArrowDown", "Alt+ArrowDown", "Alt+Enter")
    expect(page.get_by_text("One is left.")).to_be_visible()
    expect(body(page)).to_have_value(before + " Come early.")
    in_the_text(page, keys)
    keys.use("button", re.compile("^(Refuse|Take back) suggestion"))
    expect(page.get_by_text("None is left.")).to_be_visible()
    keys.focus()
    expect(body(page)).to_have_value(before + " Come early.")


def tidies(page, keys):
    keys.back_to("textbox", "Text")
    keys.press("Control+End")
    keys.type(' "Bread", she says -- and laughs.')
    keys.back_to("button", re.compile("All shortcuts|Only the sheet|Find"))
    for _ in range(4):  # the row of the tools is some stops away
        if page.evaluate("document.activeElement.closest('[data-tools]') !== null"):
            break
        keys.press("Shift+Tab")
        keys.focus()
    keys.arrow_to("button", "Tidy up")
    keys.press("Enter")
    dialog = page.get_by_role("dialog", name="Tidy up")
    expect(dialog.get_by_role("button", name="Apply the ticked rules")).to_be_focused()
    dash = re.compile("house’s dash")
    keys.back_to("checkbox", dash)
    for sign in ("hidden", "visible"):  # unticked, and ticked again
        keys.press("Space")
        expect(dialog.locator("ins", has_text="–")).to_be_visible(visible=sign == "visible")
        expect(dialog.get_by_role("checkbox", name=dash)).to_be_focused()
    keys.use("button", "Apply the ticked rules")
    expect(body(page)).to_have_value(re.compile("“Bread”, she says – and laughs\\.$"))
    in_the_text(page, keys)


def reviews(page, keys, title):
    """The machine's own paragraph stays as it is, for a reason, which is written on the page of the paragraphs."""
    saved(page, keys)
    keys.follow("link", "Paragraph by paragraph")
    keys.fill(re.compile("^Reviewed unchanged"), "I asked them.")
    with page.expect_navigation():
        keys.press("Enter")
    expect(page.get_by_text("reviewed unchanged").first).to_be_visible()
    keys.follow("link", title)


def delivers(page, keys):
    keys.use("button", "Deliver to sponsor")
    confirmed(page, keys)
    state(page, "signoff")


def compares(page, keys, title):
    """From the page of the versions to the comparison, and from change to change."""
    page.reload()
    state(page, "signoff")
    keys.follow("link", "All versions")
    keys.follow("button", "Compare the two")
    keys.press("n")
    expect(page.locator("[data-walk-said]")).to_contain_text(re.compile("^1 of"))
    keys.focus()
    keys.press("p")
    keys.focus()
    keys.follow("link", title)
    state(page, "signoff")


def asks_for_changes(page, keys):
    keys.fill(re.compile("^What should change"), "Please mention the salt glaze.")
    keys.use("button", "Request changes")
    confirmed(page, keys)
    state(page, "editing")


def answers(page, keys):
    page.reload()
    expect(page.get_by_text("Please mention the salt glaze.").first).to_be_visible()
    keys.tab_to("textbox", "Text")
    keys.press("Control+End")
    keys.type(" The glaze is salt.")
    delivers(page, keys)


def approves(page, keys):
    page.reload()
    keys.use("button", "Approve")
    confirmed(page, keys)
    state(page, "approved")


@pytest.fixture
def opened_text(person):
    """The editor's page of a machine's draft, with the cursor in its text."""

    def make(**options):
        title = f"Opened {uuid.uuid4().hex[:6]}"
        create(*person("test@test.com"), title)
        page, keys = person("editor@test.com", **options)
        open_from_the_list(keys, title)
        expect(page.get_by_role("textbox", name="Text")).to_be_visible()
        keys.tab_to("textbox", "Text")
        return page, keys

    return make


def test_what_opens_over_the_text_gives_the_focus_back(opened_text):
    page, keys = opened_text()
    keys.press("Control+/")
    expect(page.get_by_role("dialog", name="All shortcuts")).to_be_visible()
    keys.focus()
    keys.press("Escape")
    in_the_text(page, keys)
    keys.press("Control+f")
    expect(page.get_by_role("textbox", name="Find")).to_be_focused()
    keys.type("the")
    keys.press("Enter", "Escape")
    in_the_text(page, keys)
    keys.press("Control+Shift+f", "Escape")
    in_the_text(page, keys)
    keys.press("F8")
    expect(page.locator("[data-looking-said]")).not_to_be_empty()
    in_the_text(page, keys)
    keys.press("Control+Home", "Shift+Control+ArrowRight", "Shift+Control+ArrowRight", "Control+j")
    keep = page.get_by_role("button", name="Keep it as it is")
    expect(keep).to_be_visible(timeout=30_000)
    keys.focus()
    keys.press("Escape")
    expect(keep).to_be_hidden()
    in_the_text(page, keys)


def test_a_card_that_comes_anew_keeps_the_focus(opened_text):
    """The answer to the save before was on its way when somebody went into the card."""
    page, keys = opened_text()
    held = []

    def hold(route):
        held.append(route)

    page.route("**/before-delivery*", hold)
    keys.press("Control+End")
    keys.type(" Come early.")
    with page.expect_request("**/before-delivery*"):
        keys.press("Control+s")
    stops = page.locator("[data-before-delivery]").locator("a, button, summary").filter(visible=True)
    stops.first.focus()
    keys.focus()
    old = page.locator("[data-before-delivery]").element_handle()
    for route in held:
        route.continue_()
    page.unroute("**/before-delivery*")
    page.wait_for_function("card => !card.isConnected", arg=old)
    keys.focus()  # on what had it, or on the card where that is done by now
    assert page.evaluate("document.activeElement.closest('[data-before-delivery]') !== null")


def test_an_undecided_delivery_leads_to_what_is_open(opened_text):
    page, keys = opened_text()
    keys.press("Control+Alt+s", "Control+End")
    keys.type(" Come early.")
    keys.press("Control+s")
    expect(page.locator("[data-kept]")).to_have_text("One change is suggested.")
    keys.press("Control+Alt+s")
    keys.tab_to("button", "Deliver to sponsor")
    with page.expect_navigation():
        keys.press("Enter")
    expect(page.locator("[data-suggestion]")).to_be_focused()
    keys.focus()
    keys.use("button", re.compile("^Accept suggestion"))
    expect(page.get_by_text("None is left.")).to_be_visible()
    keys.focus()


# Each page once, by whoever has the most on it; a path without a slash is one of a document's.
VISITED = {
    "editor@test.com": ["/documents", "/help/editing", "", "history", "history/2", "looking", "paragraphs"],
    "test@test.com": ["/documents/today", "/help/sponsoring", "/documents/new", "/settings", "", "record", "drafts/1"],
    "admin@test.com": [
        *("/admin/signups", "/admin/users", "/admin/figures", "/admin/disclosure", "/admin/queue", "/admin/models"),
        *("/admin/house", "/admin/routing", "/admin/webhooks", "/records", "/notifications", "/help/desk"),
    ],
}


@pytest.mark.parametrize(("size", "theme"), [(WIDE, "light"), (PHONE, "dark")], ids=["1440-light", "390-dark"])
@pytest.mark.parametrize("email", VISITED)
def test_every_stop_of_every_page_is_seen(person, path_of_a_document, email, size, theme):
    """Tab once around each page: a ring around every stop, nothing out of sight, nothing under something else."""
    page, keys = person(email, "password" if email.startswith("admin") else "123456", color_scheme=theme, **size)
    for path in VISITED[email]:
        page.goto(path if path.startswith("/") else f"{path_of_a_document}/{path}".rstrip("/"))
        for _ in range(STEPS):
            keys.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
            keys.focus()
        else:
            raise AssertionError(f"{path} has no end")


@pytest.fixture(scope="module")
def path_of_a_document(live):
    """A document of the development people, waiting to be taken."""
    with closing(Sponsor(live)) as sponsor:
        path = sponsor.create("Walked around")
        until(lambda: sponsor.state(path) == "unassigned", "the draft")
    return path


SLOW_TO_DRAW = """(() => {
  const draw = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (then) => setTimeout(() => draw(then), 400);
})()"""


def test_what_was_typed_last_does_not_pull_the_page_back_from_where_tab_went(opened_text):
    page, keys = opened_text(**PHONE)
    page.context.add_init_script(SLOW_TO_DRAW)
    page.reload()
    keys.tab_to("textbox", "Text")
    keys.press("Control+End", *["Enter"] * 40)
    keys.type(OWN)
    keys.press("Control+Home")
    keys.type("Then. ")
    keys.press("Tab")
    assert not keys.at("textbox", "Text")
    page.wait_for_timeout(1_500)  # until long after the last drawing
    keys.focus()

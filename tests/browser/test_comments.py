"""Comments between two people in two browsers: said at words, heard without a reload, answered, gone with the words."""

import uuid

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from tests import journeys
from tests.browser.conftest import accessible
from tests.browser.writing import body, cursor, opened, save, select, write
from tests.desk import until

TEXT = "The bakery is old. It smells of flour in the morning. People come from far away to see the pots."
PATIENCE = 40_000  # a page that is open hears news every ten seconds


@pytest.fixture
def path(live):
    """The address of a text of the development people."""
    with Session(live.database, expire_on_commit=False) as session, session.begin():
        people = {one.email: one for one in session.query(User)}
        sponsor, editor = people["test@test.com"], people["editor@test.com"]
        title = f"Talked about {uuid.uuid4().hex[:6]}"
        document = journeys.bring_to(session, "editing", sponsor, editor, title=title, text=TEXT)
        return f"/documents/{document.id}"


def panel(page):
    return page.get_by_role("region", name="Comments")


def marked(page):
    return page.locator("mark.commented")


def comment(page, words):
    panel(page).get_by_role("textbox", name="Comment").fill(words)
    panel(page).get_by_role("button", name="Comment", exact=True).click()


def test_two_people_talk_about_words_while_one_of_them_writes(log_in, path):
    editor, sponsor = log_in("editor@test.com"), log_in()
    for page in (editor, sponsor):
        page.goto(path)
    opened(editor)
    select(editor, TEXT, "smells of flour")
    editor.keyboard.press("Control+Alt+m")
    expect(editor.get_by_role("textbox", name="Comment")).to_be_focused()
    expect(editor.get_by_label("About these words")).to_have_value("smells of flour")
    editor.keyboard.type("Is it rye, @te")
    editor.keyboard.press("ArrowDown")
    editor.keyboard.press("Enter")
    expect(editor.get_by_role("textbox", name="Comment")).to_be_focused()
    editor.keyboard.type("?")
    panel(editor).get_by_role("button", name="Comment", exact=True).click()
    expect(panel(editor).get_by_text("Your comment is beside the text.")).to_be_visible()
    expect(marked(editor)).to_have_text("smells of flour")

    # It moves with what is typed, and the words under the hands stay.
    cursor(editor, 0)
    editor.keyboard.type("Look: ")
    expect(marked(editor)).to_have_text("smells of flour")
    expect(body(editor)).to_have_value("Look: " + TEXT)
    accessible(editor)

    # The sponsor, who only reads, hears of it, and answers; the editor hears the answer while typing on.
    expect(panel(sponsor).get_by_text("Is it rye,")).to_be_visible(timeout=PATIENCE)
    sponsor.reload()
    expect(marked(sponsor)).to_have_text("smells of flour")
    panel(sponsor).locator("summary", has_text="Reply").click()
    panel(sponsor).get_by_role("textbox", name="Reply").fill("It is wheat.")
    panel(sponsor).get_by_role("button", name="Reply").click()
    expect(panel(editor).get_by_text("It is wheat.")).to_be_visible(timeout=PATIENCE)
    expect(body(editor)).to_have_value("Look: " + TEXT)

    # From what was said to its words; without them it says so; resolved it is folded away.
    panel(editor).get_by_role("link", name="smells of flour").click()
    until(lambda: editor.evaluate("getSelection().toString()") == "smells of flour", "the words are selected")
    write(editor, TEXT.replace("It smells of flour in the morning.", "Closed."))
    save(editor)
    expect(panel(editor).get_by_text("The words it was about are gone:")).to_be_visible()
    expect(marked(editor)).to_have_count(0)
    panel(editor).get_by_role("button", name="Resolve").click()
    expect(panel(editor).get_by_text("Resolved, 1")).to_be_visible()
    expect(panel(editor).get_by_text("It is wheat.")).to_be_hidden()


def test_a_reader_comments_on_words_they_select_and_the_editor_behind_their_back(log_in, path):
    sponsor, editor = log_in(), log_in("editor@test.com")
    sponsor.goto(path)
    sponsor.evaluate(
        """() => { const article = document.querySelector("article[data-read]");
        const walk = document.createTreeWalker(article, NodeFilter.SHOW_TEXT), range = document.createRange();
        for (let node; (node = walk.nextNode()); ) { const at = node.data.indexOf("far away");
          if (at >= 0) { range.setStart(node, at); range.setEnd(node, at + 8); } }
        getSelection().removeAllRanges(); getSelection().addRange(range); }"""
    )
    sponsor.locator(".comment-here").click()
    expect(sponsor.get_by_label("About these words")).to_have_value("far away")
    comment(sponsor, "How far?")
    expect(sponsor.get_by_text("Your comment is beside the text.")).to_be_visible()
    expect(marked(sponsor)).to_have_text("far away")
    editor.goto(path)
    opened(editor)
    expect(marked(editor)).to_have_text("far away")
    panel(editor).locator("summary", has_text="Say something").click()
    panel(editor).get_by_label("Hide it from the sponsor").check()
    comment(editor, "Miles and miles.")
    expect(panel(editor).get_by_text("The sponsor does not see this.")).to_be_visible()
    sponsor.reload()
    expect(panel(sponsor).locator(".said-words")).to_have_text("How far?")
    assert "Miles and miles" not in sponsor.content()


def test_without_script_the_words_are_pasted(log_in, path):
    page = log_in("editor@test.com", java_script_enabled=False)
    page.goto(path)
    panel(page).locator("summary", has_text="Say something").click()
    page.get_by_label("About these words").fill("no such words")
    comment(page, "Why?")
    expect(page.get_by_text("These words do not stand in the text.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Comment")).to_have_value("Why?")
    page.get_by_label("About these words").fill("the  pots")
    panel(page).get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_text("Your comment is beside the text.")).to_be_visible()
    expect(panel(page).get_by_role("link", name="the pots")).to_be_visible()


@pytest.mark.parametrize(("size", "theme"), [(1440, "light"), (360, "dark")])
def test_the_panel_is_accessible_and_fits(log_in, path, size, theme, tmp_path):
    settings = {"viewport": {"width": size, "height": 900}, "color_scheme": theme}
    editor, sponsor = log_in("editor@test.com", **settings), log_in(**settings)
    sponsor.goto(path)
    panel(sponsor).locator("summary", has_text="Say something").click()
    sponsor.get_by_label("About these words").fill("smells of flour")
    comment(sponsor, "Is it rye, @Nobody? It was wheat when I was there, and the whole street smelled of it.")
    expect(marked(sponsor)).to_have_text("smells of flour")
    editor.goto(path)
    opened(editor)
    panel(editor).locator("summary", has_text="Reply").click()
    panel(editor).locator("summary", has_text="Say something").click()
    for name, page in {"editor": editor, "sponsor": sponsor}.items():
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size, name
        page.screenshot(path=tmp_path / f"{name}-{size}-{theme}.png", full_page=True)
        panel(page).screenshot(path=tmp_path / f"{name}-{size}-{theme}-panel.png")

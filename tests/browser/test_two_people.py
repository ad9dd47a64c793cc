"""Two windows, two people, one text: nothing typed is lost by reload, crash, log-out, a cut network or each other."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from tests import journeys
from tests.browser.conftest import accessible
from tests.browser.test_pages import NARROW, fits
from tests.browser.writing import body, opened

FIRST, SECOND = "The old bakery still smells of flour.", "Eleven pots stand on the shelf."
TEXT = f"{FIRST}\n\n{SECOND}"
EDITOR = ("editor@test.com", "123456")
SPONSOR = ("test@test.com", "123456")
PATIENCE = 20_000


@pytest.fixture
def document(live):
    """The address of a text that the development editor edits, and a look at its newest version."""
    url = live.environment["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg2://")
    engine = create_engine(url)
    with Session(engine) as session, session.begin():
        sponsor, editor = (
            session.scalars(select(User).where(User.email == email)).one() for email, _ in (SPONSOR, EDITOR)
        )
        made = journeys.bring_to(session, "editing", sponsor, editor, text=TEXT)
        address = f"/documents/{made.id}"
    engine.dispose()
    return address


@pytest.fixture
def open_for(log_in, document):
    """The document's page, in a browser of its own."""

    def open_for(person=EDITOR, **options):
        page = log_in(*person, **options)
        page.goto(document)
        return page

    return open_for


def editor_of(page):
    opened(page)
    expect(page.locator("[data-kept]")).to_be_visible()
    return page


def type_at_end(page, words):
    opened(page).focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(words)


def type_at_start(page, words):
    opened(page).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.type(words)


def kept(page):
    """The desk has every word of this window."""
    expect(page.locator("[data-kept]")).to_contain_text("not saved as a version yet", timeout=PATIENCE)
    expect(page.locator("form[data-desk][data-safe]")).to_have_count(1, timeout=PATIENCE)


def line(page, name):
    return page.locator(f"[data-line={name}]")


def save(page):
    page.keyboard.press("Control+s")


def saved(page):
    expect(page.locator("[data-kept]")).to_contain_text("Saved.", timeout=PATIENCE)


def record(page, address):
    return page.context.request.get(address + "/record.json").json()


def another_page(page):
    """A fresh window of the same browser."""
    made = page.context.new_page()
    made.set_default_timeout(PATIENCE)
    return made


def test_unsaved_words_survive_a_reload_and_can_be_thrown_away_and_undone(open_for):
    page = editor_of(open_for())
    type_at_end(page, " Typed and not saved.")
    kept(page)
    page.reload()  # nobody asks: the words are safe
    expect(body(page)).to_have_value(TEXT + " Typed and not saved.")
    expect(line(page, "restored")).to_contain_text("Words that you had not saved are back")
    accessible(page)
    line(page, "restored").get_by_role("button", name="Throw them away").click()
    expect(body(page)).to_have_value(TEXT)
    expect(line(page, "restored")).to_contain_text("Undo brings them back")
    page.keyboard.press("Control+z")
    expect(body(page)).to_have_value(TEXT + " Typed and not saved.")
    kept(page)
    save(page)
    saved(page)
    page.reload()
    expect(body(page)).to_have_value(TEXT + " Typed and not saved.")
    expect(line(page, "restored")).to_be_hidden()


def test_what_was_thrown_away_stays_away(open_for):
    page = editor_of(open_for())
    type_at_end(page, " For the basket.")
    kept(page)
    page.reload()
    with page.expect_response(lambda answer: answer.url.endswith("/unsent") and answer.request.method == "DELETE"):
        line(page, "restored").get_by_role("button", name="Throw them away").click()
    page.reload()
    expect(body(page)).to_have_value(TEXT)
    expect(line(page, "restored")).to_be_hidden()


def test_a_crash_loses_nothing_here_or_on_another_machine(open_for, document):
    page = editor_of(open_for())
    type_at_end(page, " The window dies now.")
    kept(page)
    again = another_page(page)
    page.close()  # no warning, no goodbye
    again.goto(document)
    expect(body(again)).to_have_value(TEXT + " The window dies now.")
    elsewhere = open_for()
    expect(body(elsewhere)).to_have_value(TEXT + " The window dies now.")
    save(elsewhere)
    saved(elsewhere)
    third = open_for()
    expect(body(third)).to_have_value(TEXT + " The window dies now.")
    expect(line(third, "restored")).to_be_hidden()


def test_a_cut_network_loses_nothing(open_for, document):
    page = editor_of(open_for())
    page.context.set_offline(True)
    type_at_end(page, " Typed in a tunnel.")
    expect(line(page, "network")).to_contain_text(
        "Not connected. Your words are kept in this browser.", timeout=PATIENCE
    )
    accessible(page)
    type_at_end(page, " And a second one.")
    page.context.set_offline(False)
    kept(page)
    expect(line(page, "network")).to_be_hidden()
    # Cut again, and the window dies before the desk hears of the words: this browser has them.
    page.context.set_offline(True)
    type_at_end(page, " Lost and found.")
    page.wait_for_function("() => Object.values(localStorage).some((one) => one.includes('Lost and found.'))")
    again = another_page(page)
    page.close()
    again.context.set_offline(False)
    again.goto(document)
    expect(body(again)).to_have_value(TEXT + " Typed in a tunnel. And a second one. Lost and found.")
    kept(again)


def test_a_save_while_the_network_is_cut_can_be_made_again(open_for, document):
    page = editor_of(open_for())
    type_at_end(page, " Saved in vain.")
    page.context.set_offline(True)
    save(page)
    expect(page.locator("[data-said]")).to_contain_text("Your words are still here")
    page.context.set_offline(False)
    save(page)
    saved(page)
    assert record(page, document)["text"] == TEXT + " Saved in vain."


def test_logging_out_leaves_nothing_in_the_browser_and_all_on_the_desk(open_for, document):
    page = editor_of(open_for())
    type_at_end(page, " Back tomorrow.")
    kept(page)
    page.locator("details[data-menu] summary").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/")
    assert page.evaluate("() => Object.values(localStorage).join('')").count("Back tomorrow.") == 0
    page.goto("/login")
    page.get_by_label("Email").fill(EDITOR[0])
    page.get_by_label("Password").fill(EDITOR[1])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/documents**")
    page.goto(document)
    expect(body(page)).to_have_value(TEXT + " Back tomorrow.")
    save(page)
    saved(page)


def test_two_windows_are_merged(open_for, document):
    one, other = editor_of(open_for()), editor_of(open_for())
    type_at_end(one, " From the first window.")
    type_at_start(other, "From the second window. ")
    save(one)
    saved(one)
    expect(line(other, "merging")).to_contain_text("Yours will be merged when you save.", timeout=PATIENCE)
    other.keyboard.type("Still typing. ")
    save(other)
    expect(line(other, "merging")).to_contain_text("merged with the words of your other window")
    both = f"From the second window. Still typing. {TEXT} From the first window."
    expect(body(other)).to_have_value(both)
    assert record(other, document)["text"] == both
    other.keyboard.type("The cursor stayed. ")
    expect(body(other)).to_have_value(both.replace("Still typing. ", "Still typing. The cursor stayed. "))
    accessible(other)
    # The first window typed nothing since: the newer text comes by itself.
    expect(body(one)).to_have_value(both, timeout=PATIENCE)


def test_the_same_words_changed_in_two_windows_are_a_choice(open_for, document):
    one, other = editor_of(open_for()), editor_of(open_for())
    for page, word in ((one, "Twelve"), (other, "Nine")):
        opened(page).focus()
        page.keyboard.press("Control+End")
        page.keyboard.press("Home")
        page.keyboard.press("Control+Shift+ArrowRight")
        page.keyboard.type(f"{word} ")
    expect(body(other)).to_have_value(re.compile(r"Nine\s+pots stand"))
    save(one)
    saved(one)
    save(other)
    expect(other.locator("[data-role=conflict]")).to_be_visible(timeout=PATIENCE)
    accessible(other)
    group = other.get_by_role("group", name=re.compile("Place 1"))
    expect(group.get_by_role("radio")).to_have_count(3)
    group.get_by_role("radio", name=re.compile("Yours")).focus()
    other.keyboard.press("Space")
    other.keyboard.press("Tab")
    other.keyboard.press("Enter")
    expect(body(other)).to_have_value(re.compile(r"Nine\s+pots stand"))
    texts = [revision["body"] for revision in record(other, document)["revisions"] if "body" in revision]
    assert not texts or any("Twelve" in text for text in texts)
    expect(line(other, "restored")).to_be_hidden()


def test_the_choice_fits_a_phone_and_dark_works_without_script(open_for, document, browser_of):
    one = editor_of(open_for())
    type_at_end(one, " First.")
    save(one)
    saved(one)
    plain = browser_of("plain", java_script_enabled=False, color_scheme="dark", **NARROW)
    plain.goto("/login")
    plain.get_by_label("Email").fill(EDITOR[0])
    plain.get_by_label("Password").fill(EDITOR[1])
    plain.get_by_role("button", name="Log in").click()
    plain.goto(document)
    field = plain.locator("textarea[name=body]")
    field.fill(field.input_value() + " Second.")
    type_at_end(one, " Third.")
    save(one)
    expect(one.locator("[data-kept]")).to_contain_text("version 4", timeout=PATIENCE)
    plain.get_by_role("button", name="Save revision").click()
    expect(plain.locator("[data-role=conflict]")).to_be_visible()
    plain.get_by_role("radio", name=re.compile("^Both")).check()
    plain.get_by_role("button", name=re.compile("Save as version")).click()
    text = record(one, document)["text"]
    assert "Second." in text
    assert "Third." in text


def test_presence_is_seen_and_ends(open_for):
    editor = editor_of(open_for())
    type_at_end(editor, " I am here.")
    kept(editor)
    sponsor = open_for(SPONSOR)
    shown = sponsor.locator("[data-presence-shown]")
    expect(shown).to_have_text(re.compile(r"\w.* is editing, paragraph 2, since \d\d:\d\d"), timeout=PATIENCE)
    expect(editor.locator("[data-presence-shown]")).to_have_text(re.compile("is reading, since"), timeout=PATIENCE)
    accessible(sponsor)
    save(editor)
    saved(editor)
    newer = sponsor.locator("[data-presence-newer]")
    expect(newer).to_contain_text("saved version 3.", timeout=PATIENCE)
    newer.get_by_role("link", name="Show it").click()
    expect(sponsor.get_by_text("I am here.").first).to_be_visible()
    editor.close()
    expect(shown).to_have_text("", timeout=PATIENCE)


def test_whoever_loses_the_text_keeps_the_words_under_their_name(open_for, document):
    editor = editor_of(open_for())
    type_at_end(editor, " Typed by the first editor.")
    kept(editor)
    sponsor = open_for(SPONSOR)
    name = sponsor.get_by_label("Editor").locator("option:checked").inner_text().partition(",")[0]
    sponsor.get_by_label("Editor").select_option(value="")
    sponsor.get_by_role("button", name="Hand over").click()
    dialog = sponsor.locator("dialog[open]")
    sponsor.wait_for_timeout(200)
    if dialog.count():
        dialog.locator("button[data-confirmed], button[value=confirm], button.btn-go").first.click()
    expect(sponsor.locator("[data-role=state]").first).to_have_attribute("data-state", "unassigned")
    expect(sponsor.get_by_text("Typed by the first editor.").first).to_be_visible()
    expect(sponsor.get_by_text(re.compile("kept what the editor had typed")).first).to_be_visible()
    said = record(sponsor, document)
    assert said["text"].endswith("Typed by the first editor.")
    assert said["revisions"][-1]["author"] == name or name in str(said["revisions"][-1])
    type_at_end(editor, " Too late.")
    expect(line(editor, "network")).to_contain_text("not yours to write in any more", timeout=PATIENCE)
    expect(body(editor)).to_have_value(re.compile("Too late."))


def test_the_lines_fit_a_phone(open_for):
    page = editor_of(open_for(**NARROW))
    type_at_end(page, " Typed on a phone.")
    kept(page)
    page.reload()
    expect(line(page, "restored")).to_be_visible()
    fits(page)
    accessible(page)

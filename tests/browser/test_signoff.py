"""From delivery to signature in a real browser: a change refused and answered, the text signed by a letter's link."""

import re
import uuid

import pytest
from playwright.sync_api import expect
from sqlalchemy import text
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.documents import revising
from copydesk.documents.revising import Text
from tests import journeys
from tests.browser.conftest import accessible, written
from tests.browser.test_story import confirm, state

DRAFT = "The bakery smells of flour. The ovens are cold. Nobody has the key to the yard."
DELIVERED = "The old bakery smells of flour. The ovens are warm. Nobody has the key to the yard."


@pytest.fixture
def delivered(live):
    """The address of a delivered text of the development people."""
    with Session(live.database, expire_on_commit=False) as session, session.begin():
        people = {one.email: one for one in session.query(User)}
        sponsor, editor = people["test@test.com"], people["editor@test.com"]
        title = f"The bakery {uuid.uuid4().hex[:6]}"
        document = journeys.bring_to(session, "editing", sponsor, editor, title=title, text=DRAFT)
        revising.deliver(session, document.id, editor, Text(title, DELIVERED, document.text_number))
        return f"/documents/{document.id}"


def letters_link(live):
    """The address in the newest letter that has one."""
    query = text("SELECT body FROM mails WHERE body LIKE '%/sign/%' ORDER BY id DESC LIMIT 1")
    with live.database.connect() as connection:
        return re.search(r"(/sign/\S+)", connection.execute(query).scalar_one())[1]


def refuse_the_second(page, document, script):
    page.goto(document)
    page.get_by_role("link", name="2 changes").click()
    if script:
        expect(page.get_by_role("button", name="Next")).to_be_visible()
        page.keyboard.press("n")
        page.keyboard.press("n")
        expect(page.get_by_text("2 of 2")).to_be_visible()
    change = page.locator("#c2")
    expect(change.locator("del")).to_contain_text("cold")
    change.get_by_role("button", name="Refuse change 2").click()
    expect(page.get_by_text("Please enter the reason.")).to_be_visible()
    change.get_by_label("Why change 2 is refused").fill("They were cold.")
    page.keyboard.press("Enter")
    expect(change.get_by_text("Refused", exact=True)).to_be_visible()
    page.get_by_role("button", name="Accept the rest").click()
    expect(page.get_by_text("1 refused, 1 accepted, 0 open")).to_be_visible()
    page.reload()
    expect(change.get_by_text("They were cold.")).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
def test_refused_answered_and_signed_by_the_letters_link(live, log_in, browser_of, delivered, script):
    sponsor, editor = log_in(java_script_enabled=script), log_in("editor@test.com")
    refuse_the_second(sponsor, delivered, script)
    sponsor.get_by_role("link", name="To your sign-off").click()
    sponsor.get_by_role("button", name="Approve").click()
    expect(sponsor.get_by_text("One change is refused.")).to_be_visible()
    sponsor.goto(delivered)
    sponsor.get_by_role("button", name="Request changes").click()
    state(sponsor, "editing")

    editor.goto(delivered)
    todo = editor.locator("#to-do")
    expect(todo.get_by_text("Still there")).to_be_visible()
    todo.get_by_label("It stays, because").fill("I felt them.")
    todo.get_by_role("button", name="Answer").click()
    expect(todo.get_by_text("it stays, because I felt them.")).to_be_visible()
    editor.get_by_role("textbox", name="Text").fill(written(editor).replace("warm", "cold") + " It rains.")
    editor.get_by_role("button", name="Deliver to sponsor").first.click()
    confirm(editor)
    state(editor, "signoff")

    stranger = browser_of("whoever has the letter", java_script_enabled=script)
    link = letters_link(live)
    for _ in range(3):
        stranger.goto(link)
    expect(stranger.get_by_text("The ovens are cold. Nobody has the key to the yard. It rains.")).to_be_visible()
    sponsor.goto(delivered)
    state(sponsor, "signoff")
    expect(sponsor.get_by_text("Changed since")).to_be_visible()

    stranger.get_by_label("What was examined").fill("I called the baker.")
    stranger.get_by_role("button", name="Approve").click()
    expect(stranger.get_by_role("heading", name="Approved")).to_be_visible()
    stranger.goto(delivered)
    expect(stranger.get_by_role("button", name="Log in")).to_be_visible()
    sponsor.reload()
    state(sponsor, "approved")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_the_pages_of_sign_off_are_accessible(live, log_in, browser_of, delivered, width, scheme):
    look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    link = letters_link(live)
    stranger = browser_of("stranger", **look)
    stranger.goto(link)
    accessible(stranger)
    stranger.goto("/sign/nothing")
    accessible(stranger)
    sponsor = log_in(**look)
    refuse_the_second(sponsor, delivered, script=True)
    accessible(sponsor)
    sponsor.goto(delivered)
    sponsor.locator(".signoff-more > summary").click()
    accessible(sponsor)
    sponsor.get_by_role("button", name="Request changes").click()
    state(sponsor, "editing")
    editor = log_in("editor@test.com", **look)
    editor.goto(delivered)
    accessible(editor)
    admin = log_in("admin@test.com", "password", **look)
    admin.goto(f"{delivered}/hand-over")
    accessible(admin)

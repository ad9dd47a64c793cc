"""What does not go as planned, for sponsor and editor: given back, asked, left unanswered, withdrawn, taken up."""

import uuid

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import accessible, written
from tests.browser.test_story import confirm, state

PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.mark.parametrize("look", [{}, PHONE], ids=["1440", "390"])
def test_given_back_with_a_reason_and_taken_by_another_hand(log_in, assigned, look):
    title = f"Not mine {uuid.uuid4().hex[:6]}"
    path = assigned(title)
    editor = log_in("editor@test.com", **look)
    editor.goto(path)
    expect(editor.locator(".cm-content")).to_be_visible()
    editor.get_by_role("button", name="Give it back").click()
    sheet = editor.get_by_role("dialog", name="Give it back?")
    expect(sheet).to_be_in_viewport()
    sheet.get_by_role("button", name="Keep it").click()
    expect(sheet).to_be_hidden()
    state(editor, "editing")  # nothing was done
    editor.get_by_role("button", name="Give it back").click()
    sheet.get_by_role("button", name="Give it back to the desk").click()
    expect(sheet.get_by_label("Why?")).to_be_focused()  # not without a reason
    accessible(editor)
    sheet.get_by_label("Why?").fill("I know the potter.")
    sheet.get_by_role("button", name="Give it back to the desk").click()
    editor.wait_for_url("**/documents**")
    expect(editor.get_by_role("textbox", name="Text")).to_be_hidden()

    sponsor = log_in(**look)
    sponsor.goto("/notifications")
    expect(sponsor.get_by_text("I know the potter.").first).to_be_visible()
    sponsor.goto(path)
    state(sponsor, "unassigned")
    expect(sponsor.get_by_text("I know the potter.").first).to_be_visible()
    accessible(sponsor)


def test_a_question_stops_the_clock_and_the_text_until_it_is_answered(log_in, assigned):
    path = assigned(f"Which kiln {uuid.uuid4().hex[:6]}")
    editor, sponsor = log_in("editor@test.com"), log_in()
    editor.goto(path)
    expect(editor.locator(".cm-content")).to_be_visible()
    own = " Typed before the question."
    editor.get_by_role("textbox", name="Text").press("Control+End")
    editor.keyboard.type(own)
    editor.get_by_text("Ask the sponsor").click()
    editor.get_by_label("Question").fill("Which kiln was it?")
    editor.get_by_role("button", name="Ask", exact=True).click()
    state(editor, "question")
    expect(editor.get_by_role("textbox", name="Text")).to_be_hidden()
    expect(editor.get_by_text(own.strip()).first).to_be_visible()  # saved first
    accessible(editor)

    sponsor.goto("/documents/today")
    sponsor.get_by_role("link", name="Which kiln").first.click()
    sponsor.goto(path)
    sponsor.get_by_role("button", name="Answer", exact=True).click()
    state(sponsor, "question")  # an empty answer is none
    sponsor.get_by_role("textbox", name="Answer").fill("The one on Mill Street.")
    sponsor.get_by_role("button", name="Answer", exact=True).click()
    state(sponsor, "editing")
    editor.reload()
    state(editor, "editing")
    expect(editor.get_by_text("The one on Mill Street.").first).to_be_visible()
    assert own in written(editor)

    # The next question is not answered: the editor goes on without.
    editor.get_by_text("Ask the sponsor").click()
    editor.get_by_label("Question").fill("And the glaze?")
    editor.get_by_role("button", name="Ask", exact=True).click()
    state(editor, "question")
    editor.get_by_role("button", name="Go on without an answer").click()
    state(editor, "editing")


def test_withdrawn_under_the_editors_hands_and_taken_up_again(log_in, assigned):
    path = assigned(f"No longer wanted {uuid.uuid4().hex[:6]}")
    editor, sponsor = log_in("editor@test.com"), log_in()
    editor.goto(path)
    expect(editor.locator(".cm-content")).to_be_visible()
    own = " Half a sentence"
    editor.get_by_role("textbox", name="Text").press("Control+End")
    editor.keyboard.type(own)
    sponsor.goto(path)
    sponsor.get_by_role("button", name="Withdraw").click()
    sponsor.get_by_role("dialog").get_by_role("button", name="Not now").click()
    state(sponsor, "editing")  # asked, and left as it was
    sponsor.get_by_role("button", name="Withdraw").click()
    confirm(sponsor)
    state(sponsor, "withdrawn")

    editor.get_by_role("button", name="Save revision").click()
    expect(editor.get_by_text("Half a sentence").first).to_be_visible()  # refused, and not lost

    sponsor.get_by_role("button", name="Take up again").click()
    expect(sponsor.locator("[data-role=state]").first).not_to_have_attribute("data-state", "withdrawn")

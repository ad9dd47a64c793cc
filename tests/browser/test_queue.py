"""The admin's page of the queue in a browser: it follows by itself, and a pause is seen by everyone."""

from playwright.sync_api import expect

from tests.browser.conftest import accessible
from tests.browser.test_drafting import create
from tests.browser.test_story import state


def test_pausing_and_resuming(log_in):
    sponsor, admin = log_in(), log_in("admin@test.com", "password")
    admin.goto("/admin/queue")
    admin.get_by_role("button", name="Pause drafting").click()
    admin.get_by_label("Why?").fill("The tests say so.")
    accessible(admin)
    admin.get_by_role("dialog").get_by_role("button", name="Pause drafting").click()
    expect(admin.get_by_text("Drafting is paused: The tests say so.")).to_be_visible()
    create(sponsor, "Asked for in the pause")
    expect(sponsor.get_by_text("Drafting is paused: The tests say so.")).to_be_visible()
    # The admin's page was not loaded again.
    expect(admin.get_by_role("link", name="Asked for in the pause")).to_be_visible()
    accessible(admin)
    admin.get_by_role("button", name="Resume drafting").click()
    expect(admin.get_by_text("Drafting goes on.")).to_be_visible()
    state(sponsor, "unassigned")
    expect(admin.get_by_role("link", name="Asked for in the pause")).to_have_count(0)


def test_the_same_as_a_table_stays_open(log_in):
    admin = log_in("admin@test.com", "password", viewport={"width": 390, "height": 844})
    admin.goto("/admin/queue?span=day")
    admin.get_by_text("The same as a table").click()
    expect(admin.get_by_role("rowheader")).to_have_count(24)
    with admin.expect_response("**/admin/queue/live**"):
        pass
    expect(admin.get_by_role("rowheader").first).to_be_visible()
    accessible(admin)


def test_stopping_asks_first_after_the_page_was_renewed(log_in):
    sponsor, admin = log_in(), log_in("admin@test.com", "password")
    admin.goto("/admin/queue")
    admin.get_by_role("button", name="Pause drafting").click()
    admin.get_by_label("Why?").fill("To stop one.")
    admin.get_by_role("dialog").get_by_role("button", name="Pause drafting").click()
    create(sponsor, "To be stopped")
    admin.get_by_role("button", name="Stop the draft of To be stopped").click()
    admin.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(admin.get_by_text("The draft of “To be stopped” was stopped.")).to_be_visible()
    admin.get_by_role("button", name="Resume drafting").click()
    state(sponsor, "draft_failed")

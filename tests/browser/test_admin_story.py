"""An admin's days: who gets in and who doesn't, a text whose editor is shut out, an emergency, and the unhappy ways."""

import uuid

from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from tests import journeys
from tests.browser.conftest import accessible
from tests.browser.entering import knock, sign_up
from tests.browser.test_story import confirm, state


def test_who_gets_in_and_who_is_shut_out(browser_of, log_in, live):
    tag = uuid.uuid4().hex[:6]
    stranger, editor, admin = browser_of("stranger"), browser_of("editor"), log_in("admin@test.com", "password")
    otto, elsa = sign_up(stranger, "sponsor", f"Otto {tag}"), sign_up(editor, "editor", f"Elsa {tag}")

    # Turned down: not without a reason, and whoever it is reads it.
    admin.goto("/admin/signups")
    row = admin.locator("tr", has_text=f"Otto {tag}")
    row.get_by_role("button", name="Reject").click()
    sheet = admin.get_by_role("dialog", name=f"Reject Otto {tag}?")
    sheet.get_by_role("button", name="Reject and tell them").click()
    expect(sheet.get_by_label("Reason")).to_be_focused()  # it is still asked for
    sheet.get_by_role("button", name="Not now").click()
    expect(sheet).to_be_hidden()
    row.get_by_role("button", name="Reject").click()
    sheet.get_by_label("Reason").fill("We don’t know your gallery.")
    sheet.get_by_role("button", name="Reject and tell them").click()
    expect(row).to_have_count(0)
    admin.get_by_role("link", name="Decided").click()
    expect(admin.locator("tr", has_text=f"Otto {tag}")).to_contain_text("We don’t know your gallery.")
    accessible(admin)
    stranger.goto("/documents")
    expect(stranger.get_by_role("heading", level=1)).to_have_text("Back to your desk")
    knock(stranger, otto)
    assert "/login" in stranger.url

    # Let in; given work; shut out with the work in hand, and told so at the next click.
    admin.goto("/admin/signups")
    admin.locator("tr", has_text=f"Elsa {tag}").get_by_role("button", name="Approve").click()
    title = f"Left lying {tag}"
    with Session(live.database, expire_on_commit=False) as session, session.begin():
        people = {one.name: one for one in session.scalars(select(User))}
        sponsor = next(one for one in people.values() if one.email == "test@test.com")
        document = journeys.bring_to(session, "editing", sponsor, people[f"Elsa {tag}"], title=title)
        path = f"/documents/{document.id}"
    knock(editor, elsa)
    editor.wait_for_url("**/documents/today")
    editor.goto(path)
    expect(editor.get_by_role("textbox", name="Text")).to_be_visible()

    admin.goto("/admin/users")
    admin.get_by_role("searchbox").fill(f"Elsa {tag}")
    admin.get_by_role("button", name="Find").click()
    admin.get_by_role("button", name=f"Suspend Elsa {tag}").click()
    sheet = admin.get_by_role("dialog", name=f"Suspend Elsa {tag}?")
    expect(sheet).to_contain_text("open texts go back")
    sheet.get_by_label("Reason").fill("Away until March.")
    sheet.get_by_role("button", name="Suspend and tell them").click()
    expect(admin.locator(".chip", has_text="Suspended")).to_be_visible()
    accessible(admin)
    editor.goto("/documents")
    expect(editor.get_by_text("Away until March.").first).to_be_visible()
    assert "/login" in editor.url

    # What they had in hand waits for somebody, is found, and goes to another editor.
    admin.goto(f"/documents?q={tag}&state=unassigned")
    admin.get_by_label(f"Choose {title}").check()
    edda = admin.get_by_label("Give them to").locator("option", has_text="Edda Editor").get_attribute("value")
    admin.get_by_label("Give them to").select_option(edda)
    admin.get_by_role("button", name="Assign").click()
    expect(admin.locator(".bulk-done")).to_contain_text("Edda Editor")
    admin.goto(path)
    state(admin, "editing")

    admin.goto(f"/admin/users?q=Elsa+{tag}")
    admin.get_by_role("button", name="Restore").click()
    knock(editor, elsa)
    editor.wait_for_url("**/documents/today")
    editor.goto(path)
    expect(editor.get_by_role("textbox", name="Text")).to_be_hidden()  # it is another’s now


def test_an_emergency_is_flagged_until_a_second_person_stands_for_it(log_in, browser_of, assigned):
    title = f"The gallery floods {uuid.uuid4().hex[:6]}"
    path = assigned(title)
    admin = log_in("admin@test.com", "password")
    admin.goto(path)
    admin.get_by_role("link", name="Publish in an emergency").click()
    publish = admin.locator("main form button[type=submit]")
    publish.click()
    expect(admin.locator("[data-focus]")).to_be_focused()  # not without a reason
    expect(admin.locator("textarea[aria-invalid=true]")).to_be_visible()
    accessible(admin)
    admin.locator("textarea[name=why]").fill("The river is in the cellar.")
    publish.click()
    state(admin, "published")
    expect(admin.get_by_text("It was published in an emergency.")).to_be_visible()
    expect(admin.get_by_role("button", name="Stand for it")).to_have_count(0)  # nobody is their own second

    address = admin.get_by_role("link", name="The page").get_attribute("href")
    reader = browser_of("reader")
    reader.goto(address)
    expect(reader.locator("[data-role=machine-label]")).to_be_visible()
    expect(reader.get_by_text("Nobody yet. It was published in an emergency.")).to_be_visible()
    admin.goto("/admin/disclosure")
    row = admin.locator("tr", has_text=title)
    expect(row).to_contain_text("Labelled")
    expect(row).to_contain_text("Nobody yet")

    sponsor = log_in()
    sponsor.goto("/documents/today")
    sponsor.get_by_role("link", name=title).click()
    sponsor.get_by_role("button", name="Stand for it").click()
    confirm(sponsor)
    expect(sponsor.get_by_text("It was published in an emergency.")).to_be_hidden()
    reader.reload()
    expect(reader.get_by_text("Nobody yet.")).to_be_hidden()
    admin.reload()
    expect(row).not_to_contain_text("Nobody yet")
    expect(row).to_contain_text("Labelled")  # nobody has read the machine's words: that is still said

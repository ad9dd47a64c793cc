"""Finding documents and doing something to several of them, in a real browser, with script and without."""

import uuid

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from tests import journeys
from tests.browser.conftest import accessible


@pytest.fixture
def word(live):
    """A word that stands in three documents of the development people and in nothing else."""
    word = f"w{uuid.uuid4().hex[:8]}"
    with Session(live.database, expire_on_commit=False) as session, session.begin():
        people = {one.email: one for one in session.query(User)}
        for name, where in (("One", "editing"), ("Two", "unassigned"), ("Three", "signoff")):
            journeys.bring_to(
                session, where, people["test@test.com"], people["editor@test.com"], title=f"{name} {word}",
                text=journeys.DRAFT + f" “{word.upper()}” it says.",
            )  # fmt: skip
    return word


def rows(page):
    return page.locator("tr[data-document]")


@pytest.mark.parametrize("script", [True, False])
def test_found_kept_given_away_and_undone(log_in, word, script):
    page = log_in(java_script_enabled=script)
    page.goto("/documents?all=1")
    page.get_by_label("Search in titles, briefs and texts").fill(word)
    page.get_by_role("button", name="Search").click()
    expect(rows(page)).to_have_count(3)
    expect(page.locator(".excerpt mark").first).to_have_text(word.upper())
    page.get_by_role("link", name="Document", exact=True).click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Document")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Editing").check()
    page.get_by_label("Waits for an editor").check()
    page.get_by_role("button", name="Show these").click()
    expect(rows(page)).to_have_count(2)
    page.get_by_text("Keep this view").click()
    page.get_by_label("Name of the view").fill(f"View {word}")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"View {word}")

    if script:
        page.get_by_label("Choose all on this page").check()
        expect(page.locator("[data-bulk-count]")).to_have_text("2 ticked")
    else:
        page.get_by_text("Several at once").click()
        page.get_by_label("Which ones").select_option("page")
    page.get_by_label("Give them to").select_option("nobody")
    page.get_by_role("button", name="Assign").click()
    done = page.locator(".bulk-done")
    expect(done).to_contain_text("One document given back to the desk.")
    expect(done).to_contain_text("It has no editor already.")
    expect(page.locator("td.state-cell", has_text="Editing")).to_have_count(0)
    done.get_by_role("button", name="Undo").click()
    expect(page.locator(".bulk-act").first).to_contain_text("Undone")
    page.goto(f"/documents?q={word}&state=editing")
    expect(rows(page)).to_have_count(1)

    # Without the filter on states: chips can be taken off.
    page.get_by_role("link", name="Without Editing").click()
    expect(rows(page)).to_have_count(3)
    page.goto("/documents/views")
    page.locator("li", has_text=f"View {word}").get_by_text("Change").click()
    page.locator("li", has_text=f"View {word}").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The view is deleted.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name=f"View {word}")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_lists_are_for_everyone(log_in, word, width, scheme):
    page = log_in(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(f"/documents?q={word}&sort=title")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_text("Keep this view").click()
    page.get_by_label(f"Choose Three {word}").check()
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_label(f"Choose Two {word}").check()
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Withdraw these 2 documents?")
    accessible(page)
    page.get_by_role("button", name="Withdraw").click()
    expect(page.locator(".bulk-done")).to_contain_text("2 documents withdrawn.")
    accessible(page)
    page.get_by_role("link", name="Done lately").first.click()
    accessible(page)
    page.locator(".bulk-act").first.get_by_role("button", name="Undo").click()
    expect(page.locator(".bulk-act").first).to_contain_text("Undone")
    page.goto("/documents/views")
    accessible(page)

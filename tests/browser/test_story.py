"""The main job, whole: sign up, approve, create, watch, revise, deliver, changes asked, delivered again, approved."""

import re
import uuid

from playwright.sync_api import expect

from tests.browser.conftest import accessible, written
from tests.browser.entering import log_in as enter
from tests.browser.entering import sign_up


def state(page, expected, timeout=30_000):
    expect(page.locator("[data-role=state]").first).to_have_attribute("data-state", expected, timeout=timeout)


def test_the_whole_story(browser_of, log_in):
    tag = uuid.uuid4().hex[:6]
    title = f"Ceramics at the bakery {tag}"  # editors see what is free to take, too, and other tests leave some
    sponsor, editor = browser_of("sponsor"), browser_of("editor")
    addresses = sign_up(sponsor, "sponsor", f"Ruth {tag}"), sign_up(editor, "editor", f"Ada {tag}")

    admin = log_in("admin@test.com", "password")
    admin.goto("/admin/signups")
    for name in (f"Ruth {tag}", f"Ada {tag}"):
        admin.locator("tr", has_text=name).get_by_role("button", name="Approve").click()
        expect(admin.get_by_text(f"{name} can log in now")).to_be_visible()

    for page, address in zip((sponsor, editor), addresses, strict=True):
        enter(page, address)
    sponsor.goto("/documents")
    sponsor.get_by_role("link", name="New document").first.click()
    sponsor.get_by_label("Title").fill(title)
    sponsor.get_by_label("Brief").fill("A review of a small show of ceramics in a converted bakery.")
    choice = sponsor.get_by_label("Editor").locator("option", has_text=f"Ada {tag}")
    sponsor.get_by_label("Editor").select_option(value=choice.get_attribute("value"))
    sponsor.get_by_role("button", name="Create document").click()
    state(sponsor, "editing")
    url = sponsor.url
    draft = sponsor.locator("[data-role=autodoc]").inner_text()
    assert len(re.findall(r"\w+", draft)) > 20, draft

    editor.goto("/documents")
    editor.get_by_role("link", name=title).click()
    text = editor.get_by_role("textbox", name="Text")
    assert len(re.findall(r"\w+", written(editor))) > 20
    text.fill(written(editor) + "\n\nThe ovens are cold now, and eleven pots stand where loaves once waited.")
    editor.get_by_role("button", name="Save revision").click()
    expect(editor.get_by_text("Saved.").first).to_be_visible()
    deliver(editor)
    state(editor, "signoff")

    sponsor.goto(url)
    state(sponsor, "signoff")
    expect(sponsor.get_by_text("eleven pots stand").first).to_be_visible()
    accessible(sponsor)
    sponsor.get_by_label(re.compile("What should change")).fill("Please mention the salt glaze.")
    sponsor.get_by_role("button", name="Request changes").click()
    confirm(sponsor)
    state(sponsor, "editing")

    editor.goto(url)
    expect(editor.get_by_text("Please mention the salt glaze.").first).to_be_visible()
    text = editor.get_by_role("textbox", name="Text")
    text.fill(written(editor) + " The glaze is salt.")
    deliver(editor)
    state(editor, "signoff")

    sponsor.goto(url)
    sponsor.get_by_role("button", name="Approve").click()
    confirm(sponsor)
    state(sponsor, "approved")
    accessible(sponsor)

    record = sponsor.request.get(url + "/record.json").json()
    assert [one["kind"] for one in record["revisions"]] == ["brief", "machine", "human", "human"]
    assert record["signed_sha256"] == record["revisions"][-1]["sha256"]
    assert record["spans"][0]["start"] == 0
    assert record["spans"][-1]["end"] == len(record["text"])
    assert {one["origin"] for one in record["spans"]} == {"machine", "human"}


def deliver(page):
    page.get_by_role("button", name="Deliver to sponsor").first.click()
    confirm(page)


def confirm(page):
    """Some acts ask once more, in a dialog whose button has the act's name."""
    dialog = page.locator("dialog[open]")
    page.wait_for_timeout(200)
    if dialog.count():
        dialog.locator("button[data-confirmed], button[value=confirm], button.btn-go").first.click()

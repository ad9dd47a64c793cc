"""What a person is told, in a real browser: the bell, the page, the settings, the link in a mail."""

import hashlib
import uuid

import pytest
from itsdangerous import URLSafeSerializer
from playwright.sync_api import expect
from sqlalchemy import text
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.documents import operations
from copydesk.documents.workflow import Act
from copydesk.notifications import unsubscribing
from tests import journeys
from tests.browser.conftest import accessible

SIZES = {
    "1440 light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "360 dark": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
}


@pytest.fixture
def asked(live):
    """The sponsor was asked something about a text; gives its title."""
    with Session(live.database, expire_on_commit=False) as session, session.begin():
        people = {one.email: one for one in session.query(User)}
        title = f"Eleven pots {uuid.uuid4().hex[:6]}"
        document = journeys.bring_to(
            session, "editing", people["test@test.com"], people["editor@test.com"], title=title
        )
        operations.move(session, document.id, Act.ASK, people["editor@test.com"], comment="Which kiln was it?")
        return title


def link_of_the_digest(live):
    """As the desk itself signs it; the tests have another key."""
    key = URLSafeSerializer(
        live.environment["SECRET_KEY"], salt=unsubscribing.PURPOSE, signer_kwargs={"digest_method": hashlib.sha256}
    )
    with live.database.connect() as connection:
        person = connection.execute(text("SELECT id FROM users WHERE email = 'test@test.com'")).scalar()
    return f"/unsubscribe/{key.dumps([person, unsubscribing.DIGEST])}"


def bell(page):
    return page.get_by_role("banner").get_by_role("link", name="Notifications")


def unread(page):
    words = bell(page).text_content()
    return int("".join(sign for sign in words.split(",")[-1] if sign.isdigit()) or 0) if "unread" in words else 0


@pytest.mark.parametrize("script", [True, False])
def test_from_the_bell_to_what_waits(log_in, asked, script):
    sponsor = log_in(java_script_enabled=script)
    before = unread(sponsor)
    assert before > 0
    bell(sponsor).click()
    said = sponsor.get_by_role("listitem").filter(has_text=asked).filter(has_text="has a question")
    expect(said).to_contain_text("Which kiln was it?")
    said.get_by_role("link").click()
    expect(sponsor.get_by_role("heading", name=asked)).to_be_visible()
    assert unread(sponsor) == before - 1
    bell(sponsor).click()
    said.get_by_role("button", name="Mark as unread").click()
    assert unread(sponsor) == before
    sponsor.get_by_role("button", name="Mark all as read").click()
    expect(bell(sponsor)).to_have_text("Notifications")


@pytest.mark.parametrize("size", list(SIZES))
def test_every_page_is_accessible_and_fits(live, log_in, browser_of, asked, size):
    sponsor = log_in(**SIZES[size])
    stranger = browser_of("stranger", **SIZES[size])
    for page, path, heading in (
        (sponsor, "/notifications", "Notifications"),
        (sponsor, "/notifications?show=unread", "Notifications"),
        (sponsor, "/settings", "Settings"),
        (stranger, link_of_the_digest(live), "No more daily digest?"),
    ):
        page.goto(path)
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, path
        accessible(page)


def test_ones_own_clock_and_what_comes_by_mail(live, log_in, browser_of):
    """A stranger asks to be let in; the admin is told, ends those mails by the link, and finds that in the settings."""
    name = f"Nora {uuid.uuid4().hex[:6]}"
    stranger = browser_of("stranger")
    stranger.goto("/signup/editor")
    for label, typed in {
        "Name": name,
        "Email": f"{uuid.uuid4().hex[:8]}@example.org",
        "Organization": "The harbour",
        "Password": "a long enough one",
    }.items():
        stranger.get_by_label(label, exact=True).fill(typed)
    stranger.get_by_role("button", name="Request access").click()
    stranger.wait_for_url("**/signup/done")
    with live.database.connect() as connection:
        query = "SELECT unsubscribe FROM mails WHERE recipient = 'admin@test.com' ORDER BY id DESC LIMIT 1"
        link = connection.execute(text(query)).scalar()

    admin = log_in("admin@test.com", "password", timezone_id="Europe/Berlin")
    requests = admin.get_by_role("group", name="Account requests")
    admin.goto("/settings")
    expect(requests.get_by_label("Mail at once")).to_be_checked()
    stranger.goto(link)
    admin.reload()
    expect(requests.get_by_label("Mail at once")).to_be_checked()
    stranger.get_by_role("button", name="End these mails").click()
    expect(stranger.get_by_role("heading", name="No more mails about “Account requests”")).to_be_visible()
    admin.reload()
    expect(requests.get_by_label("In Copydesk only")).to_be_checked()

    requests.get_by_label("In the daily digest").check()
    admin.get_by_role("button", name="As my browser says").click()
    expect(admin.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    admin.get_by_label("Hour of the daily digest").select_option("17:00")
    admin.get_by_role("button", name="Keep these settings").click()
    expect(admin.get_by_text("Your settings are kept.")).to_be_visible()
    expect(requests.get_by_label("In the daily digest")).to_be_checked()
    expect(admin.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    expect(admin.get_by_label("Hour of the daily digest")).to_have_value("17")
    bell(admin).click()
    expect(admin.get_by_role("link", name=name)).to_be_visible()

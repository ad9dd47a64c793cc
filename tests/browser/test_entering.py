"""Coming in, in a real browser: forgotten passwords, a second step by app and by passkey, other browsers shown out."""

import re
import uuid

import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.accounts.models import Status, User
from copydesk.mail.outbox import Mail
from tests.browser.conftest import accessible
from tests.browser.entering import PASSWORD, knock, log_in, set_up_app, sign_up
from tests.desk import free_port

ACCOUNT = "/settings/account"


@pytest.fixture
def newcomer(browser_of, live):
    """A sponsor who was let in a moment ago, and their page."""
    page = browser_of("newcomer")
    email = sign_up(page, "sponsor", f"Nora {uuid.uuid4().hex[:6]}")
    with Session(live.database) as session, session.begin():
        session.scalars(select(User).where(User.email == email)).one().status = Status.APPROVED
    return page, email


def link_to(live, email, path):
    with Session(live.database) as session:
        letters = session.scalars(select(Mail.body).where(Mail.recipient == email).order_by(Mail.id.desc())).all()
    return next(filter(None, (re.search(rf"https?://[^/]+({path}\S+)", letter) for letter in letters)))[1]


def test_a_forgotten_password(newcomer, live):
    page, email = newcomer
    page.goto("/login")
    page.get_by_role("link", name="Forgotten your password?").click()
    page.get_by_label("Email").fill(email)
    accessible(page)
    page.get_by_role("main").get_by_role("button").click()
    expect(page.get_by_text("a letter is on its way")).to_be_visible()
    page.goto(link_to(live, email, "/reset/"))
    new_password(page, "password")
    expect(page.get_by_text("easy to guess").first).to_be_visible()
    accessible(page)
    new_password(page, "eleven pots on a quay")
    page.wait_for_url(lambda url: "/reset" not in url)
    knock(page, email, PASSWORD)
    expect(page.get_by_role("alert").first).to_be_visible()
    log_in(page, email, "eleven pots on a quay")


def test_an_app_for_codes_and_a_code_from_the_drawer(newcomer):
    page, email = newcomer
    log_in(page, email)
    page.goto(ACCOUNT)
    page.get_by_role("link", name="Add an app").click()
    accessible(page)
    _, codes = set_up_app(page)
    assert len(set(codes)) == 10
    accessible(page)
    log_out(page)
    knock(page, email)
    expect(page.get_by_role("heading", level=1)).to_have_text("The second step")
    accessible(page)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("This code is not right").first).to_be_visible()
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("9 are left")).to_be_visible()


@pytest.fixture
def named(live):
    """The same desk under a host name, which passkeys need."""
    port = free_port()
    url = f"http://localhost:{port}"
    live.start("web-named", "web", "--port", str(port), BASE_URL=url)
    live.until_up("web-named", f"http://127.0.0.1:{port}/healthz")
    yield url
    live.stop("web-named")


def test_a_passkey_alone_lets_in(newcomer, browser_of, named):
    _, email = newcomer
    page = browser_of("device", base_url=named)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": {**kind, "isUserVerified": True}})
    log_in(page, email)
    page.goto(ACCOUNT)
    page.get_by_label("its name").fill("The grey phone")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("“The grey phone” is added")).to_be_visible()
    expect(page.get_by_text("The grey phone").first).to_be_visible()
    accessible(page)
    log_out(page)
    page.goto("/login")
    page.get_by_role("button", name=re.compile("passkey", re.I)).click()
    page.wait_for_url("**/documents**")


def test_another_browser_is_shown_out(newcomer, browser_of):
    page, email = newcomer
    other = browser_of("elsewhere")
    log_in(page, email)
    log_in(other, email)
    page.goto(ACCOUNT)
    rows = page.locator("[data-role=session]")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="This browser")).to_have_count(1)
    accessible(page)
    rows.filter(has_not_text="This browser").get_by_role("button").click()
    expect(rows).to_have_count(1)
    other.goto("/documents")
    assert "/login" in other.url
    page.goto("/documents")
    assert "/login" not in page.url


def new_password(page, words):
    for field in page.locator("input[type=password]").all():
        field.fill(words)
    page.get_by_role("button", name="Keep this password").click()


def log_out(page):
    page.goto("/documents/today")
    page.locator("form[data-forget]").evaluate("form => form.requestSubmit()")
    page.wait_for_url(lambda url: "/documents" not in url)

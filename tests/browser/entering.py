"""How somebody comes in: asks for access, confirms the address, logs in, sets up the second step."""

import uuid

from passlib.totp import TOTP
from playwright.sync_api import expect

PASSWORD = "seven herons over the mole"


def sign_up(page, role, name):
    """Ask for access. Returns the address."""
    email = f"{name.split()[0].lower()}-{uuid.uuid4().hex[:6]}@example.org"
    page.goto("/")
    page.get_by_role("link", name=f"Sign up as {role}").first.click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Organization").fill("Harbour Gallery")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Request access").click()
    expect(page.get_by_text("waiting for approval").first).to_be_visible()
    return email


def knock(page, email, password=PASSWORD):
    """Give address and password, whatever comes of it."""
    page.goto("/login")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def log_in(page, email, password=PASSWORD):
    knock(page, email, password)
    page.wait_for_url("**/documents**")


def set_up_app(page):
    """On the page that shows the secret: an app learns it and shows a code. Returns the app and the recovery codes."""
    app = TOTP(page.locator(".squares-letters code").inner_text())
    page.get_by_label("Six digits").fill(app.generate().token)
    page.get_by_role("button", name="Use this app").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Codes for the drawer")
    codes = page.get_by_role("list", name="Recovery codes").locator("code").all_inner_texts()
    page.get_by_role("link", name="I have them").click()
    return app, codes

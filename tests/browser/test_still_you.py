"""A browser that was left open: what is dangerous is asked for once more, and what was typed is done afterwards."""

import hashlib
import time
import uuid

import pytest
from flask.json.tag import TaggedJSONSerializer
from itsdangerous import URLSafeTimedSerializer
from playwright.sync_api import expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from copydesk.accounts.invitations import Invitation
from tests.browser.conftest import accessible
from tests.browser.test_pages import NARROW, WIDE, fits

COOKIE = "copydesk"


def leave_open(page, live):
    """Twenty minutes pass."""
    signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    signer = URLSafeTimedSerializer(
        live.environment["SECRET_KEY"],
        salt="cookie-session",
        serializer=TaggedJSONSerializer(),
        signer_kwargs=signing,
    )
    [kept] = [one for one in page.context.cookies() if one["name"] == COOKIE]
    value = signer.loads(kept["value"]) | {"proved_at": int(time.time()) - 20 * 60}
    page.context.add_cookies([kept | {"value": signer.dumps(value)}])


def invited(live, email):
    with Session(live.database) as session:
        return session.scalars(select(func.count()).where(Invitation.email == email)).one()


@pytest.mark.parametrize(("size", "theme"), [(NARROW, "dark"), (WIDE, "light")], ids=["360-dark", "1440-light"])
def test_what_was_typed_is_done_after_showing_who_one_is(log_in, live, size, theme):
    email = f"{uuid.uuid4().hex[:8]}@example.org"
    page = log_in("admin@test.com", "password", color_scheme=theme, **size)
    page.goto("/admin/users")
    page.get_by_role("button", name="Invite someone").click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Role").select_option("sponsor")
    leave_open(page, live)
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    accessible(page)
    fits(page)
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("main")).to_contain_text("This is not your password.")
    page.get_by_label("Password").fill("password")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("main")).to_contain_text("You wanted to invite somebody. Nothing has been done yet")
    accessible(page)
    fits(page)
    assert invited(live, email) == 0
    page.get_by_role("button", name="Do it now").click()
    expect(page.locator("body")).to_contain_text(f"An invitation is on its way to {email}.")
    assert invited(live, email) == 1

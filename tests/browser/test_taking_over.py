"""A text leaves the desk: as a file, and by itself to a website that asked to be told."""

import json
import uuid
import zipfile

import pytest
import standardwebhooks
from playwright.sync_api import expect
from sqlalchemy import text
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.documents.records import verification
from tests import journeys
from tests.browser.conftest import accessible
from tests.desk import until
from tests.integration.receiver import Receiver


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def document(live):
    """The address of a published text of the development people."""
    with Session(live.database, expire_on_commit=False) as session, session.begin():
        people = {one.email: one for one in session.query(User)}
        title = f"Pots {uuid.uuid4().hex[:6]}"
        made = journeys.bring_to(session, "approved", people["test@test.com"], people["editor@test.com"], title=title)
        return f"/documents/{made.id}"


@pytest.fixture
def no_webhooks_left(live):
    yield
    with live.database.begin() as connection:
        for table in ("webhook_attempts", "webhook_deliveries", "webhooks"):
            connection.execute(text(f"DELETE FROM {table}"))


def test_a_website_is_told_and_the_text_can_be_taken_along(
    log_in, live, receiver, document, no_webhooks_left, tmp_path
):
    admin = log_in("admin@test.com", "password")
    admin.goto("/admin/house")
    admin.get_by_role("link", name="Webhooks").click()
    admin.get_by_role("textbox", name="Address").fill("http://example.org/hook")
    admin.get_by_role("button", name="Add it").click()
    expect(admin.get_by_text("The address has to begin with https://.").first).to_be_visible()
    admin.get_by_role("textbox", name="Address").fill(f"{receiver.url}/hook")
    admin.get_by_role("button", name="Add it").click()
    secret = admin.locator("[data-role=secret]").inner_text()
    admin.get_by_role("button", name="Send a test").click()
    until(lambda: len(receiver.got) == 1, "the worker sends the test")

    sponsor = log_in()
    sponsor.goto(document)
    sponsor.get_by_role("link", name="Publish").first.click()
    sponsor.get_by_role("button", name="Publish").click()
    until(lambda: len(receiver.got) == 2, "the worker tells of the publication")
    _, headers, body = receiver.got[1]
    told = standardwebhooks.Webhook(secret).verify(body, headers)
    assert (told["type"], told["data"]["edition"]) == ("text.published", 1)
    assert json.loads(body)["data"]["markdown"].startswith(journeys.DRAFT)

    admin.get_by_role("link", name="All webhooks").click()
    admin.get_by_role("link", name=receiver.url).click()
    expect(admin.get_by_text("Delivered").first).to_be_visible()
    admin.get_by_role("button", name="Send again").first.click()
    until(lambda: len(receiver.got) == 3, "it is sent once more")
    assert receiver.got[2][1]["webhook-id"] == headers["webhook-id"]

    sponsor.goto(document)
    sponsor.locator("#export summary").click()
    sponsor.get_by_label("Format").select_option("PDF")
    sponsor.get_by_label("With the record").check()
    with sponsor.expect_download() as waiting:
        sponsor.get_by_role("button", name="Export").click()
    path = tmp_path / "export.zip"
    waiting.value.save_as(path)
    archive = zipfile.ZipFile(path)
    assert verification.verify(archive.read("record.json")).holds
    assert archive.read(archive.namelist()[0]).startswith(b"%PDF")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_the_pages_are_accessible(log_in, receiver, document, no_webhooks_left, width, scheme):
    admin = log_in("admin@test.com", "password", viewport={"width": width, "height": 900}, color_scheme=scheme)
    admin.goto("/admin/webhooks")
    admin.get_by_role("textbox", name="Address").fill(
        f"{receiver.url}/a-rather-long-path-to-the-program-that-takes-texts-over"
    )
    admin.get_by_role("button", name="Add it").click()
    accessible(admin)
    receiver.answer = lambda handler: handler.reply(500, b"Internal Server Error: no such table: pages")
    admin.get_by_role("button", name="Send a test").click()
    until(lambda: receiver.got, "the worker sends the test")
    admin.get_by_role("link", name="All webhooks").click()
    accessible(admin)
    admin.get_by_role("link", name=receiver.url).click()
    until(lambda: admin.reload() and admin.get_by_text("500").count(), "the log has the attempt")
    accessible(admin)
    admin.goto(document)
    admin.locator("#export summary").click()
    accessible(admin)

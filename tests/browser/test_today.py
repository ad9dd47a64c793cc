"""Today in a real browser: what waits leads to where it is done, dates are typed, the pages are accessible."""

import datetime as dt

import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.documents.routing import deadlines
from tests import journeys
from tests.browser.conftest import accessible

PEOPLE = ("test@test.com", "editor@test.com", "admin@test.com")


@pytest.fixture(scope="module")
def waiting(live):
    """Texts in the states that people are waited for in; one of them is late."""
    with Session(live.database) as session:
        sponsor, editor = (session.scalars(select(User).where(User.email == email)).one() for email in PEOPLE[:2])
        for state in ("signoff", "question", "choosing", "draft_failed", "approved", "unassigned", "editing"):
            document = journeys.bring_to(session, state, sponsor, editor, title=f"Harbour walk, {state}")
        deadlines.set_due(session, document.id, sponsor, dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1))
        document.due_at = dt.datetime.now(dt.UTC) - dt.timedelta(days=2)
        session.commit()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
@pytest.mark.parametrize("email", PEOPLE)
def test_the_page_is_accessible_and_fits(waiting, log_in, email, width, scheme):
    password = "password" if email.startswith("admin") else "123456"
    page = log_in(email, password, viewport={"width": width, "height": 900}, color_scheme=scheme)
    expect(page.locator(".waits").first).to_be_visible()
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if email.startswith("admin"):
        page.goto("/admin/routing")
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_waits_leads_to_where_it_is_done(waiting, log_in):
    sponsor = log_in(PEOPLE[0])
    question = sponsor.locator("#question li", has_text="Harbour walk, question")
    expect(question).to_contain_text("asks: “Which kiln was it?”")
    question.get_by_role("link", name="Answer").click()
    expect(sponsor.locator("[data-role=state]").first).to_have_attribute("data-state", "question")


def test_a_date_is_set_on_the_page_and_stands_in_the_browsers_own_zone(waiting, log_in):
    sponsor = log_in(PEOPLE[0], timezone_id="America/New_York")
    sponsor.locator("#late li", has_text="Harbour walk, editing").get_by_role("link", name="Open").click()
    expect(sponsor.locator("[data-part=facts] .late")).to_have_text("2 days late")
    sponsor.get_by_text("Change the date").click()
    expect(sponsor.locator("[data-part=facts] [data-zone]")).to_have_text("America/New York")
    sponsor.get_by_label("Deliver by").fill("2031-01-15T17:00")
    sponsor.get_by_role("button", name="Keep this date").click()
    expect(sponsor.locator("[data-part=facts] time").first).to_have_attribute("datetime", "2031-01-15T22:00:00+00:00")

"""Every page: accessible, whole at 360 pixels, in both themes, under the strict policy, by keyboard."""

import re
from contextlib import closing

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import accessible

PUBLIC = ("/", "/login", "/signup/sponsor", "/signup/editor", "/nothing-here")
NARROW = {"viewport": {"width": 360, "height": 740}}
WIDE = {"viewport": {"width": 1440, "height": 900}}


@pytest.fixture(scope="module")
def document_path(live):
    """The path of a document with a text, edited by the development editor."""
    from tests.desk import until
    from tests.integration.test_faults import Sponsor

    with closing(Sponsor(live)) as sponsor:
        path = sponsor.create("Seen from all sides")
        until(lambda: sponsor.state(path) == "unassigned", "the draft")
    return path


def fits(page):
    page.wait_for_load_state()  # whoever just followed a link may still be between two pages
    overflow = page.locator("html").evaluate("page => page.scrollWidth - page.clientWidth")
    assert overflow <= 0, f"{page.url} is {overflow} px too wide"


@pytest.mark.parametrize(("size", "theme"), [(NARROW, "dark"), (WIDE, "light")], ids=["360-dark", "1440-light"])
def test_public_pages(browser_of, size, theme):
    page = browser_of(color_scheme=theme, **size)
    for path in PUBLIC:
        page.goto(path)
        fits(page)
        accessible(page)


@pytest.mark.parametrize(("size", "theme"), [(NARROW, "dark"), (WIDE, "light")], ids=["360-dark", "1440-light"])
@pytest.mark.parametrize("who", ["sponsor", "editor", "admin"])
def test_pages_of_each_role(log_in, document_path, who, size, theme):
    people = {"sponsor": "test@test.com", "editor": "editor@test.com", "admin": "admin@test.com"}
    page = log_in(people[who], "password" if who == "admin" else "123456", color_scheme=theme, **size)
    sponsors = ["/documents/new", f"{document_path}/brief", f"{document_path}/draft-again"]
    own = {
        "sponsor": [*sponsors, "/help/sponsoring"],
        "editor": ["/help/editing"],
        "admin": ["/admin/signups", "/admin/users", "/admin/queue", "/help/desk"],
    }
    shared = ["/documents", "/documents?state=approved", document_path]
    shared += [f"{document_path}/history", f"{document_path}/history/2", f"{document_path}/drafts/1"]
    for path in shared + own[who]:
        page.goto(path)
        fits(page)
        accessible(page)


def test_the_contracts_links_and_labels(browser_of):
    page = browser_of()
    page.goto("/")
    for name in ("Sign up as sponsor", "Sign up as editor", "Log in"):
        expect(page.get_by_role("link", name=name)).to_have_count(1)
    page.goto("/signup/editor")
    for label in ("Name", "Email", "Organization", "Password"):
        expect(page.get_by_label(label, exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Request access")).to_be_visible()


def test_the_first_tab_stop_leads_to_the_content(browser_of):
    page = browser_of()
    for path in ("/", "/login"):
        page.goto(path)
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text(re.compile("[Ss]kip"))


def test_logging_in_by_keyboard_alone(browser_of):
    page = browser_of()
    page.goto("/login")
    page.get_by_label("Email").focus()
    page.keyboard.type("test@test.com")
    page.keyboard.press("Tab")
    page.keyboard.type("123456")
    page.keyboard.press("Enter")
    page.wait_for_url("**/documents/today")


def test_the_theme_is_kept(log_in):
    page = log_in(color_scheme="light")
    page.get_by_role("button", name=re.compile("dark|theme", re.IGNORECASE)).first.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/documents/new")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_no_page_needs_inline_script_or_style(browser_of):
    page = browser_of()
    answer = page.goto("/")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page.content())


def test_errors_of_a_form_are_shown_at_its_fields(log_in):
    page = log_in()
    page.goto("/documents/new")
    page.evaluate("document.querySelectorAll('[required]').forEach(e => e.removeAttribute('required'))")
    page.get_by_role("button", name="Create document").click()
    expect(page.get_by_label("Title")).to_have_attribute("aria-invalid", "true")
    accessible(page)

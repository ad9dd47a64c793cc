"""Before a draft, in a real browser: a template, a brief that is kept as it is typed, a table with bad rows, files."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import accessible

MADE = re.compile(r"/documents/[0-9a-f]{8}-")


def written_template(page, name):
    page.goto("/templates/new")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Field 1", exact=True).fill("Place")
    page.get_by_label("Help for field 1").fill("The hall and the street")
    page.get_by_label("Field 2", exact=True).fill("Artist")
    page.get_by_label("Title").fill("[Artist] in [Place]")
    page.get_by_label("Brief").fill("In [Place], [Artist] shows new work. The room is cold, and")
    page.get_by_role("button", name="Save template").click()
    expect(page.get_by_text(f"“{name}” is saved.")).to_be_visible()


def test_from_a_template_kept_as_typed_reloaded_and_created(log_in, browser_of):
    page = log_in()
    name = f"An opening {uuid.uuid4().hex[:6]}"
    written_template(page, name)
    page.goto("/documents/new")
    for label in ("Title", "Brief", "Editor"):  # outside scripts find them by a part of the label
        expect(page.get_by_label(label)).to_have_count(1)
    page.get_by_label("Start from").select_option(label=name)
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_label("Brief")).to_have_value("In [Place], [Artist] shows new work. The room is cold, and")

    page.get_by_label("Place").press_sequentially("the bakery")
    expect(page.locator("[data-kept-said]")).to_contain_text("Kept at")
    expect(page).to_have_url(re.compile("unfinished="))
    page.reload()
    expect(page.get_by_label("Place")).to_have_value("the bakery")

    other = page.context.new_page()  # a second window on the same brief
    other.goto(page.url)
    page.get_by_label("Title").fill("[Artist] at home in [Place]")
    expect(page.locator("[data-kept-said]")).to_contain_text("Kept at")
    other.get_by_label("Title").fill("Something else")
    expect(other.locator("[data-kept-said]")).to_contain_text("changed in another window")
    other.close()

    page.get_by_role("button", name="Create document").click()
    expect(page.get_by_text("Please fill in “Artist”.").first).to_be_visible()
    page.get_by_label("Artist").fill("Ines Marr")
    page.get_by_label("Files to read").set_input_files(
        {"name": "notes.md", "mimeType": "text/html", "buffer": b"# Eleven pots"}
    )
    page.get_by_role("button", name="Create document").click()
    page.wait_for_url(MADE)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ines Marr at home in the bakery")
    expect(page.locator("[data-state=unassigned]").first).to_be_visible()  # drafted: the page came anew
    page.goto(page.url)
    card = page.locator("#reading-matter")
    expect(card).to_contain_text("notes.md")
    with page.expect_download() as download:
        card.get_by_role("link", name="notes.md").click()
    assert download.value.suggested_filename == "notes.md"
    card.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button").last.click()
    expect(card).not_to_contain_text("notes.md")

    page.get_by_role("link", name="new document like this one").click()
    expect(page.get_by_label("Title")).to_have_value("Ines Marr at home in the bakery")

    page.goto("/documents/new")
    kept = page.locator("#unfinished li")
    expect(kept.filter(has_text="Something else")).to_have_count(1)
    expect(kept.filter(has_text="at home in")).to_have_count(0)
    kept.filter(has_text="Something else").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Put it back").click()
    kept.filter(has_text="Something else").get_by_role("button", name="Delete").click()
    expect(page.locator("#unfinished li").filter(has_text="Something else")).to_have_count(0)


@pytest.mark.parametrize("script", [True, False])
def test_a_table_with_two_bad_rows(log_in, script):
    page = log_in(java_script_enabled=script)
    page.goto("/documents/many")
    mark = uuid.uuid4().hex[:6]
    table = f"title;brief;editor\nPots {mark};In the bakery;editor@test.com\n;No name;\nPans;Late;nobody@example.org\n"
    page.get_by_label("Your table").set_input_files(
        {"name": "briefs.csv", "mimeType": "text/csv", "buffer": table.encode("utf-16")}
    )
    page.get_by_role("button", name="Look at it first").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 of 3 rows becomes a document")
    expect(page.get_by_role("row").filter(has_text="No name")).to_have_count(0)
    expect(page.get_by_text("There is no editor “nobody@example.org”.")).to_be_visible()
    page.get_by_role("button", name="Create 1 document").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 document was created, 2 rows were not")
    with page.expect_download() as download:
        page.get_by_role("link", name="Take the others along").click()
    report = download.value.path().read_text(encoding="utf-8-sig")
    assert "Pans" in report
    assert "Pots" not in report
    page.get_by_role("link", name=f"Pots {mark}").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Pots {mark}")


@pytest.mark.parametrize(("size", "theme"), [(1440, "light"), (360, "dark")])
def test_the_pages_are_accessible_and_fit(log_in, size, theme, tmp_path):
    page = log_in(viewport={"width": size, "height": 900}, color_scheme=theme)

    def look(name):
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size, name
        page.screenshot(path=tmp_path / f"{name}-{size}-{theme}.png", full_page=True)

    page.goto("/documents/new")
    page.get_by_label("Title").fill("The harbour library opens again, after two years of work and a flood")
    expect(page.locator("[data-kept-said]")).to_contain_text("Kept at")
    look("kept")
    written_template(page, f"An opening {size}")
    look("templates")
    page.get_by_role("link", name=f"An opening {size}").first.click()
    look("template")
    page.goto("/documents/new")
    look("new")
    page.get_by_label("Start from").select_option(label=f"An opening {size}")
    page.get_by_role("button", name="Use it").click()
    page.get_by_label("Place").fill("the bakery")
    page.get_by_role("button", name="Create document").click()
    look("from-template-refused")
    page.get_by_label("Artist").fill("Ines Marr")
    page.get_by_label("Files to read").set_input_files(
        [
            {"name": "notes of a long afternoon in the bakery.md", "mimeType": "text/plain", "buffer": b"# Notes"},
            {"name": "list.txt", "mimeType": "text/plain", "buffer": b"One\nTwo\n" * 900},
        ]
    )
    page.get_by_role("button", name="Create document").click()
    page.wait_for_url(MADE)
    expect(page.locator("[data-state=unassigned]").first).to_be_visible()
    page.goto(page.url)
    page.locator("#reading-matter summary").click()
    look("document")
    page.goto("/documents/many")
    look("many")
    table = "title,brief,editor,most_words,must_keep,due,colour\n"
    table += (
        'Pots,"In the bakery on Quay Street, eleven pots stand on the cold lip of the ovens, and nobody knows who",'
    )
    table += 'editor@test.com,400,"Quay Street\nOpen",2031-05-01,red\n'
    table += ",No name,nobody@example.org,many,,1.6.2027,\nCups,Blue,,,,,\n"
    page.get_by_label("Your table").set_input_files(
        {"name": "briefs.csv", "mimeType": "text/csv", "buffer": table.encode()}
    )
    page.get_by_role("button", name="Look at it first").click()
    look("planned")
    page.get_by_role("button", name="Create 2 documents").click()
    look("done")
    page.goto("/documents")
    look("list")

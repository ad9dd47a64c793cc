"""The help page for editors: its pictures are there, light enough, in both themes, and told in words too."""

import re

import pytest

from copydesk.web.help_pages import FOLDER, PICTURES

HEAVIEST = 60_000  # bytes


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_there_in_both_themes_and_light(name):
    for theme in ("light", "dark"):
        path = FOLDER / f"{name}-{theme}.webp"
        assert path.stat().st_size <= HEAVIEST
    width, height = PICTURES[name].size
    assert 300 <= width <= 1000
    assert 100 <= height <= 1000


def test_no_picture_lies_there_unused():
    shown = {f"{name}-{theme}.webp" for name in PICTURES for theme in ("light", "dark")}
    assert {path.name for path in FOLDER.iterdir()} == shown


PAGES = {"editor": "/help/editing", "sponsor": "/help/sponsoring", "admin": "/help/desk"}


def test_every_picture_is_shown_with_words_on_one_of_the_pages(as_person, cast):
    client = as_person(cast.editor)
    everything = "".join(client.get(path).text for path in PAGES.values())
    for picture in PICTURES.values():
        assert everything.count(f'alt="{picture.shows}"') == 2
        assert f"<figcaption>{picture.caption}</figcaption>" in everything
    for url in re.findall(r'src="(/static/help/[^"]+)"', everything):
        with client.get(url) as answer:
            assert (answer.status_code, answer.mimetype) == (200, "image/webp")


@pytest.mark.parametrize("who", PAGES)
def test_help_begins_with_ones_own_page(as_person, cast, who):
    assert as_person(getattr(cast, who)).get("/help").location == PAGES[who]


@pytest.mark.parametrize("path", PAGES.values())
def test_what_a_page_leads_to_is_on_it(as_person, cast, path):
    page = as_person(cast.admin).get(path).text
    for anchor in re.findall(r'<li><a href="#([a-z-]+)"', page):
        assert f'id="{anchor}"' in page

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


def test_the_page_shows_them_with_words(as_person, cast):
    client = as_person(cast.editor)
    page = client.get("/help/editing").text
    for picture in PICTURES.values():
        assert page.count(f'alt="{picture.shows}"') == 2
        assert f"<figcaption>{picture.caption}</figcaption>" in page
    for url in re.findall(r'src="(/static/help/[^"]+)"', page):
        with client.get(url) as answer:
            assert (answer.status_code, answer.mimetype) == (200, "image/webp")

"""Comparing versions in the browser: any two, by those who may, and what is new since one last looked."""

import re

import pytest

from copydesk.documents import comparing, operations, presence, revising
from copydesk.documents.revising import Text
from tests import journeys

MOVED = "Glaze, salt and a slow fire are all it takes."
SHELVES = ("top", "next", "third", "low", "last")
REST = "\n\n".join(f"The {word} shelf holds cups, jugs and one plate." for word in SHELVES)
FIRST = f"# Pots\n\n{MOVED}\n\nThe ovens are cold.\n\n{REST}"
SECOND = f"# Pots\n\nThe **ovens** are warm.\n\n{REST}\n\n{MOVED}"


@pytest.fixture
def document(session, cast, make_document):
    """Version 1 is the brief, 2 the machine's, 3 and 4 the editor's, 5 another brief."""
    made = make_document("editing")
    for body in (FIRST, SECOND):
        revising.save(session, made.id, cast.editor, Text("Pots", body, made.text_number))
    operations.edit_brief(session, made.id, cast.sponsor, title="Pots", brief="A shorter brief.", base=1)
    session.commit()
    return made


def path(document, **asked):
    return f"/documents/{document.id}/compare?" + "&".join(f"{name.rstrip('_')}={asked[name]}" for name in asked)


def without_hidden(page):
    return re.sub(r"<[^>]+>", "", re.sub(r'<span class="visually-hidden said">[^<]*</span>', "", page))


def test_words_formatting_and_moves_are_told_apart(cast, as_person, document):
    page = as_person(cast.sponsor).get(path(document, from_=3, to=4)).text
    assert re.search(r"<del class=\"\"[^>]*>.*?cold.*?</del><ins class=\"\">.*?warm", page)
    assert page.count('class="formatting"') >= 2
    assert "bold added: " in page
    assert re.search(rf'<del class="moved" id="c(\d)-from".*?href="#c\1".*?{MOVED}', page, re.DOTALL)
    here = rf'<ins class="moved" id="c(\d)" .*?href="#c\1-from".*?moved here from above.*?{MOVED}'
    assert re.search(here, page, re.DOTALL)
    assert "3 changes" in page
    assert "Show 2 lines that are the same" in page


@pytest.mark.parametrize("view", ["inline", "side"])
def test_both_texts_can_be_read_whole(cast, as_person, document, view):
    page = without_hidden(as_person(cast.editor).get(path(document, from_=3, to=4, view=view)).text)
    for line in {*FIRST.split("\n"), *SECOND.replace("**", "").split("\n")}:
        assert [word for word in re.findall(r"\w+", line) if word not in page] == []


def test_without_numbers_it_is_what_the_newest_text_changed(cast, as_person, document):
    page = as_person(cast.sponsor).get(path(document)).text
    assert "Versions 3 and 4 of Pots" in page


def test_versions_of_different_kinds_are_compared_as_the_document_stood(session, cast, as_person, document):
    page = as_person(cast.sponsor).get(path(document, from_=1, to=2)).text
    assert page.count("the same in both") == 2  # title and brief
    assert re.search(r"<ins[^>]*>.*?The old bakery", page, re.DOTALL)
    page = as_person(cast.sponsor).get(path(document, from_=4, to=5)).text
    assert re.search(r"<ins class=\"\".*?shorter", page, re.DOTALL)
    old = comparing.version(session, document, 5)
    assert (old.brief, old.text) == ("A shorter brief.", SECOND)


def test_one_version_twice_is_said_so(cast, as_person, document):
    answer = as_person(cast.sponsor).get(path(document, from_=3, to=3))
    assert answer.status_code == 200
    assert "One version, twice" in answer.text
    assert "<ins" not in answer.text


@pytest.mark.parametrize("asked", [{"from_": 99}, {"to": 6}, {"from_": 2, "to": 0 - 1}, {"to": 10**30}])
def test_versions_that_are_not_there_are_not_found(cast, as_person, document, asked):
    assert as_person(cast.sponsor).get(path(document, **asked)).status_code == 404


@pytest.mark.parametrize("asked", ["from=x&to=y", "from=&to=", "view=%00", "from=3&from=4&view=upside-down"])
def test_what_is_no_number_was_not_asked_for(cast, as_person, document, asked):
    answer = as_person(cast.sponsor).get(f"/documents/{document.id}/compare?{asked}")
    assert answer.status_code == 200
    assert "Version 4" in answer.text


def test_only_those_who_may_see_the_document(cast, as_person, document):
    for stranger in (cast.other_sponsor, cast.other_editor):
        assert as_person(stranger).get(path(document, from_=1, to=2)).status_code == 404


def test_what_stands_in_a_text_is_no_html(session, cast, as_person, document):
    evil = "<script>alert(1)</script> [a](javascript:alert(1)) <b>bold</b>"
    revising.save(session, document.id, cast.editor, Text("<i>T</i>", evil, document.text_number))
    session.commit()
    page = as_person(cast.sponsor).get(path(document, from_=4, to=6)).text
    assert "<script>alert" not in page
    assert "<b>bold" not in page
    assert "<i>T" not in page
    assert "javascript:alert" in without_hidden(page)  # as words
    assert 'href="javascript' not in page


def test_earlier_later_and_swapped(cast, as_person, document):
    page = as_person(cast.sponsor).get(path(document, from_=3, to=4)).text
    assert re.search(r'rel="prev"\s+href="[^"]*from=2&amp;to=3', page)
    assert 'rel="next"' not in page
    assert re.search(r'href="[^"]*from=4&amp;to=3[^"]*">Swap', page)


def test_queries_do_not_grow_with_the_versions(session, cast, as_person, document, count_queries):
    browser = as_person(cast.sponsor)
    with count_queries() as few:
        browser.get(path(document, from_=2, to=3))
    for number in range(8):
        revising.save(session, document.id, cast.editor, Text("Pots", f"{SECOND} {number}", document.text_number))
    session.commit()
    with count_queries() as many:
        browser.get(path(document, from_=2, to=3))
    assert len(many) == len(few)


def test_the_history_offers_pairs(cast, as_person, document):
    page = as_person(cast.sponsor).get(f"/documents/{document.id}/history").text
    assert page.count('type="radio"') == 2 * 5
    checked = re.findall(r'name="(\w+)"\s+value="(\d)"\s+autocomplete="off"\s* checked', page)
    assert checked == [("to", "5"), ("from", "4")]


def test_since_you_last_saw_it(session, cast, as_person, document):
    sponsor = as_person(cast.sponsor)
    url = f"/documents/{document.id}"
    assert "since you last saw it" not in sponsor.get(url).text  # never opened before
    assert presence.last_seen(session, document, cast.sponsor) == 4
    assert "since you last saw it" not in sponsor.get(url).text
    revising.save(session, document.id, cast.editor, Text("Pots", f"{SECOND} Six.", document.text_number))
    session.commit()
    page = sponsor.get(url).text
    assert "One change since you last saw it (version 5)" in page
    target = re.search(r'class="since" href="([^"]*)"', page)[1].replace("&amp;", "&")
    assert "Six." in sponsor.get(target).text
    assert "since you last saw it" not in sponsor.get(url).text
    assert "since you last saw it" not in as_person(cast.editor).get(url).text  # their own words


def test_changes_in_a_long_text_are_announced_not_counted(session, cast, as_person, make_document):
    document = make_document("editing")
    session.commit()
    sponsor = as_person(cast.sponsor)
    sponsor.get(f"/documents/{document.id}")
    revising.save(session, document.id, cast.editor, Text("T", journeys.DRAFT * 700, document.text_number))
    session.commit()
    assert "There are changes since you last saw it (version 2)" in sponsor.get(f"/documents/{document.id}").text

"""Redrafting one passage, with script and without: asked for, watched, ranked, taken; nothing typed is lost."""

import re

import pytest

from copydesk.autodocs import spans, writing
from copydesk.documents import authorship, chain, revising
from copydesk.documents.models import State
from copydesk.documents.revising import Text
from copydesk.web.documents import sentences
from tests import journeys

PROGRAM = {"Accept": "application/json"}
FIRST = "The old bakery still smells of flour."


@pytest.fixture
def editor(session, cast, as_person):
    session.commit()
    return as_person(cast.editor)


@pytest.fixture
def document(session, make_document):
    made = make_document("editing")
    session.commit()
    return made


@pytest.fixture
def asked(session, cast, document):
    """Three candidates for the first sentence, still queued."""
    made = spans.ask(session, document.id, cast.editor, base=document.text_number, start=0, end=len(FIRST), count=3)
    session.commit()
    return made


def write_all(session, asked, scores=(-3.0, -2.0, -2.05)):
    for number, (one, score) in enumerate(zip(asked, scores, strict=True), start=1):
        journeys.write(session, one.id, f"Candidate {number}.", score=score)
    session.commit()


def place(document, **more):
    return {"base_revision": document.text_number, "start": 0, "end": len(FIRST), "count": 2} | more


def test_a_page_asks_and_gets_where_to_look(session, editor, document):
    answer = editor.post(f"/documents/{document.id}/redraft-passage", data=place(document), headers=PROGRAM)
    assert answer.status_code == 201
    standing = editor.get(answer.json["url"], headers=PROGRAM).json
    assert (standing["done"], len(standing["candidates"])) == (False, 2)
    assert standing["next_ms"] > 0
    assert [one["fit"] for one in standing["candidates"]] == ["", ""]


def test_without_script_sentences_are_ticked(session, editor, document):
    url = f"/documents/{document.id}/redraft-passage"
    page = editor.get(url).text
    values = re.findall(r'name="sentence"\s+value="(\d+-\d+)"', page)
    assert [journeys.DRAFT[int(a) : int(b)] for a, b in (one.split("-") for one in values)] == re.split(
        r"(?<=\.) ", journeys.DRAFT
    )
    answer = editor.post(url, data={"base_revision": document.text_number, "sentence": values, "count": "3"})
    assert answer.status_code == 303
    (one, *_) = journeys.live_drafts(session, document)
    assert (one.span_start, one.span_end) == (0, len(journeys.DRAFT))
    assert (
        "being written" in editor.get(answer.headers["Location"]).text
        or "waits" in editor.get(answer.headers["Location"]).text
    )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, "choose a passage"),
        ({"sentence": "nonsense"}, "choose a passage"),
        ({"sentence": "5-1"}, "mark a passage"),
        ({"sentence": "0-99999"}, "mark a passage"),
        ({"sentence": "0-5", "count": "6"}, "One to five"),
        ({"start": "x", "end": "5"}, "Not a valid integer"),
    ],
)
def test_a_bad_passage_is_refused_with_words(editor, document, wrong, says):
    data = {"base_revision": document.text_number, **wrong}
    answer = editor.post(f"/documents/{document.id}/redraft-passage", data=data)
    assert answer.status_code == 400
    assert says in answer.text
    told = editor.post(f"/documents/{document.id}/redraft-passage", data=data, headers=PROGRAM)
    assert says in told.json["error"]


def test_a_text_that_moved_on_is_told_and_nothing_is_asked(session, cast, editor, document):
    stale = place(document)
    revising.save(session, document.id, cast.editor, Text("T", "Saved elsewhere.", document.text_number))
    session.commit()
    url = f"/documents/{document.id}/redraft-passage"
    assert editor.post(url, data=stale, headers=PROGRAM).status_code == 409
    page = editor.post(url, data=stale)
    assert page.status_code == 409
    assert "Saved elsewhere." in page.text
    assert journeys.live_drafts(session, document) == []


def test_candidates_are_ranked_once_all_are_there(session, editor, document, asked):
    url = f"/documents/{document.id}/redraft-passage/{asked[0].request}"
    writing.progress(session, writing.claim(session, asked[0].id), "Half a", 2)
    session.commit()
    assert [one["text"] for one in editor.get(url, headers=PROGRAM).json["candidates"]] == ["Half a", "", ""]
    write_all(session, asked)
    standing = editor.get(url, headers=PROGRAM).json
    assert standing["done"] is True
    assert [(one["text"], one["fit"]) for one in standing["candidates"]] == [
        ("Candidate 2.", "fits best"),
        ("Candidate 3.", "fits nearly as well"),
        ("Candidate 1.", "fits less well"),
    ]
    page = editor.get(url).text
    assert page.index("Candidate 2.") < page.index("Candidate 3.") < page.index("Candidate 1.")
    assert page.count("Use this") == 3
    assert f"<mark>{FIRST}</mark>" in page


def test_taking_one_replaces_the_passage_and_nothing_else(session, cast, editor, document, asked):
    write_all(session, asked)
    base = f"/documents/{document.id}/redraft-passage/{asked[0].request}/take"
    page = editor.post(f"{base}/{asked[1].number}", follow_redirects=True)
    assert "The passage is replaced" in page.text
    session.refresh(document)
    body = revising.head_text(session, document).body
    assert body == journeys.DRAFT.replace(FIRST, "Candidate 2.")
    assert {one.origin for one in authorship.spans(chain.revisions(session, document.id))} == {"machine"}
    again = editor.post(f"{base}/{asked[2].number}", headers=PROGRAM)
    assert again.status_code == 409
    assert "moved on" in again.json["error"]
    assert "can only be read" in editor.get(f"/documents/{document.id}/redraft-passage/{asked[0].request}").text


def test_a_program_takes_one_too(session, editor, document, asked):
    write_all(session, asked)
    url = f"/documents/{document.id}/redraft-passage/{asked[0].request}"
    take = editor.get(url, headers=PROGRAM).json["candidates"][0]["take"]
    answer = editor.post(take, headers=PROGRAM)
    session.refresh(document)
    assert answer.json == {"ok": True, "revision": document.text_number}


@pytest.mark.parametrize("number", [0, 1, 99])
def test_what_is_no_candidate_of_this_asking_is_refused(session, editor, document, asked, number):
    write_all(session, asked)
    assert editor.post(f"/documents/{document.id}/redraft-passage/{asked[0].request}/take/{number}").status_code == 400


def test_an_unwritten_candidate_can_not_be_taken(session, editor, document, asked):
    url = f"/documents/{document.id}/redraft-passage/{asked[0].request}/take/{asked[0].number}"
    assert editor.post(url).status_code == 400


def test_when_none_could_be_written_the_page_says_why(session, editor, document, asked):
    for one in asked:
        writing.fail(session, writing.claim(session, one.id), "The engine said no.")
    session.commit()
    url = f"/documents/{document.id}/redraft-passage/{asked[0].request}"
    assert editor.get(url, headers=PROGRAM).json["message"] == "The engine said no."
    assert "The engine said no." in editor.get(url).text
    assert "Use this" not in editor.get(url).text


def test_keeping_the_passage_stops_the_writing(session, editor, document, asked):
    assert editor.post(f"/documents/{document.id}/redraft-passage/discard").status_code == 303
    session.expire_all()
    assert journeys.live_drafts(session, document) == []


def test_the_writing_page_offers_it_with_and_without_script(session, cast, editor, as_person, document):
    page = editor.get(f"/documents/{document.id}").text
    assert f'data-passages="/documents/{document.id}/redraft-passage"' in page  # what the editor asks
    assert f'href="/documents/{document.id}/redraft-passage"' in page  # and the way without it
    assert "data-candidates" in page
    assert "redraft-passage" not in as_person(cast.sponsor).get(f"/documents/{document.id}").text


def test_a_saved_page_that_goes_on_is_told_what_stands_now(session, editor, document):
    typed = {"title": "T", "body": "Typed.\r\nMore\x00.", "base_revision": document.text_number}
    answer = editor.post(f"/documents/{document.id}/save", data=typed, headers=PROGRAM).json
    session.refresh(document)
    stands = {"ok": True, "revision": document.text_number, "title": "T", "body": "Typed.\nMore."}
    assert answer.items() >= stands.items()
    assert answer["desk"]["text"] == "Typed.\nMore."


def test_only_while_it_is_edited(session, cast, editor, document):
    revising.deliver(session, document.id, cast.editor, Text("T", "Done.", document.text_number))
    session.commit()
    session.refresh(document)
    assert document.state is State.SIGNOFF
    assert editor.post(f"/documents/{document.id}/redraft-passage", data=place(document)).status_code == 409


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("One. Two!\n\nThree", [["One.", "Two!"], ["Three"]]),
        ('He said: "Go." She went.', [['He said: "Go."', "She went."]]),
        ("   \n \n", []),
        ("No stop at all", [["No stop at all"]]),
        ("一。二。", [["一。", "二。"]]),
        ("🔥 Fire… and smoke. ", [["🔥 Fire…", "and smoke."]]),
    ],
)
def test_sentences_stand_where_they_say(text, found):
    paragraphs = sentences.paragraphs(text)
    assert [[one.text for one in paragraph] for paragraph in paragraphs] == found
    assert all(text[one.start : one.end] == one.text for paragraph in paragraphs for one in paragraph)

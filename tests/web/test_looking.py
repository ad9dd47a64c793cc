"""Where to look first: what the model doubted and what the brief does not say, as data and as a page."""

import json
import re

import pytest

from copydesk.autodocs import probabilities
from copydesk.autodocs.models import Autodoc
from copydesk.config import settings
from copydesk.documents import revising
from copydesk.documents.revising import Text
from copydesk.engine.vocabulary import Vocabulary
from tests import journeys

WORDS = ["The", " old", " bakery", " still", " smells", " of", " flour", "."]
SURE, UNSURE = -0.05, -5.0


@pytest.fixture
def document(session, make_document):
    """Its draft was written with tokens of the seed model, of which " bakery" and " flour" were doubted."""
    text = "".join(WORDS)
    made = make_document("editing", text=text)
    draft = session.query(Autodoc).filter_by(document_id=made.id).one()
    draft.model = "seed"
    spelled = [(number, word) for word in WORDS for number in spell(word.encode())]
    draft.output_tokens = [number for number, _ in spelled]
    doubted = (" bakery", " flour")
    draft.token_logprobs = probabilities.pack([UNSURE if word in doubted else SURE for _, word in spelled])
    session.commit()
    return made


def spell(word):
    """The word in tokens of the seed model, the longest first."""
    vocabulary = Vocabulary.read(settings().models_dir / "seed")
    numbers = {vocabulary.bytes_of(number): number for number in range(60_000)}
    while word:
        piece = next(word[:size] for size in range(len(word), 0, -1) if word[:size] in numbers)
        yield numbers[piece]
        word = word[len(piece) :]


def data(browser, document):
    return browser.get(f"/documents/{document.id}/looking.json").json


def words(document, answer, text):
    return [(text[one["start"] : one["end"]], one["level"]) for one in answer["doubt"]]


def test_doubted_words_are_told_with_their_level(cast, as_person, document):
    answer = data(as_person(cast.sponsor), document)
    assert answer["head"] == document.text_number
    assert words(document, answer, "".join(WORDS)) == [("bakery", 3), ("flour", 3)]


def test_doubts_stay_with_words_that_stay_and_vanish_with_words_that_change(session, cast, as_person, document):
    text = "Now the old bakery still smells of bread, says Nadia Petrov."
    revising.save(session, document.id, cast.editor, Text("T", text, document.text_number))
    session.commit()
    answer = data(as_person(cast.editor), document)
    assert words(document, answer, text) == [("bakery", 3)]
    assert [(one["kind"], one["words"]) for one in answer["claims"]] == [("name", "Nadia Petrov")]


def test_unsaved_words_are_looked_at_too_and_not_kept(session, cast, as_person, document):
    text = "🙂 In 1911 the bakery still smells of flour."
    url = f"/documents/{document.id}/looking.json"
    answer = as_person(cast.editor).post(url, json={"text": text}).json
    assert words(document, answer, text) == [("bakery", 3), ("flour", 3)]
    assert [(text[one["start"] : one["end"]], one["kind"]) for one in answer["claims"]] == [("1911", "date")]
    assert revising.head_text(session, document).body == "".join(WORDS)


@pytest.mark.parametrize("sent", [None, [], {"text": 5}, {"text": "a", "more": 1}, {}, {"text": "a" * 500_001}])
def test_what_no_page_sends_is_refused(cast, as_person, document, sent):
    answer = as_person(cast.editor).post(
        f"/documents/{document.id}/looking.json", data=json.dumps(sent), content_type="application/json"
    )
    assert answer.status_code == 400


def test_only_the_documents_own_people(cast, as_person, document):
    for kind in ("looking", "looking.json"):
        assert as_person(cast.other_sponsor).get(f"/documents/{document.id}/{kind}").status_code == 404
    url = f"/documents/{document.id}/looking.json"
    assert as_person(cast.other_editor).post(url, json={"text": ""}).status_code == 404
    assert as_person(cast.sponsor).post(url, json={"text": ""}).status_code == 403


def test_a_draft_of_which_nothing_is_known_is_doubted_nowhere(cast, as_person, make_document, session):
    document = make_document("editing")
    session.commit()
    answer = data(as_person(cast.sponsor), document)
    assert answer["doubt"] == []


def test_the_editors_own_title_supports_nothing(session, cast, as_person, document):
    revising.save(session, document.id, cast.editor, Text("Nadia Petrov", "We met Nadia Petrov.", document.text_number))
    session.commit()
    assert [one["words"] for one in data(as_person(cast.sponsor), document)["claims"]] == ["Nadia Petrov"]


def test_the_page_shows_the_text_marked_and_lists_claims_once(session, cast, as_person, document):
    text = "The old bakery saw <b>Nadia Petrov</b>. So Nadia Petrov sang in 1911."
    revising.save(session, document.id, cast.editor, Text("T", text, document.text_number))
    session.commit()
    page = as_person(cast.sponsor).get(f"/documents/{document.id}/looking").text
    assert '<mark class="doubt-3">bakery' in page
    assert "&lt;b&gt;" in page
    assert page.count('<a href="#place-1">Nadia Petrov</a>') == 1
    assert "name, 2 times" in page
    assert re.search(r'<mark class="claim doubt-0"\s+id="place-3"\s+tabindex="-1">1911', page)


def test_without_a_text_the_page_says_so(session, cast, as_person, make_document):
    document = make_document("drafting")
    session.commit()
    assert "There is no text yet" in as_person(cast.sponsor).get(f"/documents/{document.id}/looking").text
    assert data(as_person(cast.sponsor), document) == {"head": 0, "doubt": [], "claims": []}


def test_queries_do_not_grow_with_the_text(session, cast, as_person, document, count_queries):
    browser = as_person(cast.editor)
    data(browser, document)
    with count_queries() as few:
        data(browser, document)
    for number in range(4):
        revising.save(session, document.id, cast.editor, Text("T", f"{journeys.DRAFT} {number}", document.text_number))
    session.commit()
    data(browser, document)
    with count_queries() as many:
        data(browser, document)
    assert len(many) <= len(few)

"""Tidying up from the writing page: typed words are saved, the difference is shown, the chosen rules are applied."""

import pytest
from sqlalchemy import select

from copydesk.audit import AuditEvent
from copydesk.autodocs import authors
from copydesk.documents import revising
from copydesk.documents.housestyle import house, house_words
from copydesk.documents.models import Kind
from copydesk.documents.revising import Text

PROGRAM = {"Accept": "application/json"}
TEXT = "It's an old organisation -- isn't it? See `it's -- code`."
TIDY = "It’s an old organization – isn’t it? See `it's -- code`."
HOUSE = ["spellings", "ellipses", "dashes", "ranges", "quotes", "spaces"]


@pytest.fixture
def document(session, cast, make_document):
    made = make_document("editing", text=TEXT)
    house_words.add(session, cast.admin, "organization", "organisation")
    session.commit()
    return made


@pytest.fixture
def editor(cast, as_person, document):
    return as_person(cast.editor)


def head(session, document):
    session.expire_all()
    return revising.head_text(session, document)


def test_what_was_typed_is_saved_and_the_difference_shown(session, cast, editor, document):
    typed = {"title": document.title, "body": TEXT + " Typed.", "base_revision": document.text_number}
    answer = editor.post(f"/documents/{document.id}/tidy/look", data=typed)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/documents/{document.id}/tidy")
    page = editor.get(answer.headers["Location"]).text
    assert "<del>organisation" in page
    assert head(session, document).body == TEXT + " Typed."


def test_applying_makes_a_revision_of_the_tool(session, cast, editor, document):
    number = document.text_number
    data = {"base_revision": number, "rule": HOUSE, "act": "apply"}
    page = editor.post(f"/documents/{document.id}/tidy", data=data, follow_redirects=True)
    assert "Tidied up." in page.text
    new = head(session, document)
    assert (new.kind, new.tool, new.author_id, new.body) == (Kind.TOOL, "tidy", cast.editor.id, TIDY)
    (row,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "document.tidy"))
    assert (row.actor_id, row.after["rules"]) == (cast.editor.id, sorted(HOUSE))
    origins = {span.origin for span in authors.spans(session, document)}
    assert origins == {"machine", "tool"}
    assert not revising.wrote_in_round(session, document, cast.editor)
    again = editor.post(f"/documents/{document.id}/tidy", data=data | {"base_revision": new.number})
    assert again.status_code == 303
    assert head(session, document).number == new.number


def test_only_the_ticked_rules(session, editor, document):
    data = {"base_revision": document.text_number, "rule": ["quotes"], "act": "apply"}
    editor.post(f"/documents/{document.id}/tidy", data=data)
    assert head(session, document).body == "It’s an old organisation -- isn’t it? See `it's -- code`."


def test_looking_changes_nothing(session, editor, document):
    data = {"base_revision": document.text_number, "rule": ["dashes"], "act": "look"}
    page = editor.post(f"/documents/{document.id}/tidy", data=data).text
    assert "<del>--</del>" in page
    assert "<ins>" in page
    assert head(session, document).body == TEXT


def test_the_house_decides_what_is_ticked(session, cast, editor, document):
    house.set_style(session, cast.admin, rules=["quotes"], dash="em")
    session.commit()
    answer = editor.get(f"/documents/{document.id}/tidy", headers=PROGRAM).json
    assert answer["after"] == "It’s an old organisation -- isn’t it? See `it's -- code`."


@pytest.mark.parametrize(
    ("data", "status", "says"),
    [
        ({"rule": []}, 400, "choose at least one rule"),
        ({"rule": ["nonsense"]}, 400, "choose from the rules"),
        ({"rule": ["quotes"], "base_revision": ""}, 400, "look at the difference again"),
        ({"rule": ["quotes"], "base_revision": 1}, 409, "The text has moved on"),
    ],
)
def test_what_can_not_be_applied_says_why(session, editor, document, data, status, says):
    sent = {"base_revision": document.text_number} | data
    answer = editor.post(f"/documents/{document.id}/tidy", data=sent)
    assert (answer.status_code, says in answer.text) == (status, True)
    assert head(session, document).body == TEXT


def test_a_text_that_moved_on_is_shown_anew(session, cast, editor, document):
    base = document.text_number
    revising.save(session, document.id, cast.editor, Text(document.title, TEXT + " Newer.", base))
    session.commit()
    answer = editor.post(f"/documents/{document.id}/tidy", data={"base_revision": base, "rule": HOUSE})
    assert answer.status_code == 409
    assert head(session, document).kind is Kind.HUMAN


@pytest.mark.parametrize("state", ["signoff", "approved", "withdrawn"])
def test_only_while_it_is_edited(session, cast, as_person, make_document, state):
    document = make_document(state)
    session.commit()
    editor = as_person(cast.editor)
    assert editor.get(f"/documents/{document.id}/tidy").status_code == 409
    data = {"base_revision": document.text_number, "rule": ["quotes"]}
    assert editor.post(f"/documents/{document.id}/tidy", data=data).status_code == 409


def test_a_tidy_text_has_nothing_to_do(session, cast, as_person, make_document):
    document = make_document("editing", text="All is well.")
    session.commit()
    page = as_person(cast.editor).get(f"/documents/{document.id}/tidy").text
    assert "These rules find nothing to do" in page
    assert "Apply the ticked rules" not in page

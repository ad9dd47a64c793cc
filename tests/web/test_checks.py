"""Checks before delivery on the desk: held, mended, waived, taken back, and how strictly the house takes them."""

import re

import pytest
from sqlalchemy import select

from copydesk import audit
from copydesk.autodocs import records
from copydesk.documents import revising
from copydesk.documents.delivery import Mode, modes, waivers
from copydesk.documents.delivery.waivers import Waiver
from copydesk.documents.errors import ChecksFailed, InvalidInput, NotAllowed
from copydesk.documents.models import State
from copydesk.documents.records import record
from copydesk.documents.records.verification import verify
from copydesk.documents.revising import Text

KEPT = "Open daily, ten to six."
BODY = "The ovens are cold now, and eleven pots stand there. Nobody came before six, and the street was still."


@pytest.fixture
def document(session, make_document):
    document = make_document("editing")
    document.must_keep = KEPT
    session.commit()
    return document


@pytest.fixture
def editor(session, cast, as_person, document):
    return as_person(cast.editor)


def typed(document, body):
    return {"title": document.title, "body": body, "base_revision": str(document.text_number)}


def deliver(editor, session, document, body=BODY):
    session.refresh(document)
    return editor.post(f"/documents/{document.id}/deliver", data=typed(document, body))


def fingerprint(page):
    return re.search(r'name="fingerprint"\s+value="(\w+)"', page)[1]


def test_a_line_that_is_missing_holds_the_delivery_and_the_text_is_saved(session, editor, document):
    answer = deliver(editor, session, document)
    assert answer.status_code == 400
    assert "Saved, but not delivered. One line the brief wants kept is not in the text" in answer.text
    assert 'href="#check-must_keep"' in answer.text
    session.refresh(document)
    assert document.state is State.EDITING
    assert revising.head_text(session, document).body == BODY

    assert deliver(editor, session, document, f"{BODY} {KEPT}").status_code == 303
    session.refresh(document)
    assert document.state is State.SIGNOFF


def test_waived_with_a_reason_it_goes_and_the_record_says_so(session, cast, editor, document):
    page = deliver(editor, session, document).text
    url = f"/documents/{document.id}/waivers"
    editor.post(url, data={"fingerprint": fingerprint(page), "reason": "  "})
    assert not session.scalars(select(Waiver)).all()
    editor.post(url, data={"fingerprint": "0" * 64, "reason": "Made up."})
    assert not session.scalars(select(Waiver)).all()
    answer = editor.post(url, data={"fingerprint": fingerprint(page), "reason": "The hours changed."})
    assert answer.status_code == 303
    assert "The hours changed." in editor.get(f"/documents/{document.id}").text

    made = session.scalars(select(Waiver)).one()
    editor.post(f"{url}/{made.id}/take-back")
    assert deliver(editor, session, document).status_code == 400
    editor.post(url, data={"fingerprint": fingerprint(page), "reason": "The hours changed, really."})
    assert deliver(editor, session, document).status_code == 303

    session.expire_all()
    kept = records.of(session, document)
    assert [(one["reason"], bool(one["taken_back_at"])) for one in kept["waivers"]] == [
        ("The hours changed.", True), ("The hours changed, really.", False),
    ]  # fmt: skip
    assert kept["must_keep"] == KEPT
    assert verify(record.encode(kept)).holds
    actions = [event.action for event in audit.history(session, "document", document.id)]
    assert actions.count("document.waive_a_check") == 2
    assert actions.count("document.take_back_a_waiver") == 1


def test_a_waiver_is_of_what_was_found_then(session, cast, document):
    modes.choose(session, cast.admin, {"placeholders": "hold"})
    revising.save(session, document.id, cast.editor, Text(document.title, "One TK. " + KEPT, document.text_number))
    found = waivers.standing(session, document)
    (held,) = [one for one in found if one.finding.check == "placeholders"]
    waivers.waive(session, document.id, cast.editor, fingerprint=held.finding.fingerprint, reason="It is a name.")
    waivers.require(session, document)
    revising.save(session, document.id, cast.editor, Text(document.title, "A TODO. " + KEPT, document.text_number))
    with pytest.raises(ChecksFailed, match="One placeholder left in the text"):
        waivers.require(session, document)


def test_the_page_says_what_is_worth_a_look(editor, session, document):
    page = editor.get(f"/documents/{document.id}").text
    assert "One line the brief wants kept is not in the text" in page
    assert KEPT in page


def test_admins_choose_how_strictly_a_check_is_taken(session, cast, as_person, editor, document):
    admin = as_person(cast.admin)
    assert "Lines that must stand in the text" in admin.get("/admin/house").text
    assert admin.post("/admin/house/checks", data={"must_keep": "off", "made_up": "off"}).status_code == 303
    session.expire_all()
    assert modes.modes(session)["must_keep"] is Mode.OFF
    assert deliver(editor, session, document).status_code == 303
    last = audit.history(session, "house", "checks")[-1]
    assert (last.before["must_keep"], last.after["must_keep"]) == ("hold", "off")
    modes.choose(session, cast.admin, {"must_keep": "off"})
    assert len(audit.history(session, "house", "checks")) == 1  # nothing changed, nothing to tell
    with pytest.raises(InvalidInput):
        modes.choose(session, cast.admin, {"must_keep": "perhaps"})
    with pytest.raises(NotAllowed):
        modes.choose(session, cast.editor, {"must_keep": "hold"})


def test_the_sponsor_says_which_lines_must_stand(session, cast, as_person):
    sponsor = as_person(cast.sponsor)
    asked = {"title": "T", "brief": "A brief.", "must_keep": " Free entry. \n\n Free entry.\nTen to six"}
    made = sponsor.post("/documents/new", data=asked)
    page = sponsor.get(made.location).text
    assert page.count("Free entry.") == 1
    refused = sponsor.post("/documents/new", data=asked | {"must_keep": "x" * 501})
    assert (refused.status_code, "A line has more than 500 characters" in refused.text) in {(200, True), (400, True)}
    assert "x" * 501 in refused.text

"""Suggestions on pages and for programs: proposed, shown, decided on; nothing typed is lost; who may do what."""

import pytest
from sqlalchemy import select

from copydesk.audit import AuditEvent
from copydesk.documents import revising, suggesting, suggestions
from copydesk.documents.housestyle import house_words
from copydesk.documents.models import Kind, Revision, State
from copydesk.documents.revising import Text
from copydesk.documents.suggestions import Suggestion, SuggestionState

PROGRAM = {"Accept": "application/json"}
TEXT = "The bakery is old. It smells of flour in the morning."


@pytest.fixture
def document(session, make_document):
    made = make_document("editing", text=TEXT)
    session.commit()
    return made


@pytest.fixture
def editor(cast, as_person, document):
    return as_person(cast.editor)


@pytest.fixture
def sponsor(cast, as_person, document):
    return as_person(cast.sponsor)


@pytest.fixture
def suggested(session, cast, document):
    """Two open suggestions by the sponsor."""
    changed = TEXT.replace("old", "very old").replace("flour", "bread")
    suggesting.propose(
        session, document.id, cast.sponsor, base=document.text_number, body=changed, note="<b>Check</b> this."
    )
    session.commit()


def text_of(session, document):
    session.expire_all()
    return revising.head_text(session, document).body


def state_of(session, document, number=1):
    query = select(Suggestion).where(Suggestion.document_id == document.id, Suggestion.number == number)
    return session.scalars(query.execution_options(populate_existing=True)).one().state


def typed(document, body=TEXT, **more):
    return {"title": document.title, "body": body, "base_revision": document.text_number} | more


def test_the_sponsor_writes_into_the_text_and_it_becomes_suggestions(session, cast, sponsor, document):
    url = f"/documents/{document.id}/suggest"
    assert TEXT in sponsor.get(url).text
    data = {"body": TEXT.replace("old", "very old"), "base_revision": document.text_number, "note": "It is."}
    answer = sponsor.post(url, data=data)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/documents/{document.id}#suggestion-1")
    page = sponsor.get(f"/documents/{document.id}").text
    assert "<ins>very </ins>" in page
    assert "It is." in page
    assert "Take back" in page
    assert f"/documents/{document.id}/suggestions/1/accept" not in page
    assert text_of(session, document) == TEXT


def test_suggesting_instead_of_saving_from_the_writing_page(session, cast, editor, document):
    assert "Suggest instead of saving" in editor.get(f"/documents/{document.id}").text
    answer = editor.post(f"/documents/{document.id}/suggest", data=typed(document, TEXT + " More."))
    assert answer.status_code == 303
    assert [one.author_id for one in session.scalars(select(Suggestion))] == [cast.editor.id]
    assert text_of(session, document) == TEXT


def test_who_suggests_is_who_is_logged_in_whatever_is_sent(session, cast, sponsor, document):
    data = typed(document, TEXT + " More.", author_id=cast.editor.id, author=cast.editor.id)
    sponsor.post(f"/documents/{document.id}/suggest", data=data)
    assert [one.author_id for one in session.scalars(select(Suggestion))] == [cast.sponsor.id]


def test_a_title_is_not_suggested_and_nothing_typed_is_lost(session, editor, document):
    data = typed(document, TEXT + " More.", title="Another title")
    answer = editor.post(f"/documents/{document.id}/suggest", data=data)
    assert answer.status_code == 400
    assert "A title can’t be suggested" in answer.text
    assert TEXT + " More." in answer.text
    assert "Another title" in answer.text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"body": TEXT}, "Nothing is changed yet"),
        ({"base_revision": ""}, "open the text again"),
        ({"note": "x" * 1001}, "At most 1,000"),
        ({"start": "-1", "end": "3"}, "choose a place"),
        ({"start": "9", "end": "3"}, "choose a place"),
    ],
)
def test_what_can_not_be_taken_comes_back_with_words(sponsor, document, wrong, says):
    data = {"body": TEXT + " More.", "base_revision": document.text_number} | wrong
    answer = sponsor.post(f"/documents/{document.id}/suggest", data=data)
    assert answer.status_code == 400
    assert says in answer.text
    assert data["body"] in answer.text
    program = sponsor.post(f"/documents/{document.id}/suggest", data=data, headers=PROGRAM)
    assert (program.status_code, says in program.json["error"]) == (400, True)


def test_a_text_that_never_was_is_stale(sponsor, document):
    data = {"body": "Anything", "base_revision": 99}
    assert sponsor.post(f"/documents/{document.id}/suggest", data=data).status_code == 409


def test_an_earlier_text_may_be_suggested_on(session, cast, sponsor, document):
    base = document.text_number
    revising.save(session, document.id, cast.editor, Text(document.title, "Before it. " + TEXT, base))
    session.commit()
    sponsor.post(f"/documents/{document.id}/suggest", data={"body": TEXT.replace("old", "new"), "base_revision": base})
    (found,) = suggestions.placed(session, document)
    assert found.text[found.place.start : found.place.end] == "old"


def test_a_program_suggests_one_place_and_sees_it_on_the_desk(editor, document):
    data = {"base_revision": document.text_number, "start": 0, "end": 3, "body": "Our"}
    answer = editor.post(f"/documents/{document.id}/suggest", data=data, headers=PROGRAM).json
    assert answer["made"] == [1]
    (one,) = answer["desk"]["suggestions"]
    assert (one["start"], one["end"], one["words"], one["replacement"], one["mine"]) == (0, 3, "The", "Our", True)
    assert one["accept"].endswith("/suggestions/1/accept")


def test_the_page_escapes_what_people_write(editor, suggested, document):
    page = editor.get(f"/documents/{document.id}").text
    assert "&lt;b&gt;Check&lt;/b&gt; this." in page
    assert "<b>Check" not in page


def test_accepting_saves_what_was_typed_first(session, editor, suggested, document):
    data = typed(document, TEXT + " Typed just now.")
    answer = editor.post(f"/documents/{document.id}/suggestions/1/accept", data=data)
    assert answer.status_code == 303
    assert text_of(session, document) == TEXT.replace("old", "very old") + " Typed just now."
    kinds = session.execute(select(Revision.kind, Revision.accepted_by_id).order_by(Revision.number)).all()
    assert [kind for kind, _ in kinds] == [Kind.BRIEF, Kind.MACHINE, Kind.HUMAN, Kind.HUMAN]
    assert "The change is in the text." in editor.get(f"/documents/{document.id}").text


def test_a_program_accepts_without_sending_the_text(session, editor, suggested, document):
    answer = editor.post(f"/documents/{document.id}/suggestions/2/accept", headers=PROGRAM).json
    assert answer["body"] == TEXT.replace("flour", "bread")
    assert [one["number"] for one in answer["desk"]["suggestions"]] == [1]
    again = editor.post(f"/documents/{document.id}/suggestions/2/accept", headers=PROGRAM)
    assert (again.status_code, again.json["error"]) == (409, "This suggestion was decided on already.")
    assert editor.post(f"/documents/{document.id}/suggestions/9/accept", headers=PROGRAM).status_code == 404


def test_refusing_with_a_reason(session, editor, suggested, document):
    data = typed(document) | {"reason-1": "It is not that old."}
    assert editor.post(f"/documents/{document.id}/suggestions/1/refuse", data=data).status_code == 303
    assert state_of(session, document) is SuggestionState.REFUSED
    assert "It is not that old." in editor.get(f"/documents/{document.id}").text  # among what happened
    long = editor.post(f"/documents/{document.id}/suggestions/2/refuse", data={"reason": "x" * 1001})
    assert long.status_code == 400


def test_taking_back_ones_own(session, cast, as_person, sponsor, editor, suggested, document):
    assert editor.post(f"/documents/{document.id}/suggestions/1/take-back").status_code == 403
    assert as_person(cast.admin).post(f"/documents/{document.id}/suggestions/1/take-back").status_code == 403
    assert sponsor.post(f"/documents/{document.id}/suggestions/1/take-back").status_code == 303
    assert state_of(session, document) is SuggestionState.TAKEN_BACK


def test_all_at_once(session, editor, suggested, document):
    page = editor.post(f"/documents/{document.id}/suggestions/accept-all", data=typed(document), follow_redirects=True)
    assert "2 changes are in the text." in page.text
    assert text_of(session, document) == TEXT.replace("old", "very old").replace("flour", "bread")


def test_all_refused_at_once(session, editor, suggested, document):
    page = editor.post(f"/documents/{document.id}/suggestions/refuse-all", data=typed(document), follow_redirects=True)
    assert "2 refused." in page.text
    assert text_of(session, document) == TEXT
    rows = session.scalars(select(AuditEvent).where(AuditEvent.action == "document.refuse_suggestion")).all()
    assert len(rows) == 2


def test_what_is_gone_says_so_and_can_only_be_refused(session, cast, editor, suggested, document):
    revising.save(session, document.id, cast.editor, Text(document.title, "All new.", document.text_number))
    session.commit()
    page = editor.get(f"/documents/{document.id}").text
    assert "so it can only be refused" in page
    assert f"/documents/{document.id}/suggestions/1/accept" not in page
    answer = editor.post(f"/documents/{document.id}/suggestions/1/accept", headers=PROGRAM)
    assert (answer.status_code, "can only be refused" in answer.json["error"]) == (409, True)
    assert editor.post(f"/documents/{document.id}/suggestions/1/refuse").status_code == 303


def test_a_decision_on_a_stale_page_loses_nothing(session, cast, editor, suggested, document):
    stale = typed(document, "Words typed on an old page.")
    revising.save(session, document.id, cast.editor, Text(document.title, TEXT + " Newer.", document.text_number))
    session.commit()
    answer = editor.post(f"/documents/{document.id}/suggestions/1/accept", data=stale)
    assert "Words typed on an old page." in answer.text
    assert state_of(session, document) is SuggestionState.OPEN


def test_delivery_waits_and_leads_to_the_first(session, editor, suggested, document):
    answer = editor.post(f"/documents/{document.id}/deliver", data=typed(document, TEXT + " The end, by me."))
    assert answer.status_code == 400
    assert "2 suggestions are still open" in answer.text
    assert 'href="#suggestion-1"' in answer.text
    assert 'id="suggestion-1"' in answer.text
    assert "The end, by me." in answer.text
    assert text_of(session, document) == TEXT + " The end, by me."
    session.refresh(document)
    assert document.state is State.EDITING


def test_the_sponsor_suggests_while_reading_and_signs_after(session, cast, as_person, make_document):
    document = make_document("signoff", text=TEXT)
    session.commit()
    sponsor, editor = as_person(cast.sponsor), as_person(cast.editor)
    assert f"/documents/{document.id}/suggest" in sponsor.get(f"/documents/{document.id}").text
    body = text_of(session, document)
    data = {"body": body.replace("old", "very old"), "base_revision": document.text_number}
    assert sponsor.post(f"/documents/{document.id}/suggest", data=data).status_code == 303
    page = sponsor.get(f"/documents/{document.id}").text
    assert "take them back before you approve" in page
    head = revising.head_text(session, document)
    sign = {"statement": "y", "sha256": head.sha256}
    assert sponsor.post(f"/documents/{document.id}/approve", data=sign).status_code == 409
    assert editor.post(f"/documents/{document.id}/suggestions/1/accept").status_code == 409
    sponsor.post(f"/documents/{document.id}/request-changes", data={"comment": "See my suggestion."})
    assert editor.post(f"/documents/{document.id}/suggestions/1/accept").status_code == 303


@pytest.mark.parametrize("state", ["unassigned", "approved", "withdrawn", "drafting"])
def test_only_while_it_is_edited_or_read(session, cast, as_person, make_document, state):
    document = make_document(state)
    session.commit()
    sponsor = as_person(cast.sponsor)
    url = f"/documents/{document.id}/suggest"
    assert sponsor.get(url).status_code == 409
    assert sponsor.post(url, data={"body": "x", "base_revision": 2}).status_code == 409
    assert url not in sponsor.get(f"/documents/{document.id}").text


def test_suggestions_of_another_document_are_not_found(session, cast, editor, suggested, make_document):
    other = make_document("editing")
    session.commit()
    assert editor.post(f"/documents/{other.id}/suggestions/1/accept").status_code == 404


def test_a_hundred_suggestions_cost_no_more_queries_than_two(session, cast, editor, suggested, document, count_queries):
    house_words.add(session, cast.admin, "email", "e-mail")
    session.commit()
    editor.get(f"/documents/{document.id}")
    with count_queries() as two:
        assert editor.get(f"/documents/{document.id}").status_code == 200
    body = TEXT + " Again." * 100
    revising.save(session, document.id, cast.editor, Text(document.title, body, document.text_number))
    session.refresh(document)
    for number in range(0, 100, 10):
        start = len(TEXT) + 7 * number + 1
        asked = suggesting.Proposal(start, start + 5, f"Once{number}")
        suggesting.propose_one(session, document.id, cast.sponsor, base=document.text_number, proposal=asked)
    session.commit()
    editor.get(f"/documents/{document.id}")
    with count_queries() as many:
        assert editor.get(f"/documents/{document.id}").status_code == 200
    assert len(many) == len(two)

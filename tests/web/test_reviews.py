"""Before delivery, in the browser: what is still to do, reading paragraph by paragraph, and the gate."""

import re

import pytest

from copydesk.documents import reviews, revising, suggesting
from copydesk.documents.models import State
from copydesk.documents.paragraphs import fingerprint
from copydesk.documents.revising import Text
from tests import journeys

PROGRAM = {"Accept": "application/json"}
THREE = "The bakery smells of flour.\n\nNothing is for <sale>.\n\nThe ovens are cold now."
FIRST, SECOND, THIRD = THREE.split("\n\n")


@pytest.fixture
def document(session, make_document):
    made = make_document("editing", text=THREE)
    session.commit()
    return made


@pytest.fixture
def editor(session, cast, as_person):
    session.commit()
    return as_person(cast.editor)


def deliver(client, document, body, base=None, **more):
    typed = {"title": document.title, "body": body, "base_revision": base or document.text_number}
    return client.post(f"/documents/{document.id}/deliver", data=typed, **more)


def card_of(page):
    return page.split('id="before-delivery"')[1].split("</section>")[0]


def test_an_untouched_text_is_saved_and_held_and_the_page_leads_to_the_first_paragraph(session, editor, document):
    page = deliver(editor, document, THREE)
    assert page.status_code == 400
    assert "Saved, but not delivered. 100 % of this text is the machine’s" in page.text
    assert 'href="#paragraph-1"' in page.text
    assert re.search(r'id="paragraph-1"\s+tabindex="-1" open', page.text)
    session.refresh(document)
    assert document.state is State.EDITING


def test_what_was_typed_is_saved_though_it_is_held(session, editor, document):
    most = THREE + "\n\nI."
    page = deliver(editor, document, most)
    assert page.status_code == 400
    session.refresh(document)
    assert revising.head_text(session, document).body == most
    assert 'name="base_revision"' in page.text
    assert re.search(rf'value="{document.text_number}"', page.text)


def test_a_program_is_told_where_to_look(session, editor, document):
    answer = deliver(editor, document, THREE, headers=PROGRAM)
    assert (answer.status_code, answer.json["anchor"]) == (400, "paragraph-1")
    assert "nobody has touched paragraph 1" in answer.json["error"]


def test_read_and_reasoned_it_goes(session, cast, editor, document):
    for words in (FIRST, SECOND):
        answer = editor.post(
            f"/documents/{document.id}/reviews", data={"sha256": fingerprint(words), "reason": "I asked."}
        )
        assert answer.headers["Location"].endswith(f"/documents/{document.id}#before-delivery")
    editor.post(f"/documents/{document.id}/reviews", data={"sha256": fingerprint(THIRD), "quick": "0", "reason": "no"})
    assert reviews.standing(session, document)[-1].reason == reviews.QUICK_REASONS[0]
    assert deliver(editor, document, THREE).status_code == 303
    session.refresh(document)
    assert document.state is State.SIGNOFF


def test_between_warning_and_hold_it_goes_with_a_word(session, editor, document):
    page = deliver(editor, document, THREE + "\n\nI wrote.")
    assert page.status_code == 303
    assert "3 paragraphs are as it wrote them, and the record says so." in editor.get(page.headers["Location"]).text


def test_the_card_says_what_is_to_do_and_where(session, cast, editor, document):
    suggesting.propose(session, document.id, cast.sponsor, base=document.text_number, body=THREE.replace("cold", "hot"))
    document.most_words = 5
    session.commit()
    card = card_of(editor.get(f"/documents/{document.id}").text)
    assert "One suggestion is still open" in card
    assert f"/documents/{document.id}#suggestion-1" in card
    assert "words more than the brief allows" in card
    assert "3 paragraphs are as the machine wrote them" in card
    assert f"/documents/{document.id}/paragraphs#paragraph-1" in card
    assert card.count('name="sha256"') == 3
    assert "Nothing is for &lt;sale&gt;" in card


def test_the_card_is_for_whoever_delivers(cast, as_person, document):
    for reader in (cast.sponsor, cast.admin):
        assert "before-delivery" not in as_person(reader).get(f"/documents/{document.id}").text


def test_a_long_text_shows_a_few_and_leads_to_the_others(session, cast, editor, make_document):
    document = make_document("editing", text="\n\n".join(f"Paragraph number {number}." for number in range(9)))
    session.commit()
    card = card_of(editor.get(f"/documents/{document.id}").text)
    assert card.count('name="sha256"') == 5
    assert "4 more, paragraph by paragraph" in card


def test_the_card_alone_for_a_page_that_goes_on(session, cast, editor, as_person, document):
    revising.save(session, document.id, cast.editor, Text("T", "All mine.", journeys.head(session, document)))
    session.commit()
    part = editor.get(f"/documents/{document.id}/before-delivery").text
    assert part.lstrip().startswith("<section")
    assert "Every paragraph of the machine’s was read or changed" in part


def test_a_review_without_leaving_the_page(session, editor, document):
    answer = editor.post(
        f"/documents/{document.id}/reviews",
        data={"sha256": fingerprint(SECOND), "reason": "I asked <them>."},
        headers=PROGRAM,
    ).json
    assert answer["ok"] is True
    assert [one["state"] for one in answer["paragraphs"]] == ["unread", "reviewed", "unread"]
    assert answer["paragraphs"][1]["reason"] == "I asked <them>."
    assert "I asked &lt;them&gt;." in answer["card"]
    assert "1 reviewed unchanged" in answer["card"]


def test_the_editor_s_script_is_told_of_paragraphs(editor, document):
    desk = editor.get(f"/documents/{document.id}/desk.json").json
    assert [THREE[one["start"] : one["end"]] for one in desk["paragraphs"]] == [FIRST, SECOND, THIRD]
    assert desk["paragraphs"][0] == {"start": 0, "end": len(FIRST), "state": "unread", "reason": None, "share": 100}


def test_the_page_of_paragraphs(session, cast, editor, as_person, document):
    editor.post(f"/documents/{document.id}/reviews", data={"sha256": fingerprint(SECOND), "reason": "I asked."})
    page = editor.get(f"/documents/{document.id}/paragraphs").text
    assert "2 paragraphs are as it wrote them" in page
    assert page.count("data-review>") == 3
    assert "I asked." in page
    read = as_person(cast.sponsor).get(f"/documents/{document.id}/paragraphs").text
    assert "I asked." in read
    assert "data-review" not in read


def test_taking_back_goes_back_to_where_one_was(session, editor, document):
    editor.post(f"/documents/{document.id}/reviews", data={"sha256": fingerprint(SECOND), "reason": "I asked."})
    (made,) = reviews.standing(session, document)
    answer = editor.post(f"/documents/{document.id}/reviews/{made.id}/take-back", data={"back": "paragraphs"})
    assert answer.headers["Location"].endswith(f"/documents/{document.id}/paragraphs")
    assert reviews.standing(session, document) == []
    assert editor.post(f"/documents/{document.id}/reviews/{made.id}/take-back").status_code == 409


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"reason": ""}, "Please enter the reason."),
        ({"reason": "x" * 501}, "At most 500 characters"),
        ({"reason": "", "quick": "99"}, "Please enter the reason."),
        ({"reason": "", "quick": "-1"}, "Please enter the reason."),
        ({"reason": "", "quick": "²"}, "Please enter the reason."),
        ({"reason": "So.", "sha256": "nonsense"}, "These words are not in the saved text any more"),
        ({"reason": "So.", "sha256": ""}, "Please open the text again."),
    ],
)
def test_a_bad_review_is_refused_beside_its_paragraph(session, editor, document, typed, says):
    data = {"sha256": fingerprint(SECOND)} | typed
    page = editor.post(f"/documents/{document.id}/reviews", data=data)
    assert page.status_code == 400
    assert says in page.text
    assert editor.post(f"/documents/{document.id}/reviews", data=data, headers=PROGRAM).status_code == 400
    assert reviews.everything(session, document.id) == []


def test_before_there_is_a_text_the_page_says_so(session, cast, as_person, make_document):
    document = make_document("drafting")
    session.commit()
    assert "Nothing to read yet" in as_person(cast.sponsor).get(f"/documents/{document.id}/paragraphs").text


def test_more_paragraphs_take_no_more_queries(session, cast, editor, make_document, count_queries):
    counts = []
    for many in (1, 12):
        document = make_document("editing", text="\n\n".join(f"Number {one} of them." for one in range(many)))
        session.commit()
        editor.get(f"/documents/{document.id}/paragraphs")
        with count_queries() as statements:
            editor.get(f"/documents/{document.id}/paragraphs")
        counts.append(len(statements))
    assert counts[0] == counts[1]

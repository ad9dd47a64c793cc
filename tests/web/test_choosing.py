"""Several drafts side by side: watched while they are written, chosen by the sponsor, read-only for the editor."""

import re

import pytest
from sqlalchemy import select

from copydesk.audit import AuditEvent
from copydesk.autodocs import requests, writing
from copydesk.autodocs.options import DraftOptions
from copydesk.documents import revising
from copydesk.documents.models import State
from tests import journeys


@pytest.fixture
def sponsor(session, cast, as_person):
    session.commit()
    return as_person(cast.sponsor)


@pytest.fixture
def editor(session, cast, as_person):
    session.commit()
    return as_person(cast.editor)


@pytest.fixture
def three(session, cast):
    """A document whose three drafts are queued."""
    document = requests.create_document(
        session,
        cast.sponsor,
        title="Three",
        brief=journeys.BRIEF,
        editor_id=cast.editor.id,
        options=DraftOptions(n=3),
    )
    session.commit()
    return document


def test_all_of_them_are_watched_side_by_side(session, sponsor, three):
    first, second, _ = journeys.live_drafts(session, three)
    writing.progress(session, writing.claim(session, first.id), "The old bakery still", 40)
    writing.fail(session, writing.claim(session, second.id), "The engine said no.")
    session.commit()
    page = sponsor.get(f"/documents/{three.id}").text
    assert re.findall(r'data-column="(\d)"', page) == ["1", "2", "3"]
    assert page.count('data-role="autodoc"') == 1
    answer = sponsor.get(f"/documents/{three.id}/progress.json").json
    assert (answer["document_state"], answer["state"], answer["text"]) == (
        "drafting",
        "writing",
        "The old bakery still",
    )
    assert [one["number"] for one in answer["drafts"]] == [1, 2, 3]
    assert [one["state"] for one in answer["drafts"]] == ["writing", "failed", "queued"]
    assert answer["drafts"][1]["message"] == "The engine said no."


def test_one_draft_alone_has_no_columns(session, sponsor, make_document):
    document = make_document("drafting")
    session.commit()
    assert sponsor.get(f"/documents/{document.id}/progress.json").json["drafts"] == []
    assert "data-column=" not in sponsor.get(f"/documents/{document.id}").text


def test_watching_several_costs_as_many_queries_as_watching_one(session, sponsor, three, make_document, count_queries):
    alone = make_document("drafting")
    session.commit()
    with count_queries() as one:
        sponsor.get(f"/documents/{alone.id}/progress.json")
    with count_queries() as several:
        sponsor.get(f"/documents/{three.id}/progress.json")
    assert len(several) == len(one)
    assert not any(
        "token_logprobs" in statement or "brief" in statement for statement in several if "autodocs" in statement
    )


def test_the_sponsor_sees_each_with_its_measures_and_a_button(session, sponsor, make_document):
    document = make_document("choosing")
    session.commit()
    page = sponsor.get(f"/documents/{document.id}").text
    assert 'data-state="choosing"' in page
    assert page.count("Choose this draft") == 2
    assert len(re.findall(r"seed <span", page)) == 2
    assert page.count("Mean probability of its tokens: 36 %") == 2  # of e^-0.5 and e^-2.25
    assert page.count("fairly sure") == 2
    assert "It is draft 1." in page
    assert "It is draft 2." in page
    assert "Ada Byrne, who makes a text of it" in page


def test_choosing_makes_it_the_text_and_keeps_the_other(session, cast, sponsor, editor, make_document):
    document = make_document("choosing")
    session.commit()
    answer = sponsor.post(f"/documents/{document.id}/choose/2", follow_redirects=True)
    assert "Draft 2 is the text" in answer.text
    session.refresh(document)
    assert document.state is State.EDITING
    assert revising.head_text(session, document).body.endswith("It is draft 2.")
    act = session.scalars(select(AuditEvent).where(AuditEvent.action == "document.choose")).one()
    assert act.actor_id == cast.sponsor.id
    page = editor.get(f"/documents/{document.id}").text
    assert "Other drafts" in page
    assert f"/documents/{document.id}/drafts/1" in page
    (shown,) = re.findall(r'data-role="autodoc"[^>]*>([^<]*)<', page)
    assert shown.endswith("It is draft 2.")
    assert "It is draft 1." in editor.get(f"/documents/{document.id}/drafts/1").text


def test_a_choice_is_made_once(session, sponsor, make_document):
    document = make_document("choosing")
    session.commit()
    assert sponsor.post(f"/documents/{document.id}/choose/1").status_code == 303
    assert sponsor.post(f"/documents/{document.id}/choose/2").status_code == 409
    session.refresh(document)
    assert revising.head_text(session, document).body.endswith("It is draft 1.")


@pytest.mark.parametrize("number", [0, 3, 99999999])
def test_a_draft_that_is_not_there_is_refused(session, sponsor, make_document, number):
    document = make_document("choosing")
    session.commit()
    assert sponsor.post(f"/documents/{document.id}/choose/{number}").status_code == 400
    session.refresh(document)
    assert document.state is State.CHOOSING


def test_a_draft_that_failed_stands_there_without_a_button(session, sponsor, three):
    first, second, third = journeys.live_drafts(session, three)
    journeys.write(session, first.id)
    writing.fail(session, writing.claim(session, second.id), "The engine said no.")
    journeys.write(session, third.id)
    session.commit()
    page = sponsor.get(f"/documents/{three.id}").text
    assert page.count("Choose this draft") == 2
    assert "The engine said no." in page


def test_for_the_editor_it_is_read_only(session, editor, make_document):
    document = make_document("choosing")
    session.commit()
    page = editor.get(f"/documents/{document.id}").text
    assert "Ruth Okafor chooses among these drafts" in page
    assert "Choose this draft" not in page
    assert 'name="body"' not in page
    assert editor.post(f"/documents/{document.id}/choose/1").status_code == 403


def test_others_can_be_asked_for_instead(session, sponsor, make_document):
    document = make_document("choosing")
    session.commit()
    assert f"/documents/{document.id}/draft-again" in sponsor.get(f"/documents/{document.id}").text
    assert sponsor.post(f"/documents/{document.id}/draft-again", data={"n": "1"}).status_code == 303
    session.refresh(document)
    assert document.state is State.DRAFTING


def test_the_list_says_that_a_choice_waits(session, sponsor, make_document):
    make_document("choosing")
    session.commit()
    page = sponsor.get("/documents").text
    assert "One text waits for you" in page
    assert re.search(r">\s*Choose\s*</a>", page)


def test_the_history_names_every_draft(session, sponsor, make_document):
    document = make_document("choosing")
    session.commit()
    sponsor.post(f"/documents/{document.id}/choose/2")
    page = sponsor.get(f"/documents/{document.id}/history").text
    assert page.count(f"/documents/{document.id}/drafts/2") == 2  # behind its version, and in the list
    assert page.count(f"/documents/{document.id}/drafts/1") == 1

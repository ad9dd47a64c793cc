"""How the text could go on: asked for by its editor alone, within limits; what is accepted is checked by the server."""

import pytest
from sqlalchemy import func, select

from copydesk import audit
from copydesk.autodocs import acceptances, continuations, spans, writing
from copydesk.autodocs.models import Acceptance, Autodoc, DraftState
from copydesk.documents import revising
from copydesk.documents.errors import InvalidInput
from copydesk.documents.revising import Text
from tests import journeys

WORDS = " The ovens are cold."


@pytest.fixture
def editor(session, cast, as_person):
    session.commit()
    return as_person(cast.editor)


@pytest.fixture
def document(session, make_document):
    made = make_document("editing")
    session.commit()
    return made


def question(document, **more):
    text = journeys.DRAFT + " Typed"
    return {"base": document.text_number, "text": text, "at": len(text)} | more


def ask(editor, document, **more):
    return editor.post(f"/documents/{document.id}/go-on", json=question(document, **more))


@pytest.fixture
def written(session, cast, document):
    """A continuation that is there."""
    text = journeys.DRAFT + " Typed"
    made = continuations.ask(session, document.id, cast.editor, base=document.text_number, text=text, at=len(text))
    journeys.write(session, made.id, WORDS)
    session.commit()
    return made


def events(session, document, action):
    return [one for one in audit.history(session, "document", document.id) if one.action == f"document.{action}"]


def kept(session):
    return session.scalars(select(Acceptance).execution_options(populate_existing=True)).all()


def test_it_is_asked_watched_and_recorded_once(session, cast, editor, document):
    answer = ask(editor, document)
    assert answer.status_code == 201
    looked = editor.get(answer.json["url"]).json
    assert (looked["state"], looked["text"], looked["done"]) == ("queued", "", False)
    assert looked["next_ms"] > 0
    draft = journeys.live_draft(session, document)
    mine = writing.claim(session, draft.id)
    writing.progress(session, mine, " The", 1)
    session.commit()
    assert editor.get(answer.json["url"]).json["text"] == " The"
    writing.finish(session, mine, writing.Written(WORDS, "", [1], "0" * 64, "tests"))
    session.commit()
    done = editor.get(answer.json["url"]).json
    assert done == {"state": "done", "text": WORDS, "done": True, "message": "", "next_ms": 0}
    (event,) = events(session, document, "ask_how_to_go_on")
    assert (event.actor_id, event.after["at"]) == (cast.editor.id, len(question(document)["text"]))
    session.refresh(document)
    assert revising.head_text(session, document).body == journeys.DRAFT


def test_places_are_counted_in_the_text_as_the_desk_keeps_it(session, editor, document):
    ask(editor, document, text="Flour 🔥\x00, and\r\nafter", at=9)
    draft = journeys.live_draft(session, document)
    assert (draft.unsaved_text, draft.span_start) == ("Flour 🔥, and\nafter", 8)


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": -1}, {"at": 10_000}, {"at": "1"}, {"at": True}, {"at": 1.5}, {"at": None}, {"at": 2**40},
        {"text": 7}, {"text": None}, {"base": "x"}, {"base": None},
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_words(session, editor, document, wrong):
    answer = ask(editor, document, **wrong)
    assert answer.status_code == 400
    assert answer.is_json or "text" in answer.text
    assert journeys.live_drafts(session, document) == []


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"null", b"7"])
def test_a_body_that_is_no_question_is_refused(editor, document, body):
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    answer = editor.post(f"/documents/{document.id}/go-on", data=body, headers=headers)
    assert (answer.status_code, "try again" in answer.json["error"]) == (400, True)


@pytest.mark.parametrize("base", [0, 1, 99])
def test_a_base_that_is_no_version_of_the_text_is_told(session, editor, document, base):
    answer = ask(editor, document, base=base)
    assert answer.status_code == 409
    assert "does not know the version" in answer.text
    assert journeys.live_drafts(session, document) == []


def test_an_older_version_is_good_enough(session, cast, editor, document):
    older = document.text_number
    revising.save(session, document.id, cast.editor, Text("T", "Saved in another tab.", older))
    session.commit()
    assert ask(editor, document, base=older).status_code == 201


def test_a_text_that_is_too_long_is_refused(editor, document, config):
    assert ask(editor, document, text="x" * (config.text_max_chars + 1), at=0).status_code == 400


def test_the_limits_answer_with_words(session, cast, editor, document, monkeypatch):
    monkeypatch.setattr(continuations, "MOST_A_MINUTE", 2)
    headers = {"Accept": "application/json"}
    answers = [
        editor.post(f"/documents/{document.id}/go-on", json=question(document), headers=headers) for _ in range(3)
    ]
    assert [one.status_code for one in answers] == [201, 201, 429]
    assert "2 times within a minute" in answers[-1].json["error"]
    assert len(events(session, document, "ask_how_to_go_on")) == 2


def test_only_while_it_is_edited(session, cast, editor, document):
    revising.deliver(session, document.id, cast.editor, Text("T", "Done.", document.text_number))
    session.commit()
    assert ask(editor, document).status_code == 409


def test_stopping_leaves_nothing_alive(session, editor, document):
    stop = ask(editor, document).json["stop"]
    assert editor.post(stop, json={}).json == {"ok": True}
    session.expire_all()
    assert journeys.live_drafts(session, document) == []


def test_a_failure_is_told(session, editor, document):
    url = ask(editor, document).json["url"]
    writing.fail(session, writing.claim(session, journeys.live_draft(session, document).id), "The engine said no.")
    session.commit()
    assert editor.get(url).json["message"] == "The engine said no."


def test_another_documents_continuation_is_not_found(session, editor, document, written, make_document):
    other = make_document("editing")
    session.commit()
    assert editor.get(f"/documents/{other.id}/go-on/{written.number}").status_code == 404
    assert accept(editor, other, written, 3).status_code == 400
    assert kept(session) == []


def accept(editor, document, draft, characters):
    return editor.post(f"/documents/{document.id}/go-on/{draft.number}/accept", json={"characters": characters})


def test_accepted_words_only_grow_and_are_recorded_once(session, cast, editor, document, written):
    grown = [accept(editor, document, written, count).json["characters"] for count in (4, 10, 6)]
    assert grown == [4, 10, 10]
    (row,) = kept(session)
    assert (row.autodoc_id, row.person_id, row.characters) == (written.id, cast.editor.id, 10)
    (event,) = events(session, document, "accept_words")
    assert (event.actor_id, event.after["autodoc"]) == (cast.editor.id, written.id)
    session.refresh(document)
    assert revising.head_text(session, document).body == journeys.DRAFT  # nothing is applied by it


@pytest.mark.parametrize("characters", [0, -1, len(WORDS) + 1, "3", None, True, 10**12])
def test_more_than_the_draft_has_is_never_believed(session, editor, document, written, characters):
    assert accept(editor, document, written, characters).status_code == 400
    assert kept(session) == []


def test_words_that_are_still_coming_can_be_taken_so_far(session, editor, document):
    ask(editor, document)
    draft = journeys.live_draft(session, document)
    writing.progress(session, writing.claim(session, draft.id), " The ovens", 2)
    session.commit()
    assert accept(editor, document, draft, len(" The ovens")).status_code == 200
    assert accept(editor, document, draft, len(" The ovens ")).status_code == 400


def test_a_whole_draft_is_no_proposal(session, cast, document):
    whole = session.scalars(select(Autodoc).where(Autodoc.document_id == document.id)).first()
    with pytest.raises(InvalidInput, match="no such words"):
        acceptances.accept(session, document.id, cast.editor, whole.number, 1)


def test_a_candidate_counts_once_it_is_written(session, cast, document):
    base = document.text_number
    (candidate,) = spans.ask(session, document.id, cast.editor, base=base, start=0, end=5, count=1)
    with pytest.raises(InvalidInput, match="no such words"):
        acceptances.accept(session, document.id, cast.editor, candidate.number, 1)
    journeys.write(session, candidate.id, "Her old")
    assert acceptances.accept(session, document.id, cast.editor, candidate.number, 7).characters == 7


def test_the_timeline_is_not_flooded(session, cast, editor, document, written):
    for _ in range(3):
        ask(editor, document)
    drafts = session.scalar(select(func.count()).where(Autodoc.document_id == document.id))
    assert drafts == 5
    accept(editor, document, written, 4)
    page = editor.get(f"/documents/{document.id}").text
    assert "how the text could go on" not in page
    assert page.count("took words that the machine proposed") == 1


def test_its_own_page_tells_what_it_is(editor, document, written):
    page = editor.get(f"/documents/{document.id}/drafts/{written.number}").text
    assert f"Continuation {written.number}" in page
    assert "Words to go on with" in page


def test_a_request_without_its_token_is_refused(app, session, editor, document):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert ask(editor, document).status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert journeys.live_drafts(session, document) == []


def test_a_stopped_one_says_so(session, editor, document):
    answer = ask(editor, document).json
    editor.post(answer["stop"], json={})
    assert editor.get(answer["url"]).json["state"] == DraftState.CANCELLED.value
    assert editor.get(answer["url"]).json["message"] == "It was stopped."

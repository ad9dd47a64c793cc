"""Documents as the browser sees them: creating, writing, delivering, answering; every edge of what is typed in."""

import re
from itertools import pairwise

import pytest
from sqlalchemy import select

from copydesk.autodocs import writing
from copydesk.autodocs.models import Autodoc
from copydesk.documents import chain, operations, revising
from copydesk.documents.models import Document, State
from copydesk.documents.revising import Text
from tests import journeys

SCRIPT = "<script>alert('owned')</script><img src=x onerror=alert(1)>"


@pytest.fixture
def sponsor(session, cast, as_person):
    session.commit()
    return as_person(cast.sponsor)


@pytest.fixture
def editor(session, cast, as_person):
    session.commit()
    return as_person(cast.editor)


def only_document(session):
    session.expire_all()
    return session.scalars(select(Document)).one()


def test_creating_a_document_shows_it_drafting(session, sponsor, cast):
    page = sponsor.post(
        "/documents/new",
        data={"title": "Ceramics", "brief": "Eleven pots.", "editor": str(cast.editor.id)},
        follow_redirects=True,
    )
    assert page.status_code == 200
    assert 'data-state="drafting"' in page.text
    assert 'data-role="autodoc"' in page.text
    assert only_document(session).editor_id == cast.editor.id


def ticket(client):
    return re.search(r'name="ticket" value="([^"]+)"', client.get("/documents/new").text)[1]


def test_a_form_that_arrives_twice_makes_one_document(session, sponsor, cast, as_person):
    typed = {"title": "Ceramics", "brief": "Eleven pots.", "ticket": ticket(sponsor)}
    first, second = (sponsor.post("/documents/new", data=typed) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    made = only_document(session)
    assert session.scalars(select(Autodoc.document_id)).all() == [made.id]

    # Gone back to and changed, it is another document: not a word is lost.
    another = sponsor.post("/documents/new", data=typed | {"brief": "Twelve pots."})
    assert another.location != first.location
    # Somebody else's ticket is none.
    theirs = as_person(cast.other_sponsor).post("/documents/new", data=typed)
    assert theirs.location not in {first.location, another.location}
    assert len(session.scalars(select(Document)).all()) == 3


@pytest.mark.parametrize("made_up", ["", "x", "ImFiYyI.AAAA", "\N{SNOWMAN}", "1" * 5000])
def test_a_made_up_ticket_is_as_good_as_none(session, sponsor, made_up):
    typed = {"title": "Ceramics", "brief": "Eleven pots.", "ticket": made_up}
    assert {sponsor.post("/documents/new", data=typed).status_code for _ in range(2)} == {303}
    assert len(session.scalars(select(Document)).all()) == 2


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("title", "", "Please enter the title"),
        ("title", "x" * 201, "201 characters; the most is 200"),
        ("brief", " \n", "Please enter the brief"),
        ("brief", "x" * 100_001, "100,001 characters; the most is 100,000"),
        ("editor", "999999", "not available any more"),
        ("editor", "1 OR 1=1", "not available any more"),
        ("editor", "9" * 40, "not available any more"),
    ],
)
def test_a_bad_field_is_named_and_the_rest_is_kept(session, sponsor, field, value, says):
    data = {"title": "A kept title", "brief": "A kept brief.", "editor": ""} | {field: value}
    answer = sponsor.post("/documents/new", data=data)
    assert answer.status_code == 400
    assert says in answer.text
    for name in {"title", "brief"} - {field}:
        assert data[name] in answer.text
    assert session.scalars(select(Document)).all() == []


@pytest.mark.parametrize("words", ["🔥👩‍🍳 ovens", "מאפייה ישנה", "عربي", "a\x00b", "ﷺ" * 50, "é" * 200])
def test_any_script_goes_through(session, sponsor, words):
    assert sponsor.post("/documents/new", data={"title": words, "brief": words, "editor": ""}).status_code == 303
    document = only_document(session)
    assert document.brief == words.replace("\x00", "")
    page = sponsor.get(f"/documents/{document.id}").text
    assert document.brief in page
    assert 'dir="auto"' in page


def test_a_body_beyond_the_limit_is_refused_with_words(sponsor):
    answer = sponsor.post("/documents/new", data={"title": "T", "brief": "x" * 5_000_000, "editor": ""})
    assert answer.status_code == 413
    assert "larger than this desk accepts" in answer.text


def test_script_in_every_field_stays_text(session, cast, sponsor, editor, as_person, client):
    client.post(
        "/signup/editor",
        data={"name": SCRIPT, "email": "evil@example.org", "organization": SCRIPT, "password": "long enough"},
    )
    document_url = sponsor.post(
        "/documents/new", data={"title": SCRIPT, "brief": SCRIPT, "editor": str(cast.editor.id)}
    ).headers["Location"]
    document = only_document(session)
    journeys.draft(session, document, SCRIPT + " A draft.")
    session.commit()
    body = {"title": SCRIPT, "body": SCRIPT + " Revised.", "base_revision": journeys.head(session, document)}
    editor.post(f"{document_url}/deliver", data=body)
    sponsor.post(f"{document_url}/request-changes", data={"comment": SCRIPT})
    admin = as_person(cast.admin)
    pages = [sponsor.get(document_url), editor.get(document_url), sponsor.get(f"{document_url}/history")]
    pages += [sponsor.get(f"{document_url}/history/3"), sponsor.get(f"{document_url}/brief"), sponsor.get("/documents")]
    pages += [admin.get("/admin/signups"), admin.get("/admin/users"), admin.get(document_url)]
    stale = body | {"base_revision": 1, "body": SCRIPT + " Typed elsewhere."}
    pages.append(editor.post(f"{document_url}/save", data=stale))
    for page in pages:
        assert page.status_code in (200, 409)
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
    assert "&lt;script&gt;" in pages[0].text


def test_saving_and_delivering(session, cast, sponsor, editor, make_document):
    document = make_document("editing")
    session.commit()
    url = f"/documents/{document.id}"
    page = editor.get(url).text
    base = re.search(r'name="base_revision"[^>]*value="(\d+)"', page).group(1)
    answer = editor.post(
        f"{url}/save",
        data={"title": "New title", "body": "My words.\r\n", "base_revision": base},
        follow_redirects=True,
    )
    assert "Saved." in answer.text
    assert "My words." in answer.text
    base = journeys.head(session, document)
    editor.post(f"{url}/deliver", data={"title": "New title", "body": "My words, better.", "base_revision": base})
    session.refresh(document)
    assert document.state is State.SIGNOFF
    assert revising.head_text(session, document).body == "My words, better."


def test_a_stale_save_answers_409_with_both_and_ones_own_words(session, cast, editor, make_document):
    document = make_document("editing")
    base = document.text_number
    revising.save(session, document.id, cast.editor, Text(document.title, "Saved elsewhere.", base))
    session.commit()
    typed = "Typed for an hour on an old page. 🔥"
    url = f"/documents/{document.id}/save"
    answer = editor.post(url, data={"title": "Mine", "body": typed, "base_revision": base})
    assert answer.status_code == 409
    assert re.search(rf"<textarea[^>]*>\s*{re.escape(typed)}", answer.text)
    assert "elsewhere" in answer.text
    assert re.findall(r'name="piece-0"\s+value="(\w+)"', answer.text) == ["theirs", "mine", "both"]
    assert revising.head_text(session, document).body == "Saved elsewhere."
    again = re.search(r'name="base_revision"[^>]*value="(\d+)"', answer.text).group(1)
    assert editor.post(url, data={"title": "Mine", "body": typed, "base_revision": again}).status_code == 303
    session.expire_all()
    assert revising.head_text(session, document).body == typed


def test_a_save_after_the_document_moved_on_keeps_the_words_on_the_page(session, cast, editor, make_document):
    document = make_document("signoff")
    session.commit()
    data = {"title": "Mine", "body": "Typed too late.", "base_revision": document.text_number}
    answer = editor.post(f"/documents/{document.id}/save", data=data)
    assert answer.status_code == 409
    assert "Typed too late." in answer.text


def test_words_typed_for_a_text_that_went_to_somebody_else_are_on_the_page(session, cast, editor, make_document):
    document = make_document("editing")
    base = document.text_number
    operations.assign(session, document.id, cast.sponsor, cast.other_editor.id)
    session.commit()
    data = {"title": "Mine", "body": "Typed while it was reassigned.", "base_revision": base}
    answer = editor.post(f"/documents/{document.id}/save", data=data)
    assert answer.status_code == 404
    assert "Typed while it was reassigned." in answer.text


def test_a_text_too_long_is_refused_and_kept(session, editor, make_document):
    document = make_document("editing")
    session.commit()
    data = {"title": "T", "body": "word " * 100_001, "base_revision": document.text_number}
    answer = editor.post(f"/documents/{document.id}/save", data=data)
    assert answer.status_code == 400
    assert "the most is 500,000" in answer.text
    assert "word word" in answer.text


def test_asking_for_changes_without_words_is_refused_and_says_so(session, sponsor, make_document):
    document = make_document("signoff")
    session.commit()
    answer = sponsor.post(f"/documents/{document.id}/request-changes", data={"comment": " "})
    assert answer.status_code == 400
    assert "say what should change" in answer.text


def test_approving_states_what_stands_above_the_button(session, sponsor, make_document):
    document = make_document("signoff")
    session.commit()
    sha256 = revising.head_text(session, document).sha256
    url = f"/documents/{document.id}/approve"
    card = re.search(
        r'<section[^>]*id="sign-off".*?>Approve<', sponsor.get(f"/documents/{document.id}").text, re.DOTALL
    )
    assert all(words in card[0] for words in ("By approving you state", "Accuracy", "Plausibility", "Sources"))
    assert sponsor.post(url).status_code == 400
    assert sponsor.post(url, data={"sha256": sha256}).status_code == 303
    session.refresh(document)
    assert (document.state, document.signed_sha256) == (State.APPROVED, sha256)


def test_a_failed_draft_says_why_and_offers_to_try_again(session, sponsor, make_document):
    document = make_document("draft_failed")
    session.commit()
    page = sponsor.get(f"/documents/{document.id}").text
    assert 'data-state="draft_failed"' in page
    assert "The engine said no." in page
    assert f'action="/documents/{document.id}/retry"' in page


def test_cancelling_a_draft(session, sponsor, make_document):
    document = make_document("drafting")
    session.commit()
    sponsor.post(f"/documents/{document.id}/cancel")
    session.refresh(document)
    assert document.state is State.DRAFT_FAILED
    assert sponsor.post(f"/documents/{document.id}/retry").status_code == 303
    session.refresh(document)
    assert document.state is State.DRAFTING


def test_progress_tells_the_words_so_far(session, sponsor, make_document):
    document = make_document("drafting")
    draft = journeys.live_draft(session, document)
    mine = writing.claim(session, draft.id)
    writing.progress(session, mine, "The old bakery still", 40)
    session.commit()
    answer = sponsor.get(f"/documents/{document.id}/progress.json").json
    assert (answer["state"], answer["text"], answer["words"]) == ("writing", "The old bakery still", 4)
    assert 0 < answer["percent"] < 100
    assert answer["next_ms"] <= 500


def test_a_watching_page_does_not_fetch_the_brief_again_and_again(session, sponsor, make_document, count_queries):
    document = make_document("drafting")
    session.commit()
    with count_queries() as statements:
        sponsor.get(f"/documents/{document.id}/progress.json")
    asked = [statement for statement in statements if "FROM autodocs" in statement]
    assert len(asked) == 1
    assert "brief" not in asked[0]
    assert "prompt_tokens" not in asked[0]


def test_a_page_says_that_drafting_waits_for_the_engine(session, sponsor, make_document):
    document = make_document("drafting")
    mine = writing.claim(session, journeys.live_draft(session, document).id)
    writing.hand_back(session, mine, waiting=True)
    session.commit()
    assert "engine does not answer" in sponsor.get(f"/documents/{document.id}").text
    answer = sponsor.get(f"/documents/{document.id}/progress.json").json
    assert answer["waiting"] is True
    assert "Your brief is safe" in answer["message"]


def test_a_page_says_that_no_worker_runs(session, sponsor, make_document):
    document = make_document("drafting")
    session.commit()
    assert "No worker is running" in sponsor.get(f"/documents/{document.id}").text


def test_the_page_says_which_part_of_a_long_brief_was_read(session, sponsor, make_document):
    document = make_document("drafting", brief="word " * 3000 + "end.")
    mine = writing.claim(session, journeys.live_draft(session, document).id)
    writing.begin(session, mine, sampling={}, prompt_tokens=[1], read_from_char=12_000)
    session.commit()
    page = sponsor.get(f"/documents/{document.id}").text
    assert re.search(r"read the (last|end)", page)
    assert "3,0" in page


def test_the_brief_can_be_changed_and_the_old_one_stays_in_the_record(session, sponsor, make_document):
    document = make_document("editing")
    session.commit()
    url = f"/documents/{document.id}/brief"
    base = re.search(r'name="base"[^>]*value="(\d+)"', sponsor.get(url).text).group(1)
    assert sponsor.post(url, data={"title": "T", "brief": "Another.", "base": base}).status_code == 303
    assert sponsor.post(url, data={"title": "T", "brief": "Too late.", "base": base}).status_code == 409
    briefs = [one.body for one in chain.revisions(session, document.id) if one.kind.value == "brief"]
    assert briefs == [journeys.BRIEF, "Another."]


@pytest.mark.parametrize("state", ["editing", "draft_failed"])
def test_a_changed_brief_can_be_drafted_at_once(session, sponsor, make_document, state):
    document = make_document(state)
    session.commit()
    data = {"title": "T", "brief": "Another brief.", "base": "1", "redraft": "1"}
    assert sponsor.post(f"/documents/{document.id}/brief", data=data).status_code == 303
    session.refresh(document)
    assert document.state is State.DRAFTING
    assert journeys.live_draft(session, document).brief == "Another brief."


def test_the_record_tiles_the_text(session, cast, sponsor, make_document):
    document = make_document("approved")
    session.commit()
    record = sponsor.get(f"/documents/{document.id}/record.json").json
    spans = record["spans"]
    assert [spans[0]["start"], spans[-1]["end"]] == [0, len(record["text"])]
    assert all(one["end"] == next_one["start"] for one, next_one in pairwise(spans))
    assert {one["origin"] for one in spans} == {"machine", "human"}
    assert {one["author"] for one in spans if one["origin"] == "human"} == {cast.editor.name}
    assert [one["kind"] for one in record["revisions"]] == ["brief", "machine", "human"]
    (draft,) = record["drafts"]
    assert draft["autodoc"] == record["revisions"][1]["autodoc"]
    assert (draft["text"], draft["trimmed"], draft["output_tokens"]) == (journeys.DRAFT, " And then the", [4, 5])


def test_history_shows_every_version_and_its_difference(session, sponsor, make_document):
    document = make_document("approved")
    session.commit()
    assert "Ada Byrne" in sponsor.get(f"/documents/{document.id}/history").text
    page = sponsor.get(f"/documents/{document.id}/history/3").text
    assert "<ins" in page
    assert "ovens" in page
    assert sponsor.get(f"/documents/{document.id}/history/99").status_code == 404


def test_two_editors_claim_and_one_gets_it(session, cast, as_person, make_document):
    document = make_document("unassigned")
    session.commit()
    url = f"/documents/{document.id}/claim"
    assert as_person(cast.editor).post(url).status_code == 303
    assert as_person(cast.other_editor).post(url).status_code in (404, 409)
    session.refresh(document)
    assert document.editor_id == cast.editor.id


def test_declining_gives_the_text_back(session, cast, editor, make_document):
    document = make_document("editing")
    session.commit()
    assert editor.post(f"/documents/{document.id}/decline", data={"comment": ""}).status_code == 400
    assert editor.post(f"/documents/{document.id}/decline", data={"comment": "I know the potter."}).status_code == 303
    session.refresh(document)
    assert (document.state, document.editor_id) == (State.UNASSIGNED, None)


def test_the_list_counts_pages_and_filters(session, cast, sponsor, make_document):
    for number in range(30):
        make_document("drafting", title=f"Text {number}")
    make_document("signoff", title="For your pen")
    session.commit()
    first = sponsor.get("/documents").text
    assert "One text waits for you" in first
    following = re.search(r'href="([^"]*after=[^"]*)"', first).group(1).replace("&amp;", "&")
    second = sponsor.get(following).text
    titles = set(re.findall(r"Text \d+", first)) | set(re.findall(r"Text \d+", second))
    assert len(titles) == 30
    filtered = sponsor.get("/documents?state=signoff").text
    assert "For your pen" in filtered
    assert "Text 3" not in filtered
    assert sponsor.get("/documents?state=nonsense&after=nonsense").status_code == 200


def test_a_list_asks_the_database_as_often_for_many_as_for_few(session, sponsor, make_document, count_queries):
    make_document("drafting")
    session.commit()
    with count_queries() as few:
        sponsor.get("/documents")
    for _ in range(20):
        make_document("drafting")
    session.commit()
    with count_queries() as many:
        sponsor.get("/documents")
    assert len(many) == len(few)


def test_what_the_worker_wrote_is_one_draft_of_many(session, sponsor, make_document):
    document = make_document("editing")
    session.commit()
    sponsor.post(f"/documents/{document.id}/redraft")
    assert len(session.scalars(select(Autodoc)).all()) == 2

"""Words that were typed and not saved: kept every few seconds, given back, thrown away, forgotten after a month."""

import json

import pytest
from sqlalchemy import func, select, text

from copydesk.config import settings
from copydesk.documents import operations, revising, unsent
from copydesk.documents.errors import DocumentNotFound, InvalidInput, NotAllowed, WrongState
from copydesk.documents.revising import Text
from copydesk.documents.unsent import Unsent, Words
from tests import journeys

PROGRAM = {"Accept": "application/json"}
SAYS_JSON = {"Content-Type": "application/json"}
TYPED = journeys.DRAFT + " The ovens are cold now."


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
def keep(session, cast, document):
    def keep(body=TYPED, version=1, tab="one", base=None, title=journeys.TITLE, **more):
        words = Words(tab, version, base or document.text_number, title, body, **more)
        return unsent.keep(session, document.id, cast.editor, words)

    return keep


def waiting(session, document, person):
    found = unsent.newest(session, document, person)
    return None if found is None else found.body


def message(document, **more):
    sent = {"tab": "one", "version": 1, "base": document.text_number, "title": "T", "body": TYPED, "paragraph": 1}
    return {name: value for name, value in (sent | more).items() if value is not ...}


def put(browser, document, **more):
    return browser.put(f"/documents/{document.id}/unsent", json=message(document, **more), headers=PROGRAM)


def test_kept_words_come_back(session, cast, document, keep):
    keep()
    found = unsent.newest(session, document, cast.editor)
    assert (found.body, found.tab, found.version, found.base) == (TYPED, "one", 1, document.text_number)
    assert unsent.newest(session, document, cast.admin) is None


def test_a_late_sending_cannot_undo_a_newer(session, cast, document, keep):
    keep(TYPED + " Newer.", version=5)
    assert keep(TYPED, version=4).version == 5
    assert keep("", version=5).version == 5
    assert waiting(session, document, cast.editor) == TYPED + " Newer."
    keep(TYPED + " Newest.", version=6)
    assert waiting(session, document, cast.editor) == TYPED + " Newest."


def test_each_window_keeps_its_own_and_the_newest_is_given_back(session, cast, document, keep):
    keep("From the first window.", tab="one")
    keep("From the second window.", tab="two")
    assert waiting(session, document, cast.editor) == "From the second window."
    unsent.discard(session, document, cast.editor, "two", 2)
    assert waiting(session, document, cast.editor) == "From the first window."


def test_words_that_the_text_holds_already_are_not_offered(session, cast, document, keep):
    keep(journeys.DRAFT)
    assert waiting(session, document, cast.editor) is None
    keep(TYPED, version=2)
    base = document.text_number
    revising.save(session, document.id, cast.editor, Text(journeys.TITLE, TYPED + " And more.", base))
    assert waiting(session, document, cast.editor) is None


def test_words_on_an_older_text_come_back_on_top_of_the_newest(session, cast, document, keep):
    base = document.text_number
    keep(TYPED, base=base)
    newer = journeys.DRAFT.replace("old bakery", "old mill")
    head = revising.save(session, document.id, cast.editor, Text(journeys.TITLE, newer, base))
    found = unsent.newest(session, document, cast.editor)
    assert (found.body, found.base, found.merged) == (newer + " The ovens are cold now.", head.number, True)


def test_words_that_conflict_come_back_as_they_were_typed(session, cast, document, keep):
    base = document.text_number
    mine = journeys.DRAFT.replace("old bakery", "old barn")
    keep(mine, base=base)
    newer = journeys.DRAFT.replace("old bakery", "old mill")
    revising.save(session, document.id, cast.editor, Text(journeys.TITLE, newer, base))
    found = unsent.newest(session, document, cast.editor)
    assert (found.body, found.base, found.merged) == (mine, base, False)


def test_saved_words_that_were_sent_once_more_do_not_come_back_when_the_text_moves_on(session, cast, document, keep):
    base = document.text_number
    mine = journeys.DRAFT.replace("old bakery", "old barn")
    saved = revising.save(session, document.id, cast.editor, Text(journeys.TITLE, mine, base, tab="one", version=1))
    keep(mine, version=2, base=base)  # on its way before the answer to the save was there
    newer = journeys.DRAFT.replace("old bakery", "old mill")
    revising.save(session, document.id, cast.editor, Text(journeys.TITLE, newer, saved.number))
    assert waiting(session, document, cast.editor) is None
    keep(mine + " And more.", version=3, base=base)
    assert waiting(session, document, cast.editor) == mine + " And more."
    unsent.discard(session, document, cast.editor, "one", 4)
    keep(mine, version=5, base=base)
    assert unsent.keep_as_revisions(session, document, cast.sponsor) == []


def test_a_late_sending_brings_nothing_back_after_saving_or_throwing_away(session, cast, document, keep):
    keep(version=1)
    base = document.text_number
    saved = Text(journeys.TITLE, TYPED, base, tab="one", version=3)
    revising.save(session, document.id, cast.editor, saved)
    keep("Words from before the save.", version=2, base=base)
    assert waiting(session, document, cast.editor) is None
    keep("Words from after it.", version=4)
    unsent.discard(session, document, cast.editor, "one", 5)
    keep("Words from after it.", version=4)
    assert waiting(session, document, cast.editor) is None
    assert unsent.settled(session, document, cast.editor) == {"one": 5}


def test_throwing_away_spares_what_was_typed_since(session, cast, document, keep):
    keep(version=5)
    unsent.discard(session, document, cast.editor, "one", 4)
    assert waiting(session, document, cast.editor) == TYPED


def test_words_taken_over_from_a_closed_window_are_one_persons_once(session, cast, document, keep):
    keep(TYPED, tab="crashed", version=9)
    keep(TYPED + " And more.", tab="fresh", version=1, instead_of=("crashed", 9))
    rows = session.scalars(select(Unsent.tab).where(Unsent.body.is_not(None))).all()
    assert rows == ["fresh"]


def test_words_typed_in_the_other_window_since_are_not_taken_away(session, cast, document, keep):
    keep(TYPED, tab="alive", version=10)
    keep(TYPED + " And more.", tab="fresh", version=1, instead_of=("alive", 9))
    rows = session.scalars(select(Unsent.tab).where(Unsent.body.is_not(None))).all()
    assert sorted(rows) == ["alive", "fresh"]


def test_a_person_has_so_many_windows_and_those_with_words_stay(session, cast, document, keep):
    for number in range(unsent.MOST_WINDOWS + 5):
        keep(f"{TYPED} {number}", tab=f"tab-{number}")
        if number % 2 == 0:
            unsent.discard(session, document, cast.editor, f"tab-{number}", 2)
    assert session.scalar(select(func.count()).select_from(Unsent)) == unsent.MOST_WINDOWS
    with_words = session.scalar(select(func.count()).select_from(Unsent).where(Unsent.body.is_not(None)))
    assert with_words == (unsent.MOST_WINDOWS + 5) // 2


def test_only_who_may_save_may_keep(session, cast, document):
    words = Words("one", 1, document.text_number, "T", TYPED)
    for person, refusal in {
        "sponsor": NotAllowed,
        "admin": NotAllowed,
        "other_editor": DocumentNotFound,
        "suspended": DocumentNotFound,
    }.items():
        with pytest.raises(refusal):
            unsent.keep(session, document.id, getattr(cast, person), words)


@pytest.mark.parametrize("state", ["drafting", "draft_failed", "choosing", "signoff", "approved", "withdrawn"])
def test_nothing_is_kept_where_nothing_can_be_saved(session, cast, make_document, state):
    document = make_document(state)
    with pytest.raises(WrongState):
        unsent.keep(session, document.id, cast.editor, Words("one", 1, document.text_number or 1, "T", TYPED))


def test_a_text_too_long_to_save_is_kept_up_to_twice_that_and_no_further(session, keep):
    most = settings().text_max_chars
    keep("x" * (most + 1))
    with pytest.raises(InvalidInput, match="too long"):
        keep("x" * (2 * most + 1), version=2)


@pytest.mark.parametrize("base", [-1, 99])
def test_words_on_a_text_that_never_was_are_refused(keep, base):
    with pytest.raises(InvalidInput):
        keep(base=base)


def test_after_a_month_they_are_gone(session, cast, document, keep):
    keep(tab="old")
    keep(tab="new")
    session.execute(text("UPDATE unsent_texts SET kept_at = now() - interval '31 days' WHERE tab = 'old'"))
    assert unsent.clear_old(session) == 1
    assert session.scalars(select(Unsent.tab)).all() == ["new"]


# In the browser


def test_the_desk_keeps_them_and_says_when_and_what_is_new(session, cast, editor, document):
    answer = put(editor, document)
    assert answer.status_code == 200
    assert answer.json["version"] == 1
    assert answer.json["head"] == document.text_number
    assert answer.json["others"] == []
    assert answer.json["kept_at"]
    assert answer.json["csrf"]
    assert answer.json["by"] == "the machine"
    assert waiting(session, document, cast.editor) == TYPED


def test_the_page_gets_them_back(session, editor, document):
    put(editor, document)
    desk = editor.get(f"/documents/{document.id}/desk.json").json
    assert (desk["unsent"]["body"], desk["unsent"]["tab"]) == (TYPED, "one")
    editor.delete(f"/documents/{document.id}/unsent", json={"tab": "one", "version": 2}, headers=PROGRAM)
    desk = editor.get(f"/documents/{document.id}/desk.json").json
    assert (desk["unsent"], desk["settled"]) == (None, {"one": 2})


def test_others_never_see_them(session, cast, editor, document, as_person):
    put(editor, document)
    for reader in (cast.sponsor, cast.admin):
        desk = as_person(reader).get(f"/documents/{document.id}/desk.json").json
        assert desk["unsent"] is None
        assert "ovens" not in as_person(reader).get(f"/documents/{document.id}").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"tab": ""},
        {"tab": "x" * 37},
        {"tab": "<b>"},
        {"tab": 7},
        {"version": -1},
        {"version": 2**31},
        {"version": "1"},
        {"base": None},
        {"title": "x" * 2001},
        {"body": None},
        {"body": ...},
        {"paragraph": 0},
        {"instead_of": ["one"]},
        {"more": "than asked"},
    ],
    ids=str,
)
def test_what_no_page_of_ours_sends_is_refused(editor, document, wrong):
    answer = put(editor, document, **wrong)
    assert answer.status_code == 400
    assert "error" in answer.json


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"tab": ', b"\xff"])
def test_no_json_is_refused(editor, document, body):
    answer = editor.put(f"/documents/{document.id}/unsent", data=body, headers=PROGRAM | SAYS_JSON)
    assert answer.status_code == 400


@pytest.mark.parametrize("words", ["a\x00b", "\u202e🔥 né\r\nnext", "\ud800"], ids=ascii)
def test_every_character_that_can_be_kept_is(session, cast, editor, document, words):
    sent = json.dumps(message(document, body="Kept: " + words))
    answer = editor.put(f"/documents/{document.id}/unsent", data=sent, headers=PROGRAM | SAYS_JSON)
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        kept = waiting(session, document, cast.editor)
        assert kept == "Kept: " + words.replace("\x00", "").replace("\r\n", "\n")


def test_a_person_who_lost_the_text_is_told(session, cast, editor, document):
    operations.assign(session, document.id, cast.sponsor, cast.other_editor.id)
    session.commit()
    answer = put(editor, document)
    assert answer.status_code == 404
    assert "error" in answer.json


def test_a_text_that_was_delivered_is_told(session, cast, editor, document):
    revising.deliver(session, document.id, cast.editor, Text("T", TYPED, document.text_number))
    session.commit()
    assert put(editor, document).status_code == 409


def test_a_strange_token_is_refused(app, session, editor, document, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    url = f"/documents/{document.id}/unsent"
    assert put(editor, document).status_code == 400
    wrong = PROGRAM | {"X-CSRFToken": "made up"}
    assert editor.put(url, json=message(document), headers=wrong).status_code == 400
    assert editor.delete(url, json={"tab": "one", "version": 1}, headers=wrong).status_code == 400
    token = editor.get(f"/documents/{document.id}/presence", headers=PROGRAM).json["csrf"]
    right = PROGRAM | {"X-CSRFToken": token}
    assert editor.put(url, json=message(document), headers=right).status_code == 200


def test_dropping_them_without_script_goes_back_to_the_text(session, cast, editor, document):
    put(editor, document)
    answer = editor.post(f"/documents/{document.id}/unsent/drop", data={"tab": "one", "version": "1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/documents/{document.id}")
    assert waiting(session, document, cast.editor) is None
    assert editor.post(f"/documents/{document.id}/unsent/drop").status_code == 303


def test_keeping_costs_the_same_however_much_there_is(app, editor, document, count_queries):
    put(editor, document)
    with count_queries() as few:
        put(editor, document, version=2)
    for number in range(12):
        put(editor, document, tab=f"tab-{number}")
    with count_queries() as many:
        put(editor, document, version=3)
    assert len(many) == len(few)

"""Saving on a text that somebody changed meanwhile: merged where it can be, asked where it can't, never lost."""

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from copydesk import audit
from copydesk.documents import chain, machine_words, operations, revising, unsent
from copydesk.documents.errors import TextsConflict
from copydesk.documents.models import Kind, State
from copydesk.documents.revising import Chosen, Text
from copydesk.documents.textdiff.merging import Choice
from copydesk.documents.unsent import Unsent, Words
from copydesk.documents.workflow import Act
from copydesk.web.documents import conflicts
from tests import journeys

PROGRAM = {"Accept": "application/json"}
DRAFT = journeys.DRAFT
MINE = DRAFT.replace("old bakery", "old mill")
THEIRS = DRAFT.replace("before dawn", "before sunrise")
OTHERS = DRAFT.replace("old bakery", "old barn")
BOTH = MINE.replace("before dawn", "before sunrise")


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
def save(session, cast, document):
    """Save as the editor does; the texts' titles are the document's unless another is given."""

    def save(body, base, title=journeys.TITLE, **more):
        return revising.save(session, document.id, cast.editor, Text(title, body, base, **more))

    return save


def texts(session, document):
    return [one for one in chain.revisions(session, document.id) if one.kind is not Kind.BRIEF]


def test_a_stale_save_is_merged_where_the_changes_are_apart(session, cast, document, save):
    base = document.text_number
    theirs = save(THEIRS, base)
    mine = save(MINE, base)
    assert mine.body == BOTH
    assert (mine.number, mine.merged_from, mine.author_id) == (theirs.number + 1, base, cast.editor.id)
    assert chain.first_broken(chain.revisions(session, document.id)) is None
    event = audit.history(session, "document", document.id)[-1]
    assert (event.action, event.after["merged_from"]) == ("document.save", base)


def test_titles_are_merged_too(document, save):
    base = document.text_number
    save(DRAFT, base, title="Old ceramics at the bakery")
    merged = save(DRAFT, base, title="Ceramics at the bakery, again")
    assert merged.title == "Old ceramics at the bakery, again" or "again" in merged.title


def test_the_same_words_changed_twice_are_refused_with_the_pieces(session, document, save):
    base = document.text_number
    head = save(OTHERS, base)
    with pytest.raises(TextsConflict) as refusal:
        save(MINE, base)
    (piece,) = refusal.value.body.conflicts
    assert ("barn" in piece.theirs, "mill" in piece.mine, "bakery" in piece.base) == (True, True, True)
    assert refusal.value.head == head.number
    assert revising.head_text(session, document).body == OTHERS


@pytest.mark.parametrize(
    ("choice", "stays"), [(Choice.MINE, MINE), (Choice.THEIRS, OTHERS), (Choice.BOTH, None)], ids=str
)
def test_what_was_chosen_becomes_the_text(session, document, save, choice, stays):
    base = document.text_number
    head = save(OTHERS, base)
    chosen = save(MINE, head.number, chosen=Chosen(base, body=(choice,)))
    if stays:
        assert chosen.body == stays
    else:
        assert re.search(r"barn.*mill", chosen.body)
    if choice is not Choice.THEIRS:
        assert chosen.merged_from == base


def test_a_choice_on_a_text_that_moved_on_again_is_merged_with_the_newest(document, save):
    base = document.text_number
    head = save(OTHERS, base)
    save(OTHERS.replace("before dawn", "before sunrise"), head.number)
    chosen = save(MINE, head.number, chosen=Chosen(base, body=(Choice.MINE,)))
    assert chosen.body == BOTH


def test_the_same_text_saved_twice_is_one_version(session, document, save):
    base = document.text_number
    first = save(MINE, base)
    assert save(MINE, base).number == first.number == save(MINE, first.number).number


def test_a_window_that_was_not_touched_loses_nothing_of_what_the_other_saved(session, document, save):
    base = document.text_number
    newer = save(THEIRS, base)
    assert save(DRAFT, base).number == newer.number


def test_ones_own_slow_save_is_no_conflict(session, document, save):
    """The answer to the first save never came; the window goes on from the same base."""
    base = document.text_number
    save(MINE, base, tab="one", version=1)
    newer = MINE.replace("old mill", "very old windmill")
    second = save(newer, base, tab="one", version=2)
    assert (second.body, second.merged_from) == (newer, None)


def test_an_older_save_that_arrives_after_a_newer_changes_nothing(session, document, save):
    base = document.text_number
    newer = save(MINE + " And more.", base, tab="one", version=7)
    assert save(OTHERS, base, tab="one", version=6).number == newer.number
    assert save(MINE + " And more.", base, tab="one", version=7).number == newer.number
    assert revising.head_text(session, document).body == MINE + " And more."


def test_a_slow_save_that_was_merged_does_not_take_the_other_words_out(session, document, save):
    base = document.text_number
    save(THEIRS, base, tab="two", version=1)
    save(MINE, base, tab="one", version=1)  # merged; the window never hears of it
    again = save(MINE + " More.", base, tab="one", version=2)
    assert again.body == BOTH + " More."


def test_a_save_after_a_passage_of_the_machine_is_merged(session, cast, document, save):
    base = document.text_number
    passage = machine_words.Passage(base, DRAFT.index("before dawn"), DRAFT.index("before dawn") + 6, "after")
    draft = journeys.requests.newest(session, document.id)
    machine_words.take_passage(session, document.id, cast.editor, passage=passage, autodoc_id=draft.id)
    assert save(MINE, base).body == MINE.replace("before dawn", "after dawn")


def test_delivering_merges_too_and_asks_before_it_delivers_a_conflict(session, cast, document, save):
    base = document.text_number
    save(OTHERS, base)
    with pytest.raises(TextsConflict):
        revising.deliver(session, document.id, cast.editor, Text(document.title, MINE, base))
    session.refresh(document)
    assert document.state is State.EDITING
    revising.deliver(session, document.id, cast.editor, Text(document.title, THEIRS, base))
    assert document.state is State.SIGNOFF
    assert revising.head_text(session, document).body == OTHERS.replace("before dawn", "before sunrise")


def test_saving_ends_what_the_window_had_unsent_and_no_other(session, cast, document, save):
    base = document.text_number
    for tab in ("one", "two"):
        unsent.keep(session, document.id, cast.editor, Words(tab, 1, base, document.title, MINE + f" From {tab}."))
    save(MINE + " From one.", base, tab="one", version=2)
    left = session.scalars(select(Unsent.tab).where(Unsent.body.is_not(None))).all()
    assert left == ["two"]


def test_a_choice_ends_the_same_words_even_if_they_were_sent_again(session, cast, document, save):
    base = document.text_number
    head = save(OTHERS, base)
    unsent.keep(session, document.id, cast.editor, Words("one", 9, base, journeys.TITLE, MINE))
    save(MINE, head.number, tab="one", version=8, chosen=Chosen(base, body=(Choice.THEIRS,)))
    assert unsent.newest(session, document, cast.editor) is None


def test_a_choice_settles_what_the_page_before_sends_late(session, cast, document, save, editor):
    """The page that was left sent its words once more, and its browser kept them under a number of its own."""
    base = document.text_number
    save(OTHERS, base)
    session.commit()
    url = f"/documents/{document.id}/save"
    data = {"title": journeys.TITLE, "body": MINE, "base_revision": base, "tab": "one", "version": 3}
    page = editor.post(url, data=data).text
    settling = int(re.search(r'name="version"\s+value="(\d+)"', page).group(1))
    chosen = {"base_revision": base + 1, "typed_on": base, "piece-0": "theirs", "version": settling}
    assert editor.post(url, data=data | chosen).status_code == 303
    late = {"tab": "one", "version": 5, "base": base, "title": journeys.TITLE, "body": MINE}
    assert editor.put(f"/documents/{document.id}/unsent", json=late).get_json()["version"] == settling
    assert unsent.newest(session, document, cast.editor) is None
    assert unsent.settled(session, document, cast.editor) == {"one": settling}
    newer = late | {"version": 203, "base": base + 1, "body": MINE + " More."}
    editor.put(f"/documents/{document.id}/unsent", json=newer)
    assert unsent.newest(session, document, cast.editor).body == MINE + " More."


def test_a_newer_page_counts_on_from_above_what_a_choice_settles():
    """Were the browser's number the smaller, words typed after a choice could be taken for settled."""
    script = Path(revising.__file__).parents[2] / "frontend/src/editor/autosave.ts"
    each_page = int(re.search(r"const EACH_PAGE = (\d+);", script.read_text(encoding="utf-8")).group(1))
    assert each_page > conflicts.ON_THE_WAY


def test_the_page_shows_the_pieces_and_takes_the_choice_without_script(session, document, save, editor):
    base = document.text_number
    save(OTHERS, base)
    session.commit()
    url = f"/documents/{document.id}/save"
    data = {"title": "My title", "body": MINE, "base_revision": base, "tab": "one", "version": 3}
    page = editor.post(url, data=data)
    assert page.status_code == 409
    assert re.search(r"<textarea[^>]*>\s*" + re.escape(MINE), page.text)
    names = re.findall(r'type="radio"\s+name="([^"]+)"\s+value="([^"]+)"', page.text)
    assert {value for name, value in names if name == "piece-0"} == {"theirs", "mine", "both"}
    form = {name: re.search(rf'name="{name}"\s+value="([^"]*)"', page.text).group(1) for name in ("typed_on", "tab")}
    assert form == {"typed_on": str(base), "tab": "one"}
    answer = editor.post(
        url,
        data=data | {"base_revision": base + 1, "typed_on": base, "piece-0": "mine"},
    )
    assert answer.status_code == 303
    session.expire_all()
    assert revising.head_text(session, document).body == MINE
    assert document.title == "My title"


def test_a_program_gets_the_pieces(session, document, save, editor):
    base = document.text_number
    save(OTHERS, base)
    session.commit()
    data = {"title": document.title, "body": MINE, "base_revision": base}
    answer = editor.post(f"/documents/{document.id}/save", data=data, headers=PROGRAM)
    assert answer.status_code == 409
    said = answer.json
    assert (said["head"], said["stored"], said["yours"]) == (base + 1, OTHERS, MINE)
    assert "".join(one.get("text", one.get("mine")) for one in said["pieces"]) == MINE
    assert "".join(one.get("text", one.get("theirs")) for one in said["pieces"]) == OTHERS


def test_a_program_hears_that_it_was_merged_and_with_whom(session, cast, document, save, editor):
    base = document.text_number
    save(THEIRS, base)
    session.commit()
    data = {"title": document.title, "body": MINE, "base_revision": base}
    said = editor.post(f"/documents/{document.id}/save", data=data, headers=PROGRAM).json
    assert (said["merged"], said["merged_with"], said["body"]) == (True, ["you, in another window"], BOTH)
    plain = {"title": document.title, "body": BOTH + " More.", "base_revision": said["revision"]}
    assert editor.post(f"/documents/{document.id}/save", data=plain, headers=PROGRAM).json["merged"] is False


def test_choices_that_nobody_could_have_made_are_harmless(session, document, save, editor):
    base = document.text_number
    save(OTHERS, base)
    session.commit()
    data = {"title": "T", "body": MINE, "base_revision": base + 1, "typed_on": base}
    for nonsense in ({"piece-0": "<script>"}, {"piece-7": "mine"}, {"title-choice": "x" * 9000}):
        answer = editor.post(f"/documents/{document.id}/save", data=data | nonsense)
        assert answer.status_code in (303, 409)
    session.expire_all()
    assert "barn" in revising.head_text(session, document).body
    for nonsense in ({"typed_on": "x"}, {"tab": "<b>"}, {"version": -1}, {"base_revision": 10**12}):
        answer = editor.post(f"/documents/{document.id}/save", data=data | nonsense)
        assert answer.status_code in (400, 409)


# Taking over


@pytest.fixture
def typed(session, cast, document):
    """The editor typed this and did not save it."""

    def typed(body=MINE, base=None, tab="one", version=1, title=journeys.TITLE):
        base = base or document.text_number
        unsent.keep(session, document.id, cast.editor, Words(tab, version, base, title, body))

    return typed


TAKING_OVER = {
    "assign": lambda session, document, cast: operations.assign(
        session, document.id, cast.sponsor, cast.other_editor.id
    ),
    "back to the desk": lambda session, document, cast: operations.assign(session, document.id, cast.admin, None),
    "decline": lambda session, document, cast: operations.move(
        session, document.id, Act.DECLINE, cast.editor, comment="Ill."
    ),
    "suspended": lambda session, document, cast: operations.release_work(session, cast.editor, cast.admin),
    "redraft": lambda session, document, cast: journeys.requests.redraft(session, document.id, cast.sponsor),
    "withdraw": lambda session, document, cast: operations.move(session, document.id, Act.WITHDRAW, cast.sponsor),
}


@pytest.mark.parametrize("how", TAKING_OVER)
def test_whoever_loses_the_text_keeps_their_words_under_their_name(session, cast, document, typed, how):
    typed()
    TAKING_OVER[how](session, document, cast)
    newest = texts(session, document)[-1]
    assert (newest.body, newest.author_id, newest.kind) == (MINE, cast.editor.id, Kind.HUMAN)
    event = next(one for one in audit.history(session, "document", document.id) if "unsaved" in one.action)
    assert event.action == "document.keep_unsaved_words"
    assert event.after["writer"] == cast.editor.id
    assert event.after["revision"] == newest.number
    assert unsent.newest(session, document, cast.editor) is None
    assert chain.first_broken(chain.revisions(session, document.id)) is None


def test_nothing_is_added_where_nothing_was_unsaved(session, cast, document, typed, save):
    typed(MINE)
    save(MINE, document.text_number, tab="one", version=2)
    before = len(texts(session, document))
    operations.assign(session, document.id, cast.sponsor, cast.other_editor.id)
    assert len(texts(session, document)) == before


def test_assigning_the_same_editor_again_takes_nothing_from_them(session, cast, document, typed):
    typed()
    before = len(texts(session, document))
    operations.assign(session, document.id, cast.sponsor, cast.editor.id)
    assert len(texts(session, document)) == before
    assert unsent.newest(session, document, cast.editor).body == MINE


def test_unsaved_words_of_two_windows_are_both_in_the_text(session, cast, document, typed):
    typed(MINE, tab="one")
    typed(THEIRS, tab="two")
    operations.assign(session, document.id, cast.sponsor, cast.other_editor.id)
    assert texts(session, document)[-1].body == BOTH


def test_where_they_conflict_no_word_is_lost(session, cast, document, typed, save):
    typed(MINE, tab="one")
    save(OTHERS, document.text_number, tab="two", version=1)
    operations.assign(session, document.id, cast.sponsor, cast.other_editor.id)
    newest = texts(session, document)[-1]
    assert re.search(r"barn.*mill", newest.body)
    assert newest.author_id == cast.editor.id


def test_an_emptied_window_does_not_empty_the_text(session, cast, document, typed):
    typed("  \n")
    operations.assign(session, document.id, cast.sponsor, cast.other_editor.id)
    assert texts(session, document)[-1].body == DRAFT


def test_the_timeline_says_so(session, cast, document, typed, as_person):
    typed()
    operations.assign(session, document.id, cast.sponsor, cast.other_editor.id)
    session.commit()
    page = as_person(cast.sponsor).get(f"/documents/{document.id}").text
    assert "kept what the editor had typed and not saved" in page

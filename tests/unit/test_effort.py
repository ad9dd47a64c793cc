"""How much work lies between draft and text: every figure by hand, bounds, and that it is counted once."""

import datetime as dt
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics.ter import TER
from sqlalchemy import select

from copydesk.autodocs import authors
from copydesk.documents import revising
from copydesk.documents.authorship import Span
from copydesk.documents.figures import effort
from copydesk.documents.figures.effort import Effort, measure
from copydesk.documents.presence import TimeAtWork
from copydesk.documents.revising import Text
from tests import journeys

A = "The old bakery still smells of flour in the morning."
B = "There is something in these vessels that recalls the hour before dawn."
C = "Nobody comes here on a Monday, and the ovens are cold."


def text(*paragraphs):
    return "\n\n".join(paragraphs)


def test_the_same_text_took_no_edit():
    found = measure(text(A, B), text(A, B), [Span(0, len(text(A, B)), "machine", None, 1)])
    assert (found.ter, found.letters_changed, found.words_changed, found.words_moved) == (0.0, 0, 0, 0)
    assert (found.paragraphs_kept, found.paragraphs_changed, found.machine_share) == (2, 0, 100)


def test_one_word_exchanged():
    found = measure(A, A.replace("old", "new"), [])
    assert (found.ter_edits, found.words_changed, found.letters_changed) == (1, 1, 3)
    assert found.ter == round(100 / 11, 1)  # ten words and a full stop


def test_a_comma_is_an_edit_but_no_word():
    found = measure(A, A.replace("still", "still,"), [])
    assert (found.ter_edits, found.words_changed, found.letters_changed) == (1, 0, 1)


def test_a_shifted_phrase_is_one_edit_by_ter():
    before = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi"
    after = "alpha beta gamma zeta eta theta iota kappa lambda mu nu delta epsilon xi"
    found = measure(before, after, [])
    assert found.ter_edits == 1
    assert found.words_changed == 4


def test_a_new_and_a_removed_paragraph_count_whole():
    found = measure(text(A, B), text(A, C), [])
    assert (found.paragraphs_kept, found.paragraphs_added, found.paragraphs_removed) == (1, 1, 1)
    assert found.ter_edits == 13 + 13  # each twelve or eleven words and their marks
    assert found.letters_changed == len(B) + len(C)


def test_a_moved_paragraph_is_moved_and_not_changed():
    found = measure(text(A, B, C), text(C, A, B), [])
    assert (found.paragraphs_kept, found.ter_edits, found.letters_changed) == (3, 0, 0)
    assert found.words_moved == 11


def test_two_paragraphs_made_one_are_paired_with_the_nearer():
    found = measure(text(A, B), A + " " + B, [])
    assert (found.paragraphs_changed, found.paragraphs_removed) == (1, 1)


def test_machine_words_are_those_that_begin_in_the_machine_s_characters():
    spans = [Span(0, 7, "machine", None, 1), Span(7, 20, "human", 1, 2)]
    found = measure("The old bakery", "The old bakery still", spans)
    assert (found.words, found.machine_words, found.machine_share) == (4, 2, 50)


def test_no_text_has_no_share():
    found = measure(A, "", [])
    assert (found.ter, found.machine_share, found.paragraphs_removed) == (0.0, 0, 1)


def test_by_paragraph_it_is_what_sacrebleu_says():
    chance = random.Random(7)
    words = [f"word{number}" for number in range(40)]
    for _ in range(12):
        before = [chance.choice(words) for _ in range(chance.randrange(8, 30))]
        after = list(before)
        after.insert(chance.randrange(len(after)), after.pop(chance.randrange(len(after))))
        after[chance.randrange(len(after))] = "new"
        score = TER(case_sensitive=True).sentence_score(" ".join(before), [" ".join(after)])
        assert measure(" ".join(before), " ".join(after), []).ter_edits == score.num_edits


def test_what_would_take_for_ever_is_counted_without_shifts(monkeypatch):
    def never(before, after):
        raise AssertionError("looked for shifts")

    monkeypatch.setattr(effort, "_ter_edits", never)
    long = " ".join(f"word{number}" for number in range(effort.LONGEST_TER + 1))
    found = measure(long, long.replace("word5 ", "five ").replace("word9 ", "nine "), [])
    assert (found.ter_edits, found.without_shifts) == (2, 1)
    same = "what stays of it is enough to know it again by its words"
    found = measure(f"{same} {' '.join('abcdefghijkl')}", f"{same} {' '.join('mnopqrstuvwx')}", [])
    assert (found.ter_edits, found.without_shifts) == (12, 1)
    long = "x" * (effort.LONGEST_LETTERS + 1)
    assert measure(long + " one", long + " two", []).letters_changed == 3


WORDS = st.lists(st.sampled_from(["the", "old", "oven", "is", "cold", "\n\n", ",", "."]), max_size=40).map(" ".join)


@settings(deadline=None, max_examples=150)
@given(before=WORDS, after=WORDS)
def test_figures_of_any_two_texts_are_sound(before, after):
    found = measure(before, after, [Span(0, len(after), "machine", None, 1)] if after else [])
    assert found.machine_words == found.words
    assert 0 <= found.words_changed <= found.draft_words + found.words
    assert (found.ter_edits == 0) <= (found.words_changed == 0)
    pieces = found.paragraphs_kept + found.paragraphs_changed + found.paragraphs_added
    assert pieces == len(effort.blocks(after))


# Kept once


@pytest.fixture
def document(session, cast, make_document):
    made = make_document("editing")
    written = Text(made.title, journeys.REVISED, journeys.head(session, made))
    revising.save(session, made.id, cast.editor, written)
    return made


def test_figures_are_counted_once_a_revision(session, cast, document, monkeypatch):
    found = effort.of(session, document, authors.spans(session, document))
    (kept,) = session.scalars(select(Effort)).all()
    assert kept.figures["ter_edits"] == found.ter_edits == 6
    monkeypatch.setattr(effort, "measure", lambda *_: pytest.fail("counted again"))
    assert effort.of(session, document, []) == found
    monkeypatch.undo()
    revising.save(session, document.id, cast.editor, Text("T", "All new.", journeys.head(session, document)))
    assert effort.of(session, document, authors.spans(session, document)) != found
    assert len(session.scalars(select(Effort)).all()) == 2


def test_without_a_text_there_are_no_figures(session, make_document):
    assert effort.of(session, make_document("drafting"), []) is None


def test_minutes_are_summed_by_person(session, cast, document):
    now = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    for person, day, seconds in ((cast.editor, 19, 90.0), (cast.editor, 20, 60.0), (cast.sponsor, 20, 30.0)):
        session.add(
            TimeAtWork(
                document_id=document.id,
                person_id=person.id,
                day=dt.date(2026, 11, day),
                seconds=seconds,
                last_sign_at=now,
            )
        )
    session.flush()
    assert effort.minutes(session, document.id) == {cast.sponsor.id: 0.5, cast.editor.id: 2.5}

"""Words for a passage are cut so that what follows goes on from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.autodocs.writing import Place
from copydesk.engine.trim import clean
from copydesk.worker.passages import cut_to_join

BEFORE = "The bakery is old. "
AFTER = " Then the doors open."


def joined(written, passage, before=BEFORE, after=AFTER):
    return cut_to_join(written, Place(before, passage, after)).kept


@pytest.mark.parametrize(
    ("written", "passage", "kept"),
    [
        (" It smells of flour. There is a cat. And th", "It was cold in there.", "It smells of flour."),
        (" It smells of flour. There is a cat. And th", "It was cold in there, and dark, I say.", None),
        (" It smells of flour and of", "It was cold in there.", "It smells of flour and"),
        ("\n\n It smells.\nNext paragraph.", "It was cold in there.", "It smells."),
        (" It smells.<|endoftext|>", "It was cold.", "It smells."),
    ],
)
def test_a_whole_sentence_is_replaced_by_whole_sentences(written, passage, kept):
    assert joined(written, passage) == (kept or "It smells of flour. There is a cat.")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" some kind of a very small museum, which", "some kind of a"),
        (" cold. The", "cold"),
        (" a shed, in the", "a shed, in"),
    ],
)
def test_words_inside_a_sentence_are_replaced_by_words_without_a_stop(written, kept):
    assert joined(written, "a sort of cave", "The room is ", " that nobody enters.") == kept


def test_no_comma_comes_twice():
    assert joined(" and cold, but", "very dark", "It is dark ", ", they say.") == "and cold"


def test_white_space_around_the_passage_stays_as_it_was():
    assert joined("It smells. More", " It is cold. ", "The bakery is old.", "Then it opens.") == " It smells. "
    assert joined(" It smells. More", "\n\nIt is cold.\n\n", "Old.", "Then.") == "\n\nIt smells.\n\n"


def test_a_word_that_was_begun_may_be_gone_on_with():
    assert joined("ship was known. The", "er was shut. The", "The bak", " Then.").startswith("ship was known.")
    assert joined(" was shut. The", "ery was shut.", "The bak", " Then.") == " was shut."


@pytest.mark.parametrize("nothing", ["", "  \n ", "<|endoftext|>"])
def test_no_words_are_no_candidate(nothing):
    assert joined(nothing, "It was cold.") == ""


def test_the_end_of_the_text_takes_whole_sentences():
    assert joined(" One thing. Another th", "a long passage without a stop", "It is ", "") == "One thing."


WORDS = st.text(st.sampled_from("aB .,\n!?”"), max_size=40)


@given(WORDS, WORDS.filter(str.strip), WORDS, WORDS)
def test_nothing_is_invented(written, passage, before, after):
    trimmed = cut_to_join(written, Place(before, passage, after))
    assert trimmed.kept.strip() in clean(written)
    assert trimmed.kept == "" or trimmed.kept.strip()

"""Three texts become one: what only one side changed is taken, and no word of anybody is ever lost."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.documents.textdiff.merging import Choice, Clean, Conflict, merge, merge_titles

BASE = "The old bakery smells of flour. Eleven pots stand on the shelf.\n\nThe ovens are cold."
WORD = re.compile(r"\w+")
VOCABULARY = (
    "the",
    "old",
    "bakery",
    "pots",
    "stand",
    "cold",
    "a",
    "Ovens",
    "né",
    "🔥",
    "x",
    ".",
    ",",
    "\n\n",
    " ",
    " ",
)


def texts(**more):
    return st.lists(st.sampled_from(VOCABULARY), max_size=14, **more).map("".join)


@st.composite
def edited(draw, base):
    """What a person makes of a text: some words put in, some taken out, some replaced, anywhere."""
    pieces = re.findall(r"\w+|\s+|[^\w\s]", base)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(pieces)))
        end = draw(st.integers(start, min(len(pieces), start + 3)))
        pieces[start:end] = draw(st.lists(st.sampled_from(("new", "mine", *VOCABULARY)), max_size=3))
    return "".join(pieces)


@st.composite
def three(draw):
    base = draw(st.lists(st.sampled_from(VOCABULARY), max_size=30).map("".join))
    return base, draw(edited(base)), draw(edited(base))


def words(text):
    return set(WORD.findall(text))


def everything_in(merged):
    """Every word that a person can still get: of the clean parts, and of both sides of the conflicts."""
    shown = merged.text(otherwise=Choice.MINE), merged.text(otherwise=Choice.THEIRS), merged.text(otherwise=Choice.BOTH)
    return set().union(*(words(one) for one in shown))


@settings(max_examples=600, deadline=None)
@given(three())
def test_no_word_that_anybody_put_in_is_lost(texts):
    base, mine, theirs = texts
    merged = merge(base, mine, theirs)
    put_in = (words(mine) | words(theirs)) - words(base)
    assert put_in <= everything_in(merged)
    assert put_in <= words(merged.text(otherwise=Choice.BOTH))


@settings(max_examples=600, deadline=None)
@given(three())
def test_no_word_comes_from_nowhere(texts):
    base, mine, theirs = texts
    assert everything_in(merge(base, mine, theirs)) <= words(base) | words(mine) | words(theirs)


@settings(max_examples=300, deadline=None)
@given(three())
def test_the_same_whoever_is_asked(texts):
    base, mine, theirs = texts
    swapped = [
        one if isinstance(one, Clean) else Conflict(one.base, one.theirs, one.mine)
        for one in merge(base, theirs, mine).pieces
    ]
    assert list(merge(base, mine, theirs).pieces) == swapped


@settings(max_examples=300, deadline=None)
@given(three())
def test_one_side_alone_is_taken_whole(texts):
    base, mine, _ = texts
    assert merge(base, mine, base).text() == merge(base, base, mine).text() == mine
    assert not merge(base, mine, base).conflicts


@settings(max_examples=300, deadline=None)
@given(three())
def test_the_same_change_on_both_sides_is_no_conflict(texts):
    base, mine, _ = texts
    merged = merge(base, mine, mine)
    assert (merged.text(), merged.conflicts) == (mine, ())


@settings(max_examples=300, deadline=None)
@given(three())
def test_without_a_conflict_each_side_finds_its_own_paragraph_as_it_left_it(texts):
    base, mine, theirs = texts
    above, below = f"{mine}\n\n=====\n\n", f"\n\n=====\n\n{theirs}"
    merged = merge(f"{base}\n\n=====\n\n{base}", f"{above}{base}", f"{base}{below}")
    if not merged.conflicts:
        assert words(mine) | words(theirs) >= words(merged.text()) - words(base) - {"====="}


@pytest.mark.parametrize(
    ("mine", "theirs", "merged"),
    [
        (
            BASE.replace("Eleven", "Twelve"),
            BASE.replace("cold", "warm"),
            BASE.replace("Eleven", "Twelve").replace("cold", "warm"),
        ),
        (BASE + " Mine.", "Theirs. " + BASE, "Theirs. " + BASE + " Mine."),
        (
            BASE.replace(" Eleven pots stand on the shelf.", ""),
            BASE + " Theirs.",
            "The old bakery smells of flour.\n\nThe ovens are cold. Theirs.",
        ),
        (BASE.replace("flour.", "bread."), BASE.replace("flour.", "flour!"), BASE.replace("flour.", "bread!")),
        (
            BASE.replace("old ", "very old "),
            BASE.replace("bakery", "mill"),
            BASE.replace("old bakery", "very old mill"),
        ),
    ],
    ids=["two places", "both ends", "taken out and added", "a word and its full stop", "neighbours"],
)
def test_changes_in_different_places_are_both_taken(mine, theirs, merged):
    found = merge(BASE, mine, theirs)
    assert (found.text(), found.conflicts) == (merged, ())


def test_the_same_word_changed_in_two_ways_is_a_choice():
    found = merge(BASE, BASE.replace("Eleven", "Twelve"), BASE.replace("Eleven", "Nine"))
    assert found.conflicts == (Conflict("Eleven", "Twelve", "Nine"),)
    assert found.text([Choice.MINE]) == BASE.replace("Eleven", "Twelve")
    assert found.text([Choice.THEIRS]) == BASE.replace("Eleven", "Nine")
    assert found.text([Choice.BOTH]) == BASE.replace("Eleven", "Nine Twelve")


def test_two_additions_at_one_place_are_a_choice_and_both_can_stand():
    found = merge(BASE, BASE + "\n\nMine is here.", BASE + "\n\nAda wrote this.")
    assert len(found.conflicts) == 1
    both = found.text([Choice.BOTH])
    assert "Mine is here." in both
    assert "Ada wrote this." in both


def test_words_typed_into_a_sentence_that_was_taken_out_are_a_choice():
    found = merge(BASE, BASE.replace("pots", "brown pots"), BASE.replace(" Eleven pots stand on the shelf.", ""))
    assert len(found.conflicts) == 1
    assert "brown" in found.text([Choice.MINE])
    assert "brown" not in found.text([Choice.THEIRS])


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (BASE + " And", BASE + " And then more."),
        (BASE.replace("Eleven", "Twelve"), BASE.replace("Eleven", "Twelve").replace("cold", "warm")),
        (BASE.replace("Eleven pots", "Twelve jugs"), BASE.replace("Eleven pots", "Twelve jugs of clay")),
        ("Mine. " + BASE, "Mine. Again. " + BASE),
        (BASE, BASE + " More."),
    ],
)
def test_ones_own_older_text_is_no_conflict_with_the_newer(older, newer):
    """A slow save that arrives late, a second window that fell behind: what it holds is in the newer text already."""
    for mine, theirs in ((older, newer), (newer, older)):
        found = merge(BASE, mine, theirs)
        assert (found.text(), found.conflicts) == (newer, ())


def test_a_sentence_written_anew_is_one_conflict_and_not_a_mosaic():
    mine = BASE.replace("Eleven pots stand on the shelf.", "On a shelf there is room for pots of clay.")
    theirs = BASE.replace("Eleven pots stand on the shelf.", "Eleven jugs stand near the wall.")
    assert len(merge(BASE, mine, theirs).conflicts) == 1


def test_words_are_not_glued_together():
    found = merge("a. b", "a b", "a.b")
    assert words(found.text()) <= {"a", "b"}


def test_empty_texts():
    assert merge("", "", "").text() == ""
    assert merge("", "mine", "").text() == "mine"
    assert merge("gone", "", "gone").text() == ""
    assert merge("gone", "", "").conflicts == ()


def test_titles_are_merged_and_chosen_whole_where_they_conflict():
    assert merge_titles("Pots", "Pots", "Jugs").text() == "Jugs"
    assert merge_titles("Old pots", "Old pots, fired", "Very old pots").text() == "Very old pots, fired"
    assert merge_titles("Pots", "Jugs of clay", "Vases").conflicts == (Conflict("Pots", "Jugs of clay", "Vases"),)
    assert len(merge_titles("Old pots", "Old", "pots").conflicts) == 1

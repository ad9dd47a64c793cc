"""Comparing without a page: pieces that give both texts exactly, words told apart from formatting, moves, folds."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.documents.comparing import Version, compare
from copydesk.documents.textdiff.marks import marks

TEXTS = st.text(alphabet="ab *_#>-`\n", max_size=60) | st.lists(
    st.sampled_from(
        ["The kiln was lit.", "Salt glaze runs.", "# Pots", "**old**", "> said", "- one", "\n", "\n\n", " ", "é🙂"]
    ),
    max_size=14,
).map("".join)


def compared(old, new):
    return compare(Version(1, "Same", "Same", old), Version(2, "Same", "Same", new))


def rows(comparison, field=2):
    return [row for stretch in comparison.fields[field].stretches for row in stretch.rows]


def changed(old, new):
    """[(what happened, text, formatting)] without what stayed and without mere breaks."""
    pieces = [piece for row in rows(compared(old, new)) for piece in row.inline]
    return [(one.op, one.text, one.formatting) for one in pieces if one.op != "same" and one.says_something]


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("She walked home.", "She walks home.", [("removed", "walked", ""), ("added", "walks", "")]),
        ("the quick brown fox", "the slow red fox", [("removed", "quick brown", ""), ("added", "slow red", "")]),
        ("an old kiln", "an **old** kiln", [("added", "**", "bold"), ("added", "**", "bold")]),
        ("an _old_ kiln", "an old kiln", [("removed", "_", "italics"), ("removed", "_", "italics")]),
        ("Pots", "# Pots", [("added", "# ", "heading")]),
        ("# Pots", "## Pots", [("added", "#", "heading")]),
        ("one\ntwo", "- one\n- two", [("added", "- ", "list"), ("added", "- ", "list")]),
        ("He said so.", "> He said so.", [("added", "> ", "quote")]),
        ("a  space", "a space", [("removed", " ", "spaces")]),
        ("one two", "one\ntwo", [("removed", " ", "line breaks"), ("added", "\n", "line breaks")]),
        ("2 * 3", "2 + 3", [("removed", "*", ""), ("added", "+", "")]),
        ("", "", []),
    ],
)
def test_what_changed_is_said_in_whole_words(old, new, change):
    assert changed(old, new) == change


def test_a_link_is_formatting_its_words_are_words():
    assert {piece[2] for piece in changed("See the kiln here.", "See [the kiln](https://a.example) here.")} == {"link"}
    assert changed("[here](a)", "[there](a)") == [("removed", "here", ""), ("added", "there", "")]


def test_both_ends_of_bold_words_are_one_change():
    comparison = compared("an old kiln, a new wheel", "an **old** kiln, a **new** wheel")
    assert (comparison.words, comparison.formatting, comparison.moves, comparison.changes) == (0, 2, 0, 2)


def test_a_paragraph_that_moved_is_shown_at_both_ends():
    moved = "Glaze, salt and a slow fire are all it takes."
    rest = "\n\n".join(f"Shelf {word} holds cups, jugs and one plate." for word in ("one", "two", "three"))
    comparison = compared(f"{moved}\n\n{rest}", f"{rest}\n\n{moved}")
    assert (comparison.changes, comparison.moves) == (1, 1)
    ends = [piece for row in rows(comparison) for piece in row.inline if piece.op in ("moved_away", "moved_here")]
    ends = [piece for piece in ends if piece.is_start]
    assert [(one.op, one.change, one.where) for one in ends] == [("moved_away", 1, "below"), ("moved_here", 1, "above")]
    assert all(moved in piece.text for piece in ends)


def test_lines_stand_beside_each_other():
    found = rows(compared("First line.\n\nSecond line.\n\nThird line.", "First line.\n\nA new one.\n\nThird line."))
    sides = [("".join(one.text for one in row.before), "".join(one.text for one in row.after)) for row in found]
    assert ("Second line.\n", "A new one.\n") in [(before, after) for before, after in sides]
    assert sides[0][0] == sides[0][1] == "First line.\n"
    assert sides[-1][0] == sides[-1][1] == "Third line."


def test_a_new_paragraph_has_nothing_beside_it():
    found = rows(compared("First line.\n\nThird line.", "First line.\n\nThe second came.\n\nThird line."))
    assert any(not row.before and "The second came." in row.after[0].text for row in found)


def test_long_quiet_stretches_are_folded_and_a_line_around_each_change_is_not():
    lines = [f"Line {number} says something of its own {number * 7}." for number in range(20)]
    other = [*lines[:10], "Quite another line.", *lines[11:]]
    stretches = compared("\n".join(lines), "\n".join(other)).fields[2].stretches
    assert [stretch.folded for stretch in stretches] == [9, 0, 8]
    assert len(stretches[1].rows) == 3


def test_every_field_is_compared_and_changes_are_counted_through():
    comparison = compare(Version(1, "Pots", "Old brief.", "Text."), Version(4, "Jugs", "Old brief.", "Text, longer."))
    assert [(field.name, field.changes) for field in comparison.fields] == [("Title", 1), ("Brief", 0), ("Text", 1)]
    numbers = [piece.change for field in (0, 1, 2) for row in rows(comparison, field) for piece in row.inline]
    assert sorted(set(numbers)) == [0, 1, 2]


def test_what_was_not_there_yet_is_empty():
    comparison = compare(Version(1, "Pots", "Brief.", ""), Version(2, "Pots", "Brief.", ""))
    assert comparison.fields[2].is_empty
    assert comparison.changes == 0


@settings(deadline=None, max_examples=400)
@given(old=TEXTS, new=TEXTS)
def test_the_pieces_give_both_texts_exactly(old, new):
    comparison = compared(old, new)
    found = rows(comparison)
    assert "".join(piece.text for row in found for piece in row.before) == old
    assert "".join(piece.text for row in found for piece in row.after) == new
    for row in found:
        assert len(row.inline) == len(row.before) + sum(one.op in ("added", "moved_here") for one in row.inline)


@settings(deadline=None, max_examples=400)
@given(old=TEXTS, new=TEXTS)
def test_every_change_has_one_beginning_and_a_number_of_its_own(old, new):
    comparison = compared(old, new)
    pieces = [piece for row in rows(comparison) for piece in row.inline]
    assert all((piece.change > 0) == (piece.op != "same") for piece in pieces)
    begun = [piece.change for piece in pieces if piece.is_start and piece.op != "moved_away"]
    assert sorted(begun) == list(range(1, comparison.changes + 1))
    assert (comparison.changes == 0) == (old == new)


@settings(deadline=None, max_examples=200)
@given(text=st.text(alphabet="a*_~`[]()#>-1. \n", max_size=200))
def test_marks_are_characters_of_the_text(text):
    assert all(0 <= at < len(text) for at in marks(text))


def test_a_long_text_is_compared():
    """Twenty thousand words, two hundred of them changed here and there, and a paragraph moved."""
    chance = random.Random(4)
    kinds = ("kiln", "salt", "glaze", "oven", "slow", "fire", "wheel", "clay", "shelf", "dawn", "flour", "bread")
    words = [chance.choice(kinds) for _ in range(20_000)]
    lines = [" ".join(words[at : at + 80]) + "." for at in range(0, len(words), 80)]
    other = [line.replace("kiln", "stove", 1) if number % 2 else line for number, line in enumerate(lines)]
    other.insert(200, other.pop(20))
    comparison = compared("\n\n".join(lines), "\n\n".join(other))
    assert comparison.moves >= 1
    assert 100 <= comparison.changes <= 200

"""The difference of two texts: exact always, and where people would put it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.documents.textdiff.difference import carry, changes, changes_with_moves, readable

SHORT = st.text(alphabet="ab é🔥面包\n.,'", max_size=60)
STOCK = [
    "The",
    "old",
    "bakery",
    "smells",
    "of",
    "flour.",
    "Nobody,",
    "🔥",
    "they",
    "say,",
    "opens",
    "before",
    "six.\n面包店",
]
STOCK += ["was", "“closed”", "–", "naïve", "walk", "walked"]
LONG = st.lists(st.sampled_from(STOCK), max_size=80).map(" ".join)
TEXTS = st.one_of(SHORT, LONG)


def told(before, after):
    return [(one.op, before[one.i1 : one.i2], after[one.j1 : one.j2]) for one in changes_with_moves(before, after)]


def changed(before, after):
    return [(was, now) for op, was, now in told(before, after) if op != "same"]


@settings(max_examples=400, deadline=None)
@given(TEXTS, TEXTS)
def test_changes_tile_both_texts(before, after):
    for found in (changes(before, after), changes_with_moves(before, after)):
        assert "".join(before[one.i1 : one.i2] for one in found) == before
        assert "".join(after[one.j1 : one.j2] for one in found) == after
        i = j = 0
        for one in found:
            assert (one.i1, one.j1) == (i, j)
            assert one.i2 > one.i1 or one.j2 > one.j1
            i, j = one.i2, one.j2
            if one.op == "same":
                assert before[one.i1 : one.i2] == after[one.j1 : one.j2]


@settings(max_examples=200, deadline=None)
@given(LONG, LONG)
def test_both_ends_of_a_move_have_the_same_words(before, after):
    found = changes_with_moves(before, after)
    gone = {one.move: before[one.i1 : one.i2] for one in found if one.op == "moved_away"}
    come = {one.move: after[one.j1 : one.j2] for one in found if one.op == "moved_here"}
    assert gone == come
    assert all(one.move is None for one in found if one.op in ("same", "replace"))


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_off_a_difference(before, after):
    parts = readable(before, after)
    assert "".join(part["text"] for part in parts if part["op"] != "added") == before
    assert "".join(part["text"] for part in parts if part["op"] != "removed") == after


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS, st.data())
def test_a_place_that_is_carried_has_the_same_characters(before, after, data):
    start = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(start, len(before)))
    place = carry(before, after, start, end)
    assert place is None or before[start:end] == after[slice(*place)]


@pytest.mark.parametrize("words", [3_000, 60_000])
def test_a_long_text_of_the_same_words_is_compared_in_the_end(words):
    before, after = "a b " * words, "b c a " * (words // 2)
    parts = readable(before, after)
    assert "".join(part["text"] for part in parts if part["op"] != "added") == before


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("They walk home.", "They walked home.", [("", "ed")], id="a word was altered"),
        pytest.param("They walk home.", "They drove home.", [("walk", "drove")], id="a word was replaced"),
        pytest.param("The end.", "the end.", [("T", "t")], id="a capital"),
        pytest.param('Say "yes" now.', "Say “yes” now.", [('"', "“"), ('"', "”")], id="quotes"),
        pytest.param("One. Three.", "One. Two. Three.", [("", "Two. ")], id="a sentence begins at its first word"),
        pytest.param("One.\nThree.\n", "One.\nTwo.\nThree.\n", [("", "Two.\n")], id="a line at its beginning"),
        pytest.param("a cat sat", "a black cat sat", [("", "black ")], id="a word goes with the space behind it"),
        pytest.param("店里有面包", "店里没有面包", [("", "没")], id="a script without spaces"),
    ],
)
def test_changes_stand_where_people_make_them(before, after, expected):
    assert changed(before, after) == expected


def test_two_sentences_that_share_little_words_are_replaced_whole():
    before = "Start. The cat of my aunt is in the garden. End."
    after = "Start. A man took the long road of fire at night. End."
    [(was, now)] = changed(before, after)
    assert was.startswith("The cat")
    assert now.endswith("night")


def test_a_moved_sentence_is_told_as_moved():
    before = "One stays here. Two stays with it, too. Nobody opens before six in town. Last."
    after = "Nobody opens before six in town. One stays here. Two stays with it, too. Last."
    ops = [op for op, *_ in told(before, after)]
    assert ops == ["moved_here", "same", "moved_away", "same"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [("stays", True), ("Nobody opens", True), ("Last", True), ("gone away", False), ("altered", False)],
)
def test_a_place_survives_what_happens_around_it(words, expected):
    before = "It stays. Nobody opens before six in town. This is gone away. Here altered. Last."
    after = "Yes, it stays. Here altogether. New! Nobody opens before six in town. Last."
    start = before.index(words)
    place = carry(before, after, start, start + len(words))
    assert (place is not None) == expected
    assert place is None or after[slice(*place)] == words


def test_an_empty_place_stays_beside_what_stayed():
    assert carry("One two.", "Zero. One two.", 3, 3) == (9, 9)

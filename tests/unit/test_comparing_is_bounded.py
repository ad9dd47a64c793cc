"""However far two texts are apart, comparing them takes a bounded amount of work; counted, never timed."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.documents.comparing import tiles
from copydesk.documents.textdiff import alignment, altered, pairing, runs
from copydesk.documents.textdiff.difference import changes, changes_with_moves
from copydesk.documents.textdiff.pairing import IMPOSSIBLE, best_pairs
from copydesk.documents.textdiff.work import affordable

WORDS = ["bakery", "flour", "vessel", "dawn", "oven", "a", "the", "of", "cold", "glaze", "seven", "before", "opens"]


def prose(seed, words, vocabulary=2_000):
    """Sentences by chance, in paragraphs of some."""
    chance = random.Random(seed)
    pool = ["".join(chance.choices("abcdefghijklmnoprstuvw", k=chance.randint(1, 9))) for _ in range(vocabulary)]
    lines = [" ".join(chance.choices(pool, k=15)).capitalize() + "." for _ in range(words // 15)]
    return "\n\n".join(" ".join(lines[start : start + 5]) for start in range(0, len(lines), 5))


def is_exact(found, before, after):
    return (
        "".join(before[one.i1 : one.i2] for one in found) == before
        and "".join(after[one.j1 : one.j2] for one in found) == after
        and all(before[one.i1 : one.i2] == after[one.j1 : one.j2] for one in found if one.op == "same")
    )


@pytest.fixture
def counted(monkeypatch):
    """Pairs that are looked at, by who asks; and pairs of a common subsequence."""
    work = {"words": 0, "letters": 0, "common": 0}

    def count(name):
        def best_pairs(sizes, scores, gap):
            work[name] += sum(rows * columns for rows, columns in sizes)
            return pairing.best_pairs(sizes, scores, gap)

        return best_pairs

    common = alignment._common

    def count_common(a, b, *rest):
        work["common"] += len(a) * len(b)
        return common(a, b, *rest)

    monkeypatch.setattr(alignment, "best_pairs", count("words"))
    monkeypatch.setattr(altered, "best_pairs", count("letters"))
    monkeypatch.setattr(alignment, "_common", count_common)
    return work


@pytest.fixture
def nothing_left(monkeypatch):
    """Not the least work is allowed."""
    for module, names in (
        (alignment, ("MOST_EXACT", "MOST_COMMON", "MOST_SCANNED")),
        (altered, ("MOST_OF_ALL",)),
        (runs, ("MOST_TRIED",)),
        (tiles, ("MOST_FINER",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, 0)


def test_twenty_thousand_words_replaced_by_others_stay_within_what_is_allowed(counted):
    before, after = prose(1, 20_000), prose(2, 20_000)
    assert is_exact(changes_with_moves(before, after), before, after)
    assert 0 < counted["words"] <= alignment.MOST_EXACT
    assert counted["letters"] <= altered.MOST_OF_ALL
    assert counted["common"] <= alignment.MOST_COMMON


def test_past_that_it_becomes_coarser_and_stays_exact(counted, monkeypatch):
    monkeypatch.setattr(alignment, "MOST_EXACT", 60_000)
    monkeypatch.setattr(altered, "MOST_OF_ALL", 20_000)
    monkeypatch.setattr(alignment, "MOST_COMMON", 2_000_000)
    before, after = prose(1, 3_000, vocabulary=300), prose(2, 3_000, vocabulary=300)
    assert is_exact(changes_with_moves(before, after), before, after)
    assert 0 < counted["words"] <= 60_000
    assert 0 < counted["common"] <= 2_000_000


def test_letters_of_altered_words_are_compared_as_far_as_is_allowed(counted, monkeypatch):
    monkeypatch.setattr(altered, "MOST_OF_ALL", 400)
    before = prose(1, 900)
    after = before.replace("e", "ea")
    assert is_exact(changes(before, after), before, after)
    assert 0 < counted["letters"] <= 400


def test_edits_beside_a_chapter_written_anew_are_still_word_by_word(monkeypatch):
    """What is smallest comes first, so that a long replaced piece takes nothing away from the others."""
    monkeypatch.setattr(alignment, "MOST_EXACT", 20_000)
    monkeypatch.setattr(alignment, "MOST_COMMON", 0)
    kept = prose(3, 600)
    edited = kept.replace(".", " indeed.", 3)
    before, after = f"{prose(1, 1_500)}\n\n{kept}", f"{prose(2, 1_500)}\n\n{edited}"
    found = changes(before, after)
    assert is_exact(found, before, after)
    told = [(before[one.i1 : one.i2], after[one.j1 : one.j2]) for one in found[-7:] if one.op == "replace"]
    assert told == [("", " indeed")] * 3


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=60), st.lists(st.sampled_from(WORDS), max_size=60))
def test_pieces_that_go_through_together_come_out_as_each_alone(one, other):
    rows = [one[start : start + 7] for start in range(0, len(one), 7)]
    columns = [other[start : start + 5] for start in range(0, len(other), 5)]
    pieces = [(a, b) for a in rows for b in columns]

    def scores(piece):
        import numpy as np

        a, b = piece
        return np.array([[len(x) if x == y else IMPOSSIBLE for y in b] for x in a], dtype=np.int32)

    sizes = [(len(a), len(b)) for a, b in pieces]
    together = best_pairs(sizes, lambda number: scores(pieces[number]), 3)
    alone = [
        best_pairs([size], lambda _, piece=piece: scores(piece), 3)[0]
        for size, piece in zip(sizes, pieces, strict=True)
    ]
    assert together == alone


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=80), st.lists(st.sampled_from(WORDS), max_size=80))
def test_a_best_alignment_is_worth_as_much_as_the_best_of_all(one, other):
    """Against the plain recurrence, cell by cell."""
    import numpy as np

    a, b = one[:9], other[:9]
    if not a or not b:
        return
    scores = np.array([[len(x) if x == y else IMPOSSIBLE for y in b] for x in a], dtype=np.int32)
    (pairs,) = best_pairs([scores.shape], lambda _: scores, 3)
    assert worth(pairs, scores) == best_worth(scores)


def worth(pairs, scores, gap=3):
    gained, (i, j) = 0, (0, 0)
    for row, column in [*pairs, scores.shape]:
        gained -= gap * (row > i) + gap * (column > j)
        if row < scores.shape[0] and (row, column) in pairs:
            gained += int(scores[row, column])
        i, j = row + 1, column + 1
    return gained


def best_worth(scores, gap=3):
    from functools import cache

    rows, columns = scores.shape

    @cache
    def best(i, j, left):
        """`left`: which side the gap that is open leaves out; rows come first in each."""
        if (i, j) == (rows, columns):
            return 0
        found = []
        if i < rows and left != "column":
            found.append(best(i + 1, j, "row") - (gap if left != "row" else 0))
        if j < columns:
            found.append(best(i, j + 1, "column") - (gap if left != "column" else 0))
        if i < rows and j < columns:
            found.append(best(i + 1, j + 1, "") + int(scores[i, j]))
        if left == "column" and i < rows:
            found.append(best(i + 1, j, "both") - gap)
        return max(found)

    return best(0, 0, "")


def test_what_is_smallest_finds_room_first():
    assert affordable([5, 1, 9, 2, 2], 10) == [True, True, False, True, True]
    assert affordable([3, 3, 3], 6) == [True, True, False]
    assert affordable([], 6) == []


@pytest.mark.usefixtures("nothing_left")
@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=80), st.lists(st.sampled_from(WORDS), max_size=80))
def test_without_any_work_the_tiles_are_still_exact(one, other):
    before, after = " ".join(one), " ".join(other)
    assert is_exact(changes_with_moves(before, after), before, after)
    found = tiles.compared(before, after, 0)
    assert "".join(tile.old for tile in found if tile.op != "moved_here") == before
    assert "".join(tile.new for tile in found if tile.op != "moved_away") == after


@pytest.mark.usefixtures("nothing_left")
def test_without_any_work_nothing_in_a_replaced_piece_is_kept():
    before, after = "The cold oven opens.", "The old oven closes."
    assert [one.op for one in changes(before, after)] == ["same", "replace", "same"]


def test_a_run_is_not_looked_for_where_there_are_too_many_places(monkeypatch):
    moving, staying = "Nobody opens the oven before seven.", "It was cold outside, and the glaze had gone all grey."
    before, after = f"{moving} {staying}", f"{staying} Well, {moving} Indeed."
    assert [one for one in changes_with_moves(before, after) if one.op == "moved_here"]
    monkeypatch.setattr(runs, "MOST_TRIED", 0)
    found = changes_with_moves(before, after)
    assert is_exact(found, before, after)
    assert not [one for one in found if one.op == "moved_here"]

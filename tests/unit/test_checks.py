"""The checks before delivery: what each finds, and what it leaves alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.documents.delivery import CHECKS, Mode, Subject, run

PROSE = "The old bakery on Quay Street has a new tenant. Eleven pots stand on the cold lip of the ovens, and wait."
ONE_ONLY = {name: {other: Mode.OFF for other in CHECKS if other != name} for name in CHECKS}


def found(name, text, brief=PROSE, **asked):
    several = run(Subject(text, brief, **asked), ONE_ONLY[name])
    return several[0] if several else None


@pytest.mark.parametrize(
    ("check", "text", "details"),
    [
        ("placeholders", "The show opens on TK in the [...] hall.", ["TK", "[...]"]),
        ("placeholders", "lorem ipsum dolor", ["lorem ipsum"]),
        ("leftovers", "It ends here.<|endoftext|>", ["<|endoftext|>"]),
        ("leftovers", "A broken \N{REPLACEMENT CHARACTER} sign.", ["\N{REPLACEMENT CHARACTER}"]),
        ("leftovers", "It was very very very very late.", ["very very very very"]),
        ("unfinished", "The ovens are cold, and the", ["The ovens are cold, and the"]),
        ("repetition", "It was the hour before the town is awake again. " * 3, None),
        ("unsupported", "In 1998 Ines Marr sold 40 pots.", ["1998", "Ines Marr", "40"]),
    ],
)
def test_what_is_found(check, text, details):
    one = found(check, text)
    assert one is not None
    assert one.check == check
    assert details is None or list(one.details) == details


@pytest.mark.parametrize("check", CHECKS)
def test_good_prose_passes_every_check(check):
    assert found(check, PROSE, must_keep=["Eleven pots", "quay street"], most_words=30) is None


@pytest.mark.parametrize(
    ("check", "text"),
    [
        ("placeholders", "A stack of books, a tbsp of salt, and `TODO` in code."),
        ("placeholders", "- [ ] a task of a list\n- tk, tbd: no placeholders in small letters"),
        ("leftovers", "That that is, is. It was very, very late."),
        ("unfinished", "What stands there:\n\n- grey\n- orange"),
        ("unfinished", "He said: “It is late.”"),
        ("unfinished", ""),
        ("repetition", "It was late. It was late. It was late. It was late."),
    ],
)
def test_what_only_looks_like_it_is_left_alone(check, text):
    assert found(check, text) is None


def test_lines_that_must_stand_are_found_whatever_their_spacing_and_case():
    kept = ["Open  daily,\tTEN to six", "Admission is free."]
    one = found("must_keep", "It is open daily, ten\nto six.", must_keep=kept)
    assert list(one.details) == ["Admission is free."]
    assert one.words == "One line the brief wants kept is not in the text"


def test_the_length_is_that_of_the_brief():
    assert found("length", PROSE, most_words=5).words == "17 words more than the brief allows"
    assert found("length", PROSE) is None


def test_the_fingerprint_is_of_what_was_found_and_of_nothing_else():
    first, again = (found("placeholders", text) for text in ("Here TK stands.", "Here TK stands, and more."))
    other = found("placeholders", "Here TODO stands.")
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_what_is_switched_off_is_not_asked():
    assert run(Subject("TK", ""), dict.fromkeys(CHECKS, Mode.OFF)) == []


@given(st.text(max_size=300), st.text(max_size=100), st.lists(st.text(max_size=20), max_size=3))
def test_no_text_breaks_a_check(text, brief, kept):
    for one in run(Subject(text, brief, 3, kept), {}):
        assert one.words
        assert one.check in CHECKS

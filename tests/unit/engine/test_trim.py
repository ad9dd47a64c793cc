"""Sentences: where they end, where they only seem to."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.engine.trim import Trimmed, clean, sentence_ends, trim_to_sentence

CASES = [
    ("One. Two. And th", "One. Two."),
    ("He met Mr. Smith. And then", "He met Mr. Smith."),
    ("It was done. So said Mr. J. R. Smith", "It was done."),
    ('He said "No!" Then the', 'He said "No!"'),
    ("He said “No!” Then the", "He said “No!”"),
    ("Really?! (Yes.) So", "Really?! (Yes.)"),
    ("True. See e.g. the one", "True."),
    ("He said no. Then we", "He said no."),
    ("True. See No. 7 in", "True."),
    ("He came. Wait ... what", "He came."),
    ("It ended… Then it", "It ended…"),
    ("It ended ... Then it", "It ended ..."),
    ("He left at 5 p.m. he said", "He left at 5 p.m. he said"),
    ("We met at 5 p.m.", "We met at 5 p.m."),
    ("Good. In the U.S. Senate", "Good."),
    ("It cost 3.5 pounds. Then 4.5 more", "It cost 3.5 pounds."),
    ("他走了。然后", "他走了。"),
    ("他说：“走了。”然后", "他说：“走了。”"),
    ("هذا جيد؟ ثم ذهب", "هذا جيد؟"),
    ("First.\n\nSecond par", "First."),
    ("Party 🎉. And 🎉", "Party 🎉."),
    ("no full sentence at all", "no full sentence at all"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "kept"), CASES)
def test_the_last_full_sentence_is_the_end(text: str, kept: str) -> None:
    trimmed = trim_to_sentence(text)
    assert trimmed.kept == kept
    assert trimmed.kept + trimmed.cut == text


def test_special_tokens_and_control_characters_go() -> None:
    assert clean("A<|endoftext|>b\x00\x07\ufffd c\r\nd\te</s>") == "Ab c\nd\te"


@given(st.text(st.sampled_from('aA .!?…。"”)\n<|>\x00é🎉'), max_size=60))
def test_nothing_is_lost_and_twice_is_once(text: str) -> None:
    trimmed = trim_to_sentence(text)
    assert trimmed.kept + trimmed.cut == clean(text)
    assert trimmed.kept or not clean(text)


def test_much_is_not_cut_off() -> None:
    """A page without a full stop is what was written; half a sentence after many is a slip."""
    page = " And so on" * 60
    assert trim_to_sentence("One sentence." + page) == Trimmed("One sentence." + page, "")
    assert trim_to_sentence("One sentence. " * 200 + page).kept == ("One sentence. " * 200).rstrip()


def test_every_end_of_a_sentence_is_found() -> None:
    text = "One. Mr. Two went. Three"
    assert [text[:end] for end in sentence_ends(text)] == ["One.", "One. Mr. Two went."]


def test_a_text_of_stops_takes_no_time() -> None:
    started = time.monotonic()
    trim_to_sentence("." * 200_000 + "x")
    assert time.monotonic() - started < 2

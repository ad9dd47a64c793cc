"""What a text claims beyond its brief: each rule by an example, all by properties, and measured on marked texts."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.documents import claims
from copydesk.documents.claims import dates, numbers
from tests.unit.claims_examples import BAND, BRIDGE, CAFE, GALLERY, HELD_OUT, LIBRARY, RIVER, WORKED_WITH, example

BRIEFS = (GALLERY, BRIDGE, BAND, CAFE, RIVER, LIBRARY)
ANY_WORDS = """Ines Marr of the St. J. “ ” ‘ ’ ' " 14 March 1,200 £4.2m two hundred and a half third first her May 3/4
12:30 pm o'clock century 19th % . ! : … # - 1. — ( ) é Ł 日本 1990s https://a.b/C Monday I İ ß"""
ANY_TEXT = st.text(max_size=300) | st.lists(
    st.sampled_from([*ANY_WORDS.split(), "\n", "\u2028", "\x00"]), max_size=60
).map(" ".join)


def found(text, brief=""):
    return [(one.kind, one.words) for one in claims.find(text, brief)]


@pytest.mark.parametrize(
    ("text", "brief"),
    [
        ("Eleven pots.", "There are 11 of them."),
        ("We counted 1200 kettles.", "about 1,200 things"),
        ("It cost £4.2m to build.", "cost £4.2 million"),
        ("It took twelve hundred days.", "1,200 days"),
        ("Seventy per cent are kettles.", "70 %"),
        ("Half a million came.", "500,000 came"),
        ("It was in nineteen eighty-seven.", "in 1987"),
        ("Until 14 March.", "until March 14th"),
        ("Until the fourteenth of March.", "until 14/3"),
        ("Until 14.03.2026.", "until 2026-03-14"),
        ("On Saturday, 14 March 2026.", "on 14 March 2026"),
        ("On the 14th it ends.", "until 14 March"),
        ("From 14 to 16 March.", "14–16 March"),
        ("At 17:00 it closes, at five o’clock.", "closes 5 pm"),
        ("In the 1990s.", "in 1994"),
        ("In the 19th century.", "in the nineteenth century"),
        ("Ines Marr throws.", "Marr, Ines"),
        ("We asked Marr about it.", "Ines Marr"),
        ("We saw Marr's pots and Marr’s ovens.", "Ines Marr"),
        ("I met Mrs Marr and Dr. Marr.", "Ines Marr"),
        ("At the Museum of Modern Art we met.", "the Museum of Modern Art"),
        ("The EA measured it.", "the Environment Agency"),
        ("“Open until March”, it says.", "a sign: open until March"),
        ("He said 'open until [...] next year' to us.", "open until March of next year"),
        ("See https://example.org/2019/Nowhere and `Code 42`.", ""),
        ("On Mondays? No: in May I rest.", "in May, every Monday"),
        ("1. Kettles\n2. Lamps", ""),
        ("# Pots In The Bakery\n\nThe pots stand still.", ""),
        ("It is the first time that one of them sang.", ""),
    ],
)
def test_what_the_brief_says_in_other_words_is_supported(text, brief):
    assert found(text, brief) == []


@pytest.mark.parametrize(
    ("text", "brief", "claim"),
    [
        ("There are twelve pots.", "eleven pots", ("number", "twelve")),
        ("There are 14 pots.", "until 14 March", ("number", "14")),
        ("It costs £11 to enter.", "11 pots", ("number", "£11")),
        ("Some 12 % were lamps.", "12 lamps", ("number", "12 %")),
        ("A third of them were lamps.", "thirty-three", ("number", "A third")),
        ("It is her first exhibition here.", "an exhibition", ("number", "first exhibition")),
        ("Until 15 March.", "14 March", ("date", "15 March")),
        ("Until 14 March 2027.", "14 March 2026", ("date", "14 March 2027")),
        ("On Sunday, 14 March 2026.", "on 14 March 2026", ("date", "Sunday, 14 March 2026")),
        ("It was built in 1911.", "a bridge", ("date", "1911")),
        ("It opens at 9.30 am.", "10am", ("date", "9.30 am")),
        ("On Quay Street it rains.", "a street", ("name", "Quay Street")),
        ("We met John Smith there.", "John Brown and Mary Smith", ("name", "John Smith")),
        ("Here Ines Marr of the Harbour Gallery works.", "Ines Marr", ("name", "Harbour Gallery")),
        ("Then J. K. Rowling came.", "", ("name", "J. K. Rowling")),
        ("Pots by Łucja Żak are here.", "", ("name", "Łucja Żak")),
        ("“It is over”, she said.", "It is not over", ("quote", "It is over")),
        ('He said "never again" to me.', "again", ("quote", "never again")),
    ],
)
def test_what_it_does_not_say_is_a_claim(text, brief, claim):
    assert found(text, brief) == [claim]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("twenty-one", [21]),
        ("two hundred and five thousand", [205_000]),
        ("three dozen", [36]),
        ("a hundred and one", [101]),
        ("two, three", [2, 3]),
        ("1 200,5", [1200, 5]),
        ("3.5 and 4", [3.5, 4]),
        ("GPT-2", []),
        ("one of them", []),
    ],
)
def test_numbers_have_values(text, values):
    assert [float(one.value) for one in numbers.scan(text)] == values


def test_a_day_that_can_not_be_is_no_day():
    assert [one.readings[0].day for one in dates.scan("31 February and 45/13")] == [None]


def test_a_name_is_found_at_the_beginning_of_a_sentence_once_it_is_known():
    assert found("Tavira sleeps. We drove to Tavira.") == [("name", "Tavira"), ("name", "Tavira")]


@settings(deadline=None, max_examples=300)
@given(text=ANY_TEXT, brief=ANY_TEXT)
def test_places_are_right_in_any_text(text, brief):
    last = 0
    for one in claims.find(text, brief):
        assert last <= one.start < one.end <= len(text)
        assert text[one.start : one.end] == one.words
        last = one.end


@settings(deadline=None, max_examples=300)
@given(text=ANY_TEXT)
def test_a_text_supports_itself(text):
    assert claims.find(text, text) == []


@settings(deadline=None, max_examples=200)
@given(brief=st.sampled_from(BRIEFS), data=st.data())
def test_whatever_is_copied_from_the_brief_is_supported(brief, data):
    """Runs of whole words, cut nowhere inside a number, a date or a name: half of a date says something else."""
    inside = {at for one in claims.find(brief, "") for at in range(one.start + 1, one.end)}
    cuts = [match.start() for match in re.finditer(r"(?<=\s)\S|$", brief) if match.start() not in inside]
    start, end = sorted(data.draw(st.tuples(st.sampled_from([0, *cuts]), st.sampled_from(cuts))))
    before, after = data.draw(st.sampled_from([("", ""), ("so it is that ", " and more"), ("Then. ", "\n\n# End")]))
    assert claims.find(before + brief[start:end] + after, brief) == []


def test_twenty_thousand_words_are_read_once_not_over_and_over():
    """No pattern runs away on a text made to annoy it."""
    for unit in ("two hundred and ", "Aa ", "“a ", "1,", "1.", "14 ", "A. ", "' ", "(\n", "a@", "March ", "of the A "):
        assert claims.find(unit * 20_000, "") is not None


def measure(examples):
    """(precision, recall): a claim is found when a claim of any kind overlaps it; each counts once."""
    hits = wanted = given_ = 0
    for asked, marked in examples:
        brief, text, truth = example(asked, marked)
        got = claims.find(text, brief)
        left = list(got)
        for _, start, end in truth:
            hit = next((one for one in left if one.start < end and start < one.end), None)
            if hit is not None:
                left.remove(hit)
                hits += 1
        wanted += len(truth)
        given_ += len(got)
    return hits / given_, hits / wanted


def test_precision_and_recall_on_marked_texts():
    """0.95 and 0.90 on the texts that the rules were not written with; better on the others, as ever."""
    precision, recall = measure(HELD_OUT)
    assert precision >= 0.94
    assert recall >= 0.88
    precision, recall = measure(WORKED_WITH)
    assert precision >= 0.97
    assert recall >= 0.95

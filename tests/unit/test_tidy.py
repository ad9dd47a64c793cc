"""Tidy-ups: each rule does what its name says, twice is once, and code, links and front matter are never touched."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.documents.housestyle.prose import Kept
from copydesk.documents.housestyle.tidy import SAYS, Rule, Style, count, tidy

SPELLINGS = {
    "organisation": "organization",
    "Github": "GitHub",
    "web site": "website",
    "e-mail": "email",
    "grey": "gray",
}
EVERY = Style(frozenset(Rule), "en", SPELLINGS)


def only(rule, text, **more):
    return tidy(text, Style(frozenset([Rule(rule)]), spellings=SPELLINGS, **more))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"Hello," she said.', "“Hello,” she said."),
        ("It's the dogs' turn, isn't it?", "It’s the dogs’ turn, isn’t it?"),
        ("the '90s, 'tis, rock 'n' roll", "the ’90s, ’tis, rock ’n’ roll"),
        ("'Yes,' he said.", "‘Yes,’ he said."),
        ("\"'Nested' words\"", "“‘Nested’ words”"),
        ('("Brackets") and **"bold"**', "(“Brackets”) and **“bold”**"),
        ("He is 6'2\" tall.", "He is 6'2\" tall."),
        ('"Born in 1990"', "“Born in 1990”"),
        ('It ended--"so"', "It ended--“so”"),
        ('One "open\n\nand "another"', "One “open\n\nand “another”"),
        ("Already “curly” and ‘so’.", "Already “curly” and ‘so’."),
        ('"', "”"),
    ],
)
def test_quotes(before, after):
    assert only("quotes", before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("He left -- at once - and ran.", "He left – at once – and ran."),
        ("He left--at once---and ran.", "He left – at once – and ran."),
        ("git --help and -x", "git --help and -x"),
        ("5 - 3 = 2", "5 - 3 = 2"),
        ("- item - more\n  - sub\n* - deep\n1. - one", "- item – more\n  - sub\n* - deep\n1. - one"),
        ("well-known", "well-known"),
        ("Title\n---\n\n***\n\n- - -", "Title\n---\n\n***\n\n- - -"),
        ("| a | - |\n|---|---|\n", "| a | - |\n|---|---|\n"),
    ],
)
def test_dashes(before, after):
    assert only("dashes", before) == after


def test_the_house_chooses_its_dash():
    assert only("dashes", "He left - and--ran.", dash="em") == "He left—and—ran."


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pages 12-14, 1990-95", "pages 12–14, 1990–95"),
        ("2024-05-01 and 2024-05", "2024-05-01 and 2024-05"),
        ("call 555-1234 or 0171-1234", "call 555-1234 or 0171-1234"),
        ("COVID-19, A4-12, 9-year-old", "COVID-19, A4-12, 9-year-old"),
        ("won 3-2", "won 3-2"),
        ("(10-12.)", "(10–12.)"),
    ],
)
def test_ranges(before, after):
    assert only("ranges", before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Two  spaces   here", "Two spaces here"),
        ("End. \nNext.  \nA break above.\n\nLast.   ", "End.\nNext.  \nA break above.\n\nLast."),
        ("Before , and . So ; it : goes !", "Before, and. So; it: goes!"),
        ("A .NET and a :) stay", "A .NET and a :) stay"),
        ("1.  item\n-   item\n    under it", "1.  item\n-   item\n    under it"),
        ("| a   | b |", "| a   | b |"),
    ],
)
def test_spaces(before, after):
    assert only("spaces", before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Well... yes. . . no", "Well… yes… no"),
        ("....", "...."),
        ("../up and a...b", "../up and a…b"),
    ],
)
def test_ellipses(before, after):
    assert only("ellipses", before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("10 km, 5 %, Mr Hill, No. 5, p. 12", "10\u00a0km, 5\u00a0%, Mr\u00a0Hill, No.\u00a05, p.\u00a012"),
        ("No Man's Land, 10 kmh, plan p. x", "No Man's Land, 10 kmh, plan p. x"),
    ],
)
def test_nonbreaking(before, after):
    assert only("nonbreaking", before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "An organisation. Organisation's ORGANISATION",
            "An organization. Organization’s ORGANIZATION".replace("’", "'"),
        ),
        ("organisations disorganisation", "organisations disorganisation"),
        ("Github github GITHUB", "GitHub github GITHUB"),
        ("The Web site, web\nsite and e-mail.", "The Website, web\nsite and email."),
        ("grey_area grey-green", "grey_area gray-green"),
    ],
)
def test_spellings_of_whole_words_in_their_case(before, after):
    assert only("spellings", before) == after


KEPT = [
    "`don't -- x...`",
    "``it's ` so  x``",
    "[it's -- here](http://a.b/c--d)",
    "![a - b](x.png)",
    "[it's][ref's]",
    "<https://x.y/it's--so>",
    "https://x.y/a--b?c='d'",
    "www.x.y/it's",
    "o'grey-e-mail--x@example.org",
    '<a title="it\'s -- so">',
    "<!-- it's  a -- comment -->",
    "\\'",
    "[^it's]",
]
BLOCKS = [
    '```\nit\'s -- code  "x"...\n\ngrey\n```',
    "~~~ py\na ` b's\n~~~",
    "    it's code -- grey",
    "---",
    "[it's]: http://x.y/grey 'so'",
    "| --- | :-: |",
    "Title\n=====",
]
PROSE = [
    "it's",
    '"quoted"',
    "a -- b",
    "wait...",
    "two  spaces",
    "grey",
    "web site",
    "10-12",
    "5 %",
    "a`b",
    "end ,",
    "*so*",
    "🔥",
]


@pytest.mark.parametrize("kept", KEPT)
def test_what_is_no_prose_stays(kept):
    text = f"It's {kept} and it's"
    assert tidy(text, EVERY) == f"It’s {kept} and it’s"


@pytest.mark.parametrize("kept", BLOCKS)
def test_blocks_that_are_no_prose_stay(kept):
    assert tidy(f"It's\n\n{kept}\n\nit's", EVERY) == f"It’s\n\n{kept}\n\nit’s"


def test_front_matter_stays():
    front = '---\ntitle: "It\'s -- grey"\n---\n'
    assert tidy(front + "\nIt's", EVERY) == front + "\nIt’s"
    assert tidy("Text\n\n" + front, EVERY).startswith("Text\n\n---\ntitle: “It’s")  # only at the beginning


PIECES = st.lists(st.sampled_from([*KEPT, *PROSE, "\n\n", "\n", " ", "- ", "'", '"', "-", ".", "`", "  "]), max_size=24)


@settings(deadline=None, max_examples=300)
@given(PIECES)
def test_twice_is_once(pieces):
    once = tidy("".join(pieces), EVERY)
    assert tidy(once, EVERY) == once


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="ab1 '\"-.`[]()<>\n|#*_~!,%“”’\u00a0…é🔥", max_size=60), st.sampled_from(["en", "em"]))
def test_twice_is_once_whatever_is_written(text, dash):
    style = Style(frozenset(Rule), dash, {"a": "ab"})
    once = tidy(text, style)
    assert tidy(once, style) == once


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(PROSE), st.sampled_from([*KEPT])), max_size=8))
def test_code_links_and_addresses_are_the_same_after(pairs):
    text = "".join(f"{prose.replace('`', '')} {kept}\n\n" for prose, kept in pairs)
    after = tidy(text, EVERY)
    for _, kept in pairs:
        assert after.count(kept) == text.count(kept)


@settings(deadline=None, max_examples=200)
@given(PIECES)
def test_letters_and_digits_change_only_by_spelling(pieces):
    text = "".join(pieces)
    without = Style(frozenset(Rule) - {Rule.SPELLINGS})
    assert re.sub(r"\W", "", tidy(text, without)) == re.sub(r"\W", "", text)


def test_a_rule_that_is_off_does_nothing():
    text = '"It\'s" grey -- two  spaces... 10-12, 5 %'
    assert tidy(text, Style(frozenset(), spellings=SPELLINGS)) == text


def test_each_rule_says_what_it_does_and_counts_its_places():
    text = '"It\'s" grey -- two  spaces... 10-12, 5 %'
    assert count(text, EVERY) == {
        Rule.SPELLINGS: 1,
        Rule.ELLIPSES: 1,
        Rule.DASHES: 1,
        Rule.RANGES: 1,
        Rule.QUOTES: 3,
        Rule.SPACES: 1,
        Rule.NONBREAKING: 1,
    }
    assert set(SAYS) == set(Rule)


def test_what_is_kept_is_whole_and_in_order():
    text = "a `b` c\n\n```\nd\n```\ne"
    assert [text[start:end] for start, end in Kept(text).ranges] == ["`b`", "```", "d", "```"]

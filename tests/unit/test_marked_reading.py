"""A rendered text whose letters still know whose they are."""

import itertools
import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.documents import markdown
from copydesk.documents.marked_reading import render


def pieces(*told):
    """From pairs of origin and words; a third is the thread of a comment."""
    return [{"origin": origin, "text": words, "thread": (more or [""])[0]} for origin, words, *more in told]


def plain(html):
    """What a reader reads."""
    return unescape(re.sub(r"<[^>]+>", "", html))


def machine(html):
    return "".join(unescape(one) for one in re.findall(r'<span class="m" data-at="\d+">([^<]*)</span>', html))


def test_hands_stay_marked_through_headings_emphasis_and_lists():
    html = render(
        pieces(
            ("machine", "# The *old* bak"), ("human", "ery\n\nA **bold"), ("machine", " word** here\n\n- one\n- two")
        )
    )
    assert html.startswith('<h2><span class="m" data-at="2">The </span><em><span class="m" data-at="7">old</span></em>')
    assert '<strong><span data-at="24">bold</span><span class="m" data-at="28"> word</span></strong>' in html
    assert machine(html) == "The old bak word hereonetwo"


def test_the_brief_and_comments_are_marked_and_a_thread_has_one_anchor():
    html = render(pieces(("brief", "Eleven "), ("brief", "po", "7"), ("human", "*ts*", "7"), ("human", " stand")))
    assert '<span class="b" data-at="0">Eleven </span>' in html
    assert html.count('id="words-7"') == 1
    assert html.count('data-thread="7"') == 2
    assert '<mark class="commented" data-thread="7"><span data-at="10">ts</span></mark>' in html


def test_words_after_a_link_are_not_looked_for_in_its_address():
    html = render(
        pieces(("machine", '[see](https://else.example/else "else")'), ("human", "else. And [more](</a b>)!"))
    )
    assert machine(html) == "see"
    assert plain(html).strip() == "seeelse. And more!"


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("a \\* b &amp; c &copy; d", "a * b & c © d"),
        ("`code <b>` and <b>no tags</b>", "code <b> and <b>no tags</b>"),
        ("> quoted\n> lines", "quoted\nlines"),
        ("| a | b |\n|---|---|\n| c | d |", "abcd"),
        ("1. one\n\n       indented", "oneindented"),
    ],
)
def test_every_letter_belongs_to_the_machine_where_all_of_it_does(source, read):
    html = render(pieces(("machine", source)))
    assert "".join(machine(html).split()) == "".join(read.split())
    assert "".join(plain(html).split()) == "".join(read.split())


def test_nothing_gets_through_that_a_browser_would_run():
    html = render(pieces(("human", "[x](javascript:alert(1)) <img src=x onerror=alert(1)> ![p](http://x/y.png)")))
    assert "javascript:" not in html.replace("[x](javascript:alert(1))", "")
    assert "<img" not in html
    assert "&lt;img" in html


MARKS = st.lists(
    st.sampled_from(
        [
            "word ",
            "two\n",
            "\n\n",
            "# ",
            "- ",
            "**",
            "*",
            "_",
            "`",
            "```\n",
            "> ",
            "[a](b)",
            "\\*",
            "&amp;",
            "|",
            "1. ",
            "é",
            "<",
        ]
    ),
    max_size=40,
)


@given(MARKS, st.lists(st.integers(0, 200), max_size=5))
def test_any_text_reads_as_without_the_marks(parts, cuts):
    """The marks change nothing of what is read, and a run's place is where its letters stand, or near it."""
    text = "".join(parts)
    at = sorted({min(one, len(text)) for one in cuts} | {0, len(text)})
    hands = ["machine", "human", "brief"]
    told = [(hands[n % 3], text[a:b]) for n, (a, b) in enumerate(itertools.pairwise(at))]
    html = render(pieces(*told))
    assert plain(html).split() == plain(markdown.render(text)).split()
    places = [int(one) for one in re.findall(r'data-at="(\d+)"', html)]
    assert places == sorted(places)
    for place, words in re.findall(r'data-at="(\d+)">([^<]+)</span>', html):
        letters = unescape(words)
        assert text[int(place)] == letters[0] or "&" in text or letters[0].isspace()

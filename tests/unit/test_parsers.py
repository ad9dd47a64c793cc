"""Whatever reads what others wrote takes anything: it answers, or refuses in its own words, and breaks on nothing."""

import base64
import ipaddress
import json
import re
from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import html
from werkzeug.datastructures import MultiDict

from copydesk.accounts import zones
from copydesk.audit import chain
from copydesk.documents import markdown, marked_reading
from copydesk.documents.finding import filters, orders, searching
from copydesk.documents.records.verification import verify
from copydesk.engine.remote import NotRemote, Remote
from copydesk.webhooks import addresses
from copydesk.webhooks.addresses import Allowed, Refused
from tests.web.attacks.nasty import NASTY, WORDS

quick = settings(max_examples=60, derandomize=True, deadline=None)
PUBLIC_ONLY = Allowed()
PARTS = st.sampled_from(
    [*NASTY, "<b>", "</b>", "<!--", "-->", "[a](", ")", "![", "](javascript:alert(1))", "`", "```\n", "~~~", "> ", "- ",
     "1. ", "| a | b |\n|---|---|\n", "&lt;script&gt;", "&#x6a;avascript:", "\\", "*", "_", "~~", "\n\n", "    ",
     "<http://a>", "]: x"]
)  # fmt: skip
MARKDOWN = st.lists(PARTS | st.text(max_size=20), max_size=14).map("".join)


def dangers(rendered: str) -> Iterable[str]:
    """What a browser would do with it beyond showing words."""
    page = html.fragment_fromstring(rendered, "div")
    for node in page.iterdescendants():
        if node.tag not in markdown.TAGS | {"span", "mark"}:
            yield str(node.tag)
        for name, value in node.attrib.items():
            if name not in ("href", "title", "start", "rel", "class", "data-at", "data-thread", "id"):
                yield name
            if name == "href" and not re.match(r"(https?:|mailto:|[^:]*$|[/?#])", value, re.IGNORECASE):
                yield value


@quick
@given(MARKDOWN)
@example("[x](javascript&colon;alert(1))")
@example("[x](\x01javascript:alert(1))")
@example('<a href="javascript:alert(1)" onclick="x">')
@example("![x](data:text/html,<script>alert(1)</script>)")
@example("[x](https://a 'b\" onmouseover=\"alert(1)')")
def test_markdown_becomes_words_and_nothing_that_acts(text):
    assert list(dangers(str(markdown.render(text)))) == []
    assert list(dangers(str(marked_reading.render([{"text": text, "origin": "machine"}])))) == []


@quick
@given(
    WORDS | st.binary(max_size=80).map(lambda raw: raw.decode("latin-1")),
    st.sampled_from(list(orders.By)),
    st.booleans(),
)
def test_a_place_in_a_list_is_one_or_none(written, by, backwards):
    place = orders.read_place(orders.Order(by), written, backwards=backwards)
    assert place is None or len(place.values) == len(orders._KINDS[by])


@quick
@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=9), lambda one: st.lists(one, max_size=3), max_leaves=5)
)
def test_a_place_that_was_made_up_is_one_or_none(values):
    written = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
    for by in orders.By:
        place = orders.read_place(orders.Order(by), written, backwards=False)
        assert place is None or isinstance(place.values, tuple)


@quick
@given(
    st.dictionaries(st.sampled_from(["q", "state", "editor", "sponsor", "due", "since", "model", "mine", "x"]), WORDS)
)
def test_filters_are_read_from_any_address(asked):
    found = filters.read(MultiDict(asked))
    assert len(found.q) <= filters.MOST_CHARACTERS
    assert "\x00" not in found.q + found.model
    assert all(number is None or 0 <= number < 2**63 for number in (found.editor, found.sponsor))


@quick
@given(WORDS, WORDS)
def test_what_was_looked_for_is_found_in_words_that_stay_the_same(asked, text):
    words = searching.words_of(asked)
    assert "".join(piece.text for piece in searching.marked(text, words)) == text
    assert sum(len(piece.text) for piece in searching.excerpt(text, words)) <= len(text) + 4


@quick
@given(st.binary(max_size=200) | WORDS.map(lambda words: words.encode("utf-8", "surrogatepass")))
@example(b"[" * 100_000)
@example(b'{"format": 3, "revisions": ' + b"[" * 100_000)
@example(b'{"format": 1e999}')
@example(b'{"format": 3, "format": 2}')
def test_any_file_is_a_record_or_is_said_to_be_none(raw):
    assert not verify(raw).holds


@quick
@given(WORDS | st.from_regex(r"https?://[a-z0-9.\[\]:@%\\/ -]{1,40}", fullmatch=True))
@example("https://evil.example\\@10.0.0.1/")
@example("https://[::ffff:127.0.0.1]/")
@example("https://a.example:99999/")
@example("https://ⓔⓥⓘⓛ.example/")
def test_an_address_to_call_is_clean_or_refused(url):
    try:
        kept = addresses.clean(url, PUBLIC_ONLY)
    except Refused:
        return
    assert kept.startswith("https://")
    assert "@" not in kept.split("/")[2]
    assert addresses.clean(kept, PUBLIC_ONLY) == kept


@quick
@given(st.ip_addresses())
@example(ipaddress.ip_address("169.254.169.254"))
@example(ipaddress.ip_address("::ffff:10.0.0.1"))
@example(ipaddress.ip_address("64:ff9b::a00:1"))
def test_only_what_the_world_can_reach_is_called(ip):
    try:
        addresses.check(str(ip), PUBLIC_ONLY)
    except Refused:
        return
    assert ip.is_global
    assert not ip.is_multicast


FIELDS = st.lists(st.none() | st.text(max_size=6), max_size=5)


@quick
@given(FIELDS, FIELDS)
@example(["a", "b"], ["ab"])
@example(["", None], [None, ""])
@example(["1:a,"], ["", "a"])
def test_two_events_have_one_seal_only_when_they_are_one(one, other):
    assert (chain.link("0", iter(one)) == chain.link("0", iter(other))) == (one == other)


@quick
@given(WORDS)
def test_a_zone_is_one_that_there_is(name):
    assert zones.named(name).key in zones.names()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/localtime", "Europe/../../x", "a\x00b"])
def test_a_zone_is_no_path(name):
    assert zones.named(name).key == "UTC"


@quick
@given(WORDS | st.from_regex(r"https?://[a-z0-9.:@/#?-]{1,40}", fullmatch=True))
def test_the_name_of_a_server_is_one_or_is_refused(name):
    try:
        found = Remote.parse(name)
    except NotRemote:
        return
    assert found.url.startswith(("http://", "https://"))

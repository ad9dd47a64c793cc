"""From tokens to text, piece by piece: whole characters, and nothing of a text that stops it."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from copydesk.engine.decoding import Spelling, TokenBytes, stops_in

texts = st.text(alphabet="ab.é🎉\n", max_size=30)


def cut(raw: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(raw), *(place for place in places if place < len(raw))})
    return [raw[start:end] for start, end in itertools.pairwise(edges)]


@given(texts, st.lists(st.integers(0, 60)), st.lists(st.text(alphabet="ab.é", min_size=1, max_size=4), max_size=3))
def test_any_cut_gives_the_text_up_to_the_first_stop(text: str, places: list[int], stops: list[str]) -> None:
    spelling, spelt = Spelling(stops), ""
    for piece in cut(text.encode(), places):
        if not spelling.stopped:
            spelt += spelling.feed(piece)
            assert text.startswith(spelt)
    spelt += spelling.end()
    found = [text.index(stop) for stop in stops if stop in text]
    assert spelling.stopped == bool(found)
    assert len(spelt) <= len(text[: min(found)] if found else text)
    if not found:
        assert spelt == text
    else:
        assert not any(stop in spelt for stop in stops)


def test_the_text_before_a_stop_is_all_there() -> None:
    spelling = Spelling(("\n\n",))
    assert [spelling.feed(piece) for piece in (b"One", b"\n", b"two\n")] == ["One", "", "\ntwo"]
    assert (spelling.feed(b"\nthree"), spelling.stopped, spelling.end()) == ("", True, "")


def test_what_is_no_character_is_left_out() -> None:
    spelling = Spelling()
    assert spelling.feed(b"\xc3") + spelling.feed(b"\xa9\xff\xf0\x9f") + spelling.end() == "é"


@given(texts, st.lists(st.integers(0, 60)), st.lists(st.text(alphabet="ab.é", min_size=1, max_size=4), max_size=3))
def test_the_piece_that_completes_a_stop_is_found(text: str, places: list[int], stops: list[str]) -> None:
    pieces, raw = cut(text.encode(), places), [stop.encode() for stop in stops]
    for count in range(1, len(pieces) + 1):
        whole, before = b"".join(pieces[:count]), b"".join(pieces[: count - 1])
        new = any(whole.count(stop) > before.count(stop) for stop in raw)
        assert not new or stops_in(pieces[:count], raw)
        assert not stops_in(pieces[:count], raw) or any(stop in whole for stop in raw)


def test_bytes_are_looked_up_once() -> None:
    asked: list[int] = []
    bytes_of = TokenBytes(lambda token: asked.append(token) or bytes([token]))
    assert [bytes_of(token) for token in (65, 65, 66)] == [b"A", b"A", b"B"]
    assert asked == [65, 66]

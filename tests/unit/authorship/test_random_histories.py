"""Ten thousand histories by chance: their spans tile, replay and come out the same however they are computed."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copydesk.documents import chain
from copydesk.documents.authorship import History, pack, unpack
from copydesk.documents.models import Kind
from tests.unit.authorship.written import ANA, BEN, Written

HISTORIES, PARTS = 10_000, 20  # parts, so that processes can share them
# Few words, so that they meet by chance; signs that are cut badly where code points are mistaken for letters.
STOCK = [
    *(
        "The",
        "old",
        "bakery",
        "smells",
        "of",
        "flour.",
        "Nobody",
        "opens",
        "before",
        "six,",
        "they",
        "say.",
        "It",
        "was",
    ),
    *(
        "the",
        "oven’s",
        "fault",
        "–",
        "naïve,",
        "🔥",
        "hot",
        "👩🏽‍🍳!",
        "面包店",
        "is",
        "closed.\n\nThe",
        "old",
        "bakery",
    ),
    *(
        "on",
        "the",
        "corner",
        "of",
        "Mill",
        "Street",
        "burned",
        "down",
        "in",
        "1998.",
        "Nobody",
        "came.",
        "a",
        "a",
        "the",
    ),
]


def words(start, count):
    start %= len(STOCK)
    return " ".join((STOCK * 3)[start : start + count])


def insert(written, start, end, three, who):
    new = words(three, 1 + three % 9)
    written.save(written.text[:start] + new + written.text[start:], by=who)


def drop(written, start, end, three, who):
    written.save(written.text[:start] + written.text[end:], by=who)


def exchange(written, start, end, three, who):
    written.save(written.text[:start] + words(three, 1 + three % 9) + written.text[end:], by=who)


def move(written, start, end, three, who):
    rest = written.text[:start] + written.text[end:]
    to = len(rest) * three // 99
    written.save(rest[:to] + written.text[start:end] + rest[to:], by=who)


def paste(written, start, end, three, who):
    draft = written.drafts[1 + three % len(written.drafts)]
    written.save(written.text[:start] + draft[three % 20 :][: 5 + end] + written.text[start:], by=who)


def accept(written, start, end, three, who):
    new = words(three, 1 + three % 9)
    taken = new[: 1 + end - start]
    written.accepted(taken, of=new)
    written.save(written.text[:start] + taken + written.text[start:], by=who)


def accept_alike(written, start, end, three, who):
    """What was accepted has much in common with what it came instead of; something else was written as well."""
    gone = written.text[start:end]
    new = gone.replace("e", "a").replace("ow", "aw") + " " + words(three, 1 + three % 9)
    written.accepted(new, at=start if three % 3 else None)
    written.save(written.text[:start] + new + written.text[end:] + " " + words(three + 1, three % 4), by=who)


def redraft(written, start, end, three, who):
    written.redraft_at(start, end, words(three, 1 + three % 9))


def merge(written, start, end, three, who):
    """Two people had the same text; what one of them cut off is gone, what the other wrote is there."""
    base, text = written.revisions[-1].number, written.text
    new = words(three, 1 + three % 9)
    written.save(text[:end], by=ANA)
    written.save(text[:start] + new + text[start:end], by=BEN, merged_from=base)


def undo(written, start, end, three, who):
    written.save(written.revisions[three % len(written.revisions)].body, by=who)


def suggest(written, start, end, three, who):
    written.suggestion_at(start, end, words(three, 1 + three % 9), by=who)


def tidy(written, start, end, three, who):
    written.tidy(written.text.replace("’", "'").replace(" – ", ", "), by=who)


def draft(written, start, end, three, who):
    written.brief(words(three, 9))
    written.draft(words(start, 10 + end % 20))


ACTS = (insert, drop, exchange, move, paste, accept, accept_alike, redraft, merge, undo, suggest, tidy, draft)
PLACE = st.integers(0, 99)
steps = st.lists(st.tuples(st.sampled_from(ACTS), PLACE, PLACE, PLACE), min_size=1, max_size=4)


@pytest.mark.parametrize("part", range(PARTS))
def test_histories_by_chance(part):
    @settings(
        max_examples=HISTORIES // PARTS,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(part, part), steps)
    def holds(shift, acts):
        written = Written(words(shift, 12))
        written.draft(words(shift * 7, 30))
        for act in acts:
            play(written, *act)
        spans = is_computed_the_same(written, kept_until=len(acts))
        tiles_and_replays(written, spans)

    holds()


@settings(max_examples=300, deadline=None)
@given(steps, st.data())
def test_any_change_of_a_revision_is_found(acts, data):
    written = Written(words(0, 12))
    written.draft(words(0, 30))
    for act in acts:
        play(written, *act)
    assert chain.first_broken(written.revisions) is None
    victim = data.draw(st.sampled_from(written.revisions))
    name = data.draw(st.sampled_from(("body", "title", "sha256", "author_id", "autodoc_id", "number", "created_at")))
    setattr(victim, name, changed(getattr(victim, name), data, written))
    expected = written.revisions.index(victim) + 1
    assert chain.first_broken(written.revisions) == expected


def changed(value, data, written):
    if isinstance(value, str) and value:
        place = data.draw(st.integers(0, len(value) - 1))
        flipped = chr(ord(value[place]) ^ 1 << data.draw(st.integers(0, 6)))
        return value[:place] + flipped + value[place + 1 :]
    if isinstance(value, int) or value is None or value == "":
        return "x" if value == "" else (value or 0) + 1
    return value + (written.now - value).__class__(microseconds=1)


def play(written, act, one, two, three):
    """One act at a place that `one` and `two` say, with words that `three` says."""
    length = len(written.text)
    start, end = sorted((length * one // 99, length * two // 99))
    act(written, start, end, three, ANA if three % 2 else BEN)


def tiles_and_replays(written, spans):
    text, by_number = written.text, {one.number: one for one in written.revisions}
    edges = [0, *(span.end for span in spans)]
    assert [span.start for span in spans] == edges[:-1]
    assert edges[-1] == len(text)
    for span in spans:
        part, brought = text[span.start : span.end], by_number[span.revision]
        assert part
        if span.origin == "machine":
            assert written.drafts[span.autodoc_id][span.at :].startswith(part)
            assert span.author_id is None
        elif span.origin == "brief":
            assert any(one.body[span.at :].startswith(part) for one in written.revisions if one.kind is Kind.BRIEF)
        else:
            assert (span.origin, span.author_id) == (brought.kind.value, brought.author_id)


def is_computed_the_same(written, kept_until):
    """From nothing; and on from what was kept, packed, of the first revisions."""
    known, whole, again = {}, History(written.sources), History(written.sources)
    for revision in written.revisions:
        whole.add(revision)
        known[revision.number] = pack(whole.spans)
    for revision in written.revisions:
        again.add(revision, unpack(known[revision.number]) if revision.number <= kept_until else None)
    assert again.spans == whole.spans
    return whole.spans

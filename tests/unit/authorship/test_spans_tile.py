"""Who wrote what: spans tile every text exactly, whatever is typed."""

import datetime as dt
import uuid

from hypothesis import given
from hypothesis import strategies as st

from copydesk.documents import authorship
from copydesk.documents.models import Kind, Revision

WORDS = st.text(alphabet="ab é🔥\n.,'", max_size=60)


def chain(*steps):
    """Revisions from (kind, author, body)."""
    return [
        Revision(
            document_id=uuid.UUID(int=0),
            number=number,
            kind=kind,
            author_id=author,
            title="T",
            body=body,
            round=1,
            created_at=dt.datetime.now(dt.UTC),
        )
        for number, (kind, author, body) in enumerate(steps, start=1)
    ]


def told(revisions):
    text = revisions[-1].body
    return [(text[span.start : span.end], span.origin, span.author_id) for span in authorship.spans(revisions)]


def test_a_draft_is_the_machines():
    assert told(chain((Kind.BRIEF, 1, "Brief"), (Kind.MACHINE, None, "A draft."))) == [("A draft.", "machine", None)]


def test_a_word_put_in_is_the_persons_and_the_rest_stays():
    revisions = chain((Kind.MACHINE, None, "The old bakery smells."), (Kind.HUMAN, 7, "The old, cold bakery smells."))
    assert told(revisions) == [
        ("The old", "machine", None),
        (", cold", "human", 7),
        (" bakery smells.", "machine", None),
    ]


def test_two_people_are_told_apart():
    revisions = chain(
        (Kind.MACHINE, None, "One two."), (Kind.HUMAN, 7, "One and two."), (Kind.HUMAN, 8, "One and two!")
    )
    assert [author for _, _, author in told(revisions)] == [None, 7, None, 8]


def test_a_changed_brief_changes_no_author():
    revisions = chain((Kind.BRIEF, 1, "B"), (Kind.MACHINE, None, "Text."), (Kind.BRIEF, 1, "Other brief"))
    assert [span.origin for span in authorship.spans(revisions)] == ["machine"]


def test_no_text_has_no_spans():
    assert authorship.spans(chain((Kind.BRIEF, 1, "B"))) == []
    assert authorship.spans(chain((Kind.MACHINE, None, "x"), (Kind.HUMAN, 1, ""))) == []


@given(st.lists(WORDS, min_size=1, max_size=6))
def test_spans_tile_the_text_exactly(bodies):
    revisions = chain((Kind.MACHINE, None, bodies[0]), *((Kind.HUMAN, n, body) for n, body in enumerate(bodies[1:])))
    spans = authorship.spans(revisions)
    edges = [0, *(span.end for span in spans)]
    assert [span.start for span in spans] == edges[:-1]
    assert edges[-1] == len(bodies[-1])
    assert all(span.start < span.end for span in spans)
    assert authorship.spans(revisions) == spans


def test_a_passage_that_became_the_machines_leaves_every_other_character_to_its_author():
    before = "One two. Three four. Five six."
    revisions = chain(
        (Kind.MACHINE, None, "One two."), (Kind.HUMAN, 7, before), (Kind.MACHINE, None, "One two. Three! Five six.")
    )
    revisions[-1].span_start, revisions[-1].span_end = before.index("Three four."), before.index(" Five")
    assert told(revisions) == [
        ("One two.", "machine", None),
        (" ", "human", 7),
        ("Three!", "machine", None),  # also the word that was the person's before: the machine wrote it again
        (" Five six.", "human", 7),
    ]


@given(WORDS, WORDS, st.data())
def test_spans_tile_a_text_with_a_replaced_passage(before, words, data):
    start = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(start, len(before)))
    after = before[:start] + words + before[end:]
    revisions = chain((Kind.HUMAN, 7, before), (Kind.MACHINE, None, after))
    revisions[-1].span_start, revisions[-1].span_end = start, end
    spans = authorship.spans(revisions)
    assert "".join(after[span.start : span.end] for span in spans) == after
    assert all(span.start < span.end for span in spans)
    assert "".join(after[span.start : span.end] for span in spans if span.origin == "human") == (
        before[:start] + before[end:]
    )

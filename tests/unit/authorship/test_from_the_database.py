"""Authorship from the database: drafts and acceptances are its sources, and what was computed is kept."""

import pytest
from sqlalchemy import delete, func, select

from copydesk.autodocs import acceptances, authors, continuations, spans
from copydesk.documents import attribution_cache, chain, revising
from copydesk.documents.attribution_cache import Attribution
from copydesk.documents.authorship import ALGORITHM
from copydesk.documents.revising import Text
from tests import journeys

FIRST = "The old bakery still smells of flour."


@pytest.fixture
def document(make_document):
    return make_document("editing")


def save(session, document, person, body):
    session.refresh(document)
    return revising.save(session, document.id, person, Text("T", body, document.text_number))


def told(session, document, number=None):
    number = number or document.text_number
    body = chain.revision(session, document, number).body
    return [(body[one.start : one.end], one.origin) for one in authors.spans_of(session, document, number)]


def kept(session):
    return session.scalar(select(func.count()).select_from(Attribution))


def test_a_draft_is_the_machines_with_its_number(session, cast, document):
    [span] = authors.spans(session, document)
    assert (span.origin, span.start, span.end, span.at) == ("machine", 0, len(journeys.DRAFT), 0)
    assert span.autodoc_id == chain.revision(session, document, document.text_number).autodoc_id


def test_there_are_no_spans_before_there_is_a_text(session, make_document):
    assert authors.spans(session, make_document("drafting")) == []


def test_every_revision_is_computed_once(session, cast, document, count_queries):
    save(session, document, cast.editor, journeys.DRAFT + " Cold.")
    authors.spans(session, document)
    assert kept(session) == 2
    with count_queries() as queries:
        found = authors.spans(session, document)
    assert len(queries) == 1
    assert [one.origin for one in found] == ["machine", "human"]


def test_earlier_texts_can_be_asked_for(session, cast, document):
    first = document.text_number
    save(session, document, cast.editor, "Quite another text")
    assert told(session, document, first) == [(journeys.DRAFT, "machine")]
    assert {origin for _, origin in told(session, document)} == {"human"}


def test_what_is_kept_and_what_is_computed_anew_are_the_same(session, cast, document):
    for body in (journeys.DRAFT + " Cold.", "Cold. " + FIRST, "Cold and dark. " + journeys.DRAFT):
        save(session, document, cast.editor, body)
        authors.spans(session, document)  # one after the other, as pages ask
    before = authors.spans(session, document)
    session.execute(delete(Attribution))
    assert authors.spans(session, document) == before


def test_rows_of_another_algorithm_are_not_used(session, document):
    revision = chain.revision(session, document, document.text_number)
    session.add(Attribution(revision_id=revision.id, algorithm=ALGORITHM + 1, spans=b"not ours"))
    session.flush()
    assert told(session, document) == [(journeys.DRAFT, "machine")]


def test_whoever_computes_the_same_second_leaves_it_as_it_is(session, document):
    revision = chain.revision(session, document, document.text_number)
    spans_now = authors.spans(session, document)
    attribution_cache.keep(session, [(revision, spans_now)])
    assert kept(session) == 1


def test_a_candidate_that_nobody_took_is_known_when_its_words_are_typed(session, cast, document):
    base = document.text_number
    [candidate] = spans.ask(session, document.id, cast.editor, base=base, start=0, end=len(FIRST), count=1)
    journeys.write(session, candidate.id, "A smell of burnt sugar hangs in every room of it.")
    save(session, document, cast.editor, journeys.DRAFT + " I noticed a smell of burnt sugar hangs in every room.")
    session.refresh(candidate)
    typed = [one for one in authors.spans(session, document) if one.autodoc_id == candidate.id]
    assert [candidate.text[one.at :][: one.end - one.start] for one in typed] == [
        " smell of burnt sugar hangs in every room"
    ]


def test_a_continuation_that_was_accepted_is_the_machines_from_one_word_on(session, cast, document):
    base = document.text_number
    end = len(journeys.DRAFT)
    asked = continuations.ask(session, document.id, cast.editor, base=base, text=journeys.DRAFT, at=end)
    journeys.write(session, asked.id, " Cold ovens.")
    acceptances.accept(session, document.id, cast.editor, asked.number, len(" Cold"))
    save(session, document, cast.editor, journeys.DRAFT + " Cold night.")
    assert told(session, document)[-2:] == [(" Cold", "machine"), (" night.", "human")]

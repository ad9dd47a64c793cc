"""Suggestions: proposed change by change, placed in a text that moves on, accepted in any order, or refused."""

import random
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from copydesk.audit import AuditEvent
from copydesk.documents import chain, operations, revising, suggesting, suggestions
from copydesk.documents.errors import (
    InvalidInput,
    NotAllowed,
    OpenSuggestions,
    SelfApproval,
    StaleHead,
    SuggestionDecided,
    SuggestionGone,
    SuggestionNotFound,
    SuggestionsBeforeSigning,
    WrongState,
)
from copydesk.documents.models import Kind, Revision, State
from copydesk.documents.proposals import Proposal, proposals
from copydesk.documents.revising import Text
from copydesk.documents.suggestions import SuggestionState
from copydesk.documents.textdiff import places
from copydesk.documents.textdiff.places import Place
from copydesk.documents.workflow import Act
from copydesk.mail.outbox import Mail

TEXT = "The bakery is old. It smells of flour in the morning. People come from far away to see the pots."


@pytest.fixture
def document(make_document):
    return make_document("editing", text=TEXT)


def body(session, document):
    session.refresh(document)
    return revising.head_text(session, document).body


def events(session, document, action):
    query = select(AuditEvent).where(AuditEvent.action == action, AuditEvent.object_id == str(document.id))
    return session.scalars(query.order_by(AuditEvent.id)).all()


def propose(session, document, actor, changed, **more):
    return suggesting.propose(session, document.id, actor, base=document.text_number, body=changed, **more)


def test_a_changed_text_becomes_one_suggestion_for_each_change(session, cast, document):
    changed = TEXT.replace("old", "very old").replace("in the morning", "at dawn").replace(" to see the pots", "")
    made = propose(session, document, cast.sponsor, changed, note="Shorter.")
    assert [(TEXT[one.start : one.end], one.replacement) for one in made] == [
        ("", "very "),
        ("in the morning", "at dawn"),
        (" to see the pots", ""),
    ]
    assert {(one.author_id, one.note, one.state) for one in made} == {
        (cast.sponsor.id, "Shorter.", SuggestionState.OPEN)
    }
    assert body(session, document) == TEXT
    (event,) = events(session, document, "document.suggest")
    assert event.after["suggestions"] == [1, 2, 3]


def test_accepting_puts_it_in_the_text_in_the_name_of_who_proposed_it(session, cast, document):
    propose(session, document, cast.sponsor, TEXT.replace("old", "very old"))
    revision = suggesting.accept(session, document.id, cast.editor, 1)
    assert (revision.kind, revision.author_id, revision.accepted_by_id) == (
        Kind.HUMAN,
        cast.sponsor.id,
        cast.editor.id,
    )
    at = TEXT.index("old")
    assert (revision.span_start, revision.span_end) == (at, at)
    assert body(session, document) == TEXT.replace("old", "very old")
    (event,) = events(session, document, "document.accept_suggestion")
    assert (event.actor_id, event.after["suggestion"], event.after["author"]) == (cast.editor.id, 1, cast.sponsor.id)
    assert chain.first_broken(chain.revisions(session, document.id)) is None
    with pytest.raises(SuggestionDecided):
        suggesting.refuse(session, document.id, cast.editor, 1)


def test_refusing_keeps_the_text_and_the_reason(session, cast, document):
    propose(session, document, cast.admin, TEXT + " More.")
    one = suggesting.refuse(session, document.id, cast.editor, 1, " It says enough. ")
    assert (one.state, one.decided_by_id) == (SuggestionState.REFUSED, cast.editor.id)
    assert body(session, document) == TEXT
    assert events(session, document, "document.refuse_suggestion")[0].note == "It says enough."


def test_only_who_made_it_takes_it_back(session, cast, document):
    propose(session, document, cast.sponsor, TEXT + " More.")
    with pytest.raises(NotAllowed):
        suggesting.take_back(session, document.id, cast.editor, 1)
    assert suggesting.take_back(session, document.id, cast.sponsor, 1).state is SuggestionState.TAKEN_BACK
    assert suggestions.open_ones(session, document) == []


def test_sending_the_same_page_twice_suggests_once(session, cast, document):
    changed = TEXT.replace("old", "very old")
    propose(session, document, cast.sponsor, changed)
    assert propose(session, document, cast.sponsor, changed) == []
    assert len(propose(session, document, cast.admin, changed)) == 1
    assert len(propose(session, document, cast.sponsor, changed + " More.")) == 1


def test_suggestions_move_with_the_text(session, cast, document):
    propose(session, document, cast.sponsor, TEXT.replace("far away", "afar"))
    later = Text(document.title, "A new first line.\n\n" + TEXT.replace("flour", "bread"), document.text_number)
    revising.save(session, document.id, cast.editor, later)
    (one,) = suggestions.placed(session, document)
    assert one.text[one.place.start : one.place.end] == "far away"
    suggesting.accept(session, document.id, cast.editor, 1)
    assert body(session, document) == later.body.replace("far away", "afar")


def test_when_its_words_are_gone_it_can_only_be_refused(session, cast, document):
    propose(session, document, cast.sponsor, TEXT.replace("far away", "afar"))
    propose(session, document, cast.sponsor, TEXT.replace("old", "very old"))
    shorter = Text(document.title, TEXT.replace(" from far away", ""), document.text_number)
    revising.save(session, document.id, cast.editor, shorter)
    assert [(one.suggestion.number, one.place is None) for one in suggestions.placed(session, document)] == [
        (2, False),
        (1, True),
    ]
    with pytest.raises(SuggestionGone):
        suggesting.accept(session, document.id, cast.editor, 1)
    done = suggesting.accept_all(session, document.id, cast.editor)
    assert (done.count, done.gone) == (1, 1)
    assert suggesting.refuse_all(session, document.id, cast.editor, "Not needed.").count == 1


def test_two_people_on_one_word_the_first_accepted_wins(session, cast, document):
    propose(session, document, cast.sponsor, TEXT.replace("old", "ancient"))
    propose(session, document, cast.admin, TEXT.replace("old", "venerable"))
    suggesting.accept(session, document.id, cast.editor, 2)
    assert body(session, document) == TEXT.replace("old", "venerable")
    with pytest.raises(SuggestionGone):
        suggesting.accept(session, document.id, cast.editor, 1)


def test_accept_all_makes_a_revision_and_a_row_each(session, cast, document):
    changed = TEXT.replace("old", "very old").replace("morning", "night").replace("see", "touch")
    propose(session, document, cast.sponsor, changed)
    before = document.text_number
    assert suggesting.accept_all(session, document.id, cast.editor).count == 3
    assert body(session, document) == changed
    assert document.text_number == before + 3
    assert len(events(session, document, "document.accept_suggestion")) == 3


def test_delivery_waits_and_names_the_first_in_the_text(session, cast, document):
    propose(session, document, cast.sponsor, TEXT.replace("pots", "vessels"))
    propose(session, document, cast.sponsor, TEXT.replace("old", "very old"))
    typed = Text(document.title, TEXT + " It is the editor who wrote this.", document.text_number)
    with pytest.raises(OpenSuggestions) as refused, session.begin_nested():
        revising.deliver(session, document.id, cast.editor, typed)
    assert (refused.value.first, refused.value.anchor) == (2, "suggestion-2")
    session.refresh(document)
    assert document.state is State.EDITING
    suggesting.refuse_all(session, document.id, cast.editor)
    assert revising.deliver(session, document.id, cast.editor, typed).state is State.SIGNOFF


def test_the_sponsor_may_sign_what_the_editor_took_over(session, cast, document):
    propose(session, document, cast.sponsor, TEXT.replace("old", "very old"))
    suggesting.accept(session, document.id, cast.editor, 1)
    typed = Text(document.title, body(session, document) + " The editor's own words.", document.text_number)
    revising.deliver(session, document.id, cast.editor, typed)
    assert not revising.wrote_in_round(session, document, cast.sponsor)
    assert revising.wrote_in_round(session, document, cast.editor)
    head = revising.head_text(session, document)
    assert operations.sign(session, document.id, cast.sponsor, sha256=head.sha256).state is State.APPROVED


def test_whoever_accepted_did_revise(session, cast, document):
    """Accepting is revising: an editor who only accepted counts as one who wrote in this round."""
    propose(session, document, cast.sponsor, TEXT.replace("old", "very old"))
    suggesting.accept(session, document.id, cast.editor, 1)
    assert revising.wrote_in_round(session, document, cast.editor)
    assert SelfApproval.__doc__


def test_nobody_signs_over_open_suggestions(session, cast, make_document):
    document = make_document("signoff", text=TEXT)
    head = revising.head_text(session, document)
    propose(session, document, cast.sponsor, head.body + " One more thing.")
    with pytest.raises(SuggestionsBeforeSigning):
        operations.sign(session, document.id, cast.sponsor, sha256=head.sha256)
    with pytest.raises(WrongState):
        suggesting.accept(session, document.id, cast.editor, 1)
    operations.move(session, document.id, Act.REQUEST_CHANGES, cast.sponsor, comment="See my suggestion.")
    suggesting.accept(session, document.id, cast.editor, 1)
    assert body(session, document).endswith("One more thing.")


def test_the_editor_is_told_while_it_is_theirs(session, cast, document):
    propose(session, document, cast.sponsor, TEXT + " More.")
    propose(session, document, cast.editor, TEXT + " Even more.")
    subjects = [mail.subject for mail in session.scalars(select(Mail).where(Mail.recipient == cast.editor.email))]
    assert sum("Changes suggested" in subject for subject in subjects) == 1


@pytest.mark.parametrize(
    ("changed", "says"),
    [(TEXT, "Nothing is changed"), (TEXT + "x" * 600_000, "the most is")],
)
def test_what_can_not_be_proposed_says_why(session, cast, document, changed, says):
    with pytest.raises(InvalidInput, match=says):
        propose(session, document, cast.sponsor, changed)


def test_too_many_and_too_long(session, cast, make_document, monkeypatch):
    monkeypatch.setattr(suggesting, "MOST_OPEN", 3)
    document = make_document("editing", text=TEXT)
    changed = TEXT.replace("old", "new").replace("flour", "bread").replace("away", "off").replace("pots", "cups")
    with pytest.raises(InvalidInput, match="At most 3"):
        propose(session, document, cast.sponsor, changed)
    with pytest.raises(InvalidInput, match="1,000"):
        propose(session, document, cast.sponsor, TEXT + " More.", note="x" * 1001)
    with pytest.raises(StaleHead):
        suggesting.propose(session, document.id, cast.sponsor, base=1, body="A")  # the brief is no text
    with pytest.raises(SuggestionNotFound):
        suggesting.accept(session, document.id, cast.editor, 7)


@pytest.mark.parametrize(
    ("start", "end", "words"), [(-1, 3, "x"), (5, 3, "x"), (0, 999, "x"), (3, 3, ""), (0, 3, "The")]
)
def test_one_place_has_to_be_one_and_to_change(session, cast, document, start, end, words):
    with pytest.raises(InvalidInput):
        suggesting.propose_one(
            session, document.id, cast.sponsor, base=document.text_number, proposal=Proposal(start, end, words)
        )


def test_one_place_with_other_words(session, cast, document):
    asked = Proposal(0, 3, "Our\x00")
    suggesting.propose_one(session, document.id, cast.admin, base=document.text_number, proposal=asked)
    suggesting.accept(session, document.id, cast.editor, 1)
    assert body(session, document) == "Our" + TEXT[3:]


WORDS = st.lists(st.sampled_from(["a", "the", "pot", "oven", "🔥", ".", ",", "\n\n", " ", "flour"]), max_size=14)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=WORDS, after=WORDS, seed=st.integers(0, 99))
def test_accepting_all_of_a_proposal_in_any_order_gives_the_proposed_text(
    session, cast, make_document, before, after, seed
):
    before, after = "x" + "".join(before), "".join(after)
    with session.begin_nested() as undo:
        document = make_document("editing", text=before)
        numbers = [one.number for one in propose(session, document, cast.sponsor, after)] if before != after else []
        random.Random(seed).shuffle(numbers)
        for number in numbers:
            suggesting.accept(session, document.id, cast.editor, number)
        assert body(session, document) == after
        undo.rollback()
    session.expire_all()


@settings(deadline=None)
@given(before=WORDS, after=WORDS)
def test_proposals_are_apart_and_make_the_text(before, after):
    before, after = "".join(before), "".join(after)
    found = proposals(before, after)
    assert all(one.end < other.start for one, other in pairwise(found))
    text = before
    for one in reversed(found):
        text = text[: one.start] + one.replacement + text[one.end :]
    assert text == after


@settings(deadline=None)
@given(before=WORDS, after=WORDS, data=st.data())
def test_a_place_that_survives_holds_the_same_words(before, after, data):
    before, after = "".join(before), "".join(after)
    start = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(start, len(before)))
    line = [
        Revision(number=2, kind=Kind.MACHINE, body=before),
        Revision(number=3, kind=Kind.BRIEF, body="not a text"),
        Revision(number=4, kind=Kind.HUMAN, body=after),
    ]
    (found,) = places.forward(line, [Place(2, start, end)])
    if found is not None:
        assert 0 <= found.start <= found.end <= len(after)
        assert after[found.start : found.end] == before[start:end]
    if before == after:
        assert found == Place(4, start, end)

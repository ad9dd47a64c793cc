"""Paragraphs of machine text: unread, reviewed, endorsed or changed; and the gate before delivery."""

import datetime as dt

import pytest
from sqlalchemy import select

from copydesk import audit
from copydesk.autodocs import authors, spans
from copydesk.config import settings
from copydesk.documents import chain, operations, reviews, revising
from copydesk.documents.authorship import Span
from copydesk.documents.errors import (
    InvalidInput,
    NoSuchParagraph,
    NotAllowed,
    NothingToReview,
    ReviewNotFound,
    UnreadMachineText,
    WrongState,
)
from copydesk.documents.models import Kind, Revision, State
from copydesk.documents.paragraphs import (
    Drafts,
    ParagraphState,
    blocks,
    fingerprint,
    machine_share,
    paragraphs,
    span_states,
)
from copydesk.documents.revising import Text
from tests import journeys

THREE = "The bakery smells of flour.\n\nNothing is for sale.\n\nThe ovens are cold now."
FIRST, SECOND, THIRD = THREE.split("\n\n")


def draft(body, number=1, autodoc=7, span=None):
    return Revision(
        number=number,
        kind=Kind.MACHINE,
        body=body,
        title="T",
        autodoc_id=autodoc,
        span_start=span[0] if span else None,
        span_end=span[1] if span else None,
        created_at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC),
    )


def machine(start, end, autodoc=7, revision=1):
    return Span(start, end, "machine", None, revision, autodoc, 0)


def human(start, end, revision=2):
    return Span(start, end, "human", 3, revision)


def states(text, tiles, revisions, reviewed=()):
    return [one.state.value for one in paragraphs(text, tiles, revisions, reviewed)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" \n\n \n", []),
        ("One.\nTwo.\n\nThree.", ["One.\nTwo.", "Three."]),
        ("One.\n \t\nTwo.  \n", ["One.", "Two."]),
        ("# Head\nText\n## Head\n\n---\n***", ["# Head", "Text", "## Head"]),
        (
            "First:\n- item\n  goes on\n* item\n1. item\n> quote",
            ["First:", "- item\n  goes on", "* item", "1. item", "> quote"],
        ),
        ("a" * 600 + "\n" + "b" * 300, ["a" * 600 + "\n" + "b" * 300]),
        ("a" * 600 + "\n" + "b" * 400, ["a" * 600, "b" * 400]),
        ("Before\n```\ncode\n\nmore\n```\nafter", ["Before", "```\ncode\n\nmore\n```", "after"]),
        ("~~~~\na\n~~~\n~~~~\nafter", ["~~~~\na\n~~~\n~~~~", "after"]),
        ("```\nnever closed\n\nlast ", ["```\nnever closed\n\nlast"]),
        ("🔥 Fire\n火。", ["🔥 Fire\n火。"]),
        ("```\n```\n\n~~~ python\nprint()\n~~~ no\n~~~", ["~~~ python\nprint()\n~~~ no\n~~~"]),
        ("*Emphasis* at once", ["*Emphasis* at once"]),
    ],
)
def test_paragraphs_are_those_of_markdown(text, found):
    assert [text[one.start : one.end] for one in blocks(text)] == found


def test_an_untouched_draft_is_unread_throughout():
    found = paragraphs(THREE, [machine(0, len(THREE))], [draft(THREE)])
    assert [one.state for one in found] == [ParagraphState.UNREAD] * 3
    assert [(one.number, one.anchor, one.share) for one in found] == [
        (1, "paragraph-1", 100),
        (2, "paragraph-2", 100),
        (3, "paragraph-3", 100),
    ]


def test_what_a_person_wrote_is_human_and_what_they_changed_is_changed():
    text = THREE + " Really.\n\nMine."
    cut = len(THREE)
    assert states(text, [machine(0, cut), human(cut, len(text))], [draft(THREE)]) == [
        "unread", "unread", "changed", "human",
    ]  # fmt: skip


def test_words_that_a_person_took_out_are_a_change():
    text = f"{FIRST}\n\nNothing.\n\n{THIRD}"
    assert states(text, [machine(0, len(text))], [draft(THREE)]) == ["unread", "changed", "unread"]


@pytest.mark.parametrize("spaced", ["{0} {1}\n\n{2}", "{0}\n{1}\n{2}", "{0}\n\n\n\n{1}\n\n{2}"])
def test_white_space_alone_is_no_change(spaced):
    text = spaced.format(FIRST, SECOND, THIRD)
    assert set(states(text, [machine(0, len(text))], [draft(THREE)])) == {"unread"}


def test_a_paragraph_cut_in_two_is_still_unread():
    text = THREE.replace("smells of", "smells\n\nof")
    tiles = [machine(0, 17), human(17, 19), machine(19, len(text))]
    assert states(text, tiles, [draft(THREE)]) == ["unread"] * 4


def test_a_tool_reads_nothing():
    text = THREE.replace("flour.", "flour…")
    at = text.index("…")
    tiles = [machine(0, at), Span(at, at + 1, "tool", 3, 2), machine(at + 1, len(text))]
    assert states(text, tiles, [draft(THREE)]) == ["unread"] * 3


def test_words_of_the_brief_in_a_draft_are_no_person_s():
    tiles = [machine(0, 4), Span(4, 10, "brief", 1, 1), machine(10, len(THREE))]
    assert states(THREE, tiles, [draft(THREE)]) == ["unread"] * 3


def test_picked_words_are_endorsed_and_among_the_draft_s_own_a_change():
    text = "Picked whole.\n\nPicked and mine.\n\nNothing is for sale."
    tiles = [machine(0, 27, autodoc=9), human(27, 33), machine(33, len(text))]
    assert states(text, tiles, [draft(THREE)]) == ["endorsed", "endorsed", "unread"]
    mixed = [machine(0, 5), machine(5, 20, autodoc=9), machine(20, len(THREE))]
    assert states(THREE, mixed, [draft(THREE)])[0] == "changed"


def test_a_taken_passage_is_picked_also_where_only_its_revision_tells():
    revisions = [draft(THREE), draft(THREE, number=2, autodoc=8, span=(0, 27))]
    tiles = [Span(0, 27, "machine", None, 2), Span(27, len(THREE), "machine", None, 1)]
    assert states(THREE, tiles, revisions) == ["endorsed", "unread", "unread"]


def test_a_review_holds_while_the_words_are_the_same():
    review = reviews.ParagraphReview(text_sha256=fingerprint(SECOND), reason="Checked.")
    tiles = [machine(0, len(THREE))]
    found = paragraphs(THREE, tiles, [draft(THREE)], [review])
    assert [one.state.value for one in found] == ["unread", "reviewed", "unread"]
    assert found[1].review is review
    moved = f"{SECOND}\n\n{FIRST}\n\n{THIRD}"
    assert states(moved, tiles, [draft(THREE)], [review]) == ["reviewed", "unread", "unread"]
    text = THREE.replace("for sale", "to be had")
    at = text.index("to be had")
    assert states(text, [machine(0, at), human(at, at + 9), machine(at + 9, len(text))], [draft(THREE)], [review]) == [
        "unread", "changed", "unread",
    ]  # fmt: skip


def test_spans_have_the_state_of_their_paragraph():
    text = THREE + " Really."
    cut, first = len(THREE), len(FIRST)
    tiles = [machine(0, first), machine(first, 50, autodoc=9), machine(50, cut), human(cut, len(text))]
    found = paragraphs(text, tiles, [draft(THREE)])
    states_of = span_states(text, tiles, found, Drafts(text, [draft(THREE)]))
    assert [one.value for one in states_of] == ["unread", "endorsed", "changed", "human"]


def test_the_share_is_of_all_characters():
    assert machine_share([]) == 0
    assert machine_share([machine(0, 3), human(3, 4)]) == 75


# The gate


@pytest.fixture
def document(session, make_document):
    return make_document("editing", text=THREE)


def written(session, document, body):
    return Text(document.title, body, journeys.head(session, document))


def sha(words):
    return fingerprint(words)


def test_an_untouched_text_is_held_and_the_first_paragraph_named(session, cast, document):
    with pytest.raises(UnreadMachineText, match=r"paragraph 1, “The bakery smells of flour.”, and 2 more") as held:
        revising.deliver(session, document.id, cast.editor, written(session, document, THREE))
    assert held.value.anchor == "paragraph-1"
    assert held.value.field == "body"


def test_changing_the_only_paragraph_is_enough(session, cast, make_document):
    document = make_document("editing")
    revising.deliver(session, document.id, cast.editor, written(session, document, journeys.DRAFT + " Cold."))
    assert document.state is State.SIGNOFF


def test_every_paragraph_needs_a_change_or_a_reason(session, cast, document):
    reviews.review(session, document.id, cast.editor, sha256=sha(FIRST), reason="It says what the brief says")
    reviews.review(session, document.id, cast.editor, sha256=sha(SECOND), reason="I asked them.")
    with pytest.raises(UnreadMachineText, match="paragraph 3"), session.begin_nested():
        revising.deliver(session, document.id, cast.editor, written(session, document, THREE))
    changed = THREE.replace("cold", "hot")
    revising.deliver(session, document.id, cast.editor, written(session, document, changed))
    assert document.state is State.SIGNOFF


def test_below_the_hold_it_is_only_said(session, cast, document, monkeypatch):
    mostly = THREE + "\n\n" + "I wrote."
    revising.save(session, document.id, cast.editor, written(session, document, mostly))
    tiles = authors.spans(session, document)
    assert 85 <= machine_share(tiles) < 95
    gate = reviews.require(session, document, tiles)
    assert (gate.level, len(gate.unread)) == ("warn", 3)
    assert reviews.warning(gate) == (
        f"{gate.share} % of this text is the machine’s. 3 paragraphs are as it wrote them, and the record says so."
    )
    revising.deliver(session, document.id, cast.editor, written(session, document, mostly))


def test_with_enough_of_a_person_s_words_nothing_is_said(session, cast, document):
    half = THREE + "\n\n" + "I wrote all of this myself, and it is long enough."
    revising.save(session, document.id, cast.editor, written(session, document, half))
    assert reviews.require(session, document, authors.spans(session, document)).level == "open"


def test_the_settings_move_the_thresholds(session, document, monkeypatch):
    tiles = authors.spans(session, document)
    strict = settings().model_copy(update={"machine_share_warn": 10, "machine_share_hold": 100})
    monkeypatch.setattr(reviews, "settings", lambda: strict)
    found = reviews.of(session, document, revising.head_text(session, document), tiles)
    assert reviews.gate(found, tiles).level == "hold"
    assert reviews.gate(found, [*tiles, human(len(THREE), len(THREE) + 1)]).level == "warn"


def test_a_review_is_kept_with_an_audit_row(session, cast, document):
    made = reviews.review(session, document.id, cast.editor, sha256=sha(SECOND), reason="  I asked\n them. ")
    head = revising.head_text(session, document)
    assert (made.reason, made.reviewer_id, made.revision_number) == ("I asked them.", cast.editor.id, head.number)
    assert head.body[made.start : made.end] == SECOND
    event = audit.history(session, "document", document.id)[-1]
    assert (event.action, event.note, event.actor_id) == (
        "document.review_a_paragraph", "I asked them.", cast.editor.id,
    )  # fmt: skip
    assert event.after["paragraph"] == 2


def test_a_review_that_is_taken_back_counts_no_more_but_stays(session, cast, document):
    made = reviews.review(session, document.id, cast.editor, sha256=sha(SECOND), reason="I asked them.")
    reviews.take_back(session, document.id, cast.editor, made.id)
    assert reviews.standing(session, document) == []
    (kept,) = reviews.everything(session, document.id)
    assert (kept.taken_back_by_id, kept.taken_back_at is not None) == (cast.editor.id, True)
    assert audit.history(session, "document", document.id)[-1].action == "document.take_back_a_review"
    with pytest.raises(ReviewNotFound):
        reviews.take_back(session, document.id, cast.editor, made.id)
    reviews.review(session, document.id, cast.editor, sha256=sha(SECOND), reason="Now really.")
    assert [one.reason for one in reviews.standing(session, document)] == ["Now really."]


@pytest.mark.parametrize("reason", ["", " \n", "\u200b", "x" * 501])
def test_a_reason_is_needed_and_not_a_long_one(session, cast, document, reason):
    with pytest.raises(InvalidInput) as refused:
        reviews.review(session, document.id, cast.editor, sha256=sha(FIRST), reason=reason)
    assert refused.value.field == "reason"


def test_only_words_that_are_there_and_unread_are_reviewed(session, cast, document):
    with pytest.raises(NoSuchParagraph):
        reviews.review(session, document.id, cast.editor, sha256=sha("Not there."), reason="I asked them.")
    reviews.review(session, document.id, cast.editor, sha256=sha(FIRST), reason="I asked them.")
    with pytest.raises(NothingToReview):
        reviews.review(session, document.id, cast.editor, sha256=sha(FIRST), reason="I asked them.")
    revising.save(session, document.id, cast.editor, written(session, document, THREE.replace("cold", "hot")))
    with pytest.raises(NothingToReview):
        reviews.review(session, document.id, cast.editor, sha256=sha(THIRD.replace("cold", "hot")), reason="Mine.")


def test_others_do_not_review(session, cast, document):
    for stranger in (cast.sponsor, cast.admin):
        with pytest.raises(NotAllowed):
            reviews.review(session, document.id, stranger, sha256=sha(FIRST), reason="I asked them.")
    operations.assign(session, document.id, cast.admin, None)
    with pytest.raises((WrongState, NotAllowed)):
        reviews.review(session, document.id, cast.editor, sha256=sha(FIRST), reason="I asked them.")


def test_a_review_of_another_document_is_not_found(session, cast, document, make_document):
    other = make_document("editing", text=THREE)
    made = reviews.review(session, other.id, cast.editor, sha256=sha(FIRST), reason="I asked them.")
    with pytest.raises(ReviewNotFound):
        reviews.take_back(session, document.id, cast.editor, made.id)


def test_a_taken_candidate_needs_no_reason(session, cast, document):
    (asked,) = spans.ask(
        session, document.id, cast.editor, base=journeys.head(session, document), start=0, end=len(FIRST), count=1
    )
    journeys.write(session, asked.id, "A candidate.", score=-1.0)
    spans.take(session, document.id, cast.editor, asked.id)
    found = reviews.of(session, document, revising.head_text(session, document), authors.spans(session, document))
    assert [one.state.value for one in found] == ["endorsed", "unread", "unread"]


def test_a_redraft_is_unread_again_and_equal_words_keep_their_review(session, cast, document):
    from copydesk.autodocs import requests

    reviews.review(session, document.id, cast.editor, sha256=sha(SECOND), reason="I asked them.")
    requests.redraft(session, document.id, cast.sponsor)
    journeys.draft(session, document, f"Other words.\n\n{SECOND}")
    head = revising.head_text(session, document)
    found = reviews.of(session, document, head, authors.spans(session, document))
    assert [one.state.value for one in found] == ["unread", "reviewed"]
    assert len(session.scalars(select(Revision).where(Revision.document_id == document.id)).all()) == 3
    assert chain.first_broken(chain.revisions(session, document.id)) is None

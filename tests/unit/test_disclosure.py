"""No public page with neither label nor complete record: a thousand texts by chance, published in every way."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copydesk.autodocs import authors
from copydesk.documents import editions, operations, publishing, reviews, revising
from copydesk.documents.errors import UnreadMachineText
from copydesk.documents.paragraphs import ParagraphState
from copydesk.documents.revising import Text
from tests import journeys

STATES, PARTS = 1_000, 10
DRAFT = "\n\n".join(
    f"The {word} bakery smells of flour, and nobody opens before six." for word in ("old", "new", "dry")
)


def what_readers_see(session, document, edition):
    """Is there machine text that nobody read, and is somebody responsible? Told anew, without `disclosure`."""
    head = revising.head_text(session, document)
    found = reviews.of(session, document, head, authors.spans(session, document))
    machine = any(one.origin == "machine" for one in authors.spans(session, document))
    unread = any(one.state is ParagraphState.UNREAD for one in found)
    someone = edition.responsible_id is not None or edition.confirmed_by_id is not None
    return machine, unread, someone


def publish(session, cast, document, hands, own, way):
    paragraphs = DRAFT.split("\n\n")
    for number, hand in reversed(list(enumerate(hands))):
        if hand == "drop":
            del paragraphs[number]
        elif hand == "change":
            paragraphs[number] = paragraphs[number].replace("nobody opens before six", "the ovens are cold now")
    body = "\n\n".join([*paragraphs, *([journeys.prose(40)] if own else [])])
    text = Text(document.title, body or "Nothing is left.", document.text_number)
    revising.save(session, document.id, cast.editor, text)
    text = Text(document.title, text.body, document.text_number)
    review_some(session, cast, document, hands)
    if way == "signed":
        revising.deliver(session, document.id, cast.editor, text, authors.spans)
        head = revising.head_text(session, document)
        operations.sign(session, document.id, cast.sponsor, sha256=head.sha256)
        return publishing.publish(session, document.id, cast.sponsor, spans_of=authors.spans)
    edition = publishing.publish_in_emergency(
        session, document.id, cast.admin, reason="A flood.", spans_of=authors.spans
    )
    if way == "confirmed":
        publishing.confirm_emergency(session, document.id, cast.sponsor, authors.spans)
    return edition


def review_some(session, cast, document, hands):
    found = reviews.of(session, document, revising.head_text(session, document), authors.spans(session, document))
    unread = [one for one in found if one.state is ParagraphState.UNREAD]
    for one in unread[: hands.count("review")]:
        reviews.review(
            session, document.id, cast.editor, sha256=one.sha256, reason="I checked it.", spans_of=authors.spans
        )


@pytest.mark.parametrize("part", range(PARTS))
def test_no_page_has_neither_label_nor_complete_record(session, cast, part):
    document = journeys.bring_to(session, "editing", cast.sponsor, cast.editor, text=DRAFT)

    @settings(
        max_examples=STATES // PARTS, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        st.integers(part, part),
        st.lists(st.sampled_from(["leave", "change", "drop", "review"]), min_size=3, max_size=3),
        st.booleans(),
        st.sampled_from(["signed", "emergency", "confirmed"]),
    )
    def holds(shift, hands, own, way):
        with session.begin_nested() as undo:  # each publishes the same draft, and takes it back
            try:
                edition = publish(session, cast, document, hands, own, way)
            except UnreadMachineText:
                edition = None  # held at the desk: nothing is published, nothing has to be said
            if edition is not None:
                machine, unread, someone = what_readers_see(session, document, edition)
                assert bool(edition.label) is (machine and (unread or not someone)), (hands, own, way)
                assert editions.current(session, document.id) is edition
            undo.rollback()
        session.expire_all()

    holds()

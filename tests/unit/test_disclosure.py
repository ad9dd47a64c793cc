"""No public page with neither label nor complete record: every way to edit a draft, in every way to publish it, twice.

64 ways to treat three paragraphs, each with and without a paragraph of one's own, published in three ways, and then
again, corrected or as it is: 1,152 ways, of which the desk holds 95 back.
"""

from functools import partial
from itertools import product

import pytest

from copydesk.autodocs import authors
from copydesk.documents import editions, operations, publishing, reviews, revising
from copydesk.documents.errors import UnreadMachineText
from copydesk.documents.models import Change
from copydesk.documents.paragraphs import ParagraphState
from copydesk.documents.revising import Text
from tests import journeys

HANDS = ("leave", "change", "drop", "review")
WAYS = ("signed", "emergency", "confirmed")
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


def holds(session, document, edition, told):
    machine, unread, someone = what_readers_see(session, document, edition)
    assert bool(edition.label) is (machine and (unread or not someone)), told
    assert editions.current(session, document.id) is edition, told


def edit(session, cast, document, hands, own):
    paragraphs = DRAFT.split("\n\n")
    for number, hand in reversed(list(enumerate(hands))):
        if hand == "drop":
            del paragraphs[number]
        elif hand == "change":
            paragraphs[number] = paragraphs[number].replace("nobody opens before six", "the ovens are cold now")
    body = "\n\n".join([*paragraphs, *([journeys.prose(40)] if own else [])]) or "Nothing is left."
    revising.save(session, document.id, cast.editor, Text(document.title, body, document.text_number))
    head = revising.head_text(session, document)
    found = reviews.of(session, document, head, authors.spans(session, document))
    unread = [one for one in found if one.state is ParagraphState.UNREAD]
    for one in unread[: hands.count("review")]:
        reviews.review(
            session, document.id, cast.editor, sha256=one.sha256, reason="I checked it.", spans_of=authors.spans
        )
    return body


def sign_and_publish(session, cast, document, body, note=""):
    text = Text(document.title, body, document.text_number)
    revising.deliver(session, document.id, cast.editor, text, authors.spans)
    head = revising.head_text(session, document)
    operations.sign(session, document.id, cast.sponsor, sha256=head.sha256)
    return publishing.publish(session, document.id, cast.sponsor, note=note, spans_of=authors.spans)


def publish(session, cast, document, body, way):
    """The edition, or None where the desk holds the text back: nothing is published, nothing has to be said."""
    try:
        if way == "signed":
            return sign_and_publish(session, cast, document, body)
    except UnreadMachineText:
        return None
    edition = publishing.publish_in_emergency(
        session, document.id, cast.admin, reason="A flood.", spans_of=authors.spans
    )
    if way == "confirmed":
        publishing.confirm_emergency(session, document.id, cast.sponsor, authors.spans)
    return edition


def publish_again(session, cast, document, body, changed):
    publishing.reopen(session, document.id, cast.sponsor, Change.CORRECTION, reason="Check the hours.")
    if changed:
        body = body.replace("smells of flour", "smells of bread") + "\n\nIt opens at seven."
    try:
        return sign_and_publish(session, cast, document, body, "The hours were wrong.")
    except UnreadMachineText:
        return None


@pytest.fixture
def undone(session):
    """What happens inside is taken back: each way begins with the same text."""

    def run(act):
        with session.begin_nested() as undo:
            act()
            undo.rollback()
        session.expire_all()

    return run


@pytest.mark.parametrize("own", [False, True], ids=["", "own"])
@pytest.mark.parametrize("first", HANDS)
def test_no_page_has_neither_label_nor_complete_record(session, cast, undone, first, own):
    document = journeys.bring_to(session, "editing", cast.sponsor, cast.editor, text=DRAFT)
    seen = {True: 0, False: 0}

    def of_text(hands):
        body = edit(session, cast, document, hands, own)
        for way in WAYS:
            undone(partial(of_way, hands, body, way))

    def of_way(hands, body, way):
        edition = publish(session, cast, document, body, way)
        if edition is None:
            return
        holds(session, document, edition, (hands, own, way))
        seen[bool(edition.label)] += 1
        for changed in (False, True):
            undone(partial(of_next, hands, body, way, changed))

    def of_next(hands, body, way, changed):
        edition = publish_again(session, cast, document, body, changed)
        if edition is not None:
            holds(session, document, edition, (hands, own, way, "again", changed))
            seen[bool(edition.label)] += 1

    for rest in product(HANDS, repeat=2):
        undone(partial(of_text, (first, *rest)))
    assert seen[True], "no edition had the label"
    assert seen[False], "no edition went without it"

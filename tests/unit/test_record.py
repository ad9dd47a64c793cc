"""The record and its verification: it holds as it was written, and every change to it is found."""

import copy
import json
import random
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copydesk.autodocs import records, replays, spans
from copydesk.documents import chain, operations, publishing, reviews, revising, suggesting
from copydesk.documents.models import Change
from copydesk.documents.paragraphs import fingerprint
from copydesk.documents.records import record, verification
from copydesk.documents.records.verification import canonical, sha256_of, verify
from copydesk.documents.revising import Text
from copydesk.documents.signoff import decisions
from tests import journeys

TEXT = "The bakery smells of flour — “still”.\n\nNothing is for sale.\n\nThe ovens are cold now. 🔥"
FIRST, SECOND, THIRD = TEXT.split("\n\n")


def full(session, cast, make_document):
    """A document with everything a record can hold, signed."""
    document = make_document("editing", text=TEXT)
    editor = cast.editor
    base = journeys.head(session, document)
    (one,) = spans.ask(session, document.id, editor, base=base, start=0, end=len(FIRST), count=1)
    journeys.write(session, one.id, "It smells of bread.", score=-1.2345)
    spans.take(session, document.id, editor, one.id)
    reviews.review(session, document.id, editor, sha256=fingerprint(SECOND), reason="I asked “them”.")
    body = revising.head_text(session, document).body
    revising.save(
        session, document.id, editor, Text("A new title", body + " It is mine.", journeys.head(session, document))
    )
    replays.ask(session, one.id, cast.sponsor)
    head = revising.head_text(session, document)
    suggesting.propose(
        session, document.id, cast.sponsor, base=head.number, body=head.body.replace("cold", "warm"), note="Is it?"
    )
    suggesting.accept(session, document.id, editor, 1)
    head = revising.head_text(session, document)
    revising.deliver(session, document.id, editor, Text(head.title, head.body + " All of it.", head.number))
    head = revising.head_text(session, document)
    decisions.accept_rest(session, document.id, cast.sponsor, sha256=head.sha256)
    operations.sign(session, document.id, cast.sponsor, sha256=head.sha256)
    session.flush()
    session.refresh(document)
    return document


@pytest.fixture
def document(session, cast, make_document):
    return full(session, cast, make_document)


@pytest.fixture
def made(session, document):
    return records.of(session, document)


def resealed(changed):
    """As someone would do it who knows how the whole is hashed."""
    body = {name: value for name, value in changed.items() if name != "sha256"}
    return canonical(body | {"sha256": sha256_of(body)})


def rechained(changed):
    """And how events are chained."""
    previous = None
    for event in changed["events"]:
        event["previous"] = previous
        event["sha256"] = previous = sha256_of({name: value for name, value in event.items() if name != "sha256"})
    return resealed(changed)


def test_the_record_holds_and_says_what_was_checked(document, made):
    report = verify(record.encode(made), "r.json")
    assert report.broken is None
    assert report.holds
    assert report.document == str(document.id)
    assert report.sha256 == made["sha256"]
    assert report.checked == [
        "6 versions, each chained to the one before",
        "2 drafts",
        "2 of them by the machine, the same as their drafts",
        f"{len(made['text'])} characters, each with its author",
        "1 review",
        f"{len(made['events'])} events, each chained to the one before",
        "0 editions",
        report.checked[7],
        f"{len(made['decisions'])} decisions, 1 statement",
        "the whole record fits its fingerprint",
    ]
    assert report.checked[7].endswith("by Ruth Okafor")


def test_an_edition_that_was_kept_after_the_next_was_given_up(session, cast, document):
    publishing.publish(session, document.id, cast.sponsor)
    publishing.reopen(session, document.id, cast.sponsor, Change.UPDATE, reason="More pots.")
    revising.save(session, document.id, cast.editor, Text("Another", "Else.", document.text_number))
    publishing.keep_edition(session, document.id, cast.sponsor)
    kept = records.of(session, document)
    report = verify(record.encode(kept))
    assert (report.broken, report.checked[6]) == (None, "1 edition")
    for change, says in (
        ({"sha256": "0" * 64}, "Edition 1 is of another text"),
        ({"state": "replaced"}, "no edition is there"),
        ({"responsible": None}, "nobody who is responsible"),
        ({"published_by": 99999}, "person 99999 is not among"),
        ({"revision": 2}, "Edition 1 is of another text"),
    ):
        changed = copy.deepcopy(kept)
        changed["editions"][0].update(change)
        assert re.search(says, verify(resealed(changed)).broken)
    publishing.retract(session, document.id, cast.sponsor, note="It never took place.")
    assert verify(record.encode(records.of(session, document))).holds


def test_a_record_of_the_format_before_is_still_checked(made):
    older = {name: value for name, value in made.items() if name != "editions"} | {"format": 2}
    assert verify(resealed(older)).holds


def test_the_same_rows_give_the_same_bytes(session, document, made):
    session.expire_all()
    assert record.encode(records.of(session, document)) == record.encode(made)


def test_what_is_promised_is_there(session, cast, document, made):
    assert made["format"] == 3
    assert made["people"][str(cast.editor.id)] == {"name": "Ada Byrne", "role": "editor"}
    assert {one["origin"] for one in made["spans"]} == {"machine", "human"}
    assert "".join(made["text"][one["start"] : one["end"]] for one in made["spans"]) == made["text"]
    revisions = chain.revisions(session, document.id)
    assert [one["sha256"] for one in made["revisions"]] == [one.sha256 for one in revisions]
    assert all(
        sha256_of(verification.revision_fields(made["document"], one)) == one["sha256"] for one in made["revisions"]
    )
    assert [one["revision"] for one in made["drafts"]] == [2, 3]
    assert [one["state"] for one in made["drafts"][1]["replays"]] == ["queued"]
    assert (made["reviews"][0]["reason"], made["reviews"][0]["reviewer"]) == ("I asked “them”.", cast.editor.id)
    assert [one["action"] for one in made["events"]][-1] == "document.sign"
    assert all("address" not in one for one in made["events"])
    assert made["figures"]["effort"]["words"] > 0
    assert {one["state"] for one in made["spans"] if one["origin"] == "machine"} == {"endorsed", "reviewed", "changed"}
    assert {one["state"] for one in made["spans"] if one["origin"] == "human"} == {None}
    (suggestion,) = made["suggestions"]
    accepted = made["revisions"][suggestion["revision"] - 1]
    assert (suggestion["state"], accepted["author_id"], accepted["accepted_by_id"]) == (
        "accepted", cast.sponsor.id, cast.editor.id,
    )  # fmt: skip


def test_one_hash_for_a_revision_here_and_there(session, document):
    for one in chain.revisions(session, document.id):
        described = json.loads(json.dumps(record._revision(one, {one.author_id: "x"})))
        fields = verification.revision_fields(str(one.document_id), described)
        assert canonical(fields) == chain.canonical(one)


def test_indented_and_sorted_otherwise_it_is_the_same_record(made):
    backwards = dict(reversed(made.items()))
    assert verify(json.dumps(backwards, indent=2, ensure_ascii=False).encode()).holds
    assert verify(json.dumps(made).encode()).holds


# What is changed and sealed again: the part that is named

CHANGES = {
    "a word of an old version": (lambda r: r["revisions"][1].update(body="Other words."), "Version 2 is not what was"),
    "an author": (lambda r: r["revisions"][3].update(author_id=r["sponsor"]), "Version 4 is not what was saved"),
    "a version is left out": (lambda r: r["revisions"].pop(2), "Version 3 is missing"),
    "a link": (lambda r: r["revisions"][3].update(parent_sha256="0" * 64), "Version 4 does not follow"),
    "the text": (lambda r: r.update(text=r["text"] + " More."), "The text is not that of the newest version"),
    "a draft's words": (lambda r: r["drafts"][1].update(text="Other."), "Version 3 does not hold the words of draft 2"),
    "a draft is left out": (lambda r: r["drafts"].pop(), "is the machine’s, but its draft is missing"),
    "a draft's number": (lambda r: r["drafts"][0].update(number=9), "Draft 1 is missing"),
    "what it became": (lambda r: r["drafts"][0].update(revision=3), "Draft 1 says that it became another"),
    "a gap between authors": (lambda r: r["spans"].pop(1), "has no author, or two"),
    "an end too early": (lambda r: r["spans"].pop(), "it ends at character"),
    "a machine's word as a person's": (lambda r: r["spans"][0].update(origin="human"), "have no author, or one too"),
    "a made-up origin": (lambda r: r["spans"][0].update(origin="angel"), "have no known origin"),
    "a version that is not there": (lambda r: r["spans"][0].update(revision=99), "come from version 99"),
    "a draft that is not there": (lambda r: r["spans"][0].update(draft=99), "come from a draft that is not there"),
    "a stranger": (lambda r: r["spans"][-1].update(author_id=99999), "person 99999 is not among"),
    "a review's words": (lambda r: r["reviews"][0].update(end=4), "Review 1 is of other words"),
    "a decision's words": (lambda r: r["decisions"][0].update(after="Else."), "Decision 1 is about other words"),
    "a decision's place": (lambda r: r["decisions"][0].update(new=[0, 1]), "Decision 1 is about other words"),
    "a refusal without a reason": (lambda r: r["decisions"][0].update(verdict="refused"), "refuses a change without"),
    "who decided": (lambda r: r["decisions"][0].update(person=99999), "Decision 1: person 99999 is not among"),
    "a statement of another text": (
        lambda r: r["statements"][0].update(revision=2),
        "Statement 1 is of another text than version 2",
    ),
    "who is responsible": (
        lambda r: r["statements"][0]["responsible"].update(name=""),
        "Statement 1 does not say what was stated",
    ),
    "no statement": (lambda r: r["statements"].clear(), "Nothing was stated with the signature"),
    "who stated it": (lambda r: r["statements"][0].update(signer=r["editor"]), "Nothing was stated with the signature"),
    "an event": (lambda r: r["events"][2].update(note="Never said."), r"Event 3 \(document\..*\) does not fit"),
    "an event is left out": (lambda r: r["events"].pop(1), r"Event 2 \(document\..*\) does not follow"),
    "the signature": (
        lambda r: r.update(signed_sha256=r["revisions"][2]["sha256"]),
        "The signature is of another text",
    ),
    "no signature": (lambda r: r.update(signed_sha256=None), "said to be approved, but nobody signed"),
    "a field is missing": (lambda r: r["revisions"][0].pop("round"), "Versions: round is missing"),
    "a wrong form": (lambda r: r.update(drafts={}), "Drafts: something has the wrong form|its draft is missing"),
    "another format": (lambda r: r.update(format=4), "The record’s format is 4"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_first_broken_link_is_named(made, what):
    change, says = CHANGES[what]
    changed = copy.deepcopy(made)
    change(changed)
    report = verify(resealed(changed))
    assert not report.holds
    assert re.search(says, report.broken), report.broken


def test_a_version_changed_with_all_its_links_breaks_the_signature(made):
    changed = copy.deepcopy(made)
    changed["revisions"][-1]["body"] = changed["text"] = made["text"].replace("warm", "torn")
    last = changed["revisions"][-1]
    last["sha256"] = sha256_of(verification.revision_fields(changed["document"], last))
    assert "The signature is of another text" in verify(resealed(changed)).broken


def test_a_span_version_changes_nothing_beside_its_place(made):
    changed = copy.deepcopy(made)
    third = changed["revisions"][2]
    third["body"] += "!"
    third["sha256"] = sha256_of(verification.revision_fields(changed["document"], third))
    for one, before in zip(changed["revisions"][3:], changed["revisions"][2:], strict=False):
        one["parent_sha256"] = before["sha256"]
        one["sha256"] = sha256_of(verification.revision_fields(changed["document"], one))
    assert "Version 3 changed more than the place" in verify(resealed(changed)).broken


def test_what_no_link_holds_is_held_by_the_whole(made):
    changed = copy.deepcopy(made)
    changed["drafts"][0]["seed"] += 1
    report = verify(canonical(changed))
    assert (report.part, "as a whole" in report.broken) == ("whole", True)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"{}",
        b'{"revisions": []}',
        b'{"format": 3, "revisions": []}',
        b"[" * 100_000,
        '\ufeff{"format": 3}'.encode(),
    ],
)
def test_what_is_no_record_is_said_so(raw):
    assert not verify(raw).holds


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        (b'"format":3', b'"format":3.0'),
        (b'"format":3', b'"format":3e0'),
        (b'"seed":', b'"seed":-0,"seed":'),
        (b"-0.5,", b"-5e-1,"),
        (b"-0.5,", b"-0.50,"),
        (b"-0.5,", b"-00.5,"),
    ],
)
def test_two_spellings_of_one_value_are_not_one_record(made, there, instead):
    raw = record.encode(made)
    assert there in raw
    assert not verify(raw.replace(there, instead, 1)).holds


def outside_of_strings(raw, at):
    """Is this byte white space between two tokens? Only there a change means nothing."""
    inside = False
    skip = False
    for byte in raw[:at]:
        if skip:
            skip = False
        elif inside and byte == 0x5C:
            skip = True
        elif byte == 0x22:
            inside = not inside
    return not inside


def test_any_flipped_byte_is_found(made):
    """Every byte of the file in turn would take long: a few thousand at random, in the packed and the indented file."""
    chance = random.Random(4)
    for raw in (record.encode(made), json.dumps(made, indent=1, ensure_ascii=False).encode()):
        for _ in range(1_500):
            at = chance.randrange(len(raw))
            other = chance.choice([1 << chance.randrange(8), chance.randrange(1, 256)])
            flipped = bytes([*raw[:at], raw[at] ^ other, *raw[at + 1 :]])
            report = verify(flipped)
            if report.holds:
                assert {raw[at], flipped[at]} <= set(b" \n\t\r"), (at, raw[at], flipped[at])
                assert outside_of_strings(raw, at)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.data())
def test_any_cut_or_doubled_piece_is_found(made, data):
    raw = record.encode(made)
    start = data.draw(st.integers(0, len(raw) - 1))
    end = data.draw(st.integers(start + 1, min(len(raw), start + 400)))
    assert not verify(raw[:start] + raw[end:]).holds
    doubled = raw[:end] + raw[start:]
    assert not verify(doubled).holds


def test_escapes_in_other_letters_are_found(made):
    changed = dict(made, title="Tab\u001f and \u000b")
    raw = resealed(changed)
    assert b"\\u001f" in raw
    assert verify(raw).holds
    assert not verify(raw.replace(b"\\u001f", b"\\u001F")).holds


def test_loading_takes_the_same_queries_for_more(session, cast, make_document, count_queries):
    small = make_document("editing")
    big = full(session, cast, make_document)
    for document in (small, big):
        records.of(session, document)  # attribution and figures are kept now
    counts = []
    for document in (small, big):
        session.expire_all()
        session.refresh(document)
        with count_queries() as statements:
            records.of(session, document)
        counts.append(len(statements))
    assert counts[0] == counts[1]

"""Comments: anchored to words that are written on, in threads, for whom they are for."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from copydesk.audit import AuditEvent
from copydesk.autodocs import records
from copydesk.documents import operations as documents
from copydesk.documents import revising
from copydesk.documents.conversation import anchors, mentions, operations, threads
from copydesk.documents.conversation.models import Comment, CommentThread
from copydesk.documents.conversation.operations import About
from copydesk.documents.delivery import waivers
from copydesk.documents.errors import CommentNotFound, InvalidInput, NotAllowed, ThreadResolved
from copydesk.documents.models import Kind, Revision
from copydesk.documents.records.record import encode
from copydesk.documents.records.verification import verify
from copydesk.documents.revising import Text
from copydesk.documents.workflow import Act
from copydesk.mail.outbox import Mail
from copydesk.notifications.models import Notice

TEXT = "The bakery is old. It smells of flour in the morning. People come from far away to see the pots."


@pytest.fixture
def document(make_document):
    return make_document("editing", text=TEXT)


def say(session, document, actor, words="Is that so?", about="", **more):
    return operations.comment(session, document.id, actor, words=words, about=About(about), **more).comment


def save(session, document, editor, body):
    return revising.save(session, document.id, editor, Text(document.title, body, document.text_number))


def words_of(session, thread):
    """The words that a thread is about, where they stand in the text now."""
    place = threads.place(thread)
    number = thread.placed_number
    body = session.scalars(
        select(Revision.body).where(Revision.document_id == thread.document_id, Revision.number == number)
    ).one()
    return None if place is None else body[slice(*place)]


def history(*bodies):
    return [Revision(number=number, kind=Kind.HUMAN, body=body) for number, body in enumerate(bodies, start=1)]


def follow(quote, *bodies):
    """The words that an anchor on `quote` covers in the last of these texts."""
    start = bodies[0].index(quote)
    found = anchors.carried(history(*bodies), 1, [(start, start + len(quote))], quote)
    return bodies[-1][found[0][0] : found[-1][1]] if found else None


WORDS = [f"{a}{b}{c}" for a in "bdfg" for b in ("ane", "ilo", "ust") for c in ("", "ra", "min")]
OTHER = [f"Q{word}" for word in WORDS]  # that never stand in the text at first


@st.composite
def edited(draw):
    """A text of different words, a passage of it, and the same text after edits that leave the passage alone."""
    rest = draw(st.permutations(WORDS))
    start, size = draw(st.integers(0, 30)), draw(st.integers(1, 5))
    passage = rest[start : start + size]
    before, after = rest[:start], rest[start + size :]
    texts = [" ".join([*before, *passage, *after])]
    shuffled = random.Random(draw(st.integers(0, 10_000)))
    for _ in range(draw(st.integers(1, 4))):
        before, after = (_edited(part, shuffled) for part in (before, after))
        texts.append(" ".join([*before, *passage, *after]))
    return " ".join(passage), texts


def _edited(part, shuffled):
    part = list(part)
    for _ in range(shuffled.randint(0, 4)):
        at = shuffled.randint(0, len(part))
        part[at : at + shuffled.randint(0, 3)] = shuffled.sample(OTHER, shuffled.randint(0, 3))
    return part


@given(edited())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_whatever_is_written_around_it_an_anchor_stays_at_its_words(case):
    quote, texts = case
    assert follow(quote, *texts) == quote


@given(st.lists(st.text("ab c.\n\N{GRINNING FACE}", min_size=1, max_size=40), min_size=2, max_size=5), st.data())
@settings(max_examples=200, deadline=None)
def test_wherever_an_anchor_stands_enough_of_its_words_are_left(bodies, data):
    start = data.draw(st.integers(0, len(bodies[0]) - 1))
    quote = bodies[0][start : data.draw(st.integers(start + 1, len(bodies[0])))]
    pieces = anchors.carried(history(*bodies), 1, [(start, start + len(quote))], quote)
    assert pieces == sorted(pieces)
    assert all(0 <= left < right <= len(bodies[-1]) for left, right in pieces)
    if pieces:
        letters = [sum(map(str.isalnum, text)) for text in (bodies[-1][pieces[0][0] : pieces[-1][1]], quote)]
        assert letters[0] * anchors.LEFT >= letters[1]


@pytest.mark.parametrize(
    ("after", "covers"),
    [
        (TEXT.replace("flour", "fresh white flour"), "smells of fresh white flour in the morning"),
        (TEXT.replace("smells", "reeks"), "reeks of flour in the morning"),
        (TEXT.replace("in the morning", "at dawn"), "smells of flour"),
        (TEXT.replace("smells of flour in the morning", "is closed"), None),
        (TEXT.replace(" It smells of flour in the morning.", ""), None),
        ("", None),
        ("First.\n\n" + TEXT, "smells of flour in the morning"),
        ("It smells of flour in the morning. " + TEXT.replace(" It smells of flour in the morning.", ""),
         "smells of flour in the morning"),
    ],
)  # fmt: skip
def test_what_an_anchor_covers_after_an_edit(after, covers):
    assert follow("smells of flour in the morning", TEXT, after) == covers


def test_words_that_come_back_are_found_again_and_those_that_come_twice_are_not():
    gone = TEXT.replace("It smells of flour in the morning.", "It is closed.")
    assert follow("smells of flour", TEXT, gone, TEXT) == "smells of flour"
    assert follow("smells of flour", TEXT, gone, TEXT + " " + TEXT) is None
    twice = f"{TEXT} {TEXT}"
    assert follow("smells of flour", twice, twice.replace("smells of flour", "is closed", 1)) is None


def test_pasted_words_are_found_however_they_are_spaced():
    assert anchors.find("One two\nthree.", " two   three ") == (4, 13)
    assert anchors.find("One two", "three") is None
    assert anchors.find("One two", "  ") is None
    assert anchors.find("1 + (1)", "+ (1)") == (2, 7)


def test_a_comment_follows_its_words_through_every_version(session, cast, document):
    one = say(session, document, cast.sponsor, about="smells of flour")
    save(session, document, cast.editor, "New first line.\n\n" + TEXT.replace("of flour", "of fine flour"))
    assert words_of(session, one.thread) == "smells of fine flour"
    save(session, document, cast.editor, "Nothing is left.")
    assert threads.place(one.thread) is None
    assert one.thread.quote == "smells of flour"


def test_a_resolved_one_catches_up_when_it_is_opened_again(session, cast, document):
    one = say(session, document, cast.sponsor, about="the pots")
    operations.resolve(session, document.id, cast.editor, one.thread_id)
    save(session, document, cast.editor, "Look: " + TEXT)
    assert one.thread.placed_number < document.text_number
    operations.reopen(session, document.id, cast.editor, one.thread_id)
    assert words_of(session, one.thread) == "the pots"


def test_a_place_that_was_chosen_on_an_earlier_version(session, cast, document):
    twice = f"{TEXT} {TEXT}"
    save(session, document, cast.editor, twice)
    base, start = document.text_number, len(TEXT) + 1 + TEXT.index("flour")
    save(session, document, cast.editor, "Look: " + twice)
    about = About("flour", base, start, start + 5)
    one = operations.comment(session, document.id, cast.sponsor, words="Rye?", about=about).comment
    assert (one.thread.base_number, one.thread.start) == (base, start)
    assert threads.place(one.thread) == (start + 6, start + 11)


@pytest.mark.parametrize(
    ("about", "field"),
    [(About("no such words"), "about"), (About("flour", 2, 0, 5), None), (About("x" * 5000), "about")],
)
def test_words_that_do_not_stand_there_are_refused_and_a_wrong_place_is_looked_for(
    session, cast, document, about, field
):
    if field is None:
        made = operations.comment(session, document.id, cast.sponsor, words="Rye?", about=about).comment
        assert words_of(session, made.thread) == "flour"
        return
    with pytest.raises(InvalidInput) as refusal:
        operations.comment(session, document.id, cast.sponsor, words="Rye?", about=about)
    assert refusal.value.field == field


@pytest.mark.parametrize("words", ["", "  \n", "\N{ZERO WIDTH SPACE}", "x" * 5001])
def test_nothing_and_too_much_are_no_comment(session, cast, document, words):
    with pytest.raises(InvalidInput):
        say(session, document, cast.sponsor, words)


def test_a_thread_is_answered_resolved_and_opened_again(session, cast, document):
    one = say(session, document, cast.sponsor)
    operations.reply(session, document.id, cast.editor, one.thread_id, words="It is.")
    operations.resolve(session, document.id, cast.sponsor, one.thread_id)
    with pytest.raises(ThreadResolved):
        operations.reply(session, document.id, cast.editor, one.thread_id, words="Wait.")
    operations.resolve(session, document.id, cast.editor, one.thread_id)  # the second changes nothing
    assert one.thread.resolved_by_id == cast.sponsor.id
    operations.reopen(session, document.id, cast.editor, one.thread_id)
    operations.reply(session, document.id, cast.editor, one.thread_id, words="Wait.")
    session.refresh(one.thread)
    assert [said.words for said in one.thread.comments] == ["Is that so?", "It is.", "Wait."]
    query = select(AuditEvent.action).where(AuditEvent.object_id == str(document.id)).order_by(AuditEvent.id)
    acts = session.scalars(query)
    assert [action for action in acts if "comment" in action] == [
        "document.comment",
        "document.reply_to_a_comment",
        "document.resolve_a_comment",
        "document.open_a_comment_again",
        "document.reply_to_a_comment",
    ]


def test_ones_own_is_changed_and_taken_back_by_nobody_else(session, cast, document):
    one = say(session, document, cast.sponsor)
    for act in (operations.change, operations.take_back):
        with pytest.raises(NotAllowed):
            act(session, document.id, cast.admin, one.id, **({"words": "No."} if act is operations.change else {}))
    operations.change(session, document.id, cast.sponsor, one.id, words="Is it?")
    session.refresh(one)
    assert (one.words, one.edited_at is not None) == ("Is it?", True)
    operations.reply(session, document.id, cast.editor, one.thread_id, words="Yes.")
    operations.take_back(session, document.id, cast.sponsor, one.id)
    session.refresh(one)
    assert (one.words, one.taken_back_at is not None) == ("", True)
    assert [thread.id for thread in threads.visible(session, document, cast.editor)] == [one.thread_id]
    with pytest.raises(CommentNotFound):
        operations.change(session, document.id, cast.sponsor, one.id, words="Again.")


def test_a_thread_that_was_taken_back_whole_is_there_for_nobody(session, cast, document):
    one = say(session, document, cast.sponsor)
    operations.take_back(session, document.id, cast.sponsor, one.id)
    assert threads.visible(session, document, cast.admin) == []
    assert threads.open_words(session, document) == []
    with pytest.raises(CommentNotFound):
        operations.reply(session, document.id, cast.editor, one.thread_id, words="What was it?")


def test_no_word_of_it_is_in_the_audit_log(session, cast, document):
    one = say(session, document, cast.sponsor, "Marzipan")
    operations.change(session, document.id, cast.sponsor, one.id, words="Marzipan, please")
    operations.take_back(session, document.id, cast.sponsor, one.id)
    rows = session.scalars(select(AuditEvent)).all()
    assert not any("Marzipan" in f"{row.before}{row.after}{row.note}" for row in rows)


def seen_by_the_sponsor(session, document, sponsor):
    session.refresh(document)
    return document.updated_at, encode(records.of(session, document)), threads.version(session, document, sponsor)


def test_what_is_for_editors_only_is_nothing_to_the_sponsor(session, cast, document):
    before = seen_by_the_sponsor(session, document, cast.sponsor)
    one = say(session, document, cast.admin, "Ask a lawyer.", "flour", editors_only=True)
    operations.reply(session, document.id, cast.editor, one.thread_id, words="I did.")
    operations.change(session, document.id, cast.admin, one.id, words="Ask the lawyer.")
    operations.resolve(session, document.id, cast.editor, one.thread_id)
    operations.reopen(session, document.id, cast.editor, one.thread_id)
    session.refresh(document)
    assert threads.visible(session, document, cast.sponsor) == []
    assert len(threads.visible(session, document, cast.editor)) == 1
    assert threads.open_words(session, document) == []
    assert threads.open_hidden(session, document) == 1
    assert seen_by_the_sponsor(session, document, cast.sponsor) == before
    for act in (operations.resolve, operations.reopen):
        with pytest.raises(CommentNotFound):
            act(session, document.id, cast.sponsor, one.thread_id)
    with pytest.raises(CommentNotFound):
        operations.reply(session, document.id, cast.sponsor, one.thread_id, words="What?")
    with pytest.raises(NotAllowed):
        say(session, document, cast.sponsor, editors_only=True)


def test_the_check_before_delivery_counts_those_that_everyone_sees(session, cast, document):
    assert "open_comments" not in {one.finding.check for one in waivers.standing(session, document)}
    say(session, document, cast.sponsor, "Rye?\nReally?", "flour")
    say(session, document, cast.admin, "Ask a lawyer.", editors_only=True)
    (found,) = [one for one in waivers.standing(session, document) if one.finding.check == "open_comments"]
    assert (found.finding.words, list(found.finding.details)) == ("One comment is still open", ["Rye? Really?"])
    assert not found.holds


def test_the_record_has_the_conversation_and_holds(session, cast, document):
    one = say(session, document, cast.sponsor, "Rye?", "flour")
    operations.reply(session, document.id, cast.editor, one.thread_id, words="Wheat.")
    operations.resolve(session, document.id, cast.editor, one.thread_id)
    gone = say(session, document, cast.admin, "Never mind.")
    operations.take_back(session, document.id, cast.admin, gone.id)
    record = records.of(session, document)
    first, second = record["comments"]
    assert (first["quote"], first["resolved_by"]) == ("flour", cast.editor.id)
    assert [said["words"] for said in first["said"]] == ["Rye?", "Wheat."]
    assert (second["quote"], [said["words"] for said in second["said"]]) == ("", [""])
    assert verify(encode(record)).holds
    record["comments"][0]["quote"] = "bread"
    report = verify(encode(record))
    assert (report.part, report.broken) == ("reviews", "Comment 1 is about other words than those at its place.")


def test_a_deleted_document_leaves_no_comment_behind(session, cast, make_document):
    from copydesk.autodocs import deletion

    document = make_document("unassigned", text=TEXT)
    say(session, document, cast.sponsor, f"@{cast.admin.name}, may it go?")
    documents.move(session, document.id, Act.WITHDRAW, cast.sponsor)
    deletion.delete(session, document.id, cast.admin, reason="It may.", title=document.title)
    for table in (CommentThread, Comment):
        assert session.scalars(select(func.count()).select_from(table)).one() == 0


def told(session, actor):
    """Who was told of what by this person, since the last time this was asked."""
    rows = session.scalars(select(Notice).where(Notice.actor_id == actor.id).order_by(Notice.id)).all()
    found = sorted((row.kind.value, row.person_id) for row in rows)
    for row in rows:
        session.delete(row)
    session.flush()
    return found


def test_who_is_told(session, cast, document):
    told(session, cast.sponsor)
    one = say(session, document, cast.sponsor, "Rye?")
    assert told(session, cast.sponsor) == [("commented", cast.editor.id)]
    operations.reply(session, document.id, cast.admin, one.thread_id, words="@Ada, what do you say?")
    assert told(session, cast.admin) == [("mentioned", cast.editor.id), ("replied", cast.sponsor.id)]
    operations.reply(session, document.id, cast.editor, one.thread_id, words="Wheat.")
    assert told(session, cast.editor) == [("replied", cast.sponsor.id), ("replied", cast.admin.id)]
    said = say(session, document, cast.editor, f"@{cast.sponsor.name}: not for you.", editors_only=True)
    assert told(session, cast.editor) == []
    assert said.mentions == []
    operations.change(session, document.id, cast.editor, said.id, words=f"@{cast.admin.name}: for you.")
    operations.change(session, document.id, cast.editor, said.id, words=f"@{cast.admin.name}: all for you.")
    assert told(session, cast.editor) == [("mentioned", cast.admin.id)]


def test_a_mention_says_what_was_said_and_goes_by_mail_as_the_person_chose(session, cast, document):
    from copydesk.notifications import choices
    from copydesk.notifications.kinds import Group, How

    choices.choose(session, cast.editor, {Group.COMMENTS: How.AT_ONCE})
    say(session, document, cast.sponsor, "@Ada Byrne, is it rye?")
    mail = session.scalars(select(Mail).where(Mail.recipient == cast.editor.email).order_by(Mail.id.desc())).first()
    assert mail.subject == f"You are mentioned: {document.title}"
    assert "Ruth Okafor mentioned you" in mail.body
    assert "is it rye?" in mail.body


def test_names_are_found_and_unknown_ones_are_told(session, cast, document):
    people = threads.people(session, document)
    assert {one.name for one in people} == {"Ruth Okafor", "Ada Byrne", "Grete Admin"}
    said = operations.comment(
        session, document.id, cast.sponsor, words="@ada byrne, @Grete; @Nobody, @tom lind and ada@example.org @ 5"
    )
    assert [one.name for one in said.comment.mentions] == ["Ada Byrne", "Grete Admin"]
    assert said.unknown == ("@Nobody", "@tom")
    hidden = operations.comment(session, document.id, cast.editor, words="@Ruth knows.", editors_only=True)
    assert hidden.left_out == ("Ruth Okafor",)


def test_a_name_is_marked_where_it_is_called(cast):
    words = "Well, @Ada Byrne’s own. @Adabyrne is none."
    assert mentions.pieces(words, [cast.editor]) == [
        ("Well, ", False),
        ("@Ada Byrne", True),
        ("’s own. @Adabyrne is none.", False),
    ]

"""The person's side of several drafts and of words for a passage: what can be asked for, chosen, taken."""

import pytest
from sqlalchemy import select, text

from copydesk import audit
from copydesk.autodocs import requests, spans
from copydesk.autodocs.models import Autodoc, DraftKind, DraftState
from copydesk.autodocs.options import DraftOptions, Preset
from copydesk.documents import chain, operations, revising
from copydesk.documents.errors import InvalidInput, NotAllowed, StaleHead, WrongState
from copydesk.documents.models import Document, Kind, State
from copydesk.documents.revising import Text
from copydesk.documents.workflow import Act
from copydesk.mail import Mail
from tests import journeys

BODY = journeys.DRAFT


def test_the_chosen_draft_is_the_text_and_the_others_are_kept(session, cast, make_document):
    document = make_document("choosing")
    first, second = requests.side_by_side(session, document.id)
    requests.choose(session, document.id, cast.sponsor, second.id)
    assert document.state is State.EDITING
    revision = revising.head_text(session, document)
    assert (revision.kind, revision.autodoc_id, revision.body) == (Kind.MACHINE, second.id, second.text)
    assert [draft.id for draft in requests.drafts(session, document.id)] == [second.id, first.id]
    event = audit.history(session, "document", document.id)[-1]
    assert (event.action, event.actor_id) == ("document.choose", cast.sponsor.id)
    assert event.after["autodoc"] == second.id


def test_sponsor_and_then_editor_are_told_by_mail(session, cast, make_document):
    document = make_document("choosing")
    letters = session.scalars(select(Mail).order_by(Mail.id)).all()
    assert [(mail.recipient, mail.subject) for mail in letters] == [
        (cast.sponsor.email, f"Choose a draft: {document.title}")
    ]
    requests.choose(session, document.id, cast.sponsor, requests.newest(session, document.id).id)
    letters = session.scalars(select(Mail).order_by(Mail.id)).all()
    assert letters[-1].recipient == cast.editor.email


def test_only_a_finished_draft_of_the_newest_request_can_be_chosen(session, cast, make_document):
    document = make_document("choosing")
    old = requests.newest(session, document.id).id
    other = requests.newest(session, make_document("choosing").id).id
    requests.redraft(session, document.id, cast.sponsor, DraftOptions(n=3))
    failed, *written = journeys.live_drafts(session, document)
    for draft in written:
        journeys.write(session, draft.id)
    journeys.fail_draft(session, document)
    assert document.state is State.CHOOSING
    for wrong in (old, other, failed.id, 10**12):
        with pytest.raises(InvalidInput) as caught:
            requests.choose(session, document.id, cast.sponsor, wrong)
        assert caught.value.field == "draft"
    with pytest.raises(NotAllowed):
        requests.choose(session, document.id, cast.editor, written[0].id)
    requests.choose(session, document.id, cast.admin, written[0].id)
    with pytest.raises(WrongState):
        requests.choose(session, document.id, cast.sponsor, written[1].id)


def test_the_earlier_text_can_be_kept_instead(session, cast, make_document):
    document = make_document("editing")
    requests.redraft(session, document.id, cast.sponsor, DraftOptions(n=2))
    for draft in journeys.live_drafts(session, document):
        journeys.write(session, draft.id, "Another text.")
    operations.move(session, document.id, Act.KEEP, cast.sponsor)
    assert (document.state, revising.head_text(session, document).body) == (State.EDITING, BODY)


def test_asking_again_keeps_the_choice_or_takes_a_new_one(session, cast, make_document):
    document = make_document("editing")
    requests.draft_again(session, document.id, cast.sponsor, DraftOptions(preset=Preset.CAREFUL, n=2, words=500))
    assert {draft.tokens_target for draft in journeys.live_drafts(session, document)} == {625}  # the seed model's
    requests.cancel(session, document.id, cast.sponsor)
    requests.draft_again(session, document.id, cast.sponsor)
    assert len(journeys.live_drafts(session, document)) == 2
    session.expire_all()
    kept = DraftOptions.from_dict(session.get(Document, document.id).sampling)
    assert (kept.preset, kept.n, kept.words) == (Preset.CAREFUL, 2, 500)
    side = requests.side_by_side(session, document.id)
    assert [(draft.request, draft.number) for draft in side] == [(3, 4), (3, 5)]


def test_what_was_written_before_the_rest_was_stopped_can_be_chosen(session, cast, make_document):
    document = make_document("editing")
    requests.redraft(session, document.id, cast.sponsor, DraftOptions(n=3))
    written, *rest = journeys.live_drafts(session, document)
    journeys.write(session, written.id, "Written in time.")
    requests.cancel(session, document.id, cast.sponsor)
    assert document.state is State.CHOOSING
    with pytest.raises(InvalidInput):
        requests.choose(session, document.id, cast.sponsor, rest[0].id)
    requests.choose(session, document.id, cast.sponsor, written.id)
    assert revising.head_text(session, document).body == "Written in time."


def test_a_draft_that_was_not_begun_takes_its_job_with_it(session, cast, make_document):
    document = make_document("drafting")
    requests.cancel(session, document.id, cast.sponsor)
    jobs = session.execute(text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'write_draft'"))
    assert jobs.scalar() == 0


def test_a_template_that_needs_a_value_is_named_before_anything_is_made(session, cast):
    with pytest.raises(InvalidInput, match="no template") as caught:
        requests.create_document(
            session, cast.sponsor, title="T", brief="B", editor_id=None, options=DraftOptions(template="review")
        )
    assert caught.value.field == "template"


def ask(session, document, actor, start=0, end=10, base=None, count=2):
    base = document.text_number if base is None else base
    return spans.ask(session, document.id, actor, base=base, start=start, end=end, count=count)


def test_candidates_wait_as_short_requests_of_a_person_who_waits(session, cast, make_document):
    document = make_document("editing")
    made = ask(session, document, cast.editor, 0, 20, count=3)
    assert [(one.kind, one.choice, one.request, one.number) for one in made] == [
        (DraftKind.SPAN, 0, 2, 2),
        (DraftKind.SPAN, 1, 2, 3),
        (DraftKind.SPAN, 2, 2, 4),
    ]
    rows = session.execute(text("SELECT task_name, priority FROM procrastinate_jobs ORDER BY id")).all()
    assert [row.task_name for row in rows if row.task_name != "send_mail"] == ["write_draft"] + ["write_span"] * 3
    priority = {row.task_name: row.priority for row in rows}
    assert priority["write_span"] > priority["write_draft"]
    assert document.state is State.EDITING
    assert [draft.kind for draft in requests.drafts(session, document.id)] == [DraftKind.WHOLE]
    assert len(requests.everything(session, document.id)) == 4
    event = audit.history(session, "document", document.id)[-1]
    assert (event.action, event.after["candidates"]) == ("document.ask_for_a_passage", 3)


@pytest.mark.parametrize(
    ("start", "end", "count", "field"),
    [
        (5, 5, 1, "passage"),
        (9, 5, 1, "passage"),
        (-1, 5, 1, "passage"),
        (0, 10**6, 1, "passage"),
        (BODY.index(" "), BODY.index(" ") + 1, 1, "passage"),
        (0, 9, 0, "count"),
        (0, 9, 7, "count"),
    ],
)
def test_what_is_no_passage_is_named(session, cast, make_document, start, end, count, field):
    document = make_document("editing")
    with pytest.raises(InvalidInput) as caught:
        ask(session, document, cast.editor, start, end, count=count)
    assert caught.value.field == field


def test_a_passage_has_5_000_characters_and_no_more(session, cast, make_document):
    document = make_document("editing", text="word " * 1001)
    ask(session, document, cast.editor, 0, 5000)
    with pytest.raises(InvalidInput, match="5,001 characters"):
        ask(session, document, cast.editor, 0, 5001)


def test_a_passage_of_another_text_is_refused(session, cast, make_document):
    document = make_document("editing")
    with pytest.raises(StaleHead):
        ask(session, document, cast.editor, base=1)
    revising.save(session, document.id, cast.editor, Text("T", BODY + " More.", document.text_number))
    with pytest.raises(StaleHead):
        ask(session, document, cast.editor, base=document.text_number - 1)


def test_only_a_written_candidate_of_this_document_can_be_taken(session, cast, make_document):
    document, other = make_document("editing"), make_document("editing")
    waiting, written = ask(session, document, cast.editor)
    journeys.write(session, written.id, "The new", score=-1.5)
    (theirs, *_) = ask(session, other, cast.editor)
    whole = requests.newest(session, document.id).id
    for wrong in (waiting.id, theirs.id, whole, 10**12):
        with pytest.raises(InvalidInput) as caught:
            spans.take(session, document.id, cast.editor, wrong)
        assert caught.value.field == "candidate"
    with pytest.raises(NotAllowed):
        spans.take(session, document.id, cast.sponsor, written.id)
    revision = spans.take(session, document.id, cast.editor, written.id)
    assert revision.body == "The new" + BODY[10:]
    assert chain.first_broken(chain.revisions(session, document.id)) is None
    event = audit.history(session, "document", document.id)[-1]
    assert (event.action, event.after["autodoc"]) == ("document.take_a_passage", written.id)
    with pytest.raises(StaleHead):  # its text is gone, though the candidate is still there
        spans.take(session, document.id, cast.editor, written.id)


def test_newest_request_is_that_of_the_text_as_it_stands(session, cast, make_document):
    document = make_document("editing")
    assert spans.newest_request(session, document) is None
    ask(session, document, cast.editor)
    second = ask(session, document, cast.editor)
    assert spans.newest_request(session, document) == second[0].request
    revising.save(session, document.id, cast.editor, Text("T", BODY + " More.", document.text_number))
    assert spans.newest_request(session, document) is None


def test_candidates_no_longer_wanted_stop(session, cast, make_document):
    document = make_document("editing")
    made = ask(session, document, cast.editor)
    spans.discard(session, document.id, cast.editor)
    assert {session.get(Autodoc, one.id).state for one in made} == {DraftState.CANCELLED}


def test_the_hash_covers_which_passage_was_replaced(session, cast, make_document):
    document = make_document("editing")
    (one,) = ask(session, document, cast.editor, count=1)
    journeys.write(session, one.id, "Other words")
    spans.take(session, document.id, cast.editor, one.id)
    revisions = chain.revisions(session, document.id)
    session.expunge_all()
    revisions[-1].span_end += 1
    assert chain.first_broken(revisions) == revisions[-1].number

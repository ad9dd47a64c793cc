"""The admin's page of the queue, and what pausing and full queues look like to others."""

import re

import pytest
from sqlalchemy import select, text, update

from copydesk.audit import AuditEvent
from copydesk.autodocs import limits, queue, replays, requests, spans
from copydesk.autodocs.models import Autodoc, DraftState
from copydesk.autodocs.queue_tables import DeskSwitch, Takeover, WorkerNote
from copydesk.documents.models import Document, State
from copydesk.mail import outbox
from tests import journeys


@pytest.fixture
def admin(session, cast, as_person):
    session.commit()
    return as_person(cast.admin)


def part(page, name):
    """The text of one part of the page, without its marks."""
    found = re.search(rf'data-part="{name}".*?(?=data-part=|</main>)', page.text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found.group(0)).split())


def worker(session, slots=4):
    number = session.scalar(text("SELECT worker_id FROM procrastinate_register_worker_v1()"))
    session.add(WorkerNote(worker_id=number, host="desk-7", process=4711, slots=slots))
    session.flush()
    return number


def test_an_idle_desk(session, cast, admin):
    worker(session)
    page = admin.get("/admin/queue")
    assert "Nothing waits for the machine" in page.text
    assert "The queue is empty" in page.text
    assert "desk-7" in part(page, "workers")
    assert "No worker is running" not in page.text
    assert page.text.count('<svg class="plot"') == 3
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page.text)


def test_without_workers_the_page_says_so(admin):
    page = admin.get("/admin/queue")
    assert "No worker is running" in page.text
    assert "None gives signs of life" in page.text


def test_what_waits_and_what_failed(session, cast, make_document, admin):
    make_document("drafting", title="First in line")
    make_document("drafting", title="Second in line", sponsor=cast.other_sponsor)
    failed = make_document("draft_failed", title="Would not come")
    session.commit()
    page = admin.get("/admin/queue")
    assert "2 drafts wait" in page.text
    waiting = part(page, "waiting")
    assert waiting.index("First in line") < waiting.index("Second in line")
    assert "Olaf Other" in waiting
    assert "Would not come" not in waiting
    answer = part(page, "failed")
    assert "Would not come" in answer
    assert "The engine said no." in answer
    assert "given up after 1 attempt" in answer
    assert f"/documents/{failed.id}" in page.text


def test_the_history_of_a_poisoned_draft(session, cast, make_document, admin):
    document = make_document("draft_failed")
    draft = session.scalars(select(Autodoc).where(Autodoc.document_id == document.id)).one()
    for times in (1, 2, 3):
        session.add(
            AuditEvent(
                action="draft.taken_over",
                object_type="autodoc",
                object_id=str(draft.id),
                before={},
                after={"times": times, "worker": 90 + times},
                source="worker",
            )
        )
    session.commit()
    text = part(admin.get("/admin/queue"), "failed")
    assert "worker 93 fell silent while it wrote it, time 3 of 3" in text


def test_a_draft_taken_over_says_so_while_it_waits(session, cast, make_document, admin):
    document = make_document("drafting")
    draft = session.scalars(select(Autodoc).where(Autodoc.document_id == document.id)).one()
    session.execute(text("INSERT INTO takeovers VALUES (:job, 2, now())"), {"job": draft.job_id})
    session.commit()
    assert session.get(Takeover, draft.job_id)
    assert "Its worker fell silent twice" in part(admin.get("/admin/queue"), "waiting")


def test_the_part_that_changes_is_given_alone(session, cast, make_document, admin):
    make_document("drafting", title="In the middle of it")
    session.commit()
    whole, live = admin.get("/admin/queue?span=day"), admin.get("/admin/queue/live?span=day")
    assert "<html" not in live.text
    assert "In the middle of it" in live.text
    assert set(re.findall('data-part="[a-z]+"', whole.text)) == set(re.findall('data-part="[a-z]+"', live.text))
    assert 'data-queue-url="/admin/queue/live?span=day' in whole.text


@pytest.mark.parametrize("span", ["hour", "day", "week", "nonsense"])
def test_every_span_has_its_pictures(session, cast, make_document, admin, span):
    make_document("unassigned")
    session.commit()
    page = admin.get(f"/admin/queue?span={span}&page=0&failed=-3")
    assert page.status_code == 200
    assert "1 written, 0 failed" in page.text
    assert page.text.count('scope="row"') == {"day": 24, "week": 28}.get(span, 30)


def test_trying_again(session, cast, make_document, admin):
    document = make_document("draft_failed")
    session.commit()
    draft = journeys_draft(session, document)
    page = admin.post(f"/admin/queue/{draft.id}/retry", follow_redirects=True)
    assert "in the queue again" in page.text
    assert again(session, document) is State.DRAFTING
    assert admin.post(f"/admin/queue/{draft.id}/retry").status_code == 409
    assert admin.post("/admin/queue/999999/retry").status_code == 404


def journeys_draft(session, document):
    query = select(Autodoc).where(Autodoc.document_id == document.id).order_by(Autodoc.number.desc())
    return session.scalars(query.limit(1)).one()


def again(session, document):
    session.expire_all()
    return session.get(Document, document.id).state


def test_trying_all_again(session, cast, make_document, admin):
    documents = [make_document("draft_failed") for _ in range(3)]
    stopped = make_document("drafting")
    requests.cancel(session, stopped.id, cast.sponsor)
    session.commit()
    page = admin.post("/admin/queue/retry-all", follow_redirects=True)
    assert "3 drafts are in the queue again" in page.text
    assert [again(session, document) for document in documents] == [State.DRAFTING] * 3
    assert again(session, stopped) is State.DRAFT_FAILED, "somebody stopped it on purpose"


def test_trying_all_again_stops_at_the_desks_limit(session, cast, make_document, admin, config, monkeypatch):
    for _ in range(3):
        make_document("draft_failed")
    session.commit()
    monkeypatch.setattr(limits, "settings", lambda: config.model_copy(update={"drafts_waiting": 2}))
    page = admin.post("/admin/queue/retry-all", follow_redirects=True)
    assert "2 drafts are in the queue again" in page.text
    assert "queue is full" in page.text
    assert "Would" not in part(page, "failed")


def test_stopping_a_draft(session, cast, make_document, admin):
    document = make_document("drafting", title="Stop me")
    session.commit()
    page = admin.post(f"/admin/queue/{journeys_draft(session, document).id}/stop", follow_redirects=True)
    assert "The draft of “Stop me” was stopped." in page.text
    assert again(session, document) is State.DRAFT_FAILED
    assert "Stop me" not in part(page, "failed")


def test_stopping_words_for_a_passage_leaves_the_text_alone(session, cast, make_document, admin):
    document = make_document("editing", title="With a passage")
    asked = spans.ask(session, document.id, cast.editor, base=document.text_number, start=0, end=5, count=2)
    session.commit()
    page = admin.get("/admin/queue")
    assert "Words for a passage" in part(page, "waiting")
    assert "Quick one" in part(page, "waiting")
    page = admin.post(f"/admin/queue/{asked[0].id}/stop", follow_redirects=True)
    assert "The words for a passage were stopped." in page.text
    assert again(session, document) is State.EDITING
    states = session.scalars(
        select(Autodoc.state).where(Autodoc.id.in_([one.id for one in asked])).order_by(Autodoc.id)
    )
    assert states.all() == [DraftState.CANCELLED, DraftState.QUEUED]


def test_pausing_says_why_and_can_be_undone(session, cast, make_document, admin, as_person):
    document = make_document("drafting")
    session.commit()
    refused = admin.post("/admin/queue/pause", data={"note": " "})
    assert refused.status_code == 400
    assert "Please say why" in refused.text
    page = admin.post("/admin/queue/pause", data={"note": "New disks; back at noon."}, follow_redirects=True)
    assert "Drafting is paused: New disks; back at noon." in page.text
    assert "Grete Admin paused it" in page.text
    sponsor = as_person(cast.sponsor)
    progress = sponsor.get(f"/documents/{document.id}/progress.json").json
    assert progress["waiting"] is True
    assert progress["message"].startswith("Drafting is paused: New disks; back at noon.")
    assert "Drafting is paused: New disks" in sponsor.get(f"/documents/{document.id}").text
    assert "Drafting is paused" in sponsor.get("/documents").text
    assert "Drafting is paused: New disks" in sponsor.get("/documents/new").text
    assert "Drafting goes on" in admin.post("/admin/queue/resume", follow_redirects=True).text
    assert session.scalars(select(DeskSwitch)).all() == []
    assert "paused" not in sponsor.get(f"/documents/{document.id}/progress.json").json["message"]


def test_a_full_queue_loses_nothing_typed(session, cast, make_document, as_person, config, monkeypatch):
    make_document("drafting")
    session.commit()
    monkeypatch.setattr(limits, "settings", lambda: config.model_copy(update={"drafts_per_person": 1}))
    typed = {"title": "One too many", "brief": "All of this was typed by hand.", "editor": str(cast.editor.id)}
    answer = as_person(cast.sponsor).post("/documents/new", data=typed)
    assert answer.status_code == 400
    assert "You have 1 draft in the queue, and the most for one person is 1." in answer.text
    assert 'value="One too many"' in answer.text
    assert "All of this was typed by hand." in answer.text
    assert f'selected value="{cast.editor.id}"' in answer.text
    assert session.scalar(select(Document.id).where(Document.title == "One too many")) is None


def test_a_full_queue_at_a_button(session, cast, make_document, as_person, config, monkeypatch):
    document = make_document("draft_failed")
    make_document("drafting")
    session.commit()
    monkeypatch.setattr(limits, "settings", lambda: config.model_copy(update={"drafts_per_person": 1}))
    answer = as_person(cast.sponsor).post(f"/documents/{document.id}/retry")
    assert answer.status_code == 429
    assert "You have 1 draft in the queue" in answer.text
    assert again(session, document) is State.DRAFT_FAILED


def test_pages_of_the_lists(session, cast, make_document, admin):
    for number in range(27):
        make_document("drafting", title=f"Waiting {number:02}")
        make_document("draft_failed", title=f"Failed {number:02}")
    session.commit()
    first, second = admin.get("/admin/queue"), admin.get("/admin/queue?page=2&failed=2")
    assert "Waiting 00" in first.text
    assert "Waiting 25" not in first.text
    assert "Waiting 26" in second.text
    assert "Failed 26" in first.text
    assert "Failed 01" not in first.text
    assert "Failed 00" in second.text
    assert "27 drafts wait" in second.text
    assert "Nothing more on this page" in admin.get("/admin/queue?page=3").text


def test_the_number_of_queries_does_not_grow(session, cast, make_document, admin, count_queries):
    worker(session)
    make_document("drafting")
    make_document("draft_failed")
    session.commit()
    admin.get("/admin/queue")
    with count_queries() as few:
        admin.get("/admin/queue")
    for _ in range(5):
        make_document("drafting")
        make_document("draft_failed")
        make_document("unassigned")
    session.commit()
    with count_queries() as many:
        admin.get("/admin/queue")
    assert len(many) == len(few) <= 15


def test_failed_passages_and_older_failures(session, cast, make_document, admin):
    """A failure that was asked for again is nobody's to answer any more."""
    document = make_document("draft_failed", title="Failed, then came")
    requests.retry(session, document.id, cast.sponsor)
    journeys.draft(session, document)
    session.commit()
    assert queue.failed(session, limit=5) == []
    assert queue.counts(session).failed == 0
    session.execute(update(Autodoc).values(state=DraftState.DONE, reason=None, text="x", model_sha256="0" * 64))
    assert "Failed, then came" not in part(admin.get("/admin/queue"), "failed")


def test_letters_and_replays_that_failed(session, cast, make_document, admin):
    document = make_document("editing", title="Written before")
    draft = session.scalars(select(Autodoc).where(Autodoc.document_id == document.id)).one()
    replay = replays.ask(session, draft.id, cast.sponsor)
    replays.fail(session, replay.id, "The model is not there any more.")
    letter = outbox.queue(session, recipient="ada@example.org", subject="Your draft", body="It is there.")
    letter.state, letter.reason = outbox.MailState.FAILED, "550 no such person"
    session.commit()
    shown = part(admin.get("/admin/queue"), "others")
    assert "Draft 1 of Written before, written again" in shown
    assert "The model is not there any more." in shown
    assert "To ada@example.org" in shown
    assert "550 no such person" in shown
    answer = admin.post(f"/admin/queue/letters/{letter.id}/send-again", follow_redirects=True)
    assert "The letter is in the queue again." in answer.text
    session.expire_all()
    assert (letter.state, letter.reason) == (outbox.MailState.QUEUED, None)
    assert session.scalar(select(AuditEvent.actor_id).where(AuditEvent.action == "mail.sent_again")) == cast.admin.id
    assert "ada@example.org" not in part(admin.get("/admin/queue"), "others")
    again = admin.post(f"/admin/queue/letters/{letter.id}/send-again", follow_redirects=True)
    assert "on its way already" in again.text


def test_a_replay_that_went_well_later_is_not_shown(session, cast, make_document, admin):
    document = make_document("editing")
    draft = session.scalars(select(Autodoc).where(Autodoc.document_id == document.id)).one()
    replays.fail(session, replays.ask(session, draft.id, cast.sponsor).id, "The engine was away.")
    replays.ask(session, draft.id, cast.sponsor)
    session.commit()
    assert "The engine was away." not in admin.get("/admin/queue").text

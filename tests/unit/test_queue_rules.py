"""Limits, the pause, what a dead worker leaves behind, the figures: on the database, without workers."""

import datetime as dt

import pytest
from sqlalchemy import select, text, update

from copydesk import jobs
from copydesk.audit import AuditEvent
from copydesk.autodocs import limits, queue, requests, takeover, timings, writing
from copydesk.autodocs.limits import TooManyDrafts
from copydesk.autodocs.models import Autodoc, DraftState
from copydesk.autodocs.queue_tables import Takeover
from copydesk.documents.errors import InvalidInput, NotAllowed
from copydesk.documents.models import State
from copydesk.web.queue import heading
from copydesk.web.queue_chart import charts, duration, rate

NOW = dt.datetime(2026, 11, 4, 15, 31, 30, tzinfo=dt.UTC)


@pytest.fixture
def most(monkeypatch, config):
    """Set the limits: `most(person=3, desk=5)`."""

    def most(person=1000, desk=1000):
        tight = config.model_copy(update={"drafts_per_person": person, "drafts_waiting": desk})
        monkeypatch.setattr(limits, "settings", lambda: tight)

    return most


# Limits


def test_a_person_may_have_so_many_drafts_and_no_more(session, cast, make_document, most):
    make_document("drafting")
    make_document("drafting")
    most(person=3)
    limits.check(session, cast.sponsor, 1)
    with pytest.raises(
        TooManyDrafts, match=r"You have 2 drafts in the queue, and the most for one person is 3\. Ask for"
    ):
        limits.check(session, cast.sponsor, 2)
    most(person=2)
    with pytest.raises(TooManyDrafts, match="Nothing you typed is lost; try again when some are written"):
        limits.check(session, cast.sponsor, 1)
    limits.check(session, cast.other_sponsor, 1)


def test_what_is_written_counts_no_more(session, cast, make_document, most):
    most(person=1)
    make_document("unassigned")
    limits.check(session, cast.sponsor, 1)


def test_the_desk_may_have_so_many_drafts(session, cast, make_document, most):
    make_document("drafting")
    make_document("drafting", sponsor=cast.other_sponsor)
    most(desk=2)
    for person in (cast.sponsor, cast.editor, cast.admin):
        with pytest.raises(TooManyDrafts, match="The desk’s queue is full: 2 drafts wait"):
            limits.check(session, person, 1)


def test_admins_have_no_limit_of_their_own(session, cast, most):
    most(person=1)
    limits.check(session, cast.admin, 4)


def test_refused_is_refused_whole(session, cast, most):
    """Of a request for several drafts none is queued when there is no room for all."""
    most(person=2)
    with pytest.raises(TooManyDrafts):
        limits.check(session, cast.sponsor, 3)
    with pytest.raises(TooManyDrafts, match="You have no draft in the queue"):
        limits.check(session, cast.sponsor, 4)


# The pause


def test_pausing_and_resuming_is_noted(session, cast):
    assert queue.paused(session) is None
    queue.pause(session, cast.admin, " The engine gets  a new model. ")
    assert queue.paused(session).note == "The engine gets a new model."
    queue.pause(session, cast.admin, "Again.")
    queue.resume(session, cast.admin)
    queue.resume(session, cast.admin)
    assert queue.paused(session) is None
    events = session.scalars(select(AuditEvent).where(AuditEvent.object_type == "queue").order_by(AuditEvent.id)).all()
    assert [(event.action, event.note) for event in events] == [
        ("queue.paused", "The engine gets a new model."),
        ("queue.resumed", None),
    ]


@pytest.mark.parametrize("note", ["", " \u200b", "x" * 301])
def test_a_pause_says_why(session, cast, note):
    with pytest.raises(InvalidInput):
        queue.pause(session, cast.admin, note)


def test_only_admins_pause(session, cast):
    for act in (lambda: queue.pause(session, cast.sponsor, "No."), lambda: queue.resume(session, cast.editor)):
        with pytest.raises(NotAllowed):
            act()


# Dead workers


class Workers:
    """Workers that die with whatever they have."""

    def __init__(self, session):
        self.session = session

    def fetch(self, count=1):
        """A new worker takes jobs and claims their drafts; returns the drafts' ids."""
        worker = self.session.scalar(text("SELECT worker_id FROM procrastinate_register_worker_v1()"))
        fetch = text("SELECT args FROM procrastinate_fetch_job_v2(ARRAY['drafts'], :worker)")
        found = [self.session.scalar(fetch, {"worker": worker}) for _ in range(count)]
        taken = [one["autodoc_id"] for one in found if one]
        for autodoc_id in taken:
            writing.claim(self.session, autodoc_id)
        return taken

    def all_die(self):
        """Nobody gives a sign of life; another takes over what they had."""
        self.session.execute(text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'"))
        count = 0
        while job := jobs.lock_stalled(self.session, 10.0):
            takeover._take(self.session, job)
            count += 1
        return count


@pytest.fixture
def workers(session):
    return Workers(session)


def states(session):
    session.expire_all()
    return dict(session.execute(select(Autodoc.id, Autodoc.state).order_by(Autodoc.id)).all())


def test_a_dead_workers_draft_is_written_by_another(session, cast, make_document, workers):
    document = make_document("drafting")
    [draft] = workers.fetch()
    assert workers.all_die() == 1
    assert workers.all_die() == 0, "it waits: nobody's to take over"
    assert workers.fetch() == [draft]
    assert session.get(Autodoc, draft).attempt == 2
    assert document.state is State.DRAFTING


def test_a_draft_that_three_workers_did_not_survive_is_given_up(session, cast, make_document, workers):
    document = make_document("drafting")
    for _ in range(3):
        [draft] = workers.fetch()
        workers.all_die()
    assert workers.fetch() == []
    failed = session.get(Autodoc, draft, populate_existing=True)
    assert (failed.state, failed.reason) == (DraftState.FAILED, takeover.POISON)
    assert session.get(type(document), document.id, populate_existing=True).state is State.DRAFT_FAILED
    assert (
        session.scalar(text("SELECT status FROM procrastinate_jobs WHERE id = :id"), {"id": failed.job_id}) == "failed"
    )
    history = session.scalars(
        select(AuditEvent.after).where(AuditEvent.object_id == str(draft)).order_by(AuditEvent.id)
    ).all()
    assert [event["times"] for event in history] == [1, 2, 3]
    [line] = queue.failed(session, limit=5)
    assert (line.takeovers, line.reason) == (3, takeover.POISON)
    requests.retry(session, document.id, cast.sponsor)
    assert queue.failed(session, limit=5) == []
    assert len(workers.fetch()) == 1, "a new try starts at nothing"
    workers.all_die()
    assert DraftState.FAILED not in list(states(session).values())[1:]


def test_what_dies_with_a_poisoned_draft_is_not_given_up(session, cast, make_document, workers):
    """Twice a worker of four places dies with all it had; then suspects run one at a time, and only one is guilty."""
    for _ in range(4):
        make_document("drafting")
    everything = workers.fetch(4)
    workers.all_die()
    assert workers.fetch(4) == everything
    workers.all_die()
    poison = everything[1]
    done = []
    for _ in range(12):
        taken = workers.fetch(4)
        if not taken:
            break
        assert len(taken) == 1, "suspects are alone"
        if taken == [poison]:
            workers.all_die()
            continue
        done += taken
        document = session.get(Autodoc, taken[0]).document_id
        session.execute(
            text("DELETE FROM procrastinate_jobs WHERE id = :id"), {"id": session.get(Autodoc, taken[0]).job_id}
        )
        requests.cancel(session, document, cast.admin)
    assert sorted([*done, poison]) == sorted(everything)
    assert states(session)[poison] is DraftState.FAILED
    assert list(states(session).values()).count(DraftState.FAILED) == 1


def test_counts_of_jobs_that_are_gone_go_too(session, cast, make_document, workers):
    make_document("drafting")
    workers.fetch()
    workers.all_die()
    session.execute(text("DELETE FROM procrastinate_jobs"))
    make_document("drafting")
    workers.fetch()
    workers.all_die()
    assert session.scalars(select(Takeover.times)).all() == [1]


def test_a_poisoned_draft_of_a_document_that_moved_on_does_not_live_for_ever(session, cast, make_document, workers):
    document = make_document("drafting")
    [draft] = workers.fetch()
    session.execute(update(type(document)).values(state=State.WITHDRAWN))
    takeover._fail(session, draft, takeover.LOST)
    assert states(session)[draft] is DraftState.FAILED


# Figures


def finished(session, document, *, created, wait, write, state=DraftState.DONE):
    """Bend the times of a document's draft."""
    begun = created + dt.timedelta(seconds=wait)
    session.execute(
        update(Autodoc)
        .where(Autodoc.document_id == document.id)
        .values(
            created_at=created,
            started_at=begun if state is not DraftState.QUEUED else None,
            finished_at=begun + dt.timedelta(seconds=write)
            if state in (DraftState.DONE, DraftState.FAILED, DraftState.CANCELLED)
            else None,
        )
    )


def test_the_course_of_an_hour(session, cast, make_document):
    def ago(minutes):
        return NOW - dt.timedelta(minutes=minutes)

    for minutes, wait, write in ((10, 30, 2), (10, 30, 4), (10, 90, 6), (200, 1, 1)):
        finished(session, make_document("unassigned"), created=ago(minutes), wait=wait, write=write)
    finished(session, make_document("draft_failed"), created=ago(5), wait=1, write=1, state=DraftState.FAILED)
    waiting = make_document("drafting")
    finished(session, waiting, created=ago(30), wait=0, write=0, state=DraftState.QUEUED)
    course = timings.course(session, timings.SPANS["hour"], NOW)
    assert len(course.steps) == 30
    assert course.steps[-1].begins == NOW.replace(minute=30, second=0)
    assert course.steps[-1].minutes == 1.5
    assert (course.written, course.failed) == (3, 1)
    assert (course.wait.p50, course.write.p50) == (30.0, 4.0)
    assert sum(step.written for step in course.steps) == 3
    by_start = {step.begins: step for step in course.steps}
    step = by_start[NOW.replace(minute=22, second=0)]
    assert (step.written, step.per_minute, step.wait.p50) == (3, 1.5, 30.0)
    assert [by_start[NOW.replace(minute=m, second=0)].waiting for m in (0, 20, 22)] == [1, 1 + 3, 1]
    assert course.steps[-1].waiting == 1
    assert course.per_minute == pytest.approx(3 / 59.5)


def test_an_empty_course(session, cast):
    for span in timings.SPANS.values():
        course = timings.course(session, span)
        assert (course.written, course.wait.p50, course.per_minute) == (0, None, 0.0)
        assert len(charts(course)) == 3


def test_a_weeks_steps_begin_with_the_day(session, cast):
    course = timings.course(session, timings.SPANS["week"], NOW)
    assert {step.begins.hour for step in course.steps} == {0, 6, 12, 18}
    assert len(course.steps) == 28


def test_charts_stay_within_their_picture(session, cast, make_document):
    for number in range(6):
        created = NOW - dt.timedelta(minutes=5 + 7 * number)
        finished(session, make_document("unassigned"), created=created, wait=10.0**number / 100, write=0.001)
    for chart in charts(timings.course(session, timings.SPANS["hour"], NOW)):
        assert chart.summary.startswith("Last hour: ")
        for bar in chart.bars:
            assert 12 <= bar.x <= bar.x + bar.width <= 99.01
            assert 11.9 <= bar.y <= bar.y + bar.height <= 128.1
        for dot in chart.dots:
            assert 12 <= dot.x <= 99
            assert 11.9 <= dot.y <= 128.1
        assert [mark.at for mark in chart.heights] == sorted((mark.at for mark in chart.heights), reverse=True)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (-0.01, "0.0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (99, "99 s"),
        (100, "2 min"),
        (3599, "1 h"),
        (4800, "1 h 20 min"),
    ],
)
def test_durations_in_words(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(("per_minute", "words"), [(0, "0"), (0.01, "0.1"), (1.25, "1.2"), (41.6, "42")])
def test_rates_in_words(per_minute, words):
    assert rate(per_minute) == words


@pytest.mark.parametrize(
    ("waiting", "writing", "words"),
    [
        (0, 0, "Nothing waits for the machine"),
        (0, 1, "1 draft is being written"),
        (0, 2, "2 drafts are being written"),
        (1, 0, "1 draft waits"),
        (1200, 4, "1,200 drafts wait, 4 are being written"),
    ],
)
def test_the_page_begins_with_a_sentence(waiting, writing, words):
    assert heading(queue.Counts(waiting, writing, 0, None)) == words


def test_a_stopped_draft_leaves_the_queue(session, cast, make_document):
    document = make_document("drafting")
    assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'drafts'")) == 1
    requests.cancel(session, document.id, cast.sponsor)
    assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'drafts'")) == 0

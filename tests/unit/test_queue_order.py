"""Whose turn is next: at the level of the queue's own order, without a clock or a worker."""

import random

import pytest
from sqlalchemy import func, select, text

from copydesk import jobs
from copydesk.autodocs import fairness
from copydesk.autodocs.queue_tables import Lane, QueueLane, QueueTurn, WorkerNote

LONG = 3200  # tokens


@pytest.fixture
def queue(session, cast):
    return TheQueue(session)


class TheQueue:
    """Asks as web does, and serves as a worker with one place does."""

    def __init__(self, session):
        self.session = session
        self.worker = session.scalar(text("SELECT worker_id FROM procrastinate_register_worker_v1()"))
        self.asked = {}  # job: who
        self.inside = None

    def ask(self, person, *, waits=False, tokens=fairness.USUAL, times=1):
        for _ in range(times):
            turn = fairness.priority(self.session, person, interactive=waits, tokens=tokens)
            job = jobs.defer(self.session, jobs.Task.REPLAY, jobs.Queue.DRAFTS, priority=turn, replay_id=0)
            self.asked[job] = person
        return job

    def begin(self):
        """The next job is begun; returns whose it is, or None."""
        fetch = text("SELECT id FROM procrastinate_fetch_job_v2(ARRAY['drafts'], :worker)")
        self.inside = self.session.scalar(fetch, {"worker": self.worker})
        return self.asked.get(self.inside)

    def end(self):
        self.session.execute(text("SELECT procrastinate_finish_job_v1(:id, 'succeeded', true)"), {"id": self.inside})

    def serve(self):
        person = self.begin()
        if person is not None:
            self.end()
        return person

    def wait(self, seconds):
        """As if so much time had gone by."""
        earlier = text(
            "UPDATE procrastinate_events AS event SET at = at - make_interval(secs => :seconds) "
            "FROM procrastinate_jobs AS job WHERE job.id = event.job_id"  # what is done leaves events without a job
        )
        self.session.execute(earlier, {"seconds": seconds})


def test_one_persons_drafts_are_written_in_the_order_asked(queue, cast):
    first, second, third = (queue.ask(cast.sponsor) for _ in range(3))
    served = []
    while queue.begin():
        served.append(queue.inside)
        queue.end()
    assert served == [first, second, third]


def test_somebody_with_one_draft_is_not_behind_somebody_with_fifty(queue, cast):
    queue.ask(cast.sponsor, times=50)
    assert [queue.serve() for _ in range(10)] == [cast.sponsor] * 10
    queue.ask(cast.other_sponsor)
    assert cast.other_sponsor in [queue.serve() for _ in range(2)]


def test_two_backlogs_take_turns(queue, cast):
    queue.ask(cast.sponsor, times=50)
    queue.serve()
    queue.ask(cast.other_sponsor, times=5)
    served = [queue.serve() for _ in range(10)]
    assert served.count(cast.other_sponsor) == 5


def test_who_asks_for_long_ones_gets_fewer(queue, cast):
    """Fair is the same number of words, not of drafts: one long one costs as much as twenty of the usual length."""
    queue.ask(cast.sponsor, tokens=LONG, times=5)
    queue.ask(cast.other_sponsor, times=60)
    served = [queue.serve() for _ in range(42)]
    assert served.count(cast.sponsor) == 2


def test_who_asks_one_by_one_gets_no_more_than_their_share(queue, cast):
    """Asking again the moment the last one is done is no way around the others."""
    queue.ask(cast.sponsor, times=40)
    queue.ask(cast.other_sponsor, tokens=LONG)
    served = []
    for _ in range(30):
        person = queue.begin()
        served.append(person)
        if person is cast.other_sponsor:
            queue.ask(cast.other_sponsor, tokens=LONG)
        queue.end()
    assert served.count(cast.other_sponsor) <= 3


@pytest.mark.parametrize("seed", range(5))
def test_of_people_who_always_have_something_waiting_none_gets_far_ahead(queue, cast, make_person, seed):
    """The bound of start-time fair queueing: two who always wait differ by their longest drafts at most."""
    chance = random.Random(seed)
    people = [cast.sponsor, cast.other_sponsor, make_person("Third Sponsor")]
    lengths = {person: chance.choice([160, 800, LONG]) for person in people}
    for person in people:
        queue.ask(person, tokens=lengths[person], times=40)
    done = dict.fromkeys(people, 0)
    for _ in range(60):
        person = queue.serve()
        done[person] += lengths[person]
        queue.ask(person, tokens=lengths[person])
        for one in people:
            for other in people:
                assert abs(done[one] - done[other]) <= lengths[one] + lengths[other]


def test_a_short_request_of_somebody_who_waits_goes_first(queue, cast):
    queue.ask(cast.sponsor, times=20)
    queue.ask(cast.editor, waits=True)
    assert queue.serve() is cast.editor


def test_a_long_request_is_no_short_one(queue, cast):
    queue.ask(cast.sponsor, times=2)
    queue.ask(cast.editor, waits=True, tokens=LONG)
    assert [queue.serve() for _ in range(2)] == [cast.sponsor, cast.editor]
    queue.ask(cast.sponsor)
    queue.ask(cast.editor, waits=True, tokens=fairness.SHORT)
    assert [queue.serve() for _ in range(3)] == [cast.editor, cast.sponsor, cast.sponsor]


def test_those_who_wait_take_turns_too(queue, cast):
    queue.ask(cast.editor, waits=True, times=8)
    queue.serve()
    queue.ask(cast.other_editor, waits=True)
    assert cast.other_editor in [queue.serve() for _ in range(2)]


def test_no_backlog_starves_however_many_wait_in_front_of_a_page(queue, cast):
    """An endless stream of short requests: the backlog still moves, its oldest first, and the stream too."""
    patience = 300
    backlog = [queue.ask(cast.sponsor) for _ in range(5)]
    written, short = [], 0
    for second in range(700):  # a request a second, a place that is always taken
        queue.ask(cast.editor, waits=True)
        fairness.promote(queue.session, patience)
        person = queue.begin()
        if person is cast.sponsor:
            written.append((queue.inside, second))
        short += person is cast.editor
        queue.end()
        queue.wait(1)
    assert [job for job, _ in written] == backlog
    # The oldest when its patience ends; the others, as old as it is, one by one behind it.
    assert [second for _, second in written] == [301, 302, 303, 304, 305]
    assert short == 695


def test_a_long_overdue_backlog_leaves_places_for_those_who_wait(queue, cast):
    """Half of all places are the others', however much is overdue."""
    queue.session.add(WorkerNote(worker_id=queue.worker, host="here", process=1, slots=4))
    queue.ask(cast.sponsor, times=30)
    queue.wait(1000)
    queue.ask(cast.editor, waits=True, times=10)
    assert fairness.promote(queue.session, 300) == 2
    assert fairness.promote(queue.session, 300) == 0
    served = [queue.begin() for _ in range(4)]
    assert served == [cast.sponsor, cast.sponsor, cast.editor, cast.editor]
    assert fairness.promote(queue.session, 300) == 0, "the two are still being written"
    queue.session.execute(text("DELETE FROM procrastinate_jobs WHERE status = 'doing'"))
    assert fairness.promote(queue.session, 300) == 2


def test_who_waits_for_a_later_try_is_not_promoted(queue, cast):
    job = queue.ask(cast.sponsor)
    queue.wait(1000)
    queue.session.execute(
        text("UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 hour' WHERE id = :id"), {"id": job}
    )
    assert fairness.promote(queue.session, 300) == 0


def test_an_empty_queue_starts_afresh(queue, cast, session):
    queue.ask(cast.sponsor, times=3)
    while queue.serve():
        pass
    queue.ask(cast.other_sponsor)
    assert session.scalar(select(QueueLane.virtual_time).where(QueueLane.lane == Lane.BACKLOG)) == 0
    assert session.scalars(select(QueueTurn.person_id)).all() == [cast.other_sponsor.id]


def test_a_draft_taken_back_costs_no_turn(queue, cast, session):
    """Who took back fifty that nobody had begun is not behind everybody for fifty turns."""
    queue.ask(cast.other_sponsor, times=20)
    for job in [queue.ask(cast.sponsor) for _ in range(50)]:
        fairness.give_back(session, cast.sponsor.id, jobs.withdraw(session, job), fairness.USUAL)
    queue.ask(cast.sponsor)
    assert cast.sponsor in [queue.serve() for _ in range(2)]


def test_a_job_that_was_begun_can_not_be_taken_back(queue, cast, session):
    job = queue.ask(cast.sponsor)
    queue.begin()
    assert jobs.withdraw(session, job) is None


def test_turns_stay_within_their_lane(queue, cast, session):
    """After years without an idle moment all stand at the end of the lane, in the order of asking."""
    queue.ask(cast.sponsor)
    queue.ask(cast.sponsor, waits=True)
    session.execute(text("UPDATE queue_lanes SET virtual_time = :late"), {"late": 10 * fairness.LONGEST})
    for waits, lane in ((False, Lane.BACKLOG), (True, Lane.INTERACTIVE)):
        queue.ask(cast.editor, waits=waits)
        turn = fairness.priority(session, cast.editor, interactive=waits)
        assert fairness.TOP[lane] - fairness.LONGEST < turn <= fairness.TOP[lane]


def test_mail_is_no_draft(session, cast):
    """Letters have places of their own in the worker, and no turn."""
    assert jobs.Queue.MAIL not in jobs.DRAFTING
    jobs.defer(session, jobs.Task.SEND_MAIL, jobs.Queue.MAIL, mail_id=0)
    fairness.priority(session, cast.sponsor)
    assert session.scalar(select(func.count()).select_from(QueueTurn)) == 1

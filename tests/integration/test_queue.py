"""The queue with real worker processes: shared without doubling, paused, poisoned, overtaken; and people at once.

The words come from a server that does what the test says: it holds still, refuses, or kills who asks it.
"""

import datetime as dt
import signal
import threading
import time
import uuid
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, Status, User
from copydesk.autodocs import default_model, fairness, limits, queue, requests, takeover
from copydesk.autodocs.limits import TooManyDrafts
from copydesk.documents.models import Document
from tests.desk import desk, until
from tests.integration.told import empty
from tests.unit.engine.badserver import answer, begin, send, serving, word

pytestmark = pytest.mark.integration

WORDS = ["The old", " bakery", " smells", " of flour."]


class Words:
    """A server of words. `gate` is open unless a test wants drafts to stand still after their first words."""

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()
        self.refuses = False
        self.asked = []
        self.on_poison = lambda: None

    def models(self, handler):
        answer(handler, {"data": [{"id": "quick"}]})

    def write(self, handler):
        if self.refuses:
            answer(handler, {"error": {"message": "not now"}}, 503)
            return
        self.asked.append(handler.question["prompt"])
        try:
            begin(handler)
            send(handler, word(WORDS[0]))
            if "poison" in str(handler.question["prompt"]):
                self.on_poison()
            self.gate.wait(60)
            for piece in WORDS[1:-1]:
                send(handler, word(piece))
            send(handler, word(WORDS[-1], "stop"), b"data: [DONE]\n\n")
        except OSError:
            pass  # whoever asked is dead


class TestDesk:
    """A migrated database, a server of words, workers to start; drafts are asked for as web asks."""

    __test__ = False

    def __init__(self, processes, words):
        self.processes = processes
        self.words = words
        self.database = processes.database

    def person(self, role="sponsor"):
        with self.session() as session:
            user = User(
                name=role.capitalize(),
                email=f"{uuid.uuid4().hex}@example.org",
                organization="x",
                role=Role(role),
                status=Status.APPROVED,
                password="x",
            )
            session.add(user)
        return user

    @contextmanager
    def session(self):
        with Session(self.database, expire_on_commit=False) as session, session.begin():
            yield session

    def ask(self, sponsor, brief="A small show of ceramics."):
        with self.session() as session:
            person = session.get(User, sponsor.id)
            return requests.create_document(session, person, title="T", brief=brief, editor_id=None).id

    def rows(self, query, **values):
        with self.database.connect() as connection:
            return connection.execute(text(query), values).all()

    def count(self, state):
        return self.rows("SELECT count(*) FROM autodocs WHERE state = :state", state=state)[0][0]

    def no_job_is_left(self):
        return self.rows("SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'drafts'") == [(0,)]

    def start(self, *names, **environment):
        for name in names:
            self.processes.start(name, "worker", **environment)

    def empty(self):
        """Between two tests: all workers gone, nothing in the queue."""
        for name in list(self.processes.running):
            self.processes.kill(name)
        with self.database.begin() as connection:
            connection.execute(text("DELETE FROM procrastinate_jobs"))
            connection.execute(text("UPDATE autodocs SET state = 'cancelled', finished_at = now(), reason = NULL"))
            connection.execute(text("DELETE FROM desk_switches"))


@pytest.fixture(scope="module")
def module_desk(make_database, tmp_path_factory, config):
    words = Words()
    with (
        serving(words.write, words.models) as url,
        desk(make_database("queue"), tmp_path_factory.mktemp("queue"), WORKER_CONCURRENCY="4") as processes,
    ):
        processes.run("migrate")
        made = TestDesk(processes, words)
        with made.session() as session:
            default_model.use(session, None, f"{url}/v1#quick")
        yield made


@pytest.fixture
def running(module_desk):
    module_desk.words.__init__()
    yield module_desk
    module_desk.words.gate.set()
    module_desk.empty()


def test_three_workers_share_sixty_drafts_without_doubling(running):
    sponsors = [running.person() for _ in range(3)]
    documents = [running.ask(sponsors[number % 3]) for number in range(60)]
    names = ["worker-1", "worker-2", "worker-3"]
    running.start(*names)
    until(lambda: running.count("done") == 60, "all are written")
    rows = running.rows(
        "SELECT attempt, failures, (SELECT count(*) FROM revisions WHERE autodoc_id = autodocs.id) FROM autodocs "
        "WHERE document_id = ANY(:ids)",
        ids=documents,
    )
    assert rows == [(1, 0, 1)] * 60
    assert len(running.words.asked) == 60
    until(running.no_job_is_left, "the last job is ended too")
    counts = [running.processes.log(name).count("draft.done") for name in names]
    assert sum(count > 0 for count in counts) >= 2, f"more than one took part: {counts}"
    with running.session() as session:
        seen = queue.workers(session, within=dt.timedelta(seconds=10))
    assert len(seen) == 3
    assert {worker.slots for worker in seen} == {4}


def test_paused_nothing_is_begun_and_nothing_is_lost(running):
    sponsor, admin = running.person(), running.person("admin")
    running.words.gate.clear()
    first = running.ask(sponsor)
    running.start("worker-1")
    until(lambda: running.count("writing") == 1, "the first is being written")
    with running.session() as session:
        queue.pause(session, session.get(User, admin.id), "The tests say so.")
    time.sleep(0.2)  # a fetch that had begun
    waiting = [running.ask(sponsor) for _ in range(3)]
    running.words.gate.set()
    until(lambda: running.count("done") >= 1, "what was being written is finished")
    until(lambda: running.rows("SELECT count(*) FROM mails WHERE state = 'queued'") == [(0,)], "mail goes on")
    time.sleep(2.5)  # more than two looks of the worker
    rows = running.rows("SELECT document_id, state, attempt FROM autodocs WHERE state IN ('queued', 'done')")
    assert sorted(map(tuple, rows), key=str) == sorted(
        [(first, "done", 1), *((one, "queued", 0) for one in waiting)], key=str
    )
    assert running.rows("SELECT sum(attempts) FROM procrastinate_jobs WHERE queue_name = 'drafts'") == [(0,)]
    with running.session() as session:
        queue.resume(session, session.get(User, admin.id))
    until(lambda: running.count("done") == 4, "the others are written now")


def test_a_draft_that_waits_for_its_engine_does_not_churn_while_paused(running):
    sponsor, admin = running.person(), running.person("admin")
    running.words.refuses = True
    running.ask(sponsor)
    running.start("worker-1")
    attempts = "SELECT attempt FROM autodocs WHERE state = 'queued'"
    until(lambda: running.rows(attempts + " AND attempt > 0"), "the engine refuses it")
    with running.session() as session:
        queue.pause(session, session.get(User, admin.id), "The engine is away.")
    time.sleep(0.5)
    before = running.rows(attempts)
    time.sleep(4)  # two tries of an engine that does not answer
    assert running.rows(attempts) == before
    running.words.refuses = False
    with running.session() as session:
        queue.resume(session, session.get(User, admin.id))
    until(lambda: running.count("done") == 1, "it is written")


def test_a_draft_that_kills_its_worker_stops_after_three(running):
    """The poison takes the worker with it again and again; what is written beside it survives."""
    sponsor = running.person()
    deaths = []

    def die():
        deaths.append(time.monotonic())
        running.processes.running["worker-1"].send_signal(signal.SIGKILL)
        time.sleep(0.2)

    running.words.on_poison = die
    poison = running.ask(sponsor, brief="This is poison.")
    harmless = [running.ask(sponsor) for _ in range(3)]
    running.start("worker-1")

    def over():
        if running.processes.running["worker-1"].poll() is not None:
            running.processes.running.pop("worker-1").wait()
            running.start("worker-1")
        return not running.count("queued") and not running.count("writing")

    until(over, "all come to an end", patience=180)
    assert len(deaths) == 3
    rows = dict(running.rows("SELECT document_id, state FROM autodocs WHERE state IN ('done', 'failed')"))
    assert rows == {poison: "failed", **dict.fromkeys(harmless, "done")}
    with running.session() as session:
        [line] = queue.failed(session, limit=5)
        assert (line.reason, line.takeovers) == (takeover.POISON, 3)
        assert session.get(Document, poison).state == "draft_failed"


def test_a_worker_that_was_only_slow_ends_no_job_of_another(running):
    sponsor = running.person()
    running.words.gate.clear()
    running.ask(sponsor)
    running.start("worker-slow", WORKER_CONCURRENCY="1")
    until(lambda: len(running.words.asked) == 1, "the first worker writes")
    running.processes.running["worker-slow"].send_signal(signal.SIGSTOP)
    running.start("worker-2", WORKER_CONCURRENCY="1")
    until(lambda: len(running.words.asked) == 2, "the second takes over")
    running.words.gate.set()
    running.processes.running["worker-slow"].send_signal(signal.SIGCONT)
    until(lambda: running.count("done") == 1, "the draft is written")
    until(running.no_job_is_left, "its job is ended once")
    assert running.rows(
        "SELECT attempt, (SELECT count(*) FROM revisions WHERE autodoc_id = autodocs.id) FROM autodocs "
        "WHERE state = 'done'"
    ) == [(2, 1)]


def test_a_worker_frozen_in_the_middle_of_a_save_holds_no_other_up(running):
    running.words.gate.clear()
    running.ask(running.person())
    running.start("worker-frozen", WORKER_CONCURRENCY="1")
    until(lambda: running.rows("SELECT 1 FROM autodocs WHERE state = 'writing' AND text != ''"), "it has saved words")
    with running.database.begin() as connection:
        connection.execute(text("SELECT FROM autodocs WHERE state = 'writing' FOR UPDATE"))
        running.words.gate.set()
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        until(lambda: running.rows(waiting), "its next save waits for the row")
        running.processes.running["worker-frozen"].send_signal(signal.SIGSTOP)
    running.start("worker-2", WORKER_CONCURRENCY="1")
    # Locks of a silent transaction are otherwise lifted after a minute.
    until(lambda: running.count("done") == 1, "another has written the draft", patience=30)


def test_a_draft_whose_job_is_gone_does_not_wait_for_ever(running):
    sponsor = running.person()
    running.ask(sponsor)
    with running.database.begin() as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))
    running.start("worker-1")
    until(lambda: running.count("failed") == 1, "it is failed")
    assert running.rows("SELECT reason FROM autodocs WHERE state = 'failed'") == [(takeover.LOST,)]


# Several people at the same moment, each on a connection of their own


def at_once(*acts):
    """Run all at the same moment; returns what each gave or raised."""
    barrier = threading.Barrier(len(acts))
    results = [None] * len(acts)

    def run(number, act):
        barrier.wait(10)
        try:
            results[number] = act()
        except TooManyDrafts as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


class Quiet(TestDesk):
    """A desk without workers: what is asked for waits."""

    def __init__(self, database):
        self.database = database


@pytest.fixture(scope="module")
def other_database(make_database, tmp_path_factory, config):
    with desk(make_database("turns"), tmp_path_factory.mktemp("turns")) as made:
        made.run("migrate")
        url = made.environment["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg2:")
    engine = create_engine(url, pool_size=10)
    yield engine
    engine.dispose()


@pytest.fixture
def quiet(other_database):
    yield Quiet(other_database)
    empty(other_database)


@pytest.mark.parametrize("setting", ["drafts_per_person", "drafts_waiting"])
def test_two_at_once_do_not_both_get_the_last_place(quiet, config, monkeypatch, setting):
    monkeypatch.setattr(limits, "settings", lambda: config.model_copy(update={setting: 3}))
    sponsor = quiet.person()
    for _ in range(2):
        quiet.ask(sponsor)
    results = at_once(*[lambda: quiet.ask(sponsor)] * 4)
    assert sum(not isinstance(result, TooManyDrafts) for result in results) == 1
    assert quiet.count("queued") == 3
    assert quiet.rows("SELECT count(*) FROM documents") == [(3,)], "what was refused left nothing behind"


def test_turns_of_many_at_once_are_those_of_one_after_another(quiet):
    people = [quiet.person() for _ in range(4)]

    def asks(person):
        def ask():
            for _ in range(8):
                quiet.ask(person)

        return ask

    at_once(*(asks(person) for person in people))
    turns = quiet.rows(
        "SELECT draft.requested_by_id, array_agg(-job.priority ORDER BY job.id) FROM procrastinate_jobs AS job "
        "JOIN autodocs AS draft ON draft.job_id = job.id GROUP BY 1"
    )
    cost = fairness.cost(fairness.USUAL)
    expected = {person.id: [number * cost for number in range(8)] for person in people}
    assert dict(map(tuple, turns)) == expected

"""Processes are stopped and killed for real: nothing is lost or doubled, and the page says what goes on."""

import re
import signal
from contextlib import closing

import httpx
import pytest
from sqlalchemy import text

from tests.desk import Desk, desk, until

pytestmark = pytest.mark.integration

BRIEF = "A review of a small show of ceramics in a converted bakery, with eleven pots."


@pytest.fixture(scope="module")
def running(make_database, tmp_path_factory):
    """A desk with database and web; engine and workers are the tests' to start."""
    # Long texts, and an engine that is given one slow core, so that there is a middle to kill something in.
    with desk(make_database("faults"), tmp_path_factory.mktemp("faults"), DRAFT_TOKENS="400") as made:
        made.run("migrate")
        made.run("development-people")
        made.start_web()
        yield made


class Sponsor:
    """The sponsor's browser, without the browser."""

    def __init__(self, desk: Desk) -> None:
        self.http = httpx.Client(base_url=desk.url, follow_redirects=True, timeout=30, trust_env=False)
        self.post("/login", email="test@test.com", password="123456")

    def post(self, path: str, **data: str) -> httpx.Response:
        return self.http.post(path, data={"csrf_token": self.token_of(self.page_of(path)), **data})

    def token_of(self, page: str) -> str:
        return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.http.get(page).text).group(1)

    def close(self) -> None:
        self.http.close()

    @staticmethod
    def page_of(path: str) -> str:
        """The page on which the form of this act is."""
        return path if path in ("/login", "/documents/new") else path.rpartition("/")[0]

    def create(self, title: str, token: str = "") -> str:
        """A new document's path; `token` where the page with the form was fetched before."""
        data = {"csrf_token": token or self.token_of("/documents/new"), "title": title, "brief": BRIEF, "editor": ""}
        answer = self.http.post("/documents/new", data=data, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def progress(self, path: str) -> dict:
        return self.http.get(f"{path}/progress.json").json()

    def state(self, path: str) -> str:
        return self.progress(path)["document_state"]


@pytest.fixture(scope="module")
def sponsor(running):
    with closing(Sponsor(running)) as browser:
        yield browser


def counts(desk: Desk, path: str) -> tuple[int, int, int]:
    """How many drafts, finished drafts and machine revisions a document has."""
    document = path.rpartition("/")[2]
    with desk.database.connect() as connection:
        return connection.execute(
            text(
                "SELECT (SELECT count(*) FROM autodocs WHERE document_id = :id), "
                "(SELECT count(*) FROM autodocs WHERE document_id = :id AND state = 'done'), "
                "(SELECT count(*) FROM revisions WHERE document_id = :id AND kind = 'machine')"
            ),
            {"id": document},
        ).one()


def attempts(desk: Desk, path: str) -> int:
    query = text("SELECT attempt FROM autodocs WHERE document_id = :id ORDER BY number DESC LIMIT 1")
    with desk.database.connect() as connection:
        return connection.execute(query, {"id": path.rpartition("/")[2]}).scalar_one()


def test_with_the_engine_stopped_documents_are_taken_and_drafted_when_it_is_back(running, sponsor):
    running.start("worker")
    path = sponsor.create("While the engine was away")
    until(lambda: "engine does not answer" in sponsor.progress(path)["message"], "the page says that drafting waits")
    assert sponsor.progress(path)["waiting"] is True
    assert "engine does not answer" in sponsor.http.get(path).text
    assert sponsor.http.get("/readyz").json()["engine"] == "does not answer"
    running.start_engine()
    until(lambda: sponsor.state(path) == "unassigned", "drafting goes on")
    assert counts(running, path) == (1, 1, 1)
    assert sponsor.http.get("/readyz").status_code == 200


def test_without_a_worker_the_page_says_so_and_the_draft_comes_later(running, sponsor):
    running.stop("worker")
    path = sponsor.create("While nobody worked")
    until(lambda: "No worker is running" in sponsor.progress(path)["message"], "the page says that no worker runs")
    running.start("worker")
    until(lambda: sponsor.state(path) == "unassigned", "the draft comes")
    assert counts(running, path) == (1, 1, 1)


def test_a_worker_killed_in_mid_draft_is_replaced_and_one_draft_results(running, sponsor):
    path = slow_draft(running, sponsor, "Killed in the middle")
    running.kill("worker")
    running.signal("engine", signal.SIGKILL)
    running.start_engine()
    running.start("worker")
    until(lambda: sponsor.state(path) == "unassigned", "another worker takes over")
    assert counts(running, path) == (1, 1, 1)
    assert attempts(running, path) >= 2


def test_an_engine_killed_in_mid_draft_costs_nothing(running, sponsor):
    path = slow_draft(running, sponsor, "The engine went away")
    running.kill("engine")
    running.start_engine()
    until(lambda: sponsor.state(path) == "unassigned", "the draft is written again")
    assert counts(running, path) == (1, 1, 1)


def test_a_draft_stopped_by_its_sponsor_stays_stopped_and_can_be_asked_for_again(running, sponsor):
    path = slow_draft(running, sponsor, "Stopped")
    assert sponsor.post(f"{path}/cancel").status_code == 200
    running.signal("engine", signal.SIGKILL)
    running.start_engine()
    assert sponsor.state(path) == "draft_failed"
    assert counts(running, path) == (1, 0, 0)
    sponsor.post(f"{path}/retry")
    until(lambda: sponsor.state(path) == "unassigned", "the second draft")
    assert counts(running, path) == (2, 1, 1)


def test_a_worker_told_to_stop_hands_its_draft_back(running, sponsor):
    path = slow_draft(running, sponsor, "Handed back")
    # The engine stands still: the worker only sees its order to stop at the next word, so it is let go on.
    running.running["worker"].send_signal(signal.SIGTERM)
    running.running["engine"].send_signal(signal.SIGCONT)
    running.running.pop("worker").wait(30)
    running.start("worker")
    until(lambda: sponsor.state(path) == "unassigned", "the next worker writes it")
    assert counts(running, path) == (1, 1, 1)


def test_two_workers_share_a_queue_without_doubling(running, sponsor):
    running.start("worker-second", "worker")
    paths = [sponsor.create(f"One of many {number}") for number in range(12)]
    for path in paths:
        until(lambda path=path: sponsor.state(path) == "unassigned", "all are drafted")
        assert counts(running, path) == (1, 1, 1)
    running.stop("worker-second")


def slow_draft(running: Desk, sponsor: Sponsor, title: str) -> str:
    """A document in whose draft the first words are there and the engine stands still: the middle of a draft."""
    engine = running.running["engine"]
    for _ in range(20):
        path = sponsor.create(title)
        for _ in range(2000):
            progress = sponsor.progress(path)
            if progress["words"]:
                break
        engine.send_signal(signal.SIGSTOP)
        if sponsor.progress(path)["state"] == "writing":
            return path
        engine.send_signal(signal.SIGCONT)
    raise AssertionError("the engine was always faster")

"""A desk that is watched: one number from the request to the words, figures, readiness, and an end without losses."""

import contextlib
import json
import os
import re
import signal
import socket
import threading
import uuid
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from copydesk.autodocs import default_model
from tests.desk import desk, free_port, until
from tests.integration.receiver import Receiver
from tests.integration.test_faults import BRIEF, Sponsor
from tests.integration.test_queue import TestDesk as QueueDesk
from tests.integration.test_queue import Words
from tests.unit.engine.badserver import serving

pytestmark = pytest.mark.integration

TOKEN = "of-the-figures-and-long-enough"
EMAIL, PASSWORD = "test@test.com", "123456"


class NotingWords(Words):
    """Also notes with which number it was asked."""

    def write(self, handler):
        self.numbers.append(handler.headers["X-Request-ID"])
        super().write(handler)


class Watched:
    """The desk, who receives its faults and traces, and the words."""

    def __init__(self, processes, words, faults, traces, status_port):
        self.processes, self.words, self.faults, self.traces = processes, words, faults, traces
        self.status = f"http://127.0.0.1:{status_port}"
        self.status_port = status_port

    def start_worker(self):
        self.processes.start("worker", STATUS_PORT=str(self.status_port))
        until(lambda: self.processes.answers(self.status + "/readyz"), "the worker takes jobs")

    def get(self, path, **headers):
        return httpx.get(self.processes.url + path, headers=headers, timeout=30, trust_env=False)

    def log(self, name):
        """The lines of a process's log, which are JSON, all of them."""
        lines = (self.processes.folder / f"{name}.log").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def sql(self, statement, **values):
        with self.processes.database.begin() as connection:
            result = connection.execute(text(statement), values)
            return result.all() if result.returns_rows else None

    @contextlib.contextmanager
    def without_database(self):
        """Nobody is let in any more, and whoever was in is thrown out."""
        url = self.processes.database.url
        self.processes.database.dispose()
        server = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        let_in = f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS '
        out = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        try:
            with server.connect() as connection:
                connection.execute(text(let_in + "false"))
                connection.execute(out, {"name": url.database})
            yield
        finally:
            with server.connect() as connection:
                connection.execute(text(let_in + "true"))


@pytest.fixture(scope="module")
def watched(make_database, tmp_path_factory, config):
    words, faults, traces = NotingWords(), Receiver(), Receiver()
    words.numbers = []
    with contextlib.closing(faults), contextlib.closing(traces), serving(words.write, words.models) as url:
        environment = {
            "ENGINE_URL": url,
            "LOG_JSON": "true",
            "TRUSTED_PROXIES": "1",  # the tests stand where nginx stands
            "WEB_WORKERS": "2",
            "METRICS_TOKEN": TOKEN,
            "SENTRY_DSN": faults.url.replace("http://", "http://public@") + "/1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": traces.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        with desk(make_database("watching"), tmp_path_factory.mktemp("watching"), **environment) as processes:
            processes.run("migrate")
            processes.run("development-people")
            with QueueDesk(processes, words).session() as session:
                default_model.use(session, None, f"{url}/v1#quick")
            made = Watched(processes, words, faults, traces, free_port())
            processes.start_web()
            made.start_worker()
            yield made


@pytest.fixture(scope="module")
def sponsor(watched):
    with contextlib.closing(Sponsor(watched.processes)) as browser:
        yield browser


def create(sponsor, number, title="Watched", brief=BRIEF):
    data = {"csrf_token": sponsor.token_of("/documents/new"), "title": title, "brief": brief, "editor": ""}
    headers = {"X-Request-ID": number}
    return sponsor.http.post("/documents/new", data=data, headers=headers, follow_redirects=False)


def test_one_number_from_the_request_to_the_words_and_back(watched, sponsor):
    number = uuid.uuid4().hex
    answer = create(sponsor, number)
    assert answer.headers["X-Request-ID"] == number
    path = answer.headers["Location"]
    until(lambda: sponsor.state(path) == "unassigned", "the draft is written")
    assert number in watched.words.numbers
    of_it = [line for line in watched.log("web") if line.get("request_id") == number]
    assert [(line["event"], line["method"], line["path"]) for line in of_it] == [("request", "POST", "/documents/new")]
    until(lambda: events(watched, number) >= {"draft.done"}, "the worker's line has it")
    rows = watched.sql(
        "SELECT DISTINCT source FROM audit_events WHERE request_id = :number ORDER BY source", number=number
    )
    assert [source for (source,) in rows] == ["web", "worker"]
    until(
        lambda: bytes.fromhex(number) in sent(watched.traces, b"copydesk-worker"), "the job is in the request's trace"
    )
    until(lambda: bytes.fromhex(number) in sent(watched.traces, b"copydesk-web"), "and the request")


def events(watched, number):
    return {line["event"] for line in watched.log("worker") if line.get("request_id") == number}


def sent(receiver, process):
    """All that this process has sent."""
    return b"".join(body for _, _, body in list(receiver.got) if process in body)


@pytest.mark.parametrize("forged", ["../../etc/passwd", "A" * 32, "f" * 31, 'f","event":"x'])
def test_what_is_no_number_is_not_taken(watched, forged):
    assert re.fullmatch("[0-9a-f]{32}", watched.get("/login", **{"X-Request-ID": forged}).headers["X-Request-ID"])
    assert forged.strip() not in {line.get("request_id") for line in watched.log("web")}


def figure(text, name):
    """The value of one line of figures."""
    (line,) = [line for line in text.splitlines() if line.startswith(name + " ")]
    return float(line.rpartition(" ")[2])


def test_figures_are_of_all_processes_and_outlive_them(watched):
    name = 'copydesk_http_requests_total{method="GET",route="/signup/<any(sponsor, editor):role>",status="2xx"}'
    for _ in range(12):
        assert watched.get("/signup/editor").status_code == 200
    assert figure(watched.get("/metrics").text, name) == 12
    pids = children(watched.processes.running["web"].pid)
    assert len(pids) == 2
    os.kill(pids[0], signal.SIGKILL)
    until(lambda: len(set(children(watched.processes.running["web"].pid)) - set(pids)) == 1, "another is started")
    until(lambda: watched.processes.answers(watched.processes.url + "/healthz"), "it answers")
    assert figure(watched.get("/metrics").text, name) == 12
    assert watched.get("/signup/editor").status_code == 200
    text = watched.get("/metrics").text
    assert figure(text, name) == 13
    assert figure(text, "copydesk_database_up") == 1
    assert figure(text, "copydesk_workers") == 1
    assert figure(text, "copydesk_http_requests_in_flight") == 1  # this one


def children(pid):
    """The processes that this one has started, and the ones these have: gunicorn's are the ends of the line."""
    found = []
    with contextlib.suppress(FileNotFoundError):  # one that ended while we looked has none
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError):  # a thread
                for child in (task / "children").read_text().split():
                    found += children(int(child)) or [int(child)]
    return sorted(found)


def test_figures_never_name_what_a_visitor_typed(watched):
    for path in ("/no-such-page-9f", "/documents/9f9f", "/read/a-slug-9f", "/reset/a-token-9f"):
        watched.get(path)
    httpx.request("BREW9F", watched.processes.url + "/login", timeout=30, trust_env=False)
    text = watched.get("/metrics").text
    assert "9f" not in text.lower().replace("e9f", "")
    assert 'route="/read/<slug>"' in text
    assert 'method="other"' in text
    assert 'route="none"' in text


@pytest.mark.parametrize("process", ["web", "worker"])
def test_figures_are_for_this_machine_or_the_token(watched, process):
    address = (watched.processes.url if process == "web" else watched.status) + "/metrics"

    def status(**headers):
        return httpx.get(address, headers=headers, timeout=30, trust_env=False).status_code

    through = {"X-Forwarded-For": "203.0.113.9"}  # somebody else, behind a proxy
    assert status() == 200
    assert status(**through) == 404
    assert status(**through, Authorization="Bearer wrong") == 404
    assert status(**through, Authorization=f"Basic {TOKEN}") == 404
    assert status(**{"X-Forwarded-For": "127.0.0.1"}) == 404
    assert status(**through, Authorization=f"Bearer {TOKEN}") == 200


def test_the_workers_figures(watched, sponsor):
    def value(name):
        return figure(httpx.get(watched.status + "/metrics", timeout=30, trust_env=False).text, name)

    name = 'copydesk_worker_jobs_total{outcome="done",task="write_draft"}'
    path = create(sponsor, uuid.uuid4().hex).headers["Location"]
    until(lambda: sponsor.state(path) == "unassigned", "the draft is written")
    until(lambda: value(name) >= 1, "the job is counted")
    before = value(name), value('copydesk_drafts_total{outcome="done"}')
    path = create(sponsor, uuid.uuid4().hex).headers["Location"]
    until(lambda: sponsor.state(path) == "unassigned", "the draft is written")
    until(
        lambda: (value(name), value('copydesk_drafts_total{outcome="done"}')) == (before[0] + 1, before[1] + 1), "two"
    )


def test_the_queue_in_figures(watched, sponsor):
    watched.words.gate.clear()
    try:
        create(sponsor, uuid.uuid4().hex)
        name = 'copydesk_jobs{queue="drafts",status="working"}'
        until(lambda: figure(watched.get("/metrics").text, name) == 1, "one is being written")
    finally:
        watched.words.gate.set()
    until(lambda: figure(watched.get("/metrics").text, name) == 0, "none any more")
    until(lambda: figure(watched.get("/metrics").text, "copydesk_audit_unsealed") == 0, "all is sealed")


def test_a_fault_is_reported_without_a_word_of_anybody(watched, sponsor):
    number, secret_words = uuid.uuid4().hex, "the merger of Aardvark and Zebra"
    watched.sql("ALTER TABLE autodocs RENAME TO autodocs_away")
    try:
        answer = create(sponsor, number, title=secret_words, brief=f"A brief on {secret_words}.")
    finally:
        watched.sql("ALTER TABLE autodocs_away RENAME TO autodocs")
    assert answer.status_code == 500
    assert f'mention <span class="hash">{number}</span>' in answer.text
    until(lambda: number.encode() in everything(watched.faults), "it is reported")
    report = everything(watched.faults)
    assert b"ProgrammingError" in report
    assert b"/documents/new" in report  # the route
    until(lambda: bytes.fromhex(number) in sent(watched.traces, b"copydesk-web"), "its trace is sent")
    cookie = sponsor.http.cookies["copydesk"]
    for gone_out in (report, everything(watched.traces)):
        for secret in (
            secret_words,
            "Aardvark",
            EMAIL,
            cookie,
            PASSWORD,
            "csrf_token",
            "ceramics",
            "User-Agent",
            "python-httpx",
        ):
            assert secret.encode() not in gone_out, secret
    log = (watched.processes.folder / "web.log").read_text()
    assert number in log
    assert "Aardvark" not in log
    assert cookie not in log


def everything(receiver):
    """All bodies, unpacked, with their paths."""
    import gzip

    bodies = [gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
              for _, headers, body in list(receiver.got)]  # fmt: skip
    return b"\n".join(bodies)


def test_without_the_database_web_lives_and_says_so_and_comes_back(watched, sponsor):
    assert watched.get("/readyz").json() == {
        "status": "ready", "database": "ready", "migrations": "ready", "engine": "ready"
    }  # fmt: skip
    with watched.without_database():
        answer = watched.get("/readyz")
        assert (answer.status_code, answer.json()["database"]) == (503, "does not answer")
        assert watched.get("/healthz").status_code == 200
        assert figure(watched.get("/metrics").text, "copydesk_database_up") == 0
        page = sponsor.http.get("/documents")
        assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
        assert "The desk is not ready" in page.text
        until(
            lambda: not watched.processes.answers(watched.status + "/readyz"), "the worker says it, too, or has ended"
        )
    until(lambda: watched.processes.answers(watched.processes.url + "/readyz"), "web is ready again")
    assert sponsor.http.get("/documents").status_code == 200  # still logged in
    if watched.processes.running["worker"].poll() is not None or not watched.processes.answers(
        watched.status + "/readyz"
    ):
        watched.processes.running.pop("worker").wait(30)  # it has ended, to be started anew
        watched.start_worker()
    path = create(sponsor, uuid.uuid4().hex).headers["Location"]
    until(lambda: sponsor.state(path) == "unassigned", "drafts are written again")


def test_a_schema_that_is_behind_is_not_ready_and_a_later_one_is(watched):
    ((now,),) = watched.sql("SELECT version_num FROM alembic_version")
    try:
        for version, status, word in (("0001", 503, "pending"), ("9999", 200, "ready")):
            watched.sql("UPDATE alembic_version SET version_num = :version", version=version)
            answer = watched.get("/readyz")
            assert (answer.status_code, answer.json()["migrations"]) == (status, word)
        watched.sql("DELETE FROM alembic_version")
        assert watched.get("/readyz").json()["migrations"] == "pending"
    finally:
        watched.sql("DELETE FROM alembic_version")
        watched.sql("INSERT INTO alembic_version VALUES (:now)", now=now)
    assert watched.get("/readyz").status_code == 200


def test_web_told_to_stop_answers_what_was_asked(watched):
    """Last, for it ends web: a change in the middle of its work is done, the next one is not let in."""
    browser = httpx.Client(base_url=watched.processes.url, timeout=60, trust_env=False)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get("/login").text).group(1)
    answers = {}

    def ask(name, method, path, **words):
        answers[name] = browser.request(method, path, **words) if name == "log-in" else watched.get(path)

    with watched.processes.database.connect() as connection:
        lock = connection.begin()
        connection.execute(text("LOCK TABLE users, alembic_version IN ACCESS EXCLUSIVE MODE"))
        data = {"csrf_token": token, "email": EMAIL, "password": PASSWORD}
        asking = [
            threading.Thread(target=ask, args=("log-in", "POST", "/login"), kwargs={"data": data}),
            threading.Thread(target=ask, args=("readyz", "GET", "/readyz")),
        ]
        for one in asking:
            one.start()
        waiting = (  # of web alone: the worker asks for people, too
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename LIKE '%_web'"
            " AND datname = current_database()"
        )
        # Each look in a transaction of its own: within one PostgreSQL shows the first look again.
        with watched.processes.database.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
            until(lambda: other.execute(text(waiting)).scalar_one() == 2, "both are at work")
        process = watched.processes.running.pop("web")
        process.send_signal(signal.SIGTERM)
        until(lambda: not accepts(watched.processes.port), "nobody else is let in")
        assert process.poll() is None
        lock.rollback()
    for one in asking:
        one.join(60)
    assert answers["log-in"].status_code == 302
    assert answers["readyz"].json() == {
        "status": "not ready", "database": "ready", "migrations": "ready", "engine": "ready", "process": "stopping"
    }  # fmt: skip
    assert process.wait(30) == 0
    browser.close()


def accepts(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):
        return True
    return False

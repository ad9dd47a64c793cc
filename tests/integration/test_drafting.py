"""The worker's drafting against an engine that behaves as told: what the document and its draft are afterwards."""

import itertools
import threading
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.autodocs import probabilities, requests, writing
from copydesk.autodocs.models import DraftState
from copydesk.autodocs.options import DraftOptions, Preset
from copydesk.documents.models import Document, State
from copydesk.engine.client import Chunk
from copydesk.engine.errors import (
    EngineBroken,
    EngineBusy,
    EngineRefused,
    EngineTimeout,
    EngineUnreachable,
    ModelNotFound,
)
from copydesk.worker import drafting
from copydesk.worker.drafting import Drafter, TryLater
from copydesk.worker.engines import Served
from tests.integration.told import WORDS, ToldEngine, seen, served_by

pytestmark = pytest.mark.integration


def test_words_become_a_revision_and_the_dangling_end_is_kept_apart(desk, make_draft):
    drafter, engine, document_id, draft_id = make_draft(WORDS)
    drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert (document.state, document.text_number) == (State.UNASSIGNED, 2)
    assert (draft.state, draft.text) == (DraftState.DONE, "The old bakery smells of flour.")
    assert draft.trimmed.strip() == "And then the"
    assert draft.output_tokens == [0, 1, 2, 3]
    assert len(draft.model_sha256) == 64
    assert draft.sampling["seed"] == draft.seed == engine.asked[0][1].seed


def test_a_job_delivered_twice_writes_once(desk, make_draft):
    drafter, engine, document_id, draft_id = make_draft(WORDS, WORDS)
    drafter.write(draft_id)
    drafter.write(draft_id)
    assert len(engine.asked) == 1
    assert seen(desk, document_id, draft_id)[0].text_number == 2


@pytest.mark.parametrize("error", [EngineUnreachable, EngineBusy])
def test_an_engine_that_is_away_is_waited_for_without_counting(desk, make_draft, error):
    drafter, _engine, document_id, draft_id = make_draft(*[[error()]] * 5, WORDS)
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
def test_a_broken_text_is_tried_once_more_and_then_told(desk, make_draft, error):
    drafter, _engine, document_id, draft_id = make_draft(["The old", error()], ["The new", error()])
    with pytest.raises(TryLater):
        drafter.write(draft_id)
    drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert (document.state, draft.state) == (State.DRAFT_FAILED, DraftState.FAILED)
    assert draft.reason == error.__doc__
    assert document.text_number == 0


def test_a_refused_token_fails_at_once_in_plain_words(desk, make_draft):
    drafter, _engine, document_id, draft_id = make_draft([EngineRefused()])
    drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert document.state is State.DRAFT_FAILED
    assert "admin has to check ENGINE_TOKEN" in draft.reason


def test_an_engine_with_other_weights_is_not_believed(desk, make_draft):
    drafter, engine, document_id, draft_id = make_draft(WORDS)
    engine.model = "seed@0123456789abcdef"
    drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert document.state is State.DRAFT_FAILED
    assert "another model" in draft.reason


@pytest.mark.parametrize("nothing", [(), ("",), (" \n ",), ("<|endoftext|>",)])
def test_no_words_are_a_failure_and_never_an_empty_draft(desk, make_draft, nothing):
    drafter, _engine, document_id, draft_id = make_draft(nothing)
    drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert (document.state, document.text_number) == (State.DRAFT_FAILED, 0)
    assert "wrote nothing" in draft.reason


def test_a_bug_is_told_too_and_not_swallowed(desk, make_draft):
    drafter, _engine, document_id, draft_id = make_draft(["The", RuntimeError("a bug")])
    with pytest.raises(RuntimeError, match="a bug"):
        drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert document.state is State.DRAFT_FAILED
    assert "try again" in draft.reason


def test_a_cancelled_draft_stops_the_engine_and_writes_nothing_more(desk, make_draft):
    drafter, engine, document_id, draft_id = make_draft(WORDS)
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


def test_a_worker_thought_dead_can_not_write_into_what_another_took_over(desk, make_draft, prompts):
    drafter, engine, document_id, draft_id = make_draft(("Mine, too late.",), WORDS)
    other = Drafter(drafter.database, served_by(ToldEngine(WORDS), prompts))
    engine.between = lambda: other.write(draft_id)
    drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert draft.text == "The old bakery smells of flour."
    assert (draft.attempt, document.text_number) == (2, 2)


def test_a_worker_told_to_stop_hands_the_draft_back(desk, make_draft):
    drafter, engine, document_id, draft_id = make_draft(WORDS, WORDS)
    engine.between = drafter.stopping.set
    with pytest.raises(TryLater):
        drafter.write(draft_id)
    assert seen(desk, document_id, draft_id)[1].state is DraftState.QUEUED
    drafter.stopping.clear()
    engine.between = lambda: None
    drafter.write(draft_id)
    assert seen(desk, document_id, draft_id)[0].state is State.UNASSIGNED


def test_a_brief_longer_than_the_models_window_is_read_from_its_end(desk, make_draft):
    brief = " ".join(f"word{number}" for number in range(3000))
    drafter, engine, document_id, draft_id = make_draft(WORDS, brief=brief)
    drafter.write(draft_id)
    prompt, sampling = engine.asked[0]
    _, draft = seen(desk, document_id, draft_id)
    assert len(prompt) + sampling.max_new_tokens <= 512
    assert 0 < draft.read_from_char < len(brief)
    assert draft.prompt_tokens == list(prompt)
    assert brief[draft.read_from_char :].rstrip().endswith("word2999")


def test_the_persons_choice_reaches_the_engine_and_stays_with_draft_and_document(desk, make_draft, prompts):
    options = DraftOptions(preset=Preset.ECCENTRIC, words=300, top_p=0.5, seed=7)
    drafter, engine, document_id, draft_id = make_draft(WORDS, options=options)
    drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    sampling = engine.asked[0][1]
    assert (sampling.seed, sampling.top_p) == (7, 0.5)
    assert sampling.temperature > prompts.card.sampling_for().temperature
    assert sampling.max_new_tokens == draft.tokens_target == options.tokens(prompts.card, 160)
    assert draft.sampling == sampling.to_dict()
    assert DraftOptions.from_dict(document.sampling) == DraftOptions.from_dict(draft.options) == options


def test_a_text_longer_than_the_window_keeps_the_brief_in_view(desk, make_draft, prompts):
    brief = " ".join(f"word{number}" for number in range(3000))
    drafter, engine, document_id, draft_id = make_draft(WORDS, brief=brief, options=DraftOptions(words=5000))
    drafter.write(draft_id)
    (prompt, sampling), (model, keep) = engine.asked[0], engine.keeps[0]
    _, draft = seen(desk, document_id, draft_id)
    assert sampling.max_new_tokens > 5000
    assert len(prompt) == keep == draft.keep == prompts.model.context // 2
    assert model == prompts.model.alias
    assert draft.read_from_char > 0


def test_the_probability_of_every_token_is_kept(desk, make_draft):
    drafter, _engine, document_id, draft_id = make_draft(WORDS)
    drafter.write(draft_id)
    _, draft = seen(desk, document_id, draft_id)
    assert probabilities.unpack(draft.token_logprobs) == [0.0, -0.25, -0.5, -0.75]
    assert len(draft.token_logprobs) == 2 * len(draft.output_tokens)


def test_the_engine_that_wrote_is_named(desk, make_draft):
    drafter, engine, document_id, draft_id = make_draft(WORDS)
    engine.engine = "copydesk-gpt2 1 int8 avx2"
    drafter.write(draft_id)
    assert seen(desk, document_id, draft_id)[1].engine == "copydesk-gpt2 1 int8 avx2"


@pytest.mark.parametrize(
    ("include", "words"),
    [(True, "It began with flour. The old bakery smells of flour."), (False, "The old bakery smells of flour.")],
)
def test_a_given_beginning_is_gone_on_from(desk, make_draft, prompts, include, words):
    options = DraftOptions(prefix=" It began with flour.", include_prefix=include)
    drafter, engine, document_id, draft_id = make_draft((" The old", *WORDS[1:]), options=options)
    drafter.write(draft_id)
    _, draft = seen(desk, document_id, draft_id)
    assert prompts.decode(engine.asked[0][0]) == "A review of a small show.\n\nIt began with flour."
    assert draft.text == words
    assert (draft.prefix.strip(), draft.include_prefix) == ("It began with flour.", include)


def test_a_beginning_alone_is_no_draft(desk, make_draft):
    drafter, _engine, document_id, draft_id = make_draft((" \n",), options=DraftOptions(prefix="It began."))
    drafter.write(draft_id)
    assert "wrote nothing" in seen(desk, document_id, draft_id)[1].reason


def test_a_text_ends_where_it_was_to_be_truncated(desk, make_draft):
    options = DraftOptions(truncate="###")
    drafter, engine, document_id, draft_id = make_draft(("One. Two without a stop", " ### Three."), options=options)
    drafter.write(draft_id)
    _, draft = seen(desk, document_id, draft_id)
    assert engine.asked[0][1].stop == ("###",)
    assert (draft.text, draft.trimmed) == ("One. Two without a stop", "### Three.")


def test_a_text_that_the_engine_stopped_there_is_not_cut_back_to_a_sentence(desk, make_draft, prompts):
    pieces = [Chunk("One. Two without a stop", tuple(prompts.encode("One. Two without a stop ###")))]
    drafter, _engine, document_id, draft_id = make_draft(pieces, options=DraftOptions(truncate="###"))
    drafter.write(draft_id)
    assert seen(desk, document_id, draft_id)[1].text == "One. Two without a stop"


def test_a_long_text_is_saved_more_and_more_seldom(desk, make_draft, monkeypatch):
    saved = []
    progress = writing.progress
    monkeypatch.setattr(writing, "progress", lambda *given: saved.append(len(given[2])) or progress(*given))
    clock = iter(range(1, 100_000))
    # Two looks at the clock a sentence: ten sentences a second.
    monkeypatch.setattr(drafting, "time", SimpleNamespace(monotonic=lambda: next(clock) * 0.05))
    drafter, _engine, _document_id, draft_id = make_draft([f"Sentence number {number}. " for number in range(1500)])
    drafter.write(draft_id)
    steps = [later - earlier for earlier, later in itertools.pairwise(saved)]
    assert steps[-1] > 5 * steps[0]
    assert sum(saved) < 1_500_000  # characters for a text of 36,000; at every look it would be 9 millions


def test_another_server_gets_text_and_is_taken_at_its_word(desk, make_draft):
    drafter, engine, document_id, draft_id = make_draft([Chunk("The old bakery smells.")], brief="A show.  ")
    with desk.begin() as connection:
        connection.execute(text("UPDATE autodocs SET model = 'https://host/v1#big'"))
    drafter.serve = lambda name: Served(engine, None, "big")
    drafter.write(draft_id)
    document, draft = seen(desk, document_id, draft_id)
    assert engine.asked[0][0] == "A show."
    assert engine.keeps[0] == ("big", 0)
    assert document.state is State.UNASSIGNED
    assert (draft.text, draft.model_sha256, draft.output_tokens) == ("The old bakery smells.", None, [])


def test_a_template_that_the_model_has_not_is_told(desk, make_draft):
    drafter, engine, document_id, draft_id = make_draft(WORDS)
    with desk.begin() as connection:
        connection.execute(text("""UPDATE autodocs SET options = '{"preset": "balanced", "template": "review"}'"""))
    drafter.write(draft_id)
    assert "no template “review”" in seen(desk, document_id, draft_id)[1].reason
    assert engine.asked == []


def test_a_model_that_is_gone_is_told(desk, make_draft):
    drafter, _engine, document_id, draft_id = make_draft(WORDS)

    def gone(name):
        raise ModelNotFound(f"There is no model {name!r}.")

    drafter.serve = gone
    drafter.write(draft_id)
    assert seen(desk, document_id, draft_id)[1].reason == "There is no model 'seed'."

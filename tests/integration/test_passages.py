"""Words for a passage: asked for by the editor, written and ranked by the machine, taken by a person, or not."""

import pytest
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.autodocs import requests, spans
from copydesk.autodocs.models import Autodoc, DraftState
from copydesk.autodocs.options import DraftOptions
from copydesk.documents import authorship, chain, revising
from copydesk.documents.errors import StaleHead
from copydesk.documents.models import Document, Kind, State
from copydesk.documents.revising import Text
from copydesk.engine.errors import EngineBadRequest, EngineRefused, EngineUnreachable
from copydesk.worker.drafting import TryLater
from tests.integration.told import seen

pytestmark = pytest.mark.integration

BODY = "The old bakery smells of flour. Its ovens are cold now. Nobody comes here. The door is open."
PASSAGE = "Its ovens are cold now."
START, END = BODY.index(PASSAGE), BODY.index(PASSAGE) + len(PASSAGE)


class Editing:
    """A document in editing, and its editor at work."""

    def __init__(self, desk, drafter, engine, document_id, editor):
        self.desk, self.drafter, self.engine, self.id, self.editor = desk, drafter, engine, document_id, editor

    def act(self, what, *given, **named):
        with Session(self.desk, expire_on_commit=False) as session, session.begin():
            return what(session, self.id, session.get(User, self.editor.id), *given, **named)

    def ask(self, start=START, end=END, count=1, **named):
        return [one.id for one in self.act(spans.ask, base=2, start=start, end=end, count=count, **named)]

    def candidates(self, request=2):
        with Session(self.desk) as session:
            return spans.candidates(session, self.id, request)

    def revisions(self):
        with Session(self.desk) as session:
            return chain.revisions(session, self.id)


@pytest.fixture
def editing(desk, make_draft, make_person):
    editor = make_person("Ada", "editor")
    drafter, engine, document_id, draft_id = make_draft([BODY], editor=editor)
    drafter.write(draft_id)
    return Editing(desk, drafter, engine, document_id, editor)


def test_the_model_reads_brief_and_text_before_and_the_score_what_follows(desk, editing, prompts):
    engine = editing.engine
    engine.answers = [(" The ovens", " have been cold for years. And", " then")]
    engine.scores = [[-1.0, -3.0]]
    (candidate_id,) = editing.ask()
    editing.drafter.write(candidate_id)
    _, candidate = seen(desk, editing.id, candidate_id)
    assert candidate.text == "The ovens have been cold for years."
    assert candidate.score == -2.0
    prompt, sampling = engine.asked[-1]
    assert prompts.decode(prompt) == "A review of a small show.\n\nThe old bakery smells of flour."
    assert sampling.max_new_tokens == candidate.tokens_target < 60
    before, (following,) = engine.scored[0]
    assert prompts.decode(before).endswith("smells of flour. The ovens have been cold for years.")
    assert prompts.decode(following) == " Nobody comes here. The door is open."
    assert seen(desk, editing.id, candidate_id)[0].state is State.EDITING


def test_the_likeliest_to_be_followed_by_what_follows_is_first(desk, editing):
    engine = editing.engine
    engine.answers = [[" One."], [" Two."], [" Three."], [" Four."]]
    engine.scores = [[-3.0], [-1.0], EngineBadRequest(), [-2.0]]
    for candidate_id in editing.ask(count=4):
        editing.drafter.write(candidate_id)
    ranked = [(one.text, one.score, one.state) for one in editing.candidates()]
    assert [text for text, _, _ in ranked] == ["Two.", "Four.", "One.", "Three."]
    assert [score for _, score, _ in ranked] == [-1.0, -2.0, -3.0, None]
    assert {state for _, _, state in ranked} == {DraftState.DONE}


def test_nothing_follows_the_end_of_the_text(desk, editing):
    editing.engine.answers = [[" The door is shut."]]
    (candidate_id,) = editing.ask(BODY.index("The door"), len(BODY))
    editing.drafter.write(candidate_id)
    _, candidate = seen(desk, editing.id, candidate_id)
    assert (candidate.state, candidate.text, candidate.score) == (DraftState.DONE, "The door is shut.", None)


def test_a_candidate_taken_is_a_machine_revision_and_the_rest_keeps_its_authors(desk, editing):
    editing.act(revising.save, Text("T", BODY.replace("Nobody", "No soul"), 2))
    body = BODY.replace("Nobody", "No soul")
    editing.engine.answers, editing.engine.scores = [[" They are cold."]], [[-1.0]]
    candidate_id = editing.act(spans.ask, base=3, start=START, end=END, count=1)[0].id
    editing.drafter.write(candidate_id)
    revision = editing.act(spans.take, candidate_id)
    assert revision.body == body[:START] + "They are cold." + body[END:]
    assert (revision.kind, revision.autodoc_id, revision.author_id) == (Kind.MACHINE, candidate_id, None)
    assert (revision.span_start, revision.span_end) == (START, END)
    revisions = editing.revisions()
    assert chain.first_broken(revisions) is None
    parts = [(revision.body[one.start : one.end], one.origin, one.revision) for one in authorship.spans(revisions)]
    assert parts == [
        ("The old bakery smells of flour. ", "machine", 2),
        ("They are cold.", "machine", 4),
        (" ", "machine", 2),
        ("No soul", "human", 3),
        (" comes here. The door is open.", "machine", 2),
    ]


def test_a_text_that_moved_on_takes_nothing(desk, editing):
    editing.engine.answers, editing.engine.scores = [[" They are cold."]], [[-1.0]]
    (candidate_id,) = editing.ask()
    editing.drafter.write(candidate_id)
    editing.act(revising.save, Text("T", BODY + " More.", 2))
    with pytest.raises(StaleHead):
        editing.act(spans.take, candidate_id)
    assert editing.revisions()[-1].body == BODY + " More."


def test_words_for_a_text_that_moved_on_are_not_written(desk, editing):
    (candidate_id,) = editing.ask()
    editing.act(revising.save, Text("T", BODY + " More.", 2))
    editing.drafter.write(candidate_id)
    document, candidate = seen(desk, editing.id, candidate_id)
    assert (document.state, candidate.state) == (State.EDITING, DraftState.FAILED)
    assert "mark the passage again" in candidate.reason
    assert len(editing.engine.asked) == 1


def test_asking_elsewhere_stops_what_is_still_written(desk, editing):
    first = editing.ask(count=2)
    second = editing.ask(0, 5, count=3)
    with Session(desk) as session:
        states = {one.id: one.state for one in session.query(Autodoc)}
    assert [states[one] for one in first] == [DraftState.CANCELLED] * 2
    assert [states[one] for one in second] == [DraftState.QUEUED] * 3


def test_a_redraft_stops_words_for_the_text_that_goes(desk, editing):
    (candidate_id,) = editing.ask()
    with Session(desk) as session, session.begin():
        sponsor = session.get(User, session.get(Document, editing.id).sponsor_id)
        requests.redraft(session, editing.id, sponsor)
    assert seen(desk, editing.id, candidate_id)[1].state is DraftState.CANCELLED


@pytest.mark.parametrize(
    ("answer", "reason"), [([EngineRefused()], "ENGINE_TOKEN"), ([" \n"], "wrote nothing for this passage")]
)
def test_a_failure_is_told_and_leaves_the_document_as_it_is(desk, editing, answer, reason):
    editing.engine.answers = [answer]
    (candidate_id,) = editing.ask()
    editing.drafter.write(candidate_id)
    document, candidate = seen(desk, editing.id, candidate_id)
    assert (document.state, document.text_number) == (State.EDITING, 2)
    assert (candidate.state, reason in candidate.reason) == (DraftState.FAILED, True)


def test_an_engine_away_while_it_is_ranked_is_waited_for(desk, editing):
    editing.engine.answers = [[" They are cold."], [" They are cold."]]
    editing.engine.scores = [EngineUnreachable(), [-1.0]]
    (candidate_id,) = editing.ask()
    with pytest.raises(TryLater):
        editing.drafter.write(candidate_id)
    assert seen(desk, editing.id, candidate_id)[1].state is DraftState.QUEUED
    editing.drafter.write(candidate_id)
    assert seen(desk, editing.id, candidate_id)[1].score == -1.0


def test_a_long_text_before_leaves_half_of_the_room_to_it(desk, editing, prompts):
    body = " ".join(f"Sentence number {number} is here." for number in range(600))
    editing.act(revising.save, Text("T", body, 2))
    editing.engine.answers, editing.engine.scores = [[" Words are here."]], [[-1.0]]
    start = body.index("Sentence number 500")
    candidate_id = editing.act(spans.ask, base=3, start=start, end=start + 28, count=1)[0].id
    editing.drafter.write(candidate_id)
    prompt, sampling = editing.engine.asked[-1]
    said = prompts.decode(prompt)
    assert said.startswith("A review of a small show.")
    assert said.endswith("Sentence number 499 is here.")
    assert len(prompt) + sampling.max_new_tokens == prompts.model.context
    assert editing.engine.keeps[-1][1] == len(prompts.encode("A review of a small show."))
    before, (following,) = editing.engine.scored[0]
    assert len(before) + len(following) <= prompts.model.context


def test_only_the_style_of_the_documents_options_is_taken(desk, editing):
    editing.engine.answers, editing.engine.scores = [[" They are cold."]], [[-1.0]]
    options = DraftOptions(words=5000, n=4, prefix="Once", truncate="x", temperature=1.5)
    (candidate_id,) = editing.ask(options=options)
    editing.drafter.write(candidate_id)
    sampling = editing.engine.asked[-1][1]
    assert (sampling.temperature, sampling.stop) == (1.5, ())
    assert sampling.max_new_tokens < 60
    assert seen(desk, editing.id, candidate_id)[1].prefix == ""

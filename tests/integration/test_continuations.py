"""Words that go on from the cursor: asked for in an unsaved text, written to join it, only ever growing."""

import random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.autodocs import continuations, probabilities, replays, requests, spans
from copydesk.autodocs.models import Autodoc, DraftKind, DraftState, Replay
from copydesk.autodocs.options import DraftOptions
from copydesk.autodocs.writing import Place
from copydesk.documents import revising
from copydesk.documents.models import Document, State
from copydesk.documents.revising import Text
from copydesk.engine.errors import EngineRefused, EngineUnreachable
from copydesk.worker.continuations import ContinuationPlan
from copydesk.worker.drafting import TryLater
from copydesk.worker.replaying import Replayer
from tests.desk import desk as whole_desk
from tests.desk import until
from tests.integration.told import seen, served_by

pytestmark = pytest.mark.integration

BODY = "The old bakery smells of flour. Its ovens are cold now."
TYPED = "The old bakery smells of flour. Typed here"


class Writing:
    """A document in editing, and its editor with words that are not saved."""

    def __init__(self, desk, drafter, engine, document_id, editor):
        self.desk, self.drafter, self.engine, self.id, self.editor = desk, drafter, engine, document_id, editor

    def act(self, what, *given, **named):
        with Session(self.desk, expire_on_commit=False) as session, session.begin():
            return what(session, self.id, session.get(User, self.editor.id), *given, **named)

    def ask(self, text=TYPED, at=None, base=2, **named):
        return self.act(continuations.ask, base=base, text=text, at=len(text) if at is None else at, **named).id

    def written(self, *words, **asked):
        """The draft of these words."""
        self.engine.answers = [words]
        draft_id = self.ask(**asked)
        self.drafter.write(draft_id)
        return seen(self.desk, self.id, draft_id)[1]


@pytest.fixture
def writing(desk, make_draft, make_person):
    editor = make_person("Ada", "editor")
    drafter, engine, document_id, draft_id = make_draft([BODY], editor=editor)
    drafter.write(draft_id)
    return Writing(desk, drafter, engine, document_id, editor)


def test_the_model_reads_the_brief_and_the_unsaved_text_before_the_cursor(writing, prompts):
    draft = writing.written(" by", " the", " window.", text=TYPED + " and after", at=len(TYPED))
    assert (draft.state, draft.kind, draft.text) == (DraftState.DONE, DraftKind.CONTINUATION, " by the window.")
    prompt, sampling = writing.engine.asked[-1]
    assert prompts.decode(prompt) == f"A review of a small show.\n\n{TYPED}"
    assert sampling.max_new_tokens == draft.tokens_target == continuations.TOKENS
    assert (draft.span_start, draft.span_end, draft.base_number) == (len(TYPED), len(TYPED), 2)
    assert draft.unsaved_text == TYPED + " and after"
    assert probabilities.unpack(draft.token_logprobs) == [0.0, -0.25, -0.5]
    assert seen(writing.desk, writing.id, draft.id)[0].text_number == 2


def test_a_text_that_is_saved_is_not_kept_twice(writing, prompts):
    draft = writing.written(" by the window.", text=BODY, at=len("The old bakery"))
    assert draft.unsaved_text is None
    assert prompts.decode(writing.engine.asked[-1][0]).endswith("\n\nThe old bakery")


def test_what_follows_the_cursor_is_kept_only_in_part(writing):
    draft = writing.written(" words.", text="Here" + " x" * 1_000, at=4)
    assert draft.unsaved_text == "Here" + " x" * (continuations.KEPT_AFTER // 2)


def test_the_first_words_are_there_at_once_and_only_grow(writing):
    writing.engine.answers = [(" by", " the", " win", "dow", ".", " And", " then")]
    draft_id, looks = writing.ask(), []
    writing.engine.between = lambda: looks.append(seen(writing.desk, writing.id, draft_id)[1].text)
    writing.drafter.write(draft_id)
    assert looks[:2] == ["", " by"]
    final = seen(writing.desk, writing.id, draft_id)[1]
    assert all(final.text.startswith(look) for look in looks)
    assert final.text == " by the window. And"
    assert final.trimmed == " then"


def test_asking_again_stops_what_is_still_written(writing):
    first, second = writing.ask(), writing.ask()
    states = [seen(writing.desk, writing.id, one)[1].state for one in (first, second)]
    assert states == [DraftState.CANCELLED, DraftState.QUEUED]
    writing.drafter.write(first)  # its job is gone; a late delivery does no harm
    assert writing.engine.asked[1:] == []


def test_stopping_keeps_what_is_there(writing):
    writing.engine.answers = [(" by", " the", " window", " there", " it", " stands")]
    draft_id = writing.ask()
    writing.engine.between = lambda: (
        writing.act(continuations.stop) if seen(writing.desk, writing.id, draft_id)[1].text else None
    )
    writing.drafter.write(draft_id)
    draft = seen(writing.desk, writing.id, draft_id)[1]
    assert (draft.state, draft.text) == (DraftState.CANCELLED, " by")


def test_candidates_and_continuations_do_not_stop_each_other(writing):
    draft_id = writing.ask()
    (candidate,) = writing.act(spans.ask, base=2, start=0, end=7, count=1)
    assert writing.ask() != draft_id
    with Session(writing.desk) as session:
        assert session.get(Autodoc, candidate.id).state is DraftState.QUEUED


def test_a_save_meanwhile_does_no_harm(writing):
    writing.engine.answers = [(" by the window.",)]
    draft_id = writing.ask()
    writing.act(revising.save, Text("T", "Another text.", 2))
    writing.drafter.write(draft_id)
    assert seen(writing.desk, writing.id, draft_id)[1].text == " by the window."


def test_a_text_that_is_not_edited_any_more_gets_no_words(writing):
    draft_id = writing.ask()
    writing.act(revising.deliver, Text("T", "A text of her own.", 2))
    writing.drafter.write(draft_id)
    document, draft = seen(writing.desk, writing.id, draft_id)
    assert (document.state, draft.state) == (State.SIGNOFF, DraftState.FAILED)
    assert "not being edited" in draft.reason


def test_a_redraft_stops_it(writing):
    draft_id = writing.ask()
    with Session(writing.desk) as session, session.begin():
        sponsor = session.get(User, session.get(Document, writing.id).sponsor_id)
        requests.redraft(session, writing.id, sponsor)
    assert seen(writing.desk, writing.id, draft_id)[1].state is DraftState.CANCELLED


@pytest.mark.parametrize(
    ("answer", "reason"), [([EngineRefused()], "ENGINE_TOKEN"), ([" \n"], "no words for this place")]
)
def test_a_failure_is_told_and_leaves_the_document_as_it_is(writing, answer, reason):
    writing.engine.answers = [answer]
    draft_id = writing.ask()
    writing.drafter.write(draft_id)
    document, draft = seen(writing.desk, writing.id, draft_id)
    assert (document.state, document.text_number) == (State.EDITING, 2)
    assert (draft.state, reason in draft.reason) == (DraftState.FAILED, True)


def test_an_engine_away_is_waited_for(writing):
    writing.engine.answers = [[EngineUnreachable()], [" by the window."]]
    draft_id = writing.ask()
    with pytest.raises(TryLater):
        writing.drafter.write(draft_id)
    assert seen(writing.desk, writing.id, draft_id)[1].waiting_since is not None
    writing.drafter.write(draft_id)
    assert seen(writing.desk, writing.id, draft_id)[1].text == " by the window."


def test_only_the_style_of_the_documents_options_is_taken(writing):
    writing.written(" words.", options=DraftOptions(words=5000, n=4, prefix="Once", temperature=1.5))
    sampling = writing.engine.asked[-1][1]
    assert (sampling.temperature, sampling.max_new_tokens) == (1.5, continuations.TOKENS)


def test_it_is_never_taken_as_a_passage(writing):
    draft = writing.written(" by the window.")
    with pytest.raises(Exception, match="no such candidate"):
        writing.act(spans.take, draft.id)


@pytest.mark.parametrize(
    ("before", "after", "written", "kept", "rest"),
    [
        ("The old", "", " bakery smells of flour all day. And then", " bakery smells of flour all day.", " And then"),
        ("The old ", "", " bakery smells of flour all day. And", "bakery smells of flour all day.", " And"),
        ("The old ", "", "er bakery smells of flour all day. And", "bakery smells of flour all day.", " And"),
        ("The bak", "", "ery smells of flour all day. And", "ery smells of flour all day.", " And"),
        ("", "", "\n\nThe bakery smells of flour. And", "The bakery smells of flour.", " And"),
        ("One.\n", "", " The bakery smells of flour. And", "The bakery smells of flour.", " And"),
        ("One.", "", "\n\nThe bakery smells of flour. And", " The bakery smells of flour.", " And"),
        ("One.", "", " Yes. The bakery smells of flour. And", " Yes. The bakery smells of flour.", " And"),
        ("One.", "", " A line that ends\nAnd another one.", " A line that ends", "\nAnd another one."),
        ("One", "", " and no end to be seen anywhe", " and no end to be seen", " anywhe"),
        ("One", "two", " and more words.", " and more words. ", ""),
        ("One", " two", " and more words.", " and more words.", ""),
        ("一", "", "二三四五六七。八", "二三四五六七。", "八"),
        ("One", "", " \n \t", "", ""),
    ],
)
def test_words_join_what_stands_there_and_end_where_a_sentence_does(before, after, written, kept, rest):
    found = plan(before, after).finished(written, written)
    assert (found.kept, found.cut) == (kept, rest)


@pytest.mark.parametrize("seed", range(40))
def test_what_was_shown_once_stands_in_the_end(seed):
    words = ' the| old|ers|.| Mr| U.S| "Go|!"|\n| …|?| etc| 7| 一|。|  |’s'.split("|")  # noqa: SIM905  easier to read
    dice = random.Random(seed)
    for _ in range(100):
        one = plan(dice.choice(["The old", "The old ", "", "x\n", "end."]), dice.choice(["", " more", "more"]))
        written, shown = "", ""
        for _ in range(dice.randint(1, 30)):
            written += dice.choice(words)
            now = one.shown(written)
            assert now.startswith(shown), written
            shown = now
        final = one.finished(written, written)
        assert final.kept.startswith(shown) or not final.kept.strip(), written


def plan(before, after):
    return ContinuationPlan(prompt=None, sampling=None, template="", place=Place(before, "", after))


def test_a_continuation_is_written_again_to_the_letter(writing):
    draft = writing.written(" by", " the", " window.")
    with Session(writing.desk) as session, session.begin():
        replay_id = replays.ask(session, draft.id, session.get(User, writing.editor.id)).id
        session.get(Autodoc, draft.id).prompt_tokens = [1, 2]
    engine = writing.engine
    engine.answers = [(" by", " the", " window.")]
    engine.model = ""
    Replayer(writing.drafter.database, served_by(engine, writing.drafter.serve("seed").builder)).replay(replay_id)
    with Session(writing.desk) as session:
        assert session.get(Replay, replay_id).identical is True


@pytest.fixture(scope="module")
def real(make_database, tmp_path_factory):
    """Worker and engine with the seed model."""
    with whole_desk(make_database("going_on"), tmp_path_factory.mktemp("going_on")) as made:
        made.start_all()
        yield made


def test_the_seed_model_goes_on_and_the_replay_is_identical(real):
    from tests import journeys

    with Session(real.database, expire_on_commit=False) as session, session.begin():
        people = {user.email: user for user in session.scalars(select(User))}
        sponsor, editor = people["test@test.com"], people["editor@test.com"]
        document = requests.create_document(
            session, sponsor, title="T", brief=journeys.BRIEF, editor_id=editor.id, options=DraftOptions(words=20)
        )
    until(lambda: state_of(real, document.id) is State.EDITING, "the draft")
    with Session(real.database, expire_on_commit=False) as session, session.begin():
        base = session.get(Document, document.id).text_number
        asked = continuations.ask(session, document.id, editor, base=base, text=TYPED, at=len(TYPED))
    draft = until(lambda: done(real, asked.id), "the continuation")
    assert draft.text.strip()
    assert "\n" not in draft.text
    assert 0 < len(draft.output_tokens) <= continuations.TOKENS
    assert len(probabilities.unpack(draft.token_logprobs)) == len(draft.output_tokens)
    assert "identical" in real.run("replay", str(draft.id))


def state_of(desk, document_id):
    with Session(desk.database) as session:
        return session.get(Document, document_id).state


def done(desk, draft_id):
    with Session(desk.database, expire_on_commit=False) as session:
        draft = session.get(Autodoc, draft_id)
        assert draft.state is not DraftState.FAILED, draft.reason
        return draft if draft.state is DraftState.DONE else None

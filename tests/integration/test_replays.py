"""Writing a draft again: what is compared, what is kept of it, and when it can't be done."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.autodocs import replays
from copydesk.autodocs.models import Autodoc, Replay, ReplayState
from copydesk.documents.errors import DocumentNotFound, InvalidInput
from copydesk.engine.client import Chunk
from copydesk.engine.errors import EngineBroken, EngineUnreachable
from copydesk.engine.sampling import Sampling
from copydesk.worker.drafting import TryLater
from copydesk.worker.engines import Served
from copydesk.worker.replaying import Replayer
from tests.integration.told import seen

pytestmark = pytest.mark.integration

TEXT = " The old bakery smells of flour. Its ovens are cold now."


class Written:
    """A finished draft, with tokens that are really those of its words."""

    def __init__(self, desk, drafter, engine, document_id, draft_id, prompts):
        self.desk, self.engine, self.document_id, self.draft_id = desk, engine, document_id, draft_id
        self.replayer = Replayer(drafter.database, drafter.serve)
        self.prompts = prompts

    def chunks(self, words=TEXT, size=5):
        tokens = self.prompts.encode(words)
        for start in range(0, len(tokens), size):
            part = tuple(tokens[start : start + size])
            yield Chunk(self.prompts.decode(part), part, engine="copydesk-gpt2 2 int8 avx2")

    def ask(self, person=None):
        with Session(self.desk, expire_on_commit=False) as session, session.begin():
            sponsors = select(User).where(User.role == "sponsor").order_by(User.id)
            person = person or session.scalars(sponsors.limit(1)).one()
            return replays.ask(session, self.draft_id, session.get(User, person.id))

    def replay(self, *answer):
        self.engine.answers = [answer]
        asked = self.ask()
        self.replayer.replay(asked.id)
        return self.newest()

    def newest(self):
        with Session(self.desk) as session:
            return replays.newest(session, self.draft_id)


@pytest.fixture
def written(desk, make_draft, prompts):
    drafter, engine, document_id, draft_id = make_draft()
    made = Written(desk, drafter, engine, document_id, draft_id, prompts)
    engine.answers = [made.chunks()]
    drafter.write(draft_id)
    return made


def test_the_same_words_are_identical(desk, written):
    replay = written.replay(*written.chunks(size=2))
    assert (replay.state, replay.identical, replay.first_difference) == (ReplayState.DONE, True, None)
    assert replay.engine == "copydesk-gpt2 2 int8 avx2"
    assert replay.model_sha256 == written.prompts.sha256
    _, draft = seen(desk, written.document_id, written.draft_id)
    (first, again), (keep, keep_again) = written.engine.asked, written.engine.keeps
    assert (first, keep) == (again, keep_again)
    assert again == (draft.prompt_tokens, Sampling.from_dict(draft.sampling))


def test_the_first_other_word_is_shown_and_ends_the_writing(written):
    other = TEXT.replace("cold", "warm")
    replay = written.replay(*written.chunks(other), Chunk(" never read"))
    assert (replay.state, replay.identical) == (ReplayState.DONE, False)
    assert TEXT[replay.first_difference :].startswith("cold")
    assert written.prompts.encode(TEXT)[: replay.first_token] == written.prompts.encode(other)[: replay.first_token]
    assert "cold" in replay.expected
    assert "warm" in replay.got
    assert written.engine.closed == 2


@pytest.mark.parametrize(("words", "expected", "got"), [(TEXT[:30], "ovens", ""), (TEXT + " And", "", "And")])
def test_fewer_or_more_words_are_a_difference(written, words, expected, got):
    replay = written.replay(*written.chunks(words))
    assert replay.identical is False
    assert replay.first_difference == min(len(words), len(TEXT))
    assert (expected in replay.expected, got in replay.got) == (True, True)


def test_a_server_that_names_no_tokens_is_compared_by_its_text(written):
    assert written.replay(Chunk(TEXT[:20]), Chunk(TEXT[20:])).identical is True
    replay = written.replay(Chunk(TEXT[:20] + "x"))
    assert (replay.first_difference, replay.first_token) == (20, None)


def test_other_weights_are_told_before_anything_is_written(desk, written):
    with desk.begin() as connection:
        connection.execute(text("UPDATE autodocs SET model_sha256 = repeat('0', 64)"))
    replay = written.replay()
    assert replay.state is ReplayState.FAILED
    assert "not here any more" in replay.reason
    assert len(written.engine.asked) == 1


def test_what_another_server_wrote_can_not_be_written_again(desk, written):
    written.replayer.serve = lambda name: Served(written.engine, None, name)
    replay = written.replay()
    assert (replay.state, "another server" in replay.reason) == (ReplayState.FAILED, True)


def test_an_engine_that_is_away_is_waited_for(written):
    with pytest.raises(TryLater):
        written.replay(EngineUnreachable())
    assert written.newest().state is ReplayState.QUEUED
    written.engine.answers = [written.chunks()]
    written.replayer.replay(written.newest().id)
    assert written.newest().identical is True


def test_an_engine_that_breaks_is_told(written):
    replay = written.replay(*list(written.chunks())[:2], EngineBroken())
    assert (replay.state, replay.reason) == (ReplayState.FAILED, EngineBroken.__doc__)


def test_a_bug_is_told_and_not_swallowed(written):
    with pytest.raises(RuntimeError):
        written.replay(RuntimeError("a bug"))
    assert "as it was" in written.newest().reason


def test_a_worker_told_to_stop_hands_it_back(written):
    written.replayer.stopping.set()
    with pytest.raises(TryLater):
        written.replay(*written.chunks())
    assert written.newest().state is ReplayState.QUEUED


def test_a_job_delivered_twice_replays_once(written):
    replay = written.replay(*written.chunks())
    written.replayer.replay(replay.id)
    assert len(written.engine.asked) == 2


def test_asking_twice_at_once_is_asking_once(desk, written):
    first, second = written.ask(), written.ask()
    assert first.id == second.id
    with Session(desk) as session:
        assert session.scalar(select(func.count()).select_from(Replay)) == 1


def test_a_draft_without_an_end_or_of_others_can_not_be_asked_for(desk, written, make_person):
    with pytest.raises(DocumentNotFound):
        written.ask(make_person("Other"))
    with Session(desk) as session, session.begin():
        session.execute(text("UPDATE autodocs SET state = 'cancelled'"))
    with pytest.raises(InvalidInput, match="finished"):
        written.ask()
    with pytest.raises(DocumentNotFound), Session(desk) as session:
        replays.ask(session, 10**9, session.scalars(select(User).order_by(User.id)).first())


def test_a_draft_itself_is_never_changed_by_it(desk, written):
    before = seen(desk, written.document_id, written.draft_id)[1]
    written.replay(*written.chunks("Other words."))
    after = seen(desk, written.document_id, written.draft_id)[1]
    names = [column.key for column in Autodoc.__table__.columns]
    assert [getattr(before, name) for name in names] == [getattr(after, name) for name in names]

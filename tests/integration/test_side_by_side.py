"""Several drafts for one brief: the last one to end moves the document, once, whatever becomes of the others."""

import threading
from contextlib import suppress

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.audit import AuditEvent
from copydesk.autodocs import requests, writing
from copydesk.autodocs.models import Autodoc, DraftState
from copydesk.autodocs.options import DraftOptions
from copydesk.documents import chain
from copydesk.documents.errors import WrongState
from copydesk.documents.models import Document, State
from copydesk.engine.errors import EngineRefused
from copydesk.worker.drafting import Drafter
from tests.integration.told import WORDS, ToldEngine, seen, served_by

pytestmark = pytest.mark.integration

THREE = DraftOptions(n=3, seed=40)
FAILING = [EngineRefused()]


def states(desk, document_id):
    with Session(desk) as session:
        query = select(Autodoc.state).where(Autodoc.document_id == document_id).order_by(Autodoc.number)
        return session.scalars(query).all()


def moves(desk, document_id):
    """What the worker did to the document."""
    with Session(desk) as session:
        query = select(AuditEvent.action).where(AuditEvent.object_id == str(document_id), AuditEvent.actor_id.is_(None))
        return session.scalars(query.order_by(AuditEvent.id)).all()


def test_each_draft_has_a_seed_and_a_job_of_its_own(desk, make_draft):
    _drafter, _engine, document_id, *ids = make_draft(options=THREE)
    with Session(desk) as session:
        drafts = session.scalars(select(Autodoc).order_by(Autodoc.id)).all()
        assert [draft.id for draft in drafts] == ids
        assert [draft.seed for draft in drafts] == [40, 41, 42]
        assert [(draft.number, draft.request, draft.choice) for draft in drafts] == [(1, 1, 0), (2, 1, 1), (3, 1, 2)]
        assert len({draft.job_id for draft in drafts}) == 3
        assert requests.newest(session, document_id).id == ids[0]


def test_the_sponsor_chooses_when_the_last_is_written(desk, make_draft):
    drafter, engine, document_id, *ids = make_draft(["One."], ["Two."], ["Three."], options=THREE)
    for draft_id in ids[:2]:
        drafter.write(draft_id)
        assert seen(desk, document_id, draft_id)[0].state is State.DRAFTING
    drafter.write(ids[2])
    document, _ = seen(desk, document_id, ids[2])
    assert (document.state, document.text_number) == (State.CHOOSING, 0)
    assert moves(desk, document_id) == ["document.drafted_side_by_side"]
    assert [sampling.seed for _, sampling in engine.asked] == [40, 41, 42]


def test_one_of_several_that_succeeds_is_the_text(desk, make_draft):
    drafter, _engine, document_id, *ids = make_draft(FAILING, WORDS, FAILING, options=THREE)
    for draft_id in ids:
        drafter.write(draft_id)
    document, _ = seen(desk, document_id, ids[0])
    assert (document.state, document.text_number) == (State.UNASSIGNED, 2)
    with Session(desk) as session:
        assert chain.revisions(session, document_id)[-1].autodoc_id == ids[1]
    assert moves(desk, document_id) == ["document.drafted"]


def test_two_that_succeed_are_offered_though_another_failed(desk, make_draft):
    drafter, _engine, document_id, *ids = make_draft(WORDS, FAILING, WORDS, options=THREE)
    for draft_id in ids:
        drafter.write(draft_id)
    assert seen(desk, document_id, ids[0])[0].state is State.CHOOSING
    with Session(desk) as session:
        side = requests.side_by_side(session, document_id)
        assert [draft.state for draft in side] == [DraftState.DONE, DraftState.FAILED, DraftState.DONE]
        assert "ENGINE_TOKEN" in side[1].reason


def test_none_that_succeeds_is_one_failure_with_its_reason_once(desk, make_draft):
    drafter, _engine, document_id, *ids = make_draft(FAILING, FAILING, FAILING, options=THREE)
    for draft_id in ids:
        drafter.write(draft_id)
    assert seen(desk, document_id, ids[0])[0].state is State.DRAFT_FAILED
    with Session(desk) as session:
        (note,) = session.scalars(select(AuditEvent.note).where(AuditEvent.action == "document.failed")).all()
    assert note == EngineRefused.__doc__


def test_cancelling_stops_all_of_them(desk, make_draft, prompts):
    drafter, engine, document_id, *ids = make_draft(WORDS, WORDS, options=THREE)
    drafter.write(ids[0])

    def cancel():
        with Session(desk) as session, session.begin():
            document = session.get(Document, document_id)
            requests.cancel(session, document_id, session.get(User, document.sponsor_id))
        engine.between = lambda: threading.Event().wait(0.15)

    engine.between = cancel
    drafter.write(ids[1])
    drafter.write(ids[2])
    assert seen(desk, document_id, ids[0])[0].state is State.CHOOSING  # the one that was done in time
    assert states(desk, document_id) == [DraftState.DONE, DraftState.CANCELLED, DraftState.CANCELLED]
    assert len(engine.asked) == 2


@pytest.mark.parametrize("last", ["both are written", "one fails"])
@pytest.mark.parametrize("turn", range(5))
def test_workers_that_end_at_the_same_moment_move_the_document_once(desk, make_draft, prompts, last, turn):
    answers = [WORDS, WORDS if last == "both are written" else FAILING]
    drafter, _engine, document_id, *ids = make_draft(WORDS, options=THREE)
    drafter.write(ids[0])
    barrier, errors = threading.Barrier(2), []

    def work(draft_id, answer):
        engine = ToldEngine(answer)
        engine.describe = lambda told=engine.describe: (barrier.wait(10), told())[1]  # the last step before the end
        mine = Drafter(drafter.database, served_by(engine, prompts))
        fail = mine._fail
        mine._fail = lambda *given: (barrier.wait(10), fail(*given))
        try:
            mine.write(draft_id)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=each) for each in zip(ids[1:], answers, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert seen(desk, document_id, ids[0])[0].state is State.CHOOSING
    assert moves(desk, document_id) == ["document.drafted_side_by_side"]


@pytest.mark.parametrize("turn", range(5))
def test_a_choice_and_a_redraft_at_the_same_moment_leave_one_of_them(desk, make_draft, turn):
    drafter, _engine, document_id, *ids = make_draft(WORDS, WORDS, options=DraftOptions(n=2))
    for draft_id in ids:
        drafter.write(draft_id)
    barrier = threading.Barrier(2)

    def act(what, *given):
        with Session(desk) as session, session.begin(), suppress(WrongState):
            sponsor = session.get(User, session.get(Document, document_id).sponsor_id)
            barrier.wait(10)
            what(session, document_id, sponsor, *given)

    threads = [threading.Thread(target=act, args=given) for given in ((requests.choose, ids[1]), (requests.redraft,))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with Session(desk) as session:
        document = session.get(Document, document_id)
        live = session.scalar(select(func.count()).where(Autodoc.state == DraftState.QUEUED))
        # The choice first: its text is there, and drafts are asked for again. Last: nothing is left to choose from.
        assert document.state is State.DRAFTING
        assert live == 2
        assert chain.first_broken(chain.revisions(session, document_id)) is None


def test_a_draft_handed_back_keeps_the_others_waiting(desk, make_draft):
    drafter, _engine, document_id, *ids = make_draft(WORDS, WORDS, options=DraftOptions(n=2))
    with Session(desk) as session, session.begin():
        writing.hand_back(session, writing.claim(session, ids[0]), waiting=True)
    drafter.write(ids[1])
    assert seen(desk, document_id, ids[1])[0].state is State.DRAFTING
    drafter.write(ids[0])
    assert seen(desk, document_id, ids[0])[0].state is State.CHOOSING

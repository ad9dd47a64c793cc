"""Unsaved words when things happen at the same moment, each on a connection of its own; and what is cleared away."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from copydesk.documents import chain, operations, presence, revising, unsent
from copydesk.documents.errors import DocumentNotFound
from copydesk.documents.models import Document
from copydesk.documents.presence import Doing
from copydesk.documents.revising import Text
from copydesk.documents.unsent import Unsent, Words
from copydesk.worker import housekeeping
from tests import journeys
from tests.integration.test_races import at_once, engine, fresh, make, people  # noqa: F401  fixtures
from tests.under_role import worker_on

pytestmark = pytest.mark.integration

TYPED = journeys.DRAFT + " Typed at the last moment."


@pytest.mark.parametrize("turn", range(5))
def test_words_kept_while_the_text_goes_to_somebody_else_are_in_it_or_refused(engine, people, turn):  # noqa: F811
    document = make(engine, people, "ada")

    def keep(session):
        unsent.keep(
            session, document.id, fresh(session, people["ada"]), Words("one", 1, document.text_number, "T", TYPED)
        )

    def assign(session):
        operations.assign(session, document.id, fresh(session, people["sponsor"]), people["tom"].id)

    refusal, nothing = at_once(engine, keep, assign)
    assert nothing is None
    with Session(engine) as session:
        newest = chain.revisions(session, document.id)[-1]
        waiting = session.scalars(
            select(Unsent.body).where(Unsent.document_id == document.id, Unsent.body.is_not(None))
        ).all()
    assert waiting == []
    assert isinstance(refusal, DocumentNotFound) if refusal else newest.body == TYPED


@pytest.mark.parametrize("turn", range(5))
def test_two_saves_of_one_window_at_once_end_with_the_newer_words(engine, people, turn):  # noqa: F811
    document = make(engine, people, "ada")
    base = document.text_number

    def save(body, version):
        written = Text("T", body, base, tab="one", version=version)
        return lambda session: revising.save(session, document.id, fresh(session, people["ada"]), written)

    assert at_once(engine, save("Older words.", 1), save("Newer words, quite other ones.", 2)) == [None, None]
    with Session(engine) as session:
        assert chain.revisions(session, document.id)[-1].body == "Newer words, quite other ones."


@pytest.mark.parametrize("turn", range(3))
def test_the_first_signs_of_a_window_may_come_at_once(engine, people, turn):  # noqa: F811
    document = make(engine, people, "ada")

    def sign(session):
        presence.give_sign(
            session, session.get(Document, document.id), fresh(session, people["ada"]), "one", Doing.WRITING, 1
        )

    assert at_once(engine, sign, sign, sign) == [None, None, None]


def test_the_worker_clears_away_what_is_old(engine, people):  # noqa: F811
    document = make(engine, people, "ada")
    with Session(engine) as session, session.begin():
        ada = fresh(session, people["ada"])
        for tab in ("old", "new"):
            unsent.keep(session, document.id, ada, Words(tab, 1, document.text_number, "T", TYPED))
            presence.give_sign(session, document, ada, tab, Doing.WRITING, 1)
        session.execute(text("UPDATE unsent_texts SET kept_at = now() - interval '31 days' WHERE tab = 'old'"))
        session.execute(text("UPDATE presences SET seen_at = now() - interval '2 days' WHERE tab = 'old'"))
    with worker_on(engine) as database:
        housekeeping.clear(database)
        housekeeping.clear(database)
    with Session(engine) as session:
        for table in ("unsent_texts", "presences"):
            query = text(f"SELECT tab FROM {table} WHERE document_id = :document")
            assert session.scalars(query, {"document": document.id}).all() == ["new"]

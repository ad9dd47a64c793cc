"""Two people at the same moment, each on a connection of their own: one wins, nothing is overwritten."""

import datetime as dt
import threading
import uuid

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from copydesk.accounts import operations as accounts
from copydesk.accounts.errors import AccountError
from copydesk.accounts.models import Role, Status, User
from copydesk.autodocs import many, requests, spans
from copydesk.documents import chain, operations, revising
from copydesk.documents.asking import batches, unfinished
from copydesk.documents.errors import DocumentError, StaleHead
from copydesk.documents.models import Document, State
from copydesk.documents.revising import Text
from copydesk.documents.signoff import links, statements
from copydesk.documents.workflow import Act
from tests import journeys
from tests.desk import desk

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def engine(make_database, tmp_path_factory, config):
    """A migrated database whose transactions are really committed."""
    with desk(make_database("races"), tmp_path_factory.mktemp("races")) as made:
        made.run("migrate")
        engine = create_engine(made.environment["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg2:"))
        yield engine
        engine.dispose()


@pytest.fixture
def people(engine):
    with Session(engine, expire_on_commit=False) as session, session.begin():
        made = {}
        for name, role in {
            "sponsor": "sponsor",
            "ada": "editor",
            "tom": "editor",
            "a1": "admin",
            "a2": "admin",
        }.items():
            user = User(
                name=name,
                email=f"{name}-{uuid.uuid4().hex}@example.org",
                organization="x",
                role=Role(role),
                status=Status.APPROVED,
                password="x",
            )
            session.add(user)
            session.flush()
            made[name] = user
    return made


def make(engine, people, editor=None):
    with Session(engine, expire_on_commit=False) as session, session.begin():
        document = requests.create_document(
            session, people["sponsor"], title="T", brief="B", editor_id=people[editor].id if editor else None
        )
        journeys.draft(session, document)
        return session.get(Document, document.id, populate_existing=True)


def at_once(engine, *acts):
    """Run each act in a transaction of its own, all at the same moment; returns what each raised, or None."""
    barrier = threading.Barrier(len(acts))
    results = [None] * len(acts)

    def run(number, act):
        try:
            with Session(engine) as session, session.begin():
                barrier.wait(10)
                act(session)
        except (DocumentError, AccountError) as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def fresh(session, user):
    return session.get(User, user.id)


@pytest.mark.parametrize("turn", range(5))
def test_two_saves_at_once(engine, people, turn):
    document = make(engine, people, "ada")
    base = document.text_number

    def save(body):
        return lambda session: revising.save(session, document.id, fresh(session, people["ada"]), Text("T", body, base))

    results = at_once(engine, save("One."), save("Two."))
    assert sorted(error is None for error in results) == [False, True]
    with Session(engine) as session:
        revisions = chain.revisions(session, document.id)
        assert len(revisions) == 3
        assert chain.first_broken(revisions) is None
        assert revisions[-1].body == ("One." if results[0] is None else "Two.")


@pytest.mark.parametrize("turn", range(5))
def test_words_for_a_passage_taken_twice_at_once_or_with_a_save(engine, people, turn):
    document = make(engine, people, "ada")
    base = document.text_number
    with Session(engine, expire_on_commit=False) as session, session.begin():
        one, other = spans.ask(session, document.id, fresh(session, people["ada"]), base=base, start=0, end=9, count=2)
        for candidate in (one, other):
            journeys.write(session, candidate.id, f"Candidate {candidate.choice}")

    def take(candidate):
        return lambda session: spans.take(session, document.id, fresh(session, people["ada"]), candidate.id)

    def save(session):
        revising.save(session, document.id, fresh(session, people["ada"]), Text("T", "Mine.", base))

    results = at_once(engine, take(one), take(other), save)
    assert sorted(error is None for error in results) == [False, False, True]
    assert all(isinstance(error, StaleHead) for error in results if error)
    with Session(engine) as session:
        revisions = chain.revisions(session, document.id)
        assert len(revisions) == 3
        assert chain.first_broken(revisions) is None


@pytest.mark.parametrize("turn", range(5))
def test_two_claims_at_once(engine, people, turn):
    document = make(engine, people)

    def claim(name):
        return lambda session: operations.move(session, document.id, Act.CLAIM, fresh(session, people[name]))

    results = at_once(engine, claim("ada"), claim("tom"))
    assert sorted(error is None for error in results) == [False, True]
    winner = people["ada"] if results[0] is None else people["tom"]
    with Session(engine) as session:
        assert session.get(Document, document.id).editor_id == winner.id


def test_a_delivery_and_a_withdrawal_at_once(engine, people):
    document = make(engine, people, "ada")
    results = at_once(
        engine,
        lambda session: revising.deliver(
            session, document.id, fresh(session, people["ada"]), Text("T", "Done.", document.text_number)
        ),
        lambda session: requests.withdraw(session, document.id, fresh(session, people["sponsor"])),
    )
    assert results[1] is None
    with Session(engine) as session:
        assert session.get(Document, document.id).state is State.WITHDRAWN


def test_two_admins_decide_at_once(engine, people):
    with Session(engine, expire_on_commit=False) as session, session.begin():
        user = accounts.request_access(
            session,
            name="N",
            email=f"{uuid.uuid4().hex}@example.org",
            organization="o",
            password_hash="x",
            role=Role.EDITOR,
            confirmed=True,
        )
    results = at_once(
        engine,
        lambda session: accounts.approve(session, fresh(session, user), fresh(session, people["a1"])),
        lambda session: accounts.reject(session, fresh(session, user), fresh(session, people["a2"]), "No."),
    )
    assert sorted(error is None for error in results) == [False, True]


def test_a_letters_link_used_twice_at_once_or_while_the_page_signs(engine, people):
    """One signature, one statement, and no transaction waits for the other for ever."""
    for with_the_page in (False, True):
        document = make(engine, people, editor="ada")
        with Session(engine) as session, session.begin():
            editor = fresh(session, people["ada"])
            body = journeys.REVISED + " " + journeys.prose(20)
            revising.deliver(session, document.id, editor, Text("T", body, document.text_number))
            sha256 = session.get(Document, document.id).revisions[-1].sha256
            token, _ = links.issue(session, session.get(Document, document.id), fresh(session, people["sponsor"]))

        def by_link(session, token=token):
            link = links.find(session, token)
            operations.sign(session, link.document_id, link.person, sha256=link.sha256, by_link=True)
            links.spend(session, link)

        def on_the_page(session, document=document, sha256=sha256):
            operations.sign(session, document.id, fresh(session, people["sponsor"]), sha256=sha256)

        results = at_once(engine, by_link, on_the_page if with_the_page else by_link)
        assert sum(one is None for one in results) == 1
        with Session(engine) as session:
            assert session.get(Document, document.id).state is State.APPROVED
            assert len(statements.everything(session, document.id)) == 1


def test_an_editor_suspended_while_being_chosen_gets_no_work(engine, people):
    document = make(engine, people)

    def suspend(session):
        editor = fresh(session, people["tom"])
        accounts.suspend(session, editor, fresh(session, people["a1"]), "Out.")
        operations.release_work(session, editor, fresh(session, people["a1"]))

    at_once(
        engine,
        lambda session: operations.assign(session, document.id, fresh(session, people["sponsor"]), people["tom"].id),
        suspend,
    )
    with Session(engine) as session:
        assert session.get(Document, document.id).editor_id is None


def test_a_form_that_is_sent_while_it_is_kept_leaves_no_unfinished_brief(engine, people):
    number, heard = uuid.uuid4(), []

    def keep():
        try:
            with Session(engine) as session, session.begin():
                unfinished.keep(session, people["sponsor"], number, {"title": "T"}, version=0, new=uuid.uuid4())
        except unfinished.BecameADocument as error:
            heard.append(error)

    with Session(engine) as session, session.begin():
        requests.create_document(session, people["sponsor"], title="T", brief="B", editor_id=None, document_id=number)
        unfinished.became_document(session, people["sponsor"], number)
        late = threading.Thread(target=keep)
        late.start()
        late.join(0.5)
        assert late.is_alive()  # it waits for what becomes of the form
    late.join(30)
    assert len(heard) == 1
    with Session(engine) as session:
        assert session.get(Document, number) is not None
        assert session.get(unfinished.Unfinished, number) is None


def test_a_table_that_is_confirmed_twice_at_once_makes_each_document_once(engine, people):
    with Session(engine, expire_on_commit=False) as session, session.begin():
        batch = batches.keep(session, people["sponsor"], "briefs.csv", b"title,brief\nOne,First\nTwo,Second\n")

    def confirm(session):
        today = dt.date(2026, 1, 1)
        many.create(session, people["sponsor"], batch.id, today=today, due_at=lambda day: dt.datetime.now(dt.UTC))

    assert at_once(engine, confirm, confirm) == [None, None]
    with Session(engine) as session:
        made = session.scalars(select(Document).where(Document.sponsor_id == people["sponsor"].id)).all()
        assert sorted(one.title for one in made) == ["One", "Two"]


def test_two_windows_that_keep_at_once_both_keep_their_words(engine, people):
    number, sponsor = uuid.uuid4(), people["sponsor"]
    with Session(engine) as session, session.begin():
        unfinished.keep(session, sponsor, number, {"title": "Begun"}, version=0, new=uuid.uuid4())

    def keep(title):
        def act(session):
            unfinished.keep(session, sponsor, number, {"title": title}, version=1, new=uuid.uuid4())

        return act

    assert at_once(engine, keep("Here"), keep("There")) == [None, None]
    with Session(engine) as session:
        assert sorted(one.name for one in unfinished.mine(session, sponsor)) == ["Here", "There"]

"""Drafting without a model: a committed database, a queued draft, and an engine that behaves as told."""

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, Status, User
from copydesk.autodocs import requests
from copydesk.autodocs.options import DraftOptions
from copydesk.engine import models
from copydesk.engine.prompt import PromptBuilder
from copydesk.worker.drafting import Drafter
from tests.desk import ROOT
from tests.integration.told import ToldEngine, empty, served_by
from tests.under_role import worker_on


@pytest.fixture(scope="session")
def prompts():
    return PromptBuilder(models.find("seed", ROOT / "services/web/models"))


@pytest.fixture
def desk(app, config):
    """A database whose transactions are committed, since the drafter opens its own; emptied afterwards."""
    engine = create_engine(config.sqlalchemy_url)
    yield engine
    empty(engine)
    engine.dispose()


@pytest.fixture
def as_worker(desk):
    """The same database with the worker's rights: what the worker does is done with these."""
    with worker_on(desk) as engine:
        yield engine


@pytest.fixture
def make_person(desk):
    """Add an approved person, committed."""

    def make(name: str, role: str = "sponsor"):
        with Session(desk, expire_on_commit=False) as session, session.begin():
            user = User(
                name=name,
                email=f"{name.lower()}@example.org",
                organization="o",
                role=Role(role),
                status=Status.APPROVED,
                password="x",
            )
            session.add(user)
        return user

    return make


@pytest.fixture
def make_draft(desk, as_worker, prompts, make_person):
    """Queued drafts of one document, and a drafter on an engine that gives these answers.

    Gives the drafter, its engine, the document's id, and the draft's; with several drafts all their ids.
    """

    def make(*answers, brief="A review of a small show.", title="T", editor=None, options=None):
        sponsor = make_person("Sponsor")
        with Session(desk) as session, session.begin():
            document = requests.create_document(
                session,
                session.get(User, sponsor.id),
                title=title,
                brief=brief,
                editor_id=editor.id if editor else None,
                options=options or DraftOptions(),
            )
            ids = document.id, *(one.id for one in requests.side_by_side(session, document.id))
        engine = ToldEngine(*answers)
        return Drafter(as_worker, served_by(engine, prompts)), engine, *ids

    return make

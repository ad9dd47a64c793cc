"""Models on a whole desk: switched while drafts wait, another server, one that is too large; real processes all."""

import json
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from copydesk.accounts.operations import find_by_email
from copydesk.autodocs import default_model, requests
from copydesk.autodocs.models import Autodoc, DraftState
from copydesk.autodocs.options import DraftOptions
from copydesk.documents.models import Document, State
from copydesk.engine import models
from tests.desk import COPYDESK, ROOT, Desk, desk, free_port, until
from tests.peers import llama_server

pytestmark = [pytest.mark.integration]

SEED = ROOT / "services/web/models/seed"
BRIEF = "A review of a small show of ceramics in a converted bakery, with eleven pots."
KEY = f"sk-{secrets.token_hex(16)}"


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory) -> Path:
    """A second model, which is the seed model a little changed, and one that no machine has the memory for."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(SEED, folder / "second")
    weights = load_file(folder / "second" / models.WEIGHTS)
    weights = {name: (values * np.float32(1.01)).astype(values.dtype) for name, values in weights.items()}
    save_file(weights, folder / "second" / models.WEIGHTS)
    change_card(folder / "second", weights_sha256=models.find("second", folder).sha256)
    shutil.copytree(SEED, folder / "giant")
    config = json.loads((folder / "giant" / "config.json").read_text())
    sizes = {"n_layer": 960, "n_embd": 25_600, "n_head": 25}
    (folder / "giant" / "config.json").write_text(json.dumps(config | sizes))
    return folder


def change_card(folder: Path, **values: str) -> None:
    path = folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.fixture(scope="module")
def other_server(tmp_path_factory) -> Iterator[str]:
    with llama_server.serving(SEED, tmp_path_factory.mktemp("peer"), free_port(), KEY) as url:
        yield f"{url}/v1"


@pytest.fixture(scope="module")
def running(make_database, tmp_path_factory, models_dir, other_server) -> Iterator[Desk]:
    """Database, engine and the configuration; the worker is the tests' to start."""
    settings = {
        "MODELS_DIR": str(models_dir),
        "REMOTE_ENGINE_KEYS": json.dumps({other_server: KEY}),
        "DRAFT_TOKENS": "60",
    }
    with desk(make_database("models"), tmp_path_factory.mktemp("desk"), **settings) as made:
        made.run("migrate")
        made.run("development-people")
        made.start_engine()
        yield made


@pytest.fixture
def drafts(running, monkeypatch):
    """Ask for drafts as the page does, and look at them."""

    def ask(count: int) -> list[int]:
        with Session(running.database) as session, session.begin():
            sponsor = find_by_email(session, "test@test.com")
            ids = []
            for _ in range(count):
                document = requests.create_document(
                    session, sponsor, title="T", brief=BRIEF, editor_id=None, options=DraftOptions()
                )
                ids.append(requests.newest(session, document.id).id)
        return ids

    return ask


def seen(running: Desk, ids: list[int]) -> list[Autodoc]:
    with Session(running.database, expire_on_commit=False) as session:
        return list(session.scalars(select(Autodoc).where(Autodoc.id.in_(ids)).order_by(Autodoc.id)))


def ended(running: Desk, ids: list[int]) -> bool:
    return all(draft.state not in (DraftState.QUEUED, DraftState.WRITING) for draft in seen(running, ids))


def command(running: Desk, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COPYDESK, *words], env=running.environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def test_switching_models_loses_no_draft_that_waits(running, drafts, other_server, models_dir) -> None:
    """Three models, asked in turn while no worker runs, and once more while it writes: each draft by the one it was
    asked of, the other server's whole and without a checksum of ours."""
    remote = f"{other_server}#{llama_server.ALIAS}"
    asked = {"seed": drafts(4)}
    said = running.run("models", "use", "second")
    assert "New drafts are written by second." in said
    assert "4 drafts wait for seed and keep it." in said
    asked["second"] = drafts(4)
    said = running.run("models", "use", remote)
    assert f"{other_server} answers and has {llama_server.ALIAS}" in said
    assert "4 drafts wait for second and keep it." in said
    asked[remote] = drafts(4)
    everything = [number for ids in asked.values() for number in ids]
    running.start("worker")
    until(lambda: any(draft.state is DraftState.DONE for draft in seen(running, everything)), "a first draft")
    running.run("models", "use", "seed")
    asked["seed"] += (late := drafts(2))
    everything += late
    until(lambda: ended(running, everything), "all drafts")
    hashes = {"seed": models.find("seed", models_dir).sha256, "second": models.find("second", models_dir).sha256}
    assert hashes["seed"] != hashes["second"]
    for name, ids in asked.items():
        for draft in seen(running, ids):
            assert (draft.state, draft.model, draft.reason) == (DraftState.DONE, name, None)
            assert draft.model_sha256 == hashes.get(name)
            assert len(draft.text.split()) > 3
            assert draft.engine.startswith("copydesk-gpt2") == (name in hashes), draft.engine
    with Session(running.database) as session:
        documents = session.scalars(select(Document.state).join(Autodoc, Autodoc.document_id == Document.id)).all()
        assert set(documents) == {State.UNASSIGNED}
        assert default_model.used_by(session) == {name: len(ids) for name, ids in asked.items()}
    running.stop("worker")


def test_the_key_of_another_server_is_nowhere(running, tmp_path) -> None:
    """Not in the database, whichever table; not in a log."""
    engine = create_engine(running.environment["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg2:"))
    with engine.connect() as connection:
        tables = connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").scalars()
        for table in tables.all():
            rows = connection.exec_driver_sql(f'SELECT "{table}"::text FROM "{table}"').scalars().all()
            assert not any(KEY in row for row in rows), table
    engine.dispose()
    assert not any(KEY in path.read_text(errors="replace") for path in running.folder.glob("*.log"))


def test_a_server_without_its_key_is_refused_and_nothing_is_changed(running, other_server) -> None:
    keyless = {**running.environment, "REMOTE_ENGINE_KEYS": "", "REMOTE_ENGINE_KEY": KEY}  # not sent without https
    done = subprocess.run(
        [*COPYDESK, "models", "use", other_server], env=keyless, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "refuses this desk's key. Set it in REMOTE_ENGINE_KEYS" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_that_does_not_fit_is_refused_before_it_is_loaded(running, drafts) -> None:
    """With figures, by the command and, when somebody insists, by the draft; the next draft is written all the same."""
    figures = r"giant needs \d,?\d*\.\d GB of memory and [\d.]+ GB are available to the engine"
    refused = command(running, "models", "use", "giant")
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert re.search(figures, refused.stderr), refused.stderr
    assert "Chosen anyway." in running.run("models", "use", "giant", "--anyway")
    too_large = drafts(1)
    running.run("models", "use", "seed")
    fine = drafts(1)
    running.start("worker")
    until(lambda: ended(running, too_large + fine), "both drafts")
    running.stop("worker")
    (failed,), (written,) = seen(running, too_large), seen(running, fine)
    assert failed.state is DraftState.FAILED
    assert re.search(figures, failed.reason), failed.reason
    assert written.state is DraftState.DONE
    assert running.running["engine"].poll() is None


def test_a_folder_elsewhere_is_used_under_its_name(running, drafts, models_dir, tmp_path) -> None:
    shutil.copytree(models_dir / "second", tmp_path / "mine")
    assert "New drafts are written by mine." in running.run("models", "use", str(tmp_path / "mine"))
    ids = drafts(1)
    running.start("worker")
    until(lambda: ended(running, ids), "the draft")
    running.stop("worker")
    running.run("models", "use", "seed")
    (draft,) = seen(running, ids)
    assert (draft.state, draft.model, draft.model_sha256) == (
        DraftState.DONE, "mine", models.find("second", models_dir).sha256,
    )  # fmt: skip


def test_a_model_that_is_not_there_is_refused_and_those_that_are_named(running) -> None:
    done = command(running, "models", "use", "gpt2-large")
    assert done.returncode == 1
    assert "The engine has no model gpt2-large. It has: " in done.stderr
    assert "second" in done.stderr

"""The commands, as a person types them."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from integration.training.conftest import Finished

from copydesk.training.cli import train

pytestmark = pytest.mark.integration


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(train, [str(argument) for argument in arguments])


def test_seed_trains_exports_and_says_where(books: Path, tmp_path: Path) -> None:
    shape = ["--vocabulary", "300", "--context", "16", "--width", "32", "--layers", "1", "--heads", "2", "--batch", "2"]
    done = invoke("seed", books, tmp_path / "out", "--steps", 3, *shape, "--name", "mini")
    assert done.exit_code == 0, done.output
    assert f"{tmp_path / 'out' / 'model'}: held-out loss" in done.output
    assert json.loads((tmp_path / "out" / "model" / "card.json").read_text())["name"] == "mini"
    again = invoke("seed", books, tmp_path / "out", "--steps", 3)
    assert (again.exit_code, "already holds a training run" in again.output) == (1, True)


def test_evaluate_gives_the_runs_own_score(finished: Finished, books: Path) -> None:
    done = invoke("evaluate", finished.model_folder, books, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["loss"] == pytest.approx(finished.score.loss, abs=2e-3)


def test_sample_writes_on_from_the_prompt(finished: Finished) -> None:
    done = invoke("sample", finished.model_folder, "The editor", "A sponsor", "--tokens", 5)
    assert done.exit_code == 0, done.output
    assert "The editor → " in done.output
    assert "A sponsor → " in done.output


def test_export_writes_the_model_of_the_last_checkpoint(finished: Finished, books: Path, tmp_path: Path) -> None:
    shutil.copytree(finished.folder, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "model")
    done = invoke("export", books, tmp_path / "copy", "--name", "renamed")
    assert done.exit_code == 0, done.output
    card = json.loads((tmp_path / "copy" / "model" / "card.json").read_text())
    assert card["name"] == "renamed"
    assert card["held_out"]["perplexity_per_token"] == pytest.approx(finished.score.perplexity, abs=0.01)


def test_a_folder_that_is_no_model_is_a_message_not_a_traceback(books: Path) -> None:
    done = invoke("evaluate", books, books)
    assert done.exit_code == 1
    assert "Error: The folder is not a GPT-2 model folder" in done.output

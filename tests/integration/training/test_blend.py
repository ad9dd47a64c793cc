"""The mean of a model and its forebear."""

import json
from pathlib import Path

import numpy as np
import pytest
from integration.training.conftest import PLAN, SHAPE, Finished
from safetensors.numpy import load_file

from copydesk.training import run
from copydesk.training.blend import blend_folders, mean_weights
from copydesk.training.errors import NotRelatedError
from copydesk.training.model import Shape
from copydesk.training.trainer import Trainer

pytestmark = pytest.mark.integration


def exported(trainer: Trainer) -> Path:
    run.export(trainer, name="other", trained_on="nothing", averaged=False)
    return trainer.folder / "model"


def test_the_blend_lies_between_and_its_card_says_of_what(finished: Finished, books: Path, tmp_path: Path) -> None:
    child = run.begin(books, tmp_path / "child", PLAN, source=finished.model_folder, report=lambda line: None)
    child._advance()
    score = blend_folders(exported(child), finished.model_folder, 0.25, books, tmp_path / "blend")
    parent, own, mean = (
        load_file(folder / "model.safetensors")["wte.weight"].astype("float32")
        for folder in (finished.model_folder, tmp_path / "child" / "model", tmp_path / "blend")
    )
    assert not np.allclose(parent, own, atol=1e-3)
    assert np.allclose(mean, 0.75 * parent + 0.25 * own, atol=1e-3)
    card = json.loads((tmp_path / "blend" / "card.json").read_text())
    assert card["training"]["blended"] == "0.25 of the above, 0.75 of model"
    assert card["held_out"]["perplexity_per_token"] == round(score.perplexity, 2)


def test_strangers_are_not_blended(finished: Finished, books: Path, tmp_path: Path) -> None:
    quiet = {"report": lambda line: None}
    narrow = run.begin(books, tmp_path / "narrow", PLAN, shape=Shape(360, 32, 32, 2, 2), **quiet)
    with pytest.raises(NotRelatedError, match="other weights"):
        mean_weights(exported(narrow), finished.model_folder, 0.5)
    (tmp_path / "books").mkdir()
    for path in books.glob("*.txt"):
        (tmp_path / "books" / path.name).write_text(path.read_text().upper(), encoding="utf-8")
    foreign = run.begin(tmp_path / "books", tmp_path / "foreign", PLAN, shape=SHAPE, **quiet)
    assert foreign.corpus.fingerprint != finished.trainer.corpus.fingerprint
    with pytest.raises(NotRelatedError, match="another tokenizer"):
        mean_weights(exported(foreign), finished.model_folder, 0.5)

"""A small corpus with something to learn in it, and one short run that several tests look at."""

from pathlib import Path

import numpy as np
import pytest

from copydesk.training import run
from copydesk.training.evaluate import Score
from copydesk.training.model import Shape
from copydesk.training.trainer import Plan, Trainer

SHAPE = Shape(vocabulary=360, context=32, width=64, layers=2, heads=2)
PLAN = Plan(
    minutes=None,
    steps=40,
    context=32,
    batch=8,
    muon_rate=0.01,
    adam_rate=0.01,
    warmup_steps=4,
    averaging=0.8,
    log_steps=5,
    jit_compile=False,
)
PEOPLE = ("The editor", "A sponsor", "The critic", "Our admin", "The printer", "A reader")
ACTS = ("reads", "signs", "revises", "returns", "praises", "forgets")
THINGS = ("the draft", "a letter", "the brief", "this essay", "an old review", "the proof")
HOURS = ("at noon", "in the evening", "before breakfast", "after the meeting", "on a Sunday", "with care")


@pytest.fixture(scope="session")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    random = np.random.default_rng(7)
    for book in range(3):
        lines = [
            " ".join(str(random.choice(words)) for words in (PEOPLE, ACTS, THINGS, HOURS)) + "." for _ in range(1500)
        ]
        (folder / f"book-{book}.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder


class Finished:
    """A run that has ended, with what it said on the way."""

    def __init__(self, trainer: Trainer, score: Score, before: Score, lines: list[str]) -> None:
        self.trainer, self.score, self.before, self.lines = trainer, score, before, lines
        self.folder = trainer.folder
        self.model_folder = trainer.folder / "model"


@pytest.fixture(scope="session")
def finished(books: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    lines: list[str] = []
    trainer = run.begin(books, tmp_path_factory.mktemp("run"), PLAN, shape=SHAPE, report=lines.append)
    before = trainer.score()
    return Finished(trainer, run.train(trainer, name="tiny", trained_on="invented sentences"), before, lines)

"""A run that is killed in its middle ends as if nothing had happened."""

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from integration.training.conftest import PLAN, SHAPE

from copydesk.training import run
from copydesk.training.backend import values
from copydesk.training.checkpoint import NAME
from copydesk.training.errors import DivergedError
from copydesk.training.trainer import Trainer

pytestmark = pytest.mark.integration

# The victim: the run of PLAN and SHAPE, slowed down, with a checkpoint at every step.
SCRIPT = """
import sys, time
from dataclasses import replace
from pathlib import Path
from integration.training.conftest import PLAN, SHAPE
from copydesk.training import run
from copydesk.training.backend import values
trainer = run.begin(Path(sys.argv[1]), Path(sys.argv[2]), replace(PLAN, steps=16, checkpoint_minutes=0.0), shape=SHAPE)
trainer.on_checkpoint = lambda running: (print("step", running.progress.step, flush=True), time.sleep(0.2))
trainer.run()
"""


def test_kill_and_resume_gives_what_an_undisturbed_run_gives(books: Path, tmp_path: Path) -> None:
    killed = _kill_at_step(4, books, tmp_path / "killed")
    resumed = run.resume(books, tmp_path / "killed", report=lambda line: None)
    assert killed <= resumed.progress.step < 16
    progress = resumed.run()
    assert (progress.step, progress.tokens) == (16, 16 * PLAN.batch * PLAN.context)

    calm = _calm_run(books, tmp_path / "calm")
    assert progress.loss == pytest.approx(calm.progress.loss, rel=1e-3)
    for one, other in zip(resumed.model.trainable_variables, calm.model.trainable_variables, strict=True):
        assert np.allclose(values(one), values(other), atol=2e-3)


def test_stopping_politely_leaves_a_checkpoint(books: Path, tmp_path: Path) -> None:
    trainer = run.begin(books, tmp_path / "run", PLAN, shape=SHAPE, report=lambda line: None)
    trainer.report = lambda line: trainer.stop()
    assert trainer.run().step == PLAN.log_steps
    assert run.resume(books, tmp_path / "run", report=lambda line: None).progress.step == PLAN.log_steps


def test_a_run_killed_before_its_first_checkpoint_can_be_begun_again(books: Path, tmp_path: Path) -> None:
    run.begin(books, tmp_path / "run", PLAN, shape=SHAPE, report=lambda line: None)
    again = run.begin(books, tmp_path / "run", replace(PLAN, seed=1), shape=SHAPE, report=lambda line: None)
    assert run.read_origin(tmp_path / "run").plan.seed == again.plan.seed == 1


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_checkpoint(books: Path, tmp_path: Path) -> None:
    trainer = run.begin(books, tmp_path / "run", PLAN, shape=SHAPE, report=lambda line: None)
    trainer.checkpoint()
    trainer.model.trainable_variables[0].assign(trainer.model.trainable_variables[0] * float("nan"))
    with pytest.raises(DivergedError, match="lower rates"):
        trainer.run()
    again = run.resume(books, tmp_path / "run", report=lambda line: None)
    assert np.isfinite(values(again.model.trainable_variables[0])).all()


def _calm_run(books: Path, folder: Path) -> Trainer:
    trainer = run.begin(
        books, folder, replace(PLAN, steps=16, checkpoint_minutes=60.0), shape=SHAPE, report=lambda line: None
    )
    trainer.run()
    return trainer


def _kill_at_step(step: int, books: Path, folder: Path) -> int:
    """Start a run in a process of its own and kill it without warning once it has come so far."""
    tests = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(books), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tests,
    )
    assert process.stdout is not None
    with process.stdout as lines:
        reached = next(
            int(line.split()[1]) for line in lines if line.startswith("step") and int(line.split()[1]) >= step
        )
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
    assert process.returncode == -signal.SIGKILL
    assert (folder / NAME).exists()
    assert time.time() - (folder / NAME).stat().st_mtime < 60
    return reached

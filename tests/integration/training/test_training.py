"""A real run of a tiny GPT-2: it learns, it can be taken up again, and its text is judged."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from integration.training.conftest import PLAN, SHAPE, Finished

from copydesk.training import run
from copydesk.training.backend import values
from copydesk.training.checkpoint import restore_checkpoint
from copydesk.training.errors import CheckpointMismatchError, CorpusChangedError, NoRunError, RunExistsError
from copydesk.training.evaluate import held_out_windows, weights_replaced
from copydesk.training.model import Shape, attend_in_blocks, build_model, logits
from copydesk.training.optimizer import build_optimizer, matrix_shape
from copydesk.training.sampling import Sampling
from copydesk.training.tokenizer import load_tokenizer
from copydesk.training.writer import Writer

pytestmark = pytest.mark.integration


def test_the_loss_falls_on_text_it_has_not_seen(finished: Finished) -> None:
    assert finished.before.loss == pytest.approx(math.log(SHAPE.vocabulary), rel=0.1)
    assert finished.score.loss < finished.before.loss / 2
    assert finished.score.bits_per_character < 3
    journal = [json.loads(line) for line in (finished.folder / "journal.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in journal if "loss" in line]
    assert losses == sorted(losses, reverse=True)
    assert journal[-1]["step"] == PLAN.steps


def test_it_tells_step_loss_speed_and_time_left(finished: Finished) -> None:
    line = next(line for line in finished.lines if line.startswith("step 20 "))
    assert all(part in line for part in ("loss", "tokens/s", "min left"))


def test_it_writes_the_language_of_its_books(finished: Finished) -> None:
    tokenizer = load_tokenizer(finished.model_folder)
    writer = Writer(finished.trainer.model, tokenizer, context=SHAPE.context, jit_compile=False)
    text = writer.write("The editor", Sampling(tokens=20, temperature=0.2), seed=1)
    assert text == writer.write("The editor", Sampling(tokens=20, temperature=0.2), seed=1)
    assert any(word in text for word in ("reads", "signs", "revises", "returns", "praises", "forgets"))
    assert writer.write("", Sampling(tokens=3), seed=1)


def test_a_finished_run_is_not_begun_again_but_resumed_at_its_end(finished: Finished, books: Path) -> None:
    with pytest.raises(RunExistsError, match="resume it"):
        run.begin(books, finished.folder, PLAN, shape=SHAPE)
    again = run.resume(books, finished.folder, report=lambda line: None)
    assert again.progress.step == PLAN.steps
    assert again.run().step == PLAN.steps
    assert again.score().loss == pytest.approx(finished.trainer.score().loss, rel=1e-5)


def test_resuming_needs_a_run_and_its_own_books(finished: Finished, books: Path, tmp_path: Path) -> None:
    with pytest.raises(NoRunError):
        run.resume(books, tmp_path)
    for name in ("other", "and another"):
        (tmp_path / f"{name}.txt").write_text("Another book.\n" * 200, encoding="utf-8")
    with pytest.raises(CorpusChangedError):
        run.resume(tmp_path, finished.folder)


def test_a_checkpoint_of_another_shape_is_refused(finished: Finished) -> None:
    other = build_model(Shape(360, 32, 32, 1, 2))
    optimizer = build_optimizer(other, muon_rate=0.01, adam_rate=0.01, averaging=0.9)
    with pytest.raises(CheckpointMismatchError):
        restore_checkpoint(finished.folder, other, optimizer)


def test_the_optimizer_takes_attention_kernels_for_matrices_and_nothing_else() -> None:
    model = build_model(SHAPE)
    optimizer = build_optimizer(model, muon_rate=0.01, adam_rate=0.01, averaging=0.9)
    matrices = [variable for variable in model.trainable_variables if not optimizer._should_use_adamw(variable)]
    assert len(matrices) == 6 * SHAPE.layers
    assert {matrix_shape(matrix) for matrix in matrices} == {(64, 64), (64, 256), (256, 64)}
    assert not [matrix for matrix in matrices if "embedding" in matrix.path or "bias" in matrix.path]


def test_attention_in_blocks_equals_attention_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = np.random.default_rng(0).integers(0, 360, (2, 30)).astype("int32")
    model = build_model(SHAPE)
    monkeypatch.setattr("copydesk.training.model.QUERY_BLOCK", 7)
    blocks = values(logits(model, tokens))
    for layer in model.transformer_layers:
        del layer._self_attention_layer._compute_attention  # the class's own shows again
    at_once = values(logits(model, tokens))
    assert np.abs(blocks - at_once).max() < 1e-5
    assert np.array_equal(values(logits(attend_in_blocks(model), tokens)), blocks)


def test_other_weights_are_only_lent(finished: Finished) -> None:
    model = finished.trainer.model
    before = [values(variable) for variable in model.trainable_variables]
    with weights_replaced(model, [value * 0 for value in before]):
        assert not values(model.trainable_variables[0]).any()
    assert all(np.array_equal(old, values(new)) for old, new in zip(before, model.trainable_variables, strict=True))


def test_each_held_out_token_but_the_first_is_foretold_once() -> None:
    windows = held_out_windows(np.arange(101, dtype=np.uint16), 20)
    assert windows.shape == (5, 21)
    assert windows[:, 1:].ravel().tolist() == list(range(1, 101))

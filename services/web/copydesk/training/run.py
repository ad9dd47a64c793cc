"""A training run as a folder: begin one, take one up again, finish it as a model folder.

OUT/run.json                what was asked for, and the fingerprint of the text
OUT/tokenizer/              the tokenizer's files
OUT/tokens/                 the corpus as tokens, cached by fingerprint
OUT/checkpoint.safetensors  weights, optimizer, progress
OUT/journal.jsonl           a line for every report
OUT/model/                  the exported model, renewed at every checkpoint
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from copydesk.training.card import Card
from copydesk.training.checkpoint import has_checkpoint
from copydesk.training.corpus import load_corpus, training_texts
from copydesk.training.errors import CorpusChangedError, NoRunError, RunExistsError
from copydesk.training.evaluate import Score, held_out_figures, weights_replaced
from copydesk.training.export import export_model
from copydesk.training.files import replace_file
from copydesk.training.model import Shape, build_model, load_model, read_shape
from copydesk.training.optimizer import averaged_weights
from copydesk.training.tokenizer import copy_tokenizer, load_tokenizer, save_tokenizer, train_tokenizer
from copydesk.training.trainer import Plan, Trainer


@dataclass(frozen=True)
class Origin:
    """What a run was begun with."""

    plan: Plan
    shape: Shape
    source: str | None  # the name of the model that it continues
    precision: str
    fingerprint: str


def begin(
    corpus_folder: Path,
    out: Path,
    plan: Plan,
    *,
    shape: Shape | None = None,
    source: Path | None = None,
    precision: str = "float32",
    report: Callable[[str], None] = print,
) -> Trainer:
    """A new run: from the model folder `source`, or from scratch with `shape`."""
    if has_checkpoint(out):
        raise RunExistsError(str(out))
    shape = read_shape(source) if source else shape or Shape()
    _prepare_tokenizer(corpus_folder, out, shape, source, report)
    tokenizer = load_tokenizer(out / "tokenizer")
    shape = replace(shape, vocabulary=shape.vocabulary if source else tokenizer.get_vocab_size())
    corpus = load_corpus(corpus_folder, tokenizer, out / "tokens")
    report(f"{len(corpus.train)} tokens to learn from, {len(corpus.held_out)} held out")
    plan = replace(plan, context=min(plan.context, shape.context))
    model = (
        load_model(source, precision=precision) if source else build_model(shape, precision=precision, seed=plan.seed)
    )
    _write_origin(out, Origin(plan, shape, source.name if source else None, precision, corpus.fingerprint))
    return Trainer(model, corpus, plan, out, report)


def resume(
    corpus_folder: Path, out: Path, *, minutes: float | None = None, report: Callable[[str], None] = print
) -> Trainer:
    """The run of this folder, where its last checkpoint left it; `minutes` replaces its budget."""
    if not (out / "run.json").exists() or not has_checkpoint(out):
        raise NoRunError(str(out))
    origin = read_origin(out)
    plan = replace(origin.plan, minutes=minutes) if minutes else origin.plan
    corpus = load_corpus(corpus_folder, load_tokenizer(out / "tokenizer"), out / "tokens")
    if corpus.fingerprint != origin.fingerprint:
        raise CorpusChangedError(str(corpus_folder))
    trainer = Trainer(build_model(origin.shape, precision=origin.precision), corpus, plan, out, report)
    report(f"resumed at step {trainer.progress.step}")
    return trainer


def train(trainer: Trainer, *, name: str, trained_on: str) -> Score:
    """Run to the end of the budget, exporting at every checkpoint, and finish."""
    trainer.on_checkpoint = lambda running: export(running, name=name, trained_on=trained_on)
    trainer.run()
    return finish(trainer, name=name, trained_on=trained_on)


def finish(trainer: Trainer, *, name: str, trained_on: str) -> Score:
    """Score the last weights and their moving average on all that is held out, and export the better."""
    plain, averaged = trainer.score(), trainer.score_averaged()
    trainer.report(f"step {trainer.progress.step}  last weights: {plain}")
    trainer.report(f"step {trainer.progress.step}  averaged weights: {averaged}")
    score = min(plain, averaged, key=lambda one: one.loss)
    export(trainer, name=name, trained_on=trained_on, averaged=score is averaged, score=score)
    return score


def export(
    trainer: Trainer,
    *,
    name: str,
    trained_on: str,
    averaged: bool = True,
    score: Score | None = None,
    target: Path | None = None,
) -> None:
    """Write OUT/model (or `target`) from the run's present weights, or from their moving average."""
    own = list(trainer.model.trainable_variables)
    with weights_replaced(trainer.model, averaged_weights(trainer.optimizer) if averaged else own):
        card = _card(trainer, name, trained_on, score)
        origin = read_origin(trainer.folder)
        export_model(
            trainer.model, origin.shape, trainer.folder / "tokenizer", card, target or trainer.folder / "model"
        )


def read_origin(out: Path) -> Origin:
    """What the folder's run was begun with."""
    stored: dict[str, Any] = json.loads((out / "run.json").read_text(encoding="utf-8"))
    return Origin(**stored | {"plan": Plan(**stored["plan"]), "shape": Shape(**stored["shape"])})


def _write_origin(out: Path, origin: Origin) -> None:
    text = json.dumps(asdict(origin), indent=1) + "\n"
    replace_file(out / "run.json", lambda path: path.write_text(text, encoding="utf-8"))


def _prepare_tokenizer(
    corpus_folder: Path, out: Path, shape: Shape, source: Path | None, report: Callable[[str], None]
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    if source:
        copy_tokenizer(source, out / "tokenizer")
    elif not (out / "tokenizer" / "tokenizer.json").exists():
        report(f"learning {shape.vocabulary} tokens")
        save_tokenizer(train_tokenizer(training_texts(corpus_folder), shape.vocabulary), out / "tokenizer")


def _card(trainer: Trainer, name: str, trained_on: str, score: Score | None) -> Card:
    progress, origin = trainer.progress, read_origin(trainer.folder)
    return Card(
        name=name,
        parameters=int(trainer.model.count_params()),
        trained_on=trained_on,
        training={
            "steps": progress.step,
            "tokens": progress.tokens,
            "minutes": round(progress.seconds / 60, 1),
            "continues": origin.source or "nothing: from scratch",
        },
        held_out=held_out_figures(score) if score else {},
    )

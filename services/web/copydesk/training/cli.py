"""The commands `train seed`, `evaluate`, `sample`, `export` and `blend`."""

import json
import signal
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from copydesk.training.errors import TrainingError

if TYPE_CHECKING:
    from copydesk.training.trainer import Trainer

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
TRAINED_ON = "157 books of essays, criticism and journalism, about 1830 to 1920, in the public domain"


class _Group(click.Group):
    """Turns what is wrong with a run into a message instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TrainingError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group)
def train() -> None:
    """Train a GPT-2 and judge it."""


@train.command()
@click.argument("corpus", type=FOLDER)
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--minutes", type=float, help="Wall-clock budget, 60 unless --steps is given.")
@click.option("--steps", type=int, help="Budget in steps.")
@click.option("--from", "source", type=FOLDER, help="Continue this model folder, with its tokenizer and shape.")
@click.option("--resume", is_flag=True, help="Take up the run in OUT; --minutes then replaces its budget.")
@click.option("--vocabulary", default=8192, show_default=True)
@click.option("--context", default=512, show_default=True, help="Tokens a window.")
@click.option("--width", default=256, show_default=True)
@click.option("--layers", default=6, show_default=True)
@click.option("--heads", default=4, show_default=True)
@click.option("--batch", default=8, show_default=True, help="Windows a step.")
@click.option("--muon-rate", default=0.006, show_default=True, help="Peak rate of the matrices.")
@click.option("--adam-rate", default=3e-3, show_default=True, help="Peak rate of everything else.")
@click.option("--warmup-steps", default=100, show_default=True)
@click.option("--stable-share", default=0.4, show_default=True, help="Share of the budget at the peak rates.")
@click.option("--averaging", default=0.99, show_default=True, help="Momentum of the weights' moving average.")
@click.option("--checkpoint-minutes", default=5.0, show_default=True)
@click.option("--score-minutes", default=10.0, show_default=True, help="How often to score held-out text.")
@click.option("--precision", type=click.Choice(["float32", "mixed_bfloat16"]), default="float32")
@click.option("--threads", default=2, show_default=True)
@click.option("--random-seed", default=0, show_default=True)
@click.option("--name", default="copydesk-seed", show_default=True, help="The model's name on its card.")
@click.option("--trained-on", default=TRAINED_ON, help="The corpus in words, for the card.")
def seed(corpus: Path, out: Path, resume: bool, threads: int, **asked: Any) -> None:
    """Train a model on the .txt books of CORPUS in the folder OUT; the model ends up in OUT/model."""
    from copydesk.training.backend import limit_threads

    limit_threads(threads)
    from copydesk.training import run

    if resume:
        trainer = run.resume(corpus, out, minutes=asked["minutes"], report=click.echo)
    else:
        trainer = _begin(corpus, out, asked)
    _stop_on_signal(trainer)
    score = run.train(trainer, name=asked["name"], trained_on=asked["trained_on"])
    click.echo(f"{out / 'model'}: {score}")


@train.command()
@click.argument("folder", type=FOLDER)
@click.argument("corpus", type=FOLDER)
@click.option("--windows", type=int, help="Only so many windows of held-out text.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Where to keep the tokens.")
@click.option("--threads", default=2, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def evaluate(folder: Path, corpus: Path, windows: int | None, cache: Path | None, threads: int, as_json: bool) -> None:
    """Score the model in FOLDER on what CORPUS holds out: a tenth of its books."""
    import tempfile

    from copydesk.training.backend import limit_threads

    limit_threads(threads)
    from copydesk.training.corpus import load_corpus
    from copydesk.training.evaluate import Evaluator
    from copydesk.training.model import load_model, read_shape
    from copydesk.training.tokenizer import load_tokenizer

    with tempfile.TemporaryDirectory() as temporary:
        text = load_corpus(corpus, load_tokenizer(folder), cache or Path(temporary))
    score = Evaluator(load_model(folder), read_shape(folder).context).score(text, windows=windows)
    figures = {
        "loss": score.loss,
        "perplexity": score.perplexity,
        "bits_per_character": score.bits_per_character,
        "tokens": score.tokens,
    }
    click.echo(json.dumps(figures) if as_json else str(score))


@train.command()
@click.argument("folder", type=FOLDER)
@click.argument("prompts", nargs=-1, required=True)
@click.option("--tokens", default=80, show_default=True)
@click.option("--temperature", default=0.7, show_default=True)
@click.option("--top-p", default=0.92, show_default=True)
@click.option("--repetition-penalty", default=1.1, show_default=True)
@click.option("--random-seed", default=0, show_default=True)
@click.option("--threads", default=2, show_default=True)
def sample(folder: Path, prompts: tuple[str, ...], random_seed: int, threads: int, **asked: Any) -> None:
    """Continue each of PROMPTS with the model in FOLDER."""
    from copydesk.training.backend import limit_threads

    limit_threads(threads)
    from copydesk.training.model import load_model, read_shape
    from copydesk.training.sampling import Sampling
    from copydesk.training.tokenizer import load_tokenizer
    from copydesk.training.writer import Writer

    writer = Writer(load_model(folder), load_tokenizer(folder), context=read_shape(folder).context)
    for prompt in prompts:
        click.echo(f"{prompt} → {writer.write(prompt, Sampling(**asked), seed=random_seed)}\n")


@train.command()
@click.argument("corpus", type=FOLDER)
@click.argument("out", type=FOLDER)
@click.option("--name", default="copydesk-seed", show_default=True)
@click.option("--trained-on", default=TRAINED_ON)
def export(corpus: Path, out: Path, name: str, trained_on: str) -> None:
    """Score the last checkpoint of the run in OUT and write OUT/model from it."""
    from copydesk.training import run

    trainer = run.resume(corpus, out, report=click.echo)
    score = run.finish(trainer, name=name, trained_on=trained_on)
    click.echo(f"{out / 'model'}: {score}")


@train.command()
@click.argument("model", type=FOLDER)
@click.argument("forebear", type=FOLDER)
@click.argument("corpus", type=FOLDER)
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--share", type=click.FloatRange(0, 1), default=0.7, show_default=True, help="Of MODEL in the mean.")
@click.option("--threads", default=2, show_default=True)
def blend(model: Path, forebear: Path, corpus: Path, out: Path, share: float, threads: int) -> None:
    """Write to OUT the mean of MODEL and of the FOREBEAR that it was continued from, and score it on CORPUS."""
    from copydesk.training.backend import limit_threads

    limit_threads(threads)
    from copydesk.training.blend import blend_folders

    click.echo(f"{out}: {blend_folders(model, forebear, share, corpus, out)}")


def _begin(corpus: Path, out: Path, asked: dict[str, Any]) -> "Trainer":
    from copydesk.training import run
    from copydesk.training.model import Shape
    from copydesk.training.trainer import Plan

    asked["minutes"] = asked["minutes"] or (None if asked["steps"] else 60.0)
    asked["seed"] = asked["random_seed"]
    plan = Plan(**{field.name: asked[field.name] for field in fields(Plan) if field.name in asked})
    shape = Shape(asked["vocabulary"], asked["context"], asked["width"], asked["layers"], asked["heads"])
    return run.begin(
        corpus, out, plan, shape=shape, source=asked["source"], precision=asked["precision"], report=click.echo
    )


def _stop_on_signal(trainer: "Trainer") -> None:
    """Ctrl-C or TERM end the run after the present step, with a checkpoint and a model."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: trainer.stop())

"""The engine's commands: serve a model, list and fetch models, write a text."""

import json
import logging
import os
import secrets
import sys
from pathlib import Path

import click

from copydesk.engine import models as model_folders
from copydesk.engine.errors import EngineError, ModelError
from copydesk.engine.gguf_export import Precision
from copydesk.engine.models import ModelFolder
from copydesk.engine.sampling import LARGEST_SEED, Sampling, SamplingError, Strategy

MODELS_DIR = Path(__file__).resolve().parents[2] / "models"


def _cache_dir() -> Path:
    data = os.environ.get("DATA_DIR")
    return Path(data) / "cache" if data else Path.home() / ".cache" / "copydesk"


models_dir_option = click.option(
    "--models-dir",
    envvar="MODELS_DIR",
    type=click.Path(path_type=Path),
    default=MODELS_DIR,
    show_default=True,
    help="Where the model folders are.",
)
cache_dir_option = click.option(
    "--cache-dir",
    envvar="CACHE_DIR",
    type=click.Path(path_type=Path),
    default=_cache_dir,
    help="Where GGUF files are kept.",
)


def _find(name: str, models_dir: Path) -> ModelFolder:
    try:
        return model_folders.find(name, models_dir)
    except ModelError as error:
        raise click.ClickException(str(error)) from error


@click.command()
@click.option("--model", envvar="MODEL", default="seed", show_default=True)
@models_dir_option
@cache_dir_option
@click.option("--host", envvar="ENGINE_HOST", default="127.0.0.1", show_default=True)
@click.option("--port", envvar="ENGINE_PORT", default=8080, show_default=True)
@click.option("--token", envvar="ENGINE_TOKEN", default="", help="What a client has to show.")
@click.option("--slots", envvar="ENGINE_SLOTS", default=4, show_default=True, help="Texts at once.")
@click.option("--threads", envvar="ENGINE_THREADS", default=0, help="0: as many as there are cores.")
@click.option("--precision", envvar="ENGINE_PRECISION", default="q8_0", type=click.Choice([one.value for one in Precision]))
def engine(
    model: str,
    models_dir: Path,
    cache_dir: Path,
    host: str,
    port: int,
    token: str,
    slots: int,
    threads: int,
    precision: str,
) -> None:
    """Serve a model to the worker until told to stop."""
    from copydesk.engine.server import EngineSettings, serve

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    folder = _find(model, models_dir)
    try:
        serve(EngineSettings(folder, cache_dir, token, host, port, slots, threads, Precision(precision)))
    except (ModelError, ValueError, RuntimeError) as error:
        raise click.ClickException(str(error)) from error


@click.group()
def models() -> None:
    """List, fetch and verify models."""


@models.command("list")
@models_dir_option
def list_(models_dir: Path) -> None:
    """Every model at hand."""
    found = list(model_folders.list_models(models_dir))
    for model in found:
        size = model.weights.stat().st_size / 1e6
        licence = model.card.get("licence", "no card")
        click.echo(f"{model.name:<14} {model.parameters / 1e6:>8,.1f} M  {size:>9,.1f} MB  {model.sha256[:12]}  {licence}")
    if not found:
        click.echo("No models yet. `copydesk models pull gpt2` fetches one.")


@models.command()
@click.argument("name")
@models_dir_option
def pull(name: str, models_dir: Path) -> None:
    """Fetch a published GPT-2: gpt2, gpt2-medium, gpt2-large or gpt2-xl."""
    from copydesk.engine.pull import pull as fetch

    try:
        model = fetch(name, models_dir, click.echo)
    except ModelError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name} is ready: weights {model.sha256}")


@models.command()
@click.argument("name", required=False)
@models_dir_option
def verify(name: str | None, models_dir: Path) -> None:
    """Compare weights with their cards: one model's, or all."""
    folders = [_find(name, models_dir)] if name else list(model_folders.list_models(models_dir))
    broken = 0
    for folder in folders:
        try:
            model_folders.verify(folder)
            click.echo(f"{folder.name}: good, {folder.sha256}")
        except ModelError as error:
            broken += 1
            click.echo(str(error), err=True)
    if broken:
        raise click.ClickException(f"{broken} of {len(folders)} models are damaged.")


@click.command()
@click.argument("prompt")
@click.option("--seed", type=click.IntRange(0, LARGEST_SEED), help="The same seed gives the same text.")
@click.option("--tokens", default=80, show_default=True, help="The most tokens to write.")
@click.option("--strategy", type=click.Choice([one.value for one in Strategy]), default="top-p", show_default=True)
@click.option("--temperature", type=float, default=Sampling.temperature, show_default=True)
@click.option("--model", envvar="MODEL", default="seed", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Add model, sha256, seed, tokens and seconds.")
@models_dir_option
@cache_dir_option
def write(
    prompt: str,
    seed: int | None,
    tokens: int,
    strategy: str,
    temperature: float,
    model: str,
    as_json: bool,
    models_dir: Path,
    cache_dir: Path,
) -> None:
    """Let the model go on from PROMPT."""
    from copydesk.engine.writing import write as write_text

    folder = _find(model, models_dir)
    seed = secrets.randbelow(LARGEST_SEED + 1) if seed is None else seed
    try:
        sampling = Sampling(strategy=Strategy(strategy), temperature=temperature, max_new_tokens=tokens, seed=seed)
        written = write_text(folder, prompt, sampling, cache_dir)
    except (SamplingError, ModelError, EngineError, ValueError) as error:
        detail = getattr(error, "detail", "")
        raise click.ClickException(f"{error} {detail}".strip()) from error
    if not as_json:
        click.echo(written.text)
        return
    answer = {
        "text": written.text,
        "model": folder.name,
        "sha256": folder.sha256,
        "seed": seed,
        "strategy": sampling.strategy.value,
        "tokens": len(written.tokens),
        "seconds": round(written.seconds, 3),
    }
    click.echo(json.dumps(answer, ensure_ascii=False))

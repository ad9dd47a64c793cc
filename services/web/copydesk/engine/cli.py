"""The commands of this room: `models`, `write` and `engine`. Only what was asked for goes to standard output."""

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from copydesk.engine import models as folders
from copydesk.engine.errors import EngineCannotStart, EngineError, ModelError, ReferenceMissing
from copydesk.engine.gguf_export import Precision
from copydesk.engine.sampling import LARGEST_SEED, SamplingError, Strategy

_PACKAGE_ROOT = Path(__file__).resolve().parent.parent.parent
_FOLDER = click.Path(file_okay=False, path_type=Path)


def _default_cache() -> Path:
    data_dir = os.environ.get("DATA_DIR")
    return Path(data_dir, "cache") if data_dir else Path.home() / ".cache" / "copydesk"


def _models_dir(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--models-dir",
        type=_FOLDER,
        envvar="MODELS_DIR",
        default=_PACKAGE_ROOT / "models",
        show_default="those that came along",
        help="Where the models' folders are.",
    )(command)


def _cache_dir(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--cache-dir",
        type=_FOLDER,
        envvar="CACHE_DIR",
        default=_default_cache,
        show_default="$DATA_DIR/cache, ~/.cache/copydesk",
        help="Where files that are derived from models are kept.",
    )(command)


@click.group()
def models() -> None:
    """List, fetch and verify models."""


@models.command("list")
@_models_dir
def list_command(models_dir: Path) -> None:
    """The models at hand, with their size, window and checksum."""
    found = list(folders.list_models(models_dir))
    if not found:
        raise click.ClickException(f"There is no model in {models_dir}. `copydesk models pull gpt2` fetches one.")
    for model in found:
        size = f"{model.parameters / 1e6:,.1f} M parameters"
        licence = model.card.licence or "no licence named"
        click.echo(f"{model.name:<16}{size:>24}{model.context:>7} tokens  {model.sha256[:16]}  {licence}")


@models.command("pull")
@click.argument("name")
@_models_dir
def pull_command(name: str, models_dir: Path) -> None:
    """Fetch NAME from the Hugging Face hub: gpt2, gpt2-medium, gpt2-large, gpt2-xl, or any owner/name."""
    from copydesk.engine.pull import pull

    with _said_plainly():
        model = pull(name, models_dir)
    click.echo(f"{model.name} is in {model.path}, checked ({model.sha256[:16]}).")


@models.command("verify")
@click.argument("name", required=False)
@_models_dir
def verify_command(name: str | None, models_dir: Path) -> None:
    """Compare NAME, or every model, with its card."""
    from copydesk.engine.verify import verify

    with _said_plainly():
        chosen = [name] if name else [path.name for path in sorted(models_dir.iterdir()) if _is_candidate(path)]
    broken = 0
    for each in chosen:
        try:
            model = folders.find(each, models_dir)
            verify(model)
            click.echo(f"{model.name}: whole ({model.sha256})")
        except ModelError as error:
            broken += 1
            click.echo(str(error), err=True)
    if broken:
        raise click.ClickException(f"{broken} of {len(chosen)} not whole")


@click.command()
@click.argument("prompt")
@click.option("--seed", type=click.IntRange(0, LARGEST_SEED), help="The same seed gives the same text.")
@click.option("--tokens", type=click.IntRange(1), default=160, show_default=True, help="Longest answer.")
@click.option(
    "--strategy",
    type=click.Choice([each.value for each in Strategy]),
    help="How tokens are chosen; beam needs TensorFlow.",
)
@click.option("--temperature", type=float)
@click.option("--top-k", type=int)
@click.option("--top-p", type=float)
@click.option("--num-beams", type=int)
@click.option("--repetition-penalty", type=float)
@click.option("--model", "name", envvar="MODEL", default="seed", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Also model, sha256, seed, tokens, seconds.")
@_models_dir
@_cache_dir
def write(
    prompt: str,
    seed: int | None,
    tokens: int,
    name: str,
    as_json: bool,
    models_dir: Path,
    cache_dir: Path,
    **choice: float | str | None,
) -> None:
    """Let the model go on from PROMPT ("-" reads it from standard input)."""
    from copydesk.engine import writing

    brief = sys.stdin.read() if prompt == "-" else prompt
    with _said_plainly():
        model = folders.find(name, models_dir)
        given: dict[str, Any] = {field: value for field, value in choice.items() if value is not None}
        chosen = writing.new_seed() if seed is None else seed
        sampling = model.card.sampling_for(**given, max_new_tokens=tokens, seed=chosen)
        written = writing.write(model, brief, sampling, cache_dir)
    if as_json:
        click.echo(json.dumps(written.to_dict(), ensure_ascii=False))
        return
    click.echo(written.text)
    click.echo(f"seed {written.seed}, {written.tokens} tokens in {written.seconds:.1f} s", err=True)


@click.command()
@click.option("--model", "name", envvar="MODEL", default="seed", show_default=True)
@click.option("--host", envvar="ENGINE_HOST", default="127.0.0.1", show_default=True)
@click.option("--port", envvar="ENGINE_PORT", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option("--slots", envvar="ENGINE_SLOTS", type=click.IntRange(1, 64), default=4, show_default=True)
@click.option("--threads", envvar="ENGINE_THREADS", type=click.IntRange(0), default=0, help="0: one for each core.")
@click.option(
    "--precision",
    envvar="ENGINE_PRECISION",
    type=click.Choice([each.value for each in Precision]),
    default="q8_0",
    show_default=True,
)
@click.option("--log-level", envvar="LOG_LEVEL", default="INFO", help="DEBUG shows llama.cpp's own words.")
@_models_dir
@_cache_dir
def engine(
    name: str,
    host: str,
    port: int,
    slots: int,
    threads: int,
    precision: str,
    log_level: str,
    models_dir: Path,
    cache_dir: Path,
) -> None:
    """Serve the model to the worker until told to stop. The token is taken from ENGINE_TOKEN alone."""
    from copydesk.engine import server

    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("gguf").setLevel(logging.WARNING)
    with _said_plainly():
        settings = server.EngineSettings(
            model=folders.find(name, models_dir),
            token=_engine_token(),
            cache_dir=cache_dir,
            host=host,
            port=port,
            slots=slots,
            threads=threads,
            precision=Precision(precision),
        )
        server.serve(settings)


def _engine_token() -> str:
    """From the environment, or the file that holds it in a container; never an argument, which `ps` would show."""
    secret = Path(os.environ.get("SECRETS_DIR", "/run/secrets"), "engine_token")
    return os.environ.get("ENGINE_TOKEN") or (secret.read_text(encoding="utf-8").strip() if secret.is_file() else "")


def _is_candidate(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")


@contextmanager
def _said_plainly() -> Iterator[None]:
    """What a person can do something about becomes one line instead of a traceback."""
    try:
        yield
    except (EngineError, EngineCannotStart, ModelError, ReferenceMissing, SamplingError, ValueError) as error:
        detail = getattr(error, "detail", "")
        raise click.ClickException(f"{error} ({detail})" if detail else str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or ''} {error.strerror or error}".strip()) from error

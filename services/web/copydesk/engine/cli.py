"""The commands `write` and `engine`; `models` is in models_cli. Only what was asked for goes to standard output."""

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
from copydesk.engine.precision import Precision
from copydesk.engine.sampling import LARGEST_SEED, SamplingError, Strategy
from copydesk.engine.settings import BackendKind, EngineSettings

_FOLDER = click.Path(file_okay=False, path_type=Path)


def _models_dir(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--models-dir",
        type=_FOLDER,
        envvar="MODELS_DIR",
        default=folders.BUNDLED,
        show_default="those that came along",
        help="Where the models' folders are.",
    )(command)


def _how(command: Callable[..., Any]) -> Callable[..., Any]:
    """By what, and how exactly, numbers are computed."""
    precision = click.option(
        "--precision",
        envvar="ENGINE_PRECISION",
        type=click.Choice([each.value for each in Precision]),
        default=Precision.INT8.value,
        show_default=True,
    )
    backend = click.option(
        "--backend",
        envvar="ENGINE",
        type=click.Choice([each.value for each in BackendKind]),
        default=BackendKind.NATIVE.value,
        show_default=True,
        help="Our own kernel, or KerasHub on TensorFlow: slow, in float32.",
    )
    threads = click.option(
        "--threads", envvar="ENGINE_THREADS", type=click.IntRange(0), default=0, help="0: one for each core."
    )
    return precision(backend(threads(command)))


@click.command()
@click.argument("prompt")
@click.option("--seed", type=click.IntRange(0, LARGEST_SEED), help="The same seed gives the same text.")
@click.option("--tokens", type=click.IntRange(1), default=160, show_default=True, help="Longest answer.")
@click.option(
    "--strategy",
    type=click.Choice([each.value for each in Strategy]),
    help="How tokens are chosen.",
)
@click.option("--temperature", type=float)
@click.option("--top-k", type=int)
@click.option("--top-p", type=float)
@click.option("--num-beams", type=int)
@click.option("--repetition-penalty", type=float)
@click.option("--no-repeat-ngram-size", type=int, help="No run of so many tokens comes twice; 0: may.")
@click.option("--n", type=int, help="So many texts, the next one for the next seed.")
@click.option("--prefix", default="", help="The text's first words, which the model goes on from.")
@click.option("--truncate", default="", help="Cut the text where the model first writes this.")
@click.option("--include-prefix/--no-include-prefix", default=True, show_default=True)
@click.option("--model", "name", envvar="MODEL", default="seed", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Also model, sha256, seed, tokens, seconds.")
@_models_dir
@_how
def write(
    prompt: str,
    seed: int | None,
    tokens: int,
    name: str,
    as_json: bool,
    models_dir: Path,
    precision: str,
    backend: str,
    threads: int,
    prefix: str,
    truncate: str,
    include_prefix: bool,
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
        side_by_side = sampling.num_beams if sampling.strategy is Strategy.BEAM else sampling.n
        settings = EngineSettings(
            model=model,
            token="",
            slots=side_by_side,
            threads=threads,
            precision=Precision(precision),
            backend=BackendKind(backend),
        )
        affixes = writing.Affixes(prefix, truncate, include_prefix)
        written = writing.write(settings, brief, sampling, affixes)
    if as_json:
        click.echo(json.dumps(written.to_dict(), ensure_ascii=False))
        return
    click.echo("\n\n".join(written.texts or (written.text,)))
    click.echo(f"seed {written.seed}, {written.tokens} tokens in {written.seconds:.1f} s", err=True)


@click.command()
@click.option("--model", "name", envvar="MODEL", default="seed", show_default=True)
@click.option("--host", envvar="ENGINE_HOST", default="127.0.0.1", show_default=True)
@click.option("--port", envvar="ENGINE_PORT", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option("--slots", envvar="ENGINE_SLOTS", type=click.IntRange(1, 64), default=32, show_default=True)
@click.option("--context", envvar="ENGINE_CONTEXT", type=click.IntRange(0), default=0, help="0: all the model can.")
@click.option("--log-level", envvar="LOG_LEVEL", default="INFO", show_default=True)
@_models_dir
@_how
def engine(
    name: str,
    host: str,
    port: int,
    slots: int,
    context: int,
    log_level: str,
    models_dir: Path,
    precision: str,
    backend: str,
    threads: int,
) -> None:
    """Serve the model to the worker until told to stop. The token is taken from ENGINE_TOKEN alone."""
    from copydesk import log_guard
    from copydesk.engine import server

    handler = logging.StreamHandler()
    secrets = (_engine_token(), _metrics_token())
    handler.setFormatter(log_guard.GuardedFormatter("%(asctime)s %(levelname)s %(message)s", secrets))
    logging.basicConfig(level=log_level.upper(), handlers=[handler])
    with _said_plainly():
        settings = EngineSettings(
            model=folders.find(name, models_dir),
            token=_engine_token(),
            metrics_token=_metrics_token(),
            host=host,
            port=port,
            slots=slots,
            threads=threads,
            context=context,
            precision=Precision(precision),
            models_dir=models_dir,
            backend=BackendKind(backend),
        )
        server.serve(settings)


def _engine_token() -> str:
    return _secret("engine_token")


def _metrics_token() -> str:
    return _secret("metrics_token")


def _secret(name: str) -> str:
    """From the environment, or the file that holds it in a container; never an argument, which `ps` would show."""
    file = Path(os.environ.get("SECRETS_DIR", "/run/secrets"), name)
    return os.environ.get(name.upper()) or (file.read_text(encoding="utf-8").strip() if file.is_file() else "")


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

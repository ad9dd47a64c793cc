"""The commands `copydesk models list | pull | verify`: models as folders. `use` is the desk's, see `autodocs`."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from copydesk.engine import models as folders
from copydesk.engine.errors import ModelError
from copydesk.engine.inventory import ModelRow, describe
from copydesk.engine.machine import available_memory
from copydesk.engine.memory import in_words
from copydesk.engine.models import BUNDLED, ModelFolder
from copydesk.engine.precision import Precision

_FOLDER = click.Path(file_okay=False, path_type=Path)
_VERIFIED = {True: "verified", False: "NOT what its card says", None: "not verified here"}


def models_dir_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where the models' folders are; a default one is made by `pull`."""
    return click.option(
        "--models-dir",
        type=_FOLDER,
        envvar="MODELS_DIR",
        default=BUNDLED,
        show_default="those that came along",
        help="Where the models' folders are.",
    )(command)


@click.command("list")
@models_dir_option
def list_command(models_dir: Path) -> None:
    """The models at hand: size, window, memory they need to be loaded (with one text), checksum and licence."""
    found = list(folders.list_models(models_dir))
    if not found:
        raise click.ClickException(f"There is no model in {models_dir}. `copydesk models pull gpt2` fetches one.")
    available = available_memory()
    click.echo(f"{'name':<16}{'parameters':>12}{'on disk':>9}{'window':>8}{'memory':>9}  checksum, licence")
    for model in found:
        click.echo(_line(describe(model, precision=_precision(), slots=1, available=available)))
    if available is not None:
        click.echo(f"{in_words(available)} of memory are available here.", err=True)


def _line(row: ModelRow) -> str:
    size = f"{(row.parameters or 0) / 1e6:,.1f} M"
    memory = in_words(row.needed_bytes or 0)
    checksum = f"{row.sha256[:16]} {_VERIFIED[row.verified]}" if row.sha256 else "no checksum"
    short = "" if row.fits is not False else "  DOES NOT FIT HERE"
    return (
        f"{row.name:<16}{size:>12}{in_words(row.bytes or 0):>9}{row.context or 0:>8}{memory:>9}"
        f"  {checksum}, {row.licence or 'no licence named'}{short}"
    )


def _precision() -> Precision:
    try:
        return Precision(os.environ.get("ENGINE_PRECISION", Precision.INT8))
    except ValueError:
        return Precision.INT8


@click.command("pull")
@click.argument("name")
@models_dir_option
def pull_command(name: str, models_dir: Path) -> None:
    """Fetch NAME from the Hugging Face hub: gpt2, gpt2-medium, gpt2-large, gpt2-xl, or any owner/name.

    A fetch that broke off goes on where it was; nothing is visible before it is whole and checked.
    """
    from copydesk.engine.pull import pull

    with _said_plainly():
        model = pull(name, models_dir)
        row = describe(model, precision=_precision(), slots=1, available=available_memory())
    click.echo(f"{model.name} is in {model.path}, checked ({model.sha256[:16]}).")
    if row.fits is False:
        click.echo(
            f"It needs {in_words(row.needed_bytes or 0)} of memory, more than this machine has free just now.", err=True
        )
    click.echo(f"`copydesk models use {model.name}` lets it write new drafts.", err=True)


@click.command("verify")
@click.argument("name", required=False)
@models_dir_option
def verify_command(name: str | None, models_dir: Path) -> None:
    """Read all of NAME's weights, or every model's, and compare them with the card."""
    from copydesk.engine.verify import verify

    with _said_plainly():
        chosen = [name] if name else _candidates(models_dir)
    if not chosen:
        raise click.ClickException(f"There is no model in {models_dir}. `copydesk models pull gpt2` fetches one.")
    broken = 0
    for each in chosen:
        try:
            model: ModelFolder = folders.find(each, models_dir)
            verify(model)
            click.echo(f"{model.name}: whole ({model.sha256})")
        except ModelError as error:
            broken += 1
            click.echo(str(error), err=True)
    if broken:
        raise click.ClickException(f"{broken} of {len(chosen)} not whole")


def _candidates(models_dir: Path) -> list[str]:
    """Every folder's name, also of those that are no whole model."""
    found = [path.name for path in sorted(models_dir.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    return list(dict.fromkeys([*found, *(model.name for model in folders.list_models(models_dir))]))


@contextmanager
def _said_plainly() -> Iterator[None]:
    """What a person can do something about becomes one line instead of a traceback."""
    try:
        yield
    except ModelError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise click.ClickException("stopped") from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or ''} {error.strerror or error}".strip()) from error

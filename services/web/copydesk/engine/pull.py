"""Fetching a GPT-2 from the Hugging Face hub: whole, checked, with a card, or not at all."""

import datetime as dt
import fcntl
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from copydesk.engine import card, checksums, models
from copydesk.engine.errors import ModelBroken, ModelPullError
from copydesk.engine.hub import PAGE, HubFile, HubUnreachable, Listing, fetch, look_up, missing
from copydesk.engine.memory import in_words
from copydesk.engine.models import GPT2_SIZES, ModelFolder
from copydesk.engine.verify import verify

__all__ = ["HubUnreachable", "pull"]

FILES = (  # what a model's folder is made of; the weights come last, when the rest is known to fit
    "config.json",
    "generation_config.json",
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
    "tokenizer.json",
    models.WEIGHTS,
)
OWNER = "openai-community"  # of the four published sizes
WEBTEXT = "WebText (OpenAI, 2019): 40 GB of pages linked from Reddit"
_NAME = re.compile(r"(?:(?P<owner>[A-Za-z0-9][\w.-]*)/)?(?P<name>[A-Za-z0-9][\w.-]*)")
_RESERVE = 64 * 1000**2  # bytes of the disk that are left to others
_KEPT = "What came is kept: the next attempt goes on from there."


def pull(
    name: str, models_dir: Path, *, tell: Callable[[str], None] | None = None, endpoint: str | None = None
) -> ModelFolder:
    """Fetch `gpt2`, `gpt2-medium`, `gpt2-large`, `gpt2-xl` or any `owner/name` of GPT-2's kind.

    A model that is there and whole is left as it is. `tell` hears how it goes on, a line at a time; standard error
    where it is None. `endpoint`: another hub than `HF_ENDPOINT`.

    Raises:
        ModelPullError: it could not be fetched; no model was changed.
    """
    tell = tell or _to_stderr
    repository, local = _names(name)
    target = models_dir / local
    with suppress(ModelBroken):
        if target.is_dir():
            present = models.read(target)
            verify(present)
            return _same(present, repository)
    listing = look_up(repository, endpoint)
    files = _wanted(listing)
    with _storing(repository):
        models_dir.mkdir(parents=True, exist_ok=True)
        with _beside(target, tell) as folder:
            _check_room(listing, files, folder, tell)
            _fetch_all(listing, files, folder, _Progress(tell, sum(file.size for file in files)), endpoint)
            _clear(folder, files)
            _write_card(folder, listing, models.read(folder))
            tell("Checking the model")
            verify(models.read(folder), afresh=False)  # the hub's checksums were just compared
    return models.read(target)


def _same(present: ModelFolder, repository: str) -> ModelFolder:
    source = present.card.rest.get("source")
    if source != PAGE.format(repository):
        raise ModelPullError(
            f"There is another model called {present.name} already, from {source or 'somewhere else'}."
        )
    return present


def _names(name: str) -> tuple[str, str]:
    """The hub's repository, and the folder's name."""
    match = _NAME.fullmatch(name)
    if not match or (not match["owner"] and name not in GPT2_SIZES):
        known = ", ".join(GPT2_SIZES)
        raise ModelPullError(f"{name!r} is neither one of {known} nor of the form owner/name.")
    return f"{match['owner'] or OWNER}/{match['name']}", match["name"]


def _wanted(listing: Listing) -> list[HubFile]:
    files = [file for file in map(listing.file, FILES) if file is not None]
    for needed in (models.CONFIG, models.WEIGHTS):
        if listing.file(needed) is None:
            raise ModelPullError(f"{listing.repository} is not a model for this desk: it has no {needed}.")
    if not listing.file("tokenizer.json") and not (listing.file("vocab.json") and listing.file("merges.txt")):
        raise ModelPullError(f"{listing.repository} is not a model for this desk: it has no tokenizer.json.")
    return files


def _check_room(listing: Listing, files: list[HubFile], folder: Path, tell: Callable[[str], None]) -> None:
    total = sum(file.size for file in files)
    coming = sum(missing(file, folder) for file in files)
    free = shutil.disk_usage(folder).free
    there = f", {in_words(total - coming)} of it are here already" if coming < total else ""
    tell(f"{listing.repository}: {in_words(total)} in {len(files)} files{there}; {in_words(free)} of disk are free")
    if coming + _RESERVE > free:
        raise ModelPullError(
            f"The disk under {folder.parent} has no room for {listing.repository}: {in_words(coming + _RESERVE)} are "
            f"needed and {in_words(free)} are free. Nothing was fetched."
        )


def _fetch_all(
    listing: Listing, files: list[HubFile], folder: Path, progress: "_Progress", endpoint: str | None
) -> None:
    for file in files:
        if file.name == models.WEIGHTS:
            models.read_config(folder)  # of another kind than GPT-2: better known before gigabytes are fetched
        progress.add(file.size - missing(file, folder), came=False)
        fetch(listing, file, folder, progress.add, endpoint)


def _clear(folder: Path, files: list[HubFile]) -> None:
    """Away with what an attempt at another revision left."""
    names = {file.name for file in files}
    for path in folder.iterdir():
        if path.name not in names and path.is_file():
            path.unlink()


def _write_card(folder: Path, listing: Listing, model: ModelFolder) -> None:
    published = listing.repository.partition("/")[0] == OWNER
    values: dict[str, Any] = {
        "name": listing.repository.rpartition("/")[2],
        "source": PAGE.format(listing.repository),
        "source_revision": listing.revision,
        "fetched": dt.datetime.now(dt.UTC).date().isoformat(),
        "licence": {"mit": "MIT"}.get(listing.licence, listing.licence) or ("MIT" if published else "see the source"),
        "trained_on": WEBTEXT if published else listing.trained_on or "see the source",
        "parameters": model.parameters,
        "bytes": model.weights.stat().st_size,
        "prompt_template": "{brief}",
        "sampling": {"strategy": "top-p", "temperature": 0.8, "top_p": 0.92, "repetition_penalty": 1.1},
        "weights_sha256": checksums.read(model.weights).sha256,
    }
    (folder / card.FILE).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


@contextmanager
def _beside(target: Path, tell: Callable[[str], None]) -> Iterator[Path]:
    """A hidden folder beside `target` that takes its place when the block ends well.

    Where the line broke off, or a person did, it stays, and the next attempt goes on from what came; any other end
    clears it away. Two at once are kept apart.
    """
    fresh, old = target.with_name(f".{target.name}.partial"), target.with_name(f".{target.name}.old")
    fresh.mkdir(exist_ok=True)
    with _alone(fresh, target.name):
        try:
            yield fresh
            shutil.rmtree(old, ignore_errors=True)
            if target.exists():  # broken, or it would have been kept
                target.rename(old)
            fresh.rename(target)
            shutil.rmtree(old, ignore_errors=True)
        except (HubUnreachable, KeyboardInterrupt):
            with suppress(OSError):
                fresh.rmdir()  # only when nothing came
            if fresh.exists():
                tell(_KEPT)
            raise
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise


@contextmanager
def _alone(folder: Path, name: str) -> Iterator[None]:
    """A lock on the folder, which a killed process lets go too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ModelPullError(f"{name} is being fetched by another command just now.") from None
    finally:
        os.close(handle)


@contextmanager
def _storing(repository: str) -> Iterator[None]:
    try:
        yield
    except ModelBroken as error:
        raise ModelPullError(f"{repository} is not a model for this desk. {error} Nothing was changed.") from error
    except OSError as error:
        raise ModelPullError(
            f"{repository} could not be stored: {error.strerror or error}. Nothing was changed."
        ) from error


class _Progress:
    """A line now and then: how much there is, and how fast it comes."""

    every = 5.0  # seconds

    def __init__(self, tell: Callable[[str], None], total: int) -> None:
        self._tell = tell
        self._total = total
        self._there = 0
        self._came = 0
        self._started = self._said = time.monotonic()

    def add(self, count: int, *, came: bool = True) -> None:
        """`count` bytes more; `came`: over the line just now."""
        self._there += count
        self._came += count if came else 0
        now = time.monotonic()
        if came and (now - self._said >= self.every or self._there == self._total):
            self._said = now
            pace = in_words(int(self._came / max(now - self._started, 0.01)))
            share = 100 * self._there // max(1, self._total)
            self._tell(f"{share} %: {in_words(self._there)} of {in_words(self._total)}, {pace} a second")


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()

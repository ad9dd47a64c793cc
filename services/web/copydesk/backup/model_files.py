"""Models in a backup: those that were fetched or adopted. The seed model comes with the desk and is left out."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from copydesk.backup import archive
from copydesk.backup.errors import BackupError, disk_errors
from copydesk.backup.manifest import PART
from copydesk.engine import checksums
from copydesk.engine.memory import in_words
from copydesk.engine.models import WEIGHTS, ModelFolder, list_models

SEED = "seed"
_RESERVE = 64 * 1000**2  # bytes of the disk that are left to others


def fetched(models_dir: Path) -> list[ModelFolder]:
    """The models that did not come along, by name."""
    return [model for model in list_models(models_dir) if model.name != SEED]


def files_of(model: ModelFolder) -> list[tuple[str, Path]]:
    """Each file of a model with its name in the archive."""
    found = [path for path in sorted(model.path.iterdir()) if path.is_file() and not path.name.startswith(".")]
    named = [(f"models/{model.name}/{path.name}", path) for path in found]
    return [(name, path) for name, path in named if PART.fullmatch(name)]


def size_of(models: list[ModelFolder]) -> int:
    return sum(path.stat().st_size for model in models for _, path in files_of(model))


def chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(archive.CHUNK):
            yield chunk


def to_write(reader: archive.Reader, models_dir: Path, *, replace: bool) -> dict[str, list[str]]:
    """The models of an archive that are not here yet: their names, and their parts.

    Raises:
        BackupError: other weights lie here under the same name, or there is no room.
    """
    parts: dict[str, list[str]] = {}
    for name in reader.manifest.parts:
        match = PART.fullmatch(name)
        if match and match[1]:
            parts.setdefault(match[1], []).append(name)
    missing = {name: files for name, files in parts.items() if not _is_here(reader, name, models_dir / name)}
    there = [name for name in missing if os.path.lexists(models_dir / name)]
    if there and not replace:
        raise BackupError(
            f"There is another model called {there[0]} in {models_dir}. Move it away, or restore with --replace."
        )
    _check_room(sum(reader.manifest.parts[part].bytes for files in missing.values() for part in files), models_dir)
    return missing


def _is_here(reader: archive.Reader, name: str, folder: Path) -> bool:
    part = reader.manifest.parts.get(f"models/{name}/{WEIGHTS}")
    weights = folder / WEIGHTS
    if part is None or not weights.is_file() or weights.stat().st_size != part.bytes:
        return False
    return checksums.read(weights).sha256 == part.sha256


def _check_room(needed: int, models_dir: Path) -> None:
    if not needed:
        return
    place = next(folder for folder in (models_dir, *models_dir.resolve().parents) if folder.is_dir())
    free = shutil.disk_usage(place).free
    if free < needed + _RESERVE:
        raise BackupError(
            f"The models need {in_words(needed + _RESERVE)} in {models_dir}, and {in_words(free)} are free there."
        )


@contextmanager
def written(reader: archive.Reader, models_dir: Path, missing: Mapping[str, list[str]]) -> Iterator[dict[str, Path]]:
    """The missing models in hidden folders, whole and checked, by their names; what is not put in place is removed."""
    drafts: dict[str, Path] = {}
    try:
        with disk_errors(models_dir):
            for name, parts in missing.items():
                models_dir.mkdir(parents=True, exist_ok=True)
                drafts[name] = models_dir / f".{name}.restored"
                shutil.rmtree(drafts[name], ignore_errors=True)
                drafts[name].mkdir()
                for part in parts:
                    _write(reader, part, drafts[name] / part.rpartition("/")[2])
        yield drafts
    finally:
        for draft in drafts.values():
            shutil.rmtree(draft, ignore_errors=True)


def _write(reader: archive.Reader, part: str, path: Path) -> None:
    with path.open("wb") as file:
        for chunk in reader.chunks(part):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def put_in_place(drafts: Mapping[str, Path], models_dir: Path) -> None:
    """Each gets its name; what had it before is removed."""
    for name, draft in drafts.items():
        target, old = models_dir / name, models_dir / f".{name}.replaced"
        with suppress(FileNotFoundError):
            target.rename(old)
        draft.rename(target)
        if old.is_symlink():
            old.unlink()
        else:
            shutil.rmtree(old, ignore_errors=True)
    if drafts:
        archive.sync_folder(models_dir)


def describe(models: list[ModelFolder], *, kept: bool) -> list[dict[str, Any]]:
    """For the manifest."""
    return [
        {"name": model.name, "sha256": model.sha256, "bytes": model.weights.stat().st_size, "kept": kept}
        for model in models
    ]

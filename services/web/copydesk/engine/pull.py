"""Fetching a GPT-2 from the Hugging Face hub: whole, checked, with a card, or not at all."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from copydesk.engine import card, models
from copydesk.engine.errors import ModelBroken, ModelPullError
from copydesk.engine.models import GPT2_SIZES, ModelFolder
from copydesk.engine.verify import verify

FILES = [
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
]
_NAME = re.compile(r"(?:(?P<owner>[A-Za-z0-9][\w.-]*)/)?(?P<name>[A-Za-z0-9][\w.-]*)")
_SOURCE = "https://huggingface.co/{}"
_NO_NETWORK = (
    "The Hugging Face hub can't be reached from here, so {name} was not fetched. Copy a model's folder into the models "
    "folder by hand, or try again with a network (HTTPS_PROXY and HF_ENDPOINT are looked at)."
)


class HubUnreachable(ModelPullError):
    """The Hugging Face hub can't be reached from here."""


def pull(name: str, models_dir: Path) -> ModelFolder:
    """Fetch `gpt2`, `gpt2-medium`, `gpt2-large`, `gpt2-xl` or any `owner/name` of GPT-2's kind.

    A model that is there and whole is left as it is. Progress goes to standard error.

    Raises:
        ModelPullError: it could not be fetched; nothing was changed.
    """
    repository, local = _names(name)
    target = models_dir / local
    with suppress(ModelBroken):
        if target.is_dir():
            present = models.read(target)
            verify(present)
            return _same(present, repository)
    models_dir.mkdir(parents=True, exist_ok=True)
    with _beside(target) as folder, _plain_errors(repository):
        checksum = _fetch(repository, folder)
        fetched = models.read(folder)
        if checksum and checksum != fetched.sha256:
            raise ModelPullError(f"The weights of {repository} arrived damaged. Try again; nothing was changed.")
        _write_card(folder, repository, fetched)
        verify(models.read(folder))
        shutil.rmtree(folder / ".cache", ignore_errors=True)  # the download's own notes
    return models.read(target)


def _same(present: ModelFolder, repository: str) -> ModelFolder:
    source = present.card.rest.get("source")
    if source != _SOURCE.format(repository):
        raise ModelPullError(
            f"There is another model called {present.name} already, from {source or 'somewhere else'}."
        )
    return present


def _names(name: str) -> tuple[str, str]:
    match = _NAME.fullmatch(name)
    if not match or (not match["owner"] and name not in GPT2_SIZES):
        known = ", ".join(GPT2_SIZES)
        raise ModelPullError(f"{name!r} is neither one of {known} nor of the form owner/name.")
    return f"{match['owner'] or 'openai-community'}/{match['name']}", match["name"]


def _fetch(repository: str, folder: Path) -> str | None:
    """Fill `folder`; returns the SHA-256 that the hub has for the weights."""
    from huggingface_hub import HfApi, snapshot_download

    about = HfApi().model_info(repository, files_metadata=True, timeout=20)
    snapshot_download(repository, revision=about.sha, local_dir=folder, allow_patterns=FILES)
    listed = {file.rfilename: file.lfs for file in about.siblings or ()}
    weights = listed.get(models.WEIGHTS)
    return weights.sha256 if weights else None


def _write_card(folder: Path, repository: str, model: ModelFolder) -> None:
    published = repository.partition("/")[0] == "openai-community"
    values: dict[str, Any] = {
        "name": repository.rpartition("/")[2],
        "source": _SOURCE.format(repository),
        "licence": "MIT" if published else "see the source",
        "trained_on": "WebText (OpenAI, 2019): 40 GB of pages linked from Reddit" if published else "see the source",
        "parameters": model.parameters,
        "prompt_template": "{brief}",
        "sampling": {"strategy": "top-p", "temperature": 0.8, "top_p": 0.92, "repetition_penalty": 1.1},
        "weights_sha256": model.sha256,
    }
    (folder / card.FILE).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A hidden folder beside `target` that takes its place when the block ends well.

    Where the network broke off it stays, and the next attempt goes on from what came; any other end clears it away.
    """
    fresh, old = target.with_name(f".{target.name}.partial"), target.with_name(f".{target.name}.old")
    fresh.mkdir(parents=True, exist_ok=True)
    try:
        yield fresh
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():  # broken, or it would have been kept
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except HubUnreachable:
        with suppress(OSError):
            fresh.rmdir()  # only when nothing came
        raise
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


@contextmanager
def _plain_errors(repository: str) -> Iterator[None]:
    """Tell no network, no such model and no room apart; the libraries below raise errors of four families."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )

    try:
        yield
    except (RepositoryNotFoundError, GatedRepoError) as error:
        raise ModelPullError(f"The hub has no public model {repository}.") from error
    except ModelBroken as error:
        raise ModelPullError(f"{repository} is not a model for this desk. {error} Nothing was changed.") from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, HfHubHTTPError, ConnectionError, TimeoutError) as error:
        raise HubUnreachable(_NO_NETWORK.format(name=repository)) from error
    except OSError as error:
        raise ModelPullError(f"{repository} could not be stored: {error}. Nothing was changed.") from error
    except Exception as error:
        if not any(kind.__name__ in ("TransportError", "HTTPError") for kind in type(error).__mro__):  # httpx, httpx2
            raise
        raise HubUnreachable(_NO_NETWORK.format(name=repository)) from error

"""Fetching the published GPT-2 weights from the Hugging Face hub: whole, checked, or not at all."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from copydesk.engine import models
from copydesk.engine.errors import ModelPullError
from copydesk.engine.models import GPT2_SIZES, ModelFolder

REPOSITORIES = {name: f"openai-community/{name}" for name in GPT2_SIZES}
FILES = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt"]
NO_NETWORK = (
    "The Hugging Face hub can't be reached from here, so {name} was not fetched. Check the network (HTTPS_PROXY, HF_ENDPOINT), "
    "or copy the model's folder to {target} by hand."
)


def pull(name: str, models_dir: Path, say: Callable[[str], None] = lambda words: None) -> ModelFolder:
    """Fetch `name` into `models_dir` with a card that holds the checksum of what came.

    Parts that came stay in a hidden folder beside the models, so that the next attempt goes on where this one broke off;
    the model's own folder appears only when all of it is there.

    Raises:
        ModelPullError: unknown name, no network, no room; the message says what to do.
    """
    if name not in REPOSITORIES:
        raise ModelPullError(f"{name!r} is not a model that can be fetched. Choose one of {', '.join(REPOSITORIES)}.")
    target = models_dir / name
    if target.exists():
        say(f"{name} is there already.")
        return models.read(target)
    partial = models_dir / f".{name}.partial"
    partial.mkdir(parents=True, exist_ok=True)
    say(f"Fetching {name} from {REPOSITORIES[name]} …")
    _download(name, partial, target)
    shutil.rmtree(partial / ".cache", ignore_errors=True)
    model = models.read(partial)
    (partial / models.CARD).write_text(json.dumps(_card(name, model), indent=2), encoding="utf-8")
    partial.rename(target)
    return models.read(target)


def _download(name: str, partial: Path, target: Path) -> None:
    import httpx
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    try:
        snapshot_download(REPOSITORIES[name], allow_patterns=FILES, local_dir=partial)
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, HfHubHTTPError, httpx.HTTPError, ConnectionError) as error:
        raise ModelPullError(NO_NETWORK.format(name=name, target=target)) from error
    except OSError as error:
        raise ModelPullError(f"{name} could not be written to {target.parent}: {error.strerror or error}.") from error


def _card(name: str, model: ModelFolder) -> dict[str, Any]:
    return {
        "name": name,
        "licence": "MIT (modified), by OpenAI",
        "trained_on": "WebText: pages linked from Reddit, up to December 2017",
        "source": REPOSITORIES[name],
        "template": "{brief}",
        "sha256": model.sha256,
    }

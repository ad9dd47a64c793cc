"""Who writes a draft: the desk's own engine, or the server that a model's name points to."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from copydesk.config import Settings
from copydesk.engine import models
from copydesk.engine.client import EngineClient
from copydesk.engine.models import ModelFolder
from copydesk.engine.prompt import PromptBuilder
from copydesk.engine.remote import Remote, is_remote


class Served(NamedTuple):
    """A model and the server that has it."""

    client: EngineClient
    builder: PromptBuilder | None  # none: another server, whose tokenizer and weights we don't know
    model: str  # what that server calls it, for the request


class Engines:
    """Finds engines by a draft's model, so that drafts asked of different models can be written side by side.

    Shared by the worker's threads.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        token = settings.engine_token.get_secret_value()
        self.own = EngineClient(settings.engine_url, token, settings.engine_timeout)
        self._builder = lru_cache(maxsize=8)(self._load)
        self._other = lru_cache(maxsize=32)(self._connect)

    def for_model(self, name: str) -> Served:
        """The client for drafts of the model `name`, with the builder of its prompts.

        A name that is an address (https://host/v1#model) is that server with its own key; there is no builder then:
        send the text itself, and keep no checksum. Any other name is a model of our own engine, which loads it when
        it is asked for it. Ask with `client.stream(prompt, sampling, model=served.model)`.

        Raises:
            ModelNotFound, ModelBroken: its tokenizer and card are not in MODELS_DIR.
            NotRemote: it is an address that can't be read.
        """
        if is_remote(name):
            remote = Remote.parse(name)
            return Served(self._other(remote.url), None, remote.model)
        model = models.find(name, Path(self._settings.models_dir))
        return Served(self.own, self._builder(name, _stamp(model)), name)

    def _connect(self, url: str) -> EngineClient:
        settings = self._settings
        key = Remote(url).key(settings.remote_keys, settings.remote_engine_key.get_secret_value())
        return EngineClient(url, key, settings.engine_timeout)

    def _load(self, name: str, stamp: object) -> PromptBuilder:
        return PromptBuilder(models.find(name, Path(self._settings.models_dir)))


def _stamp(model: ModelFolder) -> tuple[object, ...]:
    """Changes when the model is fetched or trained anew, so that a worker need not be started again for it."""
    about = model.weights.stat()
    return about.st_mtime_ns, about.st_size, about.st_ino, str(model.card)

"""The models that are in memory: loaded when they are asked for, sent away when another needs their room.

Who asks waits in line: for a model that has to be loaded, behind those before; and whoever comes later, for whatever
model, waits behind. Nobody's question is lost, and no model is kept out by another that is always busy.
"""

import asyncio
import gc
import logging
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from copydesk.engine import inventory, machine, models
from copydesk.engine.backends import make_scheduler
from copydesk.engine.errors import ModelNotFound, ModelTooLarge
from copydesk.engine.inventory import ModelList, ModelRow
from copydesk.engine.memory import needed_memory, too_large
from copydesk.engine.models import ModelFolder
from copydesk.engine.scheduler import Scheduler
from copydesk.engine.settings import EngineSettings
from copydesk.engine.tokens import Tokens

log = logging.getLogger(__name__)

_NAME = re.compile(r"[\w.+-]+(@[0-9a-f]*)?")  # of a folder, never a path


@dataclass(eq=False)
class Loaded:
    """A model in memory, at work."""

    model: ModelFolder
    alias: str
    scheduler: Scheduler
    tokens: Tokens
    bytes: int  # that it takes, cache included
    users: int = 0
    used_at: float = field(default_factory=time.monotonic)

    @property
    def engine(self) -> str:
        """The program that writes, for the record."""
        return self.scheduler.backend.description


class ModelPool:
    """To be used in one event loop; what reads files runs in threads beside it."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self.is_ready = False  # has the default model been in memory?
        self._loaded: dict[str, Loaded] = {}  # by alias
        self._turn = asyncio.Lock()  # asyncio's is first come, first served
        self._somebody_left = asyncio.Event()

    async def start(self) -> Loaded:
        """Load the default model. Raises as `use` does."""
        await asyncio.to_thread(lambda: self.settings.model.alias)  # reads the weights, where nobody has hashed them
        async with self.use(self.settings.model) as loaded:
            self.is_ready = True
            return loaded

    async def find(self, name: str) -> ModelFolder:
        """The model of this name or alias; "" is the default.

        Raises:
            ModelNotFound: there is none.
            ModelBroken: it is damaged.
        """
        default = self.settings.model
        if name in ("", default.name, default.alias):
            return default
        loaded = self._loaded.get(name)
        if loaded is not None:
            return loaded.model
        if self.settings.models_dir is None or not _NAME.fullmatch(name) or name.startswith("."):
            raise ModelNotFound(f"There is no model {name!r} here.")
        return await asyncio.to_thread(_find, name, self.settings)

    def check(self, model: ModelFolder) -> None:
        """Could `model` be loaded, if all others left?

        Raises:
            ModelTooLarge: with the figures.
        """
        if model.alias not in self._loaded:
            least = self.settings.least_cache_tokens(model)
            needed, available = needed_memory(model, self.settings.exactness, tokens=least), self._could_have()
            if available is not None and needed > available:
                raise ModelTooLarge(too_large(model.name, needed, available))

    def get(self, model: ModelFolder) -> Loaded | None:
        """The model, if it is in memory and nobody waits in line for another."""
        return None if self._turn.locked() else self._loaded.get(model.alias)

    @asynccontextmanager
    async def use(self, model: ModelFolder) -> AsyncIterator[Loaded]:
        """The model in memory, where it stays meanwhile.

        Raises:
            ModelTooLarge: with the figures.
            EngineCannotStart, ModelError: it can't be loaded.
        """
        loaded = self.get(model)
        if loaded is not None:
            loaded.users += 1
        else:
            # Loading goes on when the one who asked goes away: half a model is of use to nobody.
            entering = asyncio.ensure_future(self._enter(model))
            try:
                loaded = await asyncio.shield(entering)
            except asyncio.CancelledError:
                entering.add_done_callback(self._leave_after)
                raise
        try:
            yield loaded
        finally:
            self._leave(loaded)

    def rows(self) -> ModelList:
        """What there is, for /v1/models. Reads files: for a thread."""
        settings, available = self.settings, self._could_have()
        known = (
            {} if settings.models_dir is None else {one.name: one for one in models.list_models(settings.models_dir)}
        )
        known[settings.model.name] = settings.model
        loaded = {one.model.name: one for one in [*self._loaded.values()]}
        rows = [self._row(one, loaded.get(one.name), available) for one in known.values()]
        rows.sort(key=lambda row: not row.default)
        return ModelList(rows, available, next((one.engine for one in loaded.values()), ""))

    async def close(self) -> None:
        """Send all models away; who still waits for words is told."""
        for loaded in [*self._loaded.values()]:
            await self._unload(loaded)

    async def _enter(self, model: ModelFolder) -> Loaded:
        async with self._turn:
            loaded = self._loaded.get(model.alias)
            if loaded is None:
                cache_tokens = await self._make_room(model)
                started = time.monotonic()
                loaded = await asyncio.to_thread(self._load, model, cache_tokens)
                self._loaded[loaded.alias] = loaded
                log.debug("%s loaded in %.1f s", loaded.alias, time.monotonic() - started)
            loaded.users += 1
            return loaded

    def _load(self, model: ModelFolder, cache_tokens: int) -> Loaded:
        scheduler = make_scheduler(self.settings, model, cache_tokens)
        taken = needed_memory(model, self.settings.exactness, tokens=cache_tokens)
        return Loaded(model, model.alias, scheduler, Tokens(model.path), taken)

    async def _make_room(self, model: ModelFolder) -> int:
        """Wait until `model` fits, sending idle ones away. Returns how many tokens its cache can have."""
        while True:
            available = machine.available_memory()
            for tokens in self._cache_sizes(model):
                needed = needed_memory(model, self.settings.exactness, tokens=tokens)
                if available is None or needed <= available:
                    return tokens
            idle = [loaded for loaded in self._loaded.values() if not loaded.users]
            if idle:
                await self._unload(min(idle, key=lambda loaded: loaded.used_at))
            elif self._loaded:
                self._somebody_left.clear()
                await self._somebody_left.wait()
            else:
                raise ModelTooLarge(too_large(model.name, needed, available or 0))

    def _cache_sizes(self, model: ModelFolder) -> list[int]:
        """What it should have; where memory is short half as much, down to one text's."""
        size, least = self.settings.cache_tokens(model), self.settings.least_cache_tokens(model)
        sizes = []
        while size > least:
            sizes.append(size)
            size //= 2
        return [*sizes, least]

    async def _unload(self, loaded: Loaded) -> None:
        del self._loaded[loaded.alias]
        await asyncio.to_thread(loaded.scheduler.stop)
        del loaded
        gc.collect()  # its memory is wanted now

    def _leave(self, loaded: Loaded) -> None:
        loaded.users -= 1
        loaded.used_at = time.monotonic()
        self._somebody_left.set()

    def _leave_after(self, entering: "asyncio.Future[Loaded]") -> None:
        if not entering.cancelled() and entering.exception() is None:
            self._leave(entering.result())

    def _could_have(self) -> int | None:
        """Bytes that a model could have if all others left."""
        available = machine.available_memory()
        return None if available is None else available + sum(loaded.bytes for loaded in [*self._loaded.values()])

    def _row(self, model: ModelFolder, loaded: Loaded | None, available: int | None) -> ModelRow:
        row = inventory.describe(
            model,
            precision=self.settings.exactness,
            available=available,
            loaded=loaded is not None,
            default=model.name == self.settings.model.name,
            tokens=self.settings.least_cache_tokens(model),
        )
        if loaded is None:
            return row
        return replace(row, id=loaded.alias, sha256=loaded.model.sha256)


def _find(name: str, settings: EngineSettings) -> ModelFolder:
    base, _, start = name.partition("@")
    default = settings.model
    if base == default.name:  # wherever its folder is
        raise ModelNotFound(f"{base} has other weights now ({default.sha256[:16]}…) than those asked for ({start}…).")
    if settings.models_dir is None:
        raise ModelNotFound(f"There is no model {name!r} here.")
    model = models.find(name, settings.models_dir)
    _ = model.alias  # the weights are hashed here, in a thread
    return model

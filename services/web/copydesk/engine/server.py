"""The engine process: llama.cpp's own server, from the wheel `xllamacpp`, on one model."""

import logging
import signal
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from copydesk.engine.errors import ModelTooLarge
from copydesk.engine.gguf_export import Precision, cached_gguf
from copydesk.engine.models import ModelFolder

log = logging.getLogger(__name__)

BYTES_PER_WEIGHT = {Precision.Q8_0: 34 / 32, Precision.F16: 2.0, Precision.F32: 4.0}
HEADROOM = 200 * 1024**2  # code, buffers, the server itself


@dataclass(frozen=True)
class EngineSettings:
    """What the engine process needs to know. `threads` 0: as many as there are cores."""

    model: ModelFolder
    cache_dir: Path
    token: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8080
    slots: int = 4
    threads: int = 0
    precision: Precision = Precision.Q8_0

    def __post_init__(self) -> None:
        if not self.token:
            raise ValueError("ENGINE_TOKEN is empty: the engine answers nobody without a token")


class Engine:
    """A running server in this process; stops with the context."""

    def __init__(self, settings: EngineSettings) -> None:
        """Load the model and listen.

        Raises:
            ModelTooLarge: it would not fit into the memory that is free now.
        """
        import xllamacpp

        refuse_what_does_not_fit(settings, free_memory())
        self._server = xllamacpp.Server(_parameters(settings))
        self.url: str = self._server.listening_address
        httpx.get(f"{self.url}/health", timeout=60, trust_env=False).raise_for_status()
        log.info("engine ready: %s at %s, %d slots", settings.model.alias, self.url, settings.slots)

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop listening and free the model; the library does it when its object goes."""
        self._server = None


def serve(settings: EngineSettings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with Engine(settings):
        stopped.wait()


def needed_memory(settings: EngineSettings) -> int:
    """Bytes: weights, the slots' keys and values in float16, and room for the server."""
    config = settings.model.config
    weights = settings.model.parameters * BYTES_PER_WEIGHT[settings.precision]
    cache = 2 * 2 * config["n_layer"] * config["n_embd"] * settings.model.context * settings.slots
    return int(weights + cache) + HEADROOM


def refuse_what_does_not_fit(settings: EngineSettings, free: int | None) -> None:
    """Raise `ModelTooLarge`, with the figures, before a byte is loaded."""
    needed = needed_memory(settings)
    if free is not None and needed > free:
        raise ModelTooLarge(
            f"{settings.model.name} needs about {needed / 1e6:,.0f} MB with {settings.slots} slots, and "
            f"{free / 1e6:,.0f} MB are free. Choose a smaller model, fewer slots, or a larger machine."
        )


def free_memory() -> int | None:
    """Bytes that can be had: the machine's, or what the container's limit leaves; None where the system won't say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return free
    return free if limit == "max" else min(free, int(limit) - used)


def _parameters(settings: EngineSettings) -> Any:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(cached_gguf(settings.model, settings.cache_dir, settings.precision))
    parameters.model_alias = {settings.model.alias}
    parameters.hostnames = [settings.host]
    parameters.port = settings.port
    parameters.api_keys = [settings.token]
    parameters.n_parallel = settings.slots
    parameters.n_ctx = settings.model.context * settings.slots  # every slot has the model's whole window
    parameters.kv_unified = False
    parameters.ctx_shift = False
    parameters.cache_ram_mib = 0  # prompts are short and differ
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.verbosity = 1
    if settings.threads:
        parameters.cpuparams.n_threads = settings.threads
        parameters.cpuparams_batch.n_threads = settings.threads
    return parameters

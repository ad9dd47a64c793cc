"""The engine itself: llama.cpp's server, from the wheel `xllamacpp`, with one GPT-2 in GGUF form."""

import logging
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from threading import Event
from typing import Any

from copydesk.engine import machine
from copydesk.engine.errors import EngineCannotStart, ModelTooLarge
from copydesk.engine.gguf_export import Precision, cached_gguf
from copydesk.engine.models import ModelFolder

log = logging.getLogger(__name__)

_GRAPH_TOKENS = 512  # llama.cpp's n_ubatch: so many tokens go through the layers at once
_QUIET, _CHATTY = 1, 4  # llama.cpp's verbosity: errors, everything
_STALE_REQUEST = 600  # seconds


@dataclass(frozen=True)
class EngineSettings:
    """What to serve, where, and to how many at once. An empty token is refused."""

    model: ModelFolder
    token: str
    cache_dir: Path
    host: str = "127.0.0.1"
    port: int = 0  # 0: any free one
    slots: int = 4  # texts written at the same time, each with the whole context
    threads: int = 0  # 0: as many as there are cores
    context: int = 0  # tokens a text, prompt included; 0: all that the model can
    precision: Precision = Precision.Q8_0

    @property
    def slot_context(self) -> int:
        """Tokens that one text may have."""
        return min(self.context or self.model.context, self.model.context)


def serve(settings: EngineSettings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        EngineCannotStart: no token, or the port is taken.
        ModelTooLarge: with figures.
        ModelError: the model's folder is damaged.
    """
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with running(settings):
        stop.wait()
        log.info("engine stops")
        # llama.cpp would wait for every open stream, while it writes nothing more into them. There is nothing to save
        # here: the workers notice at once that the line is cut, and their drafts go back into the queue.
        logging.shutdown()
        os._exit(0)


@contextmanager
def running(settings: EngineSettings) -> Iterator[str]:
    """The engine as a context; gives its address, such as `http://127.0.0.1:8080`. Raises as `serve` does."""
    if not settings.token:
        raise EngineCannotStart("The engine needs a token: set ENGINE_TOKEN, here and for the worker.")
    _check_port(settings.host, settings.port)
    check_memory(settings)
    started = time.monotonic()
    gguf = cached_gguf(settings.model, settings.cache_dir, settings.precision)
    server = _start(_parameters(settings, gguf))
    log.info(
        "engine ready at %s: %s, %s, %d slots of %d tokens, started in %.1f s",
        server.listening_address,
        settings.model.alias,
        settings.precision,
        settings.slots,
        settings.slot_context,
        time.monotonic() - started,
    )
    try:
        yield str(server.listening_address)
    finally:
        del server  # its destructor stops the threads and waits for them


def needed_memory(settings: EngineSettings) -> int:
    """Bytes that the engine will take: weights, keys and values, and one pass through the layers."""
    model = settings.model
    weights = model.parameters * settings.precision.bits_per_weight // 8
    number = 4 if settings.precision is Precision.F32 else 2
    kept = 2 * number * model.config["n_layer"] * model.config["n_embd"] * settings.slot_context * settings.slots
    widest = max(model.config["vocab_size"], 4 * model.config["n_embd"])
    return int(weights + kept + 4 * _GRAPH_TOKENS * widest)


def check_memory(settings: EngineSettings) -> None:
    """Refuse what would be killed half-way.

    Raises:
        ModelTooLarge: with what it takes and what there is.
    """
    needed, available = needed_memory(settings), machine.available_memory()
    if available is not None and needed > available:
        raise ModelTooLarge(
            f"{settings.model.name} in {settings.precision} with {settings.slots} slots takes about "
            f"{needed / 1e9:.1f} GB, but only {available / 1e9:.1f} GB are free. Fewer slots or a smaller model fit."
        )


def engine_version() -> str:
    """The program that writes, for the record."""
    return f"xllamacpp {version('xllamacpp')}"


def _parameters(settings: EngineSettings, gguf: Path) -> Any:
    """llama.cpp's settings. What is not set here is its default; `endpoint_slots` shows no texts."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(gguf)
    parameters.model_alias = {settings.model.alias}
    parameters.model_tags = {engine_version()}
    parameters.hostnames = [settings.host]
    parameters.port = settings.port
    parameters.api_keys = [settings.token]
    parameters.cors_origins = "localhost"  # no web page has business here
    parameters.ui = False
    parameters.n_parallel = settings.slots
    parameters.n_ctx = settings.slot_context * settings.slots  # shared out evenly
    parameters.kv_unified = False
    parameters.n_ubatch = _GRAPH_TOKENS
    # Flash attention sums in another order when prompts of several texts are read together: the same seed would give
    # another text in company than alone.
    parameters.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    if settings.precision is Precision.F32:  # exact throughout, to be compared with the reference
        parameters.cache_type_k = parameters.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    parameters.fit_params = False  # never a smaller context than was asked for
    parameters.cache_ram_mib = 0  # prompts are read afresh, see `request`
    parameters.cache_idle_slots = False
    parameters.n_threads_http = 2 * settings.slots + 16  # those who wait for a slot must not keep health checks out
    parameters.timeout_read = parameters.timeout_write = _STALE_REQUEST
    parameters.verbosity = _CHATTY if log.isEnabledFor(logging.DEBUG) else _QUIET
    threads = settings.threads or machine.available_cores()
    if settings.threads or threads < (os.cpu_count() or 1):  # else llama.cpp counts the physical cores
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    return parameters


def _check_port(host: str, port: int) -> None:
    """llama.cpp only says that something failed; find out what before the model is loaded."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise EngineCannotStart(f"The engine can't listen at {host}:{port}: {error.strerror or error}.") from error


def _start(parameters: Any) -> Any:
    import xllamacpp

    try:
        return xllamacpp.Server(parameters)
    except (RuntimeError, ValueError, OSError) as error:
        raise EngineCannotStart(f"llama.cpp could not start: {error}") from error

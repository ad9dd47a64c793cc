"""The engine itself, as a process or beside its caller: models in memory, and their pages at an address."""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Event, Thread

import uvicorn

from copydesk.engine.app import Engine, make_app
from copydesk.engine.errors import EngineCannotStart
from copydesk.engine.model_pool import Loaded, ModelPool
from copydesk.engine.settings import BackendKind, EngineSettings

__all__ = ["BackendKind", "EngineSettings", "running", "serve"]

log = logging.getLogger(__name__)

_BACKLOG = 1024
# The thread that drives the model has a millisecond between two steps: those who write into sockets must not hold the
# interpreter for the usual five.
_GRACE = 8.0  # seconds for the texts under way when it is told to stop; then the workers have them written again
_NICENESS = 5  # on a machine that is shared, pages and the database go before drafts
_SWITCH_SECONDS = 0.0005


def serve(settings: EngineSettings) -> None:
    """Serve until SIGTERM or SIGINT. Texts under way are given a moment to end; a second signal ends it at once.

    Raises:
        EngineCannotStart: no token, the port is taken, or the kernel is missing.
        ModelTooLarge: with figures.
        ModelError: the model's folder is damaged.
    """
    stop, now = Event(), Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: (now if stop.is_set() else stop).set())
    sys.setswitchinterval(_SWITCH_SECONDS)
    os.nice(_NICENESS)
    with _running(settings) as (_, server):
        stop.wait()
        log.info("engine stops, %d texts under way", server.app.state.engine.under_way)
        server.drain(now)
        # There is nothing to save here: the workers notice at once that the line is cut, and their drafts go back into
        # the queue.
        logging.shutdown()
        os._exit(0)


@contextmanager
def running(settings: EngineSettings) -> Iterator[str]:
    """The engine as a context; gives its address, such as `http://127.0.0.1:8080`. Raises as `serve` does."""
    with _running(settings) as (address, _):
        yield address


@contextmanager
def _running(settings: EngineSettings) -> Iterator[tuple[str, "_Server"]]:
    if not settings.token:
        raise EngineCannotStart("The engine needs a token: set ENGINE_TOKEN, here and for the worker.")
    with _listening(settings.host, settings.port) as listener:
        started = time.monotonic()
        port = listener.getsockname()[1]
        address = f"http://[{settings.host}]:{port}" if ":" in settings.host else f"http://{settings.host}:{port}"
        server = _Server(settings, listener)
        try:
            loaded = server.start()
            log.info(
                "engine ready at %s: %s, %s, %d slots of %d tokens, started in %.1f s",
                address,
                loaded.alias,
                loaded.engine,
                settings.slots,
                loaded.scheduler.context,
                time.monotonic() - started,
            )
            yield address, server
        finally:
            server.stop()


class _Server:
    """uvicorn in a thread, with an event loop of its own."""

    def __init__(self, settings: EngineSettings, listener: socket.socket) -> None:
        self._settings = settings
        self._listener = listener
        self._pool = ModelPool(settings)
        self.app = make_app(self._pool)
        self._first: Future[Loaded] = Future()
        self._uvicorn: uvicorn.Server | None = None
        self._thread = Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> Loaded:
        """Answer /health at once, and return when the default model is in memory."""
        self._thread.start()
        return self._first.result()

    def drain(self, now: Event) -> None:
        """Take no more questions, and wait until those under way are answered: not for long, and only until `now`."""
        engine: Engine = self.app.state.engine
        engine.stopping = True
        deadline = time.monotonic() + _GRACE
        while engine.under_way and time.monotonic() < deadline and not now.wait(0.05):
            pass

    def stop(self) -> None:
        """End it, whoever is still being served."""
        if self._uvicorn is not None:
            self._uvicorn.should_exit = self._uvicorn.force_exit = True
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if not self._first.done():
                self._first.set_exception(error)
            raise

    async def _serve(self) -> None:
        config = uvicorn.Config(
            self.app,
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            backlog=_BACKLOG,
        )
        config.load()
        self._uvicorn = uvicorn.Server(config)
        serving = asyncio.ensure_future(self._uvicorn.serve(sockets=[self._listener]))
        try:
            self._first.set_result(await self._pool.start())
            await serving
        except Exception as error:
            if self._first.done():
                raise
            self._first.set_exception(error)
        finally:
            self._uvicorn.should_exit = self._uvicorn.force_exit = True
            await self._pool.close()
            with suppress(asyncio.CancelledError):
                await serving


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
    except OSError as error:
        raise EngineCannotStart(f"The engine can't listen at {host}:{port}: {error.strerror or error}.") from error
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError as error:
            raise EngineCannotStart(f"The engine can't listen at {host}:{port}: {error.strerror or error}.") from error
        yield listener

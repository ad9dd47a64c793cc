"""The engine's pages: /health, /metrics, /v1/models, /v1/completions and /v1/scores. The last three want the token."""

import asyncio
import contextlib
import hmac
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from prometheus_client import generate_latest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Send

from copydesk import request_ids, scraping
from copydesk.engine import metrics, protocol
from copydesk.engine.errors import EngineCannotStart, ModelError, ModelNotFound, ModelTooLarge
from copydesk.engine.model_pool import Loaded, ModelPool
from copydesk.engine.models import ModelFolder
from copydesk.engine.protocol import Answers, CompletionQuestion, error_body
from copydesk.engine.scheduler import CacheTooSmall, RequestError, Stopped, check_prompt
from copydesk.engine.ticket import Completion, Part, Scoring, Ticket

log = logging.getLogger(__name__)

MOST_WAITING = 1000  # questions under way; the next is told to come back
_LOADING_SIGN = 1.0  # seconds between two signs of life while a model is loaded
_SSE_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

_Page = Callable[["Engine", Request], Awaitable[Response]]


@dataclass(frozen=True)
class _Refusal:
    status: int
    code: str
    field: str = ""


_REFUSALS = {  # the first that fits
    ModelNotFound: _Refusal(404, "model_not_found", "model"),
    ModelTooLarge: _Refusal(507, "model_too_large", "model"),
    ModelError: _Refusal(500, "model_broken", "model"),
    EngineCannotStart: _Refusal(500, "model_broken", "model"),
    CacheTooSmall: _Refusal(400, "cache_too_small"),
    Stopped: _Refusal(503, "busy"),
}


def make_app(pool: ModelPool) -> Starlette:
    """The application that serves the models of `pool`."""
    engine = Engine(pool)
    routes = [
        Route("/health", engine.page(health)),
        Route("/metrics", engine.page(metrics_page)),
        Route("/v1/models", engine.page(models)),
        Route("/v1/completions", engine.page(completions), methods=["POST"]),
        Route("/v1/scores", engine.page(scores), methods=["POST"]),
    ]
    app = Starlette(routes=routes)
    app.state.engine = engine
    return app


class Engine:
    """What all pages share."""

    def __init__(self, pool: ModelPool) -> None:
        self.pool = pool
        self.under_way = 0
        self.stopping = False  # those under way are answered, others are told to come back
        self._expected = f"Bearer {pool.settings.token}".encode()

    def page(self, page: _Page) -> Callable[[Request], Awaitable[Response]]:
        """With the token looked at, and errors as answers."""

        @wraps(page)
        async def answer(request: Request) -> Response:
            if page not in _OPEN and not self._has_token(request):
                body = error_body("This engine wants its token, as a bearer.", "unauthorized", 401)
                return JSONResponse(body, 401, {"WWW-Authenticate": "Bearer"})
            given = request.headers.get(request_ids.HEADER)
            request_ids.current.set(given if request_ids.is_one(given) else None)  # who has the token is believed
            try:
                response = await page(self, request)
            except ClientDisconnect:
                response = Response(status_code=400)
            except Exception as error:
                response = _error_response(error)
            metrics.QUESTIONS.labels(page.__name__, f"{response.status_code // 100}xx").inc()
            return response

        return answer

    def _has_token(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").encode("latin-1")
        return hmac.compare_digest(given, self._expected)

    async def model(self, name: str) -> ModelFolder:
        """The model that is asked for, if it can be had.

        Raises:
            ModelNotFound, ModelTooLarge: it can't.
        """
        if self.stopping or self.under_way >= MOST_WAITING:
            raise Stopped
        model = await self.pool.find(name)
        self.pool.check(model)
        return model


class EventStream(StreamingResponse):
    """Whose generator is closed with it, not when it is collected: a text that nobody reads is not written on."""

    async def stream_response(self, send: Send) -> None:
        """See `StreamingResponse`."""
        async with contextlib.aclosing(self.body_iterator):  # type: ignore[type-var]
            await super().stream_response(send)


async def health(engine: Engine, request: Request) -> Response:
    """200 when the default model is in memory, 503 while it is loaded and when the engine is about to end."""
    if engine.stopping:
        return JSONResponse({"status": "stopping"}, 503)
    ready = engine.pool.is_ready
    return JSONResponse({"status": "ok" if ready else "loading"}, 200 if ready else 503)


async def metrics_page(engine: Engine, request: Request) -> Response:
    """The figures for Prometheus, for this machine and whoever has their token; for others there is nothing here."""
    if not scraping.allowed(
        peer=request.client.host if request.client is not None else None,
        forwarded="x-forwarded-for" in request.headers or "forwarded" in request.headers,
        authorization=request.headers.get("authorization", ""),
        token=engine.pool.settings.metrics_token,
    ):
        return JSONResponse(error_body("There is no such page.", "not_found", 404), 404)
    metrics.READY.set(engine.pool.is_ready and not engine.stopping)
    return Response(generate_latest(metrics.registry), media_type=scraping.TYPE)


_OPEN = (health, metrics_page)  # without the engine's own token


async def models(engine: Engine, request: Request) -> Response:
    """What there is."""
    rows = await asyncio.to_thread(engine.pool.rows)
    return JSONResponse(rows.to_dict() | {"slots": engine.pool.settings.slots})


async def completions(engine: Engine, request: Request) -> Response:
    """Texts that go on from a prompt, streamed or whole."""
    asked = protocol.read_completion(await _json(request))
    model = await engine.model(asked.model)
    if not isinstance(asked.prompt, str):
        check_prompt(asked.prompt, [], engine.pool.settings.window(model), model.config["vocab_size"])
    if asked.stream:
        return EventStream(_stream(engine, asked, model), media_type="text/event-stream", headers=_SSE_HEADERS)
    return await _unless_gone(request, _whole(engine, asked, model))


async def scores(engine: Engine, request: Request) -> Response:
    """How likely given continuations are."""
    asked = protocol.read_scores(await _json(request))
    model = await engine.model(asked.model)

    async def answer() -> Response:
        async with _at_work(engine, model) as loaded:
            answers = Answers(loaded.alias, loaded.engine, logprobs=True)
            found: dict[int, list[float]] = {}
            async for parts in _parts(loaded, Scoring(asked.prompt, asked.continuations)):
                found |= {part.index: part.logprobs for part in parts if part.finish_reason}
            listed = [{"token_logprobs": protocol.rounded(found[place])} for place in range(len(found))]
            return JSONResponse(answers.head | {"object": "scores", "scores": listed})

    return await _unless_gone(request, answer())


@contextlib.asynccontextmanager
async def _at_work(engine: Engine, model: ModelFolder) -> AsyncIterator[Loaded]:
    engine.under_way += 1
    metrics.UNDER_WAY.inc()
    began = time.monotonic()
    try:
        async with engine.pool.use(model) as loaded:
            yield loaded
    finally:
        engine.under_way -= 1
        metrics.UNDER_WAY.dec()
        seconds, caused_by = time.monotonic() - began, request_ids.current.get()
        metrics.SECONDS.observe(seconds)
        log.info("question answered in %.2f s, model %s, request %s", seconds, model.name, caused_by or "-")


async def _stream(engine: Engine, asked: CompletionQuestion, model: ModelFolder) -> AsyncIterator[bytes]:
    """Server-sent events. Whoever reads them can leave at any time: then this generator is closed."""
    try:
        async with contextlib.AsyncExitStack() as stack:
            entering = asyncio.ensure_future(stack.enter_async_context(_at_work(engine, model)))
            try:
                waited = 0.0
                while not engine.pool.get(model) and not (await asyncio.wait({entering}, timeout=_LOADING_SIGN))[0]:
                    waited += _LOADING_SIGN
                    yield protocol.progress_event({"loading": waited})
                loaded = await entering
            finally:
                entering.cancel()
            answers = Answers(loaded.alias, loaded.engine, asked.logprobs)
            words = _parts(loaded, await _question(asked, loaded))
            async with contextlib.aclosing(words):
                async for parts in words:
                    yield answers.events(parts)
        yield b"data: [DONE]\n\n"
    except Exception as error:
        yield b"data: " + _error_response(error).body + b"\n\n"


async def _whole(engine: Engine, asked: CompletionQuestion, model: ModelFolder) -> Response:
    async with _at_work(engine, model) as loaded:
        question = await _question(asked, loaded)
        answers = Answers(loaded.alias, loaded.engine, asked.logprobs)
        whole = {index: Part(index) for index in range(asked.sampling.n)}
        async for parts in _parts(loaded, question):
            for part in parts:
                if part.progress is None:
                    _append(whole[part.index], part)
    written = sum(len(part.tokens) for part in whole.values())
    usage = {
        "prompt_tokens": len(question.prompt),
        "completion_tokens": written,
        "total_tokens": len(question.prompt) + written,
    }
    choices = [answers.choice(part) for part in whole.values()]
    return JSONResponse(answers.head | {"choices": choices, "usage": usage})


def _append(whole: Part, part: Part) -> None:
    whole.text += part.text
    whole.tokens += part.tokens
    whole.logprobs += part.logprobs
    whole.finish_reason = part.finish_reason


async def _question(asked: CompletionQuestion, loaded: Loaded) -> Completion:
    prompt = asked.prompt
    if isinstance(prompt, str):
        # A long text takes a while; others must not wait for it.
        prompt = await asyncio.to_thread(loaded.tokens.encode, prompt) or [loaded.model.end_of_text]
    return Completion(prompt, asked.sampling, asked.keep)


async def _parts(loaded: Loaded, question: Completion | Scoring) -> AsyncGenerator[list[Part], None]:
    """What the scheduler hands over, as it comes; given back when nobody listens any more."""
    loop, news = asyncio.get_running_loop(), asyncio.Event()
    ticket: Ticket = loaded.scheduler.submit(question, lambda: _wake(loop, news))
    try:
        while True:
            parts = ticket.take()
            if parts:
                metrics.TOKENS.inc(sum(len(part.tokens) for part in parts))
                yield parts
            elif ticket.over:
                return
            else:
                await news.wait()
                news.clear()
    finally:
        ticket.cancel()


def _wake(loop: asyncio.AbstractEventLoop, news: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: the engine stops
        loop.call_soon_threadsafe(news.set)


async def _json(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > protocol.LARGEST_BODY:
            raise RequestError("body", f"is larger than {protocol.LARGEST_BODY} bytes")
    return protocol.read_json(bytes(body))


async def _unless_gone(request: Request, answer: Any) -> Response:
    """The answer, unless the one who asked goes away before."""
    working, gone = asyncio.ensure_future(answer), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            response: Response = working.result()
            return response
        raise ClientDisconnect
    finally:
        for task in (working, gone):
            task.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _error_response(error: Exception) -> JSONResponse:
    refusal = _refusal(error)
    if refusal.status == 500:
        log.error("a question failed", exc_info=error)
    message = str(error) or type(error).__doc__ or "The engine is broken."
    return JSONResponse(error_body(message, refusal.code, refusal.status, refusal.field), refusal.status)


def _refusal(error: Exception) -> _Refusal:
    if isinstance(error, RequestError):
        status = 413 if error.field == "body" and "larger" in str(error) else 400
        return _Refusal(status, "bad_request", error.field)
    return next((refusal for kind, refusal in _REFUSALS.items() if isinstance(error, kind)), _Refusal(500, "broken"))

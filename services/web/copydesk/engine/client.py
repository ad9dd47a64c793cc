"""A client for our own engine, and for any server that speaks OpenAI's completions: llama.cpp's, vLLM's, Ollama's.

Imports httpx and the standard library alone: web uses it to ask whether the engine is there.
"""

import math
import ssl
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from copydesk import request_ids
from copydesk.engine import stream
from copydesk.engine.errors import (
    EngineBadRequest,
    EngineBroken,
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnreachable,
)
from copydesk.engine.inventory import ModelList, ModelRow
from copydesk.engine.request import completion_request, foreign_request
from copydesk.engine.sampling import Sampling
from copydesk.engine.stream import Characters, Chunk

__all__ = ["Chunk", "EngineClient", "EngineDescription", "ModelList", "ModelRow"]

CONNECT_SECONDS = 5.0
_LONGEST_ENGINE = 128


@dataclass(frozen=True)
class EngineDescription:
    """Who writes: the model as the server names it (ours: `name@start of the weights' SHA-256`) and the server."""

    model: str
    engine: str  # for the record: program, version, precision
    context: int | None = None  # tokens a single text can have, prompt and answer together
    slots: int | None = None  # texts written at the same time


class EngineClient:
    """Asks one engine. Holds no connection between calls, so that any number of threads can share it."""

    def __init__(self, url: str, token: str, timeout: float = 30.0) -> None:
        """`timeout`: seconds without a single new word or other sign of work."""
        self.url = url.rstrip("/").removesuffix("/v1")
        self.timeout = timeout
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._known: ModelList | None = None

    def health(self) -> bool:
        """True when the engine answers, has its model, and takes our token.

        Raises:
            EngineError: it doesn't; which one says why.
        """
        with suppress(EngineBadRequest), self._errors(_Heard(self.timeout)), self._http() as http:
            _check(http.get("/health"))  # not every server has it, nor asks for the token there
        self.models()
        return True

    def describe(self) -> EngineDescription:
        """What the engine says about itself.

        Raises:
            EngineError: it doesn't answer.
        """
        answer = self._get("/v1/models")
        known = _model_list(answer)
        if not known.rows:
            raise EngineBroken("a list of models that holds none")
        if known.engine:
            return EngineDescription(known.rows[0].id, known.engine, known.rows[0].context, answer.get("slots"))
        try:
            props = self._get("/props")
        except EngineBadRequest:
            props = {}
        return _description(props, answer["data"][0])

    def models(self) -> ModelList:
        """The server's models; others than our own engine name them and say little else.

        Raises:
            EngineError: it doesn't answer.
        """
        self._known = _model_list(self._get("/v1/models"))
        return self._known

    def stream(
        self, prompt: str | Sequence[int], sampling: Sampling, *, model: str = "", keep: int = 0
    ) -> Generator[Chunk, None, None]:
        """The texts that go on from `prompt`, piece by piece, as whole characters; between them, signs of life.

        Token numbers as prompt make a replay exact. Closing the generator closes the connection, and the engine stops.

        Args:
            model: one of the server's, by name or alias; "" for its default or first one.
            keep: tokens at the prompt's beginning that stay in view when a long text's window slides.

        Raises:
            EngineBusy: no word came in time: other texts are before us, or the model is still being loaded.
            EngineTimeout: after some words no other came in time.
            EngineBroken: the stream ended without an end, or can't be read.
            EngineError: the request failed; see the others.
        """
        known = self._known or self._look()
        if known.engine:
            question = completion_request(prompt, sampling, model, keep)
        else:
            question = foreign_request(prompt, sampling, model or (known.rows[0].id if known.rows else ""))
        heard, characters = _Heard(self.timeout, texts=sampling.n), Characters()
        with (
            self._errors(heard),
            self._http() as http,
            http.stream("POST", "/v1/completions", json=question) as response,
        ):
            _check(response)
            heard.anything = True
            for event in stream.events(response.iter_raw(), heard.check):
                chunk = stream.read_event(event, characters)
                heard.word(chunk)
                if chunk.text or chunk.tokens or chunk.finish_reason or chunk.progress:
                    yield chunk
                    heard.again()
            if not heard.end:
                raise EngineBroken("the stream ended without a reason")

    def score(
        self, prompt: Sequence[int], continuations: Sequence[Sequence[int]], *, model: str = ""
    ) -> list[list[float]]:
        """The log-probability of each token of each continuation of `prompt`; our own engine only.

        Raises:
            EngineBadRequest: this server doesn't offer it.
            EngineError: the request failed.
        """
        question = {"model": model, "prompt": list(prompt), "continuations": [list(tokens) for tokens in continuations]}
        answer = self._ask("POST", "/v1/scores", question)
        try:
            scores = [[float(value) for value in one["token_logprobs"]] for one in answer["scores"]]
        except (LookupError, TypeError, ValueError) as error:
            raise EngineBroken(f"{error!r} in {str(answer)[:200]}") from error
        given = [len(tokens) for tokens in continuations]
        if [len(one) for one in scores] != given or not all(math.isfinite(value) for one in scores for value in one):
            raise EngineBroken(f"scores for {[len(one) for one in scores]} tokens instead of {given}")
        return scores

    def _look(self) -> ModelList:
        """Who is there? Some servers have no list of models; they are taken for what needs none."""
        try:
            return self.models()
        except (EngineBadRequest, EngineBroken):
            return ModelList(())

    def _get(self, path: str) -> dict[str, Any]:
        return self._ask("GET", path)

    def _ask(self, method: str, path: str, question: Any = None) -> dict[str, Any]:
        with self._errors(_Heard(self.timeout)), self._http() as http:
            response = http.request(method, path, json=question)
            _check(response)
            answer = response.json()
        if not isinstance(answer, dict):
            raise EngineBroken(f"{path} answered {type(answer).__name__}")
        return answer

    def _http(self) -> httpx.Client:
        """A client for one call. Proxies are not asked: the engine is one of ours, and so is the token."""
        timeout = httpx.Timeout(self.timeout, connect=min(CONNECT_SECONDS, self.timeout))
        number = request_ids.current.get()
        headers = self._headers if number is None else {**self._headers, request_ids.HEADER: number}
        return httpx.Client(base_url=self.url, headers=headers, timeout=timeout, verify=_tls(), trust_env=False)

    @contextmanager
    def _errors(self, heard: "_Heard") -> Iterator[None]:
        """Turn what httpx and the parser raise into our own errors."""
        try:
            yield
        except httpx.ReadTimeout as error:
            raise heard.too_late() from error
        except (httpx.TimeoutException, httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.ConnectError) as error:
            raise EngineUnreachable(repr(error)) from error
        except httpx.TransportError as error:  # it went away: before the first byte nothing is lost by waiting
            raise (EngineBroken if heard.anything else EngineUnreachable)(repr(error)) from error
        except (ValueError, httpx.HTTPError) as error:  # an answer that is no JSON, or cut off
            raise EngineBroken(repr(error)) from error


class _Heard:
    """What came from the engine so far, and when a word came last. A sign of life without a word is not enough."""

    def __init__(self, timeout: float, texts: int = 1) -> None:
        self.anything = False
        self.words = False
        self._unfinished = texts
        self._timeout = timeout
        self._last = time.monotonic()

    @property
    def end(self) -> bool:
        """Did all texts come to their end?"""
        return self._unfinished <= 0

    def word(self, chunk: Chunk) -> None:
        """An event that shows work: a word, or progress in reading the prompt."""
        self.words = self.words or bool(chunk.text or chunk.tokens)
        self._unfinished -= chunk.finish_reason is not None
        self._last = time.monotonic()

    def again(self) -> None:
        """The time that our caller took for the last word is not the engine's."""
        self._last = time.monotonic()

    def check(self) -> None:
        if time.monotonic() - self._last > self._timeout:
            raise self.too_late()

    def too_late(self) -> EngineError:
        silence = f"nothing new for {self._timeout} s"
        return EngineTimeout(silence) if self.words else EngineBusy(silence)


def _check(response: httpx.Response) -> None:
    if response.is_success:
        return
    response.read()
    detail = f"{response.status_code} {response.text[:500]}"
    try:
        body = response.json()
    except ValueError:
        body = None
    raise stream.error_of(response.status_code, detail, body)


def _model_list(answer: dict[str, Any]) -> ModelList:
    try:
        return ModelList.from_dict(answer)
    except (LookupError, TypeError, AttributeError) as error:
        raise EngineBroken(f"{error!r} in a list of models: {str(answer)[:200]}") from error


def _description(props: dict[str, Any], model: dict[str, Any]) -> EngineDescription:
    tags = [str(tag) for tag in model.get("tags") or () if tag]
    # Our own engine's tag names the wheel with its version; llama.cpp's build number is 0 there.
    program: list[Any] = tags or [model.get("owned_by"), props.get("build_info")]
    known = [*program, props.get("model_ftype")]
    settings = props.get("default_generation_settings") or {}
    return EngineDescription(
        model=str(model.get("id", "")),
        engine=" ".join(str(part) for part in known if part)[:_LONGEST_ENGINE] or "unknown",
        context=settings.get("n_ctx") or model.get("max_model_len"),
        slots=props.get("total_slots"),
    )


@cache
def _tls() -> ssl.SSLContext:
    """Reading the machine's certificates takes longer than a whole question to the engine."""
    return ssl.create_default_context()

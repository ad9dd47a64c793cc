"""A client for any server that speaks OpenAI's completions, streamed: llama.cpp's, vLLM's, our TensorFlow one.

Imports httpx and the standard library only: web uses it to ask whether the engine is there.
"""

import ssl
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from copydesk.engine import stream
from copydesk.engine.characters import WholeCharacters
from copydesk.engine.errors import (
    EngineBadRequest,
    EngineBroken,
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnreachable,
)
from copydesk.engine.request import completion_request
from copydesk.engine.sampling import Sampling
from copydesk.engine.stream import Chunk

__all__ = ["Chunk", "EngineClient", "EngineDescription"]

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

    def __init__(self, url: str, token: str, timeout: float = 30.0, model: str = "") -> None:
        """`timeout`: seconds without a single new word; `model`: which of the server's models, "" the first."""
        self.url = url.rstrip("/").removesuffix("/v1")
        self.timeout = timeout
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._model = model

    def health(self) -> bool:
        """True when the engine answers, has its model, and takes our token.

        Raises:
            EngineError: it doesn't; which one says why.
        """
        try:
            self._get("/props")
        except EngineBadRequest:  # not llama.cpp: it doesn't know the page
            self._first_of_models()
        return True

    def describe(self) -> EngineDescription:
        """What the engine says about itself.

        Raises:
            EngineError: it doesn't answer.
        """
        try:
            props = self._get("/props")
        except EngineBadRequest:
            props = {}
        return _description(props, self._first_of_models())

    def tokenize(self, text: str) -> list[int]:
        """The tokens of `text`, a special token's name being plain text; only llama.cpp offers it.

        Raises:
            EngineBadRequest: this server doesn't offer it.
            EngineError: it doesn't answer.
        """
        question = {"content": text, "add_special": False, "parse_special": False}
        return [int(token) for token in self._ask("POST", "/tokenize", question).get("tokens", ())]

    def stream(self, prompt: str | Sequence[int], sampling: Sampling) -> Generator[Chunk, None, None]:
        """The text that goes on from `prompt`, piece by piece, as whole characters.

        Token numbers as prompt make a replay exact. Closing the generator closes the connection, and the engine stops.

        Raises:
            EngineBusy: no word came in time: other texts are before us, or the model is still being loaded.
            EngineTimeout: after some words no other came in time.
            EngineBroken: the stream ended without an end, or can't be read.
            EngineError: the request failed; see the others.
        """
        question = completion_request(prompt, sampling, self._model or self._model_name())
        heard = _Heard(self.timeout)
        characters = WholeCharacters()
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
                if chunk.text or chunk.tokens or chunk.finish_reason:
                    yield chunk
                    heard.again()
            if not heard.end:
                raise EngineBroken("the stream ended without a reason")

    def _model_name(self) -> str:
        """The name that other servers than llama.cpp want in the request; asked once."""
        try:
            self._model = str(self._first_of_models().get("id", ""))
        except (EngineBadRequest, EngineBroken):
            return ""
        return self._model

    def _first_of_models(self) -> dict[str, Any]:
        models = self._get("/v1/models").get("data")
        if isinstance(models, list) and models and isinstance(models[0], dict):
            return models[0]
        raise EngineBroken(f"a list of models that holds none: {str(models)[:200]}")

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
        return httpx.Client(base_url=self.url, headers=self._headers, timeout=timeout, verify=_tls(), trust_env=False)

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

    def __init__(self, timeout: float) -> None:
        self.anything = False
        self.words = False
        self.end = False
        self._timeout = timeout
        self._last = time.monotonic()

    def word(self, chunk: Chunk) -> None:
        """An event that shows work: a word, or progress in reading the prompt."""
        self.words = self.words or bool(chunk.text or chunk.tokens)
        self.end = self.end or chunk.finish_reason is not None
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
    raise stream.error_of(response.status_code, detail)


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

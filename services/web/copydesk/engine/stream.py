"""Reading a stream of completions: server-sent events in, chunks out. Several servers' dialects, one value."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from copydesk.engine.characters import WholeCharacters
from copydesk.engine.errors import (
    EngineBadRequest,
    EngineBroken,
    EngineBusy,
    EngineError,
    EngineModelTooLarge,
    EngineModelUnknown,
    EngineRefused,
)

_LONGEST_LINE = 1_000_000  # bytes; no event of a single token comes near


@dataclass(frozen=True)
class Chunk:
    """The next piece of a text, or only a sign of life (`progress`).

    llama.cpp names only the last of several tokens that make up one character: `PromptBuilder.name_tokens` adds those
    before it.
    """

    text: str
    tokens: tuple[int, ...] = ()  # empty where the server doesn't tell
    logprobs: tuple[float, ...] = ()  # of these tokens, natural logarithm, before temperature and penalties
    finish_reason: str | None = None  # "stop" or "length" with the last chunk
    model: str = ""  # as the server names it
    engine: str = ""  # what the server says of its program; ours only
    index: int = 0  # which of n texts
    progress: Mapping[str, Any] | None = None  # {"read": 128, "of": 400}, {"beam": 3, "of": 80}, {"waiting": 2}, …


class Characters:
    """Whole characters for each of n texts."""

    def __init__(self) -> None:
        self._texts: defaultdict[int, WholeCharacters] = defaultdict(WholeCharacters)

    def feed(self, index: int, piece: str) -> str:
        """The characters that are complete now."""
        return self._texts[index].feed(piece)


def events(parts: Iterator[bytes], check: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """The JSON values of the events in a byte stream, up to `[DONE]`. `check` is called at each line, also at pings.

    Lines are cut at line feeds alone: text may hold other characters that Python, or httpx, takes for line ends.

    Raises:
        EngineError: the server reports one inside the stream, or the stream can't be read.
    """
    for line in _lines(parts):
        check()
        name, _, data = line.partition(b":")
        data = data.strip()
        if name not in (b"data", b"error") or not data:
            continue  # a ping, an event's name, the empty line between events
        if data == b"[DONE]":
            return
        yield _value(data)


def read_event(event: dict[str, Any], characters: Characters) -> Chunk:
    """One event as a chunk. One without a choice (progress, usage) has no text.

    Raises:
        EngineBroken: it is none of the known dialects.
    """
    try:
        choice = (event.get("choices") or [{}])[0]
        tokens, logprobs = _tokens(choice)
        index = int(choice.get("index") or 0)
        return Chunk(
            text=characters.feed(index, choice.get("text") or ""),
            tokens=tokens,
            logprobs=logprobs,
            finish_reason=choice.get("finish_reason"),
            model=str(event.get("model") or ""),
            engine=str(event.get("engine") or ""),
            index=index,
            progress=_progress(event),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise EngineBroken(f"{error!r} in {str(event)[:200]}") from error


def error_of(status: int, detail: str, body: Any = None) -> EngineError:
    """Our error for an HTTP status, or for the same number inside a stream; `body` is what came with it, if JSON."""
    told = body.get("error") if isinstance(body, dict) else None
    told = told if isinstance(told, dict) else {}
    message = str(told.get("message") or "")
    if told.get("code") == "model_too_large":
        return EngineModelTooLarge(detail, message)
    if told.get("code") == "model_not_found":
        return EngineModelUnknown(detail, message)
    if status in (401, 403):
        return EngineRefused(detail)
    if status in (429, 503):
        return EngineBusy(detail)
    return EngineBadRequest(detail) if 300 <= status < 500 else EngineBroken(detail)


def _lines(parts: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        yield from lines
        if len(rest) > _LONGEST_LINE:
            raise EngineBroken("a line without an end")
    if rest:
        yield rest


def _value(data: bytes) -> dict[str, Any]:
    # A server that cuts its text at bytes can send half a character: `characters` waits for the other half.
    try:
        value = json.loads(data.decode("utf-8", "surrogateescape"))
    except ValueError as error:
        raise EngineBroken(f"no JSON: {data[:200]!r}") from error
    if not isinstance(value, dict):
        raise EngineBroken(f"an event of {type(value).__name__}")
    told = value.get("error", value if "message" in value and "code" in value else None)
    if told:
        status = told.get("status", told.get("code")) if isinstance(told, dict) else None
        raise error_of(status if isinstance(status, int) else 500, str(told)[:500], value)
    return value


def _progress(event: dict[str, Any]) -> Mapping[str, Any] | None:
    """Ours, or llama.cpp's while it reads the prompt."""
    progress, theirs = event.get("progress"), event.get("prompt_progress")
    if isinstance(progress, dict):
        return progress
    return {"read": theirs.get("processed"), "of": theirs.get("total")} if isinstance(theirs, dict) else None


def _tokens(choice: dict[str, Any]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Numbers and log probabilities of a choice's tokens: llama.cpp lists entries, vLLM and OpenAI columns."""
    logprobs = choice.get("logprobs") or {}
    entries = logprobs.get("content")
    if entries is not None:
        return (
            tuple(int(entry["id"]) for entry in entries if "id" in entry),
            tuple(float(entry["logprob"]) for entry in entries),
        )
    values = tuple(float(value) for value in logprobs.get("token_logprobs") or () if value is not None)
    return tuple(int(token) for token in choice.get("token_ids") or ()), values

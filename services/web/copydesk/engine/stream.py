"""Reading a stream of completions: server-sent events in, chunks out. Several servers' dialects, one value."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from copydesk.engine.characters import WholeCharacters
from copydesk.engine.errors import EngineBadRequest, EngineBroken, EngineBusy, EngineError, EngineRefused

_LONGEST_LINE = 1_000_000  # bytes; no event of a single token comes near


@dataclass(frozen=True)
class Chunk:
    """The next piece of text.

    llama.cpp names only the last of several tokens that make up one character: `PromptBuilder.name_tokens` adds those
    before it.
    """

    text: str
    tokens: tuple[int, ...] = ()  # empty where the server doesn't tell
    logprobs: tuple[float, ...] = ()  # of these tokens, natural logarithm, before temperature and penalties
    finish_reason: str | None = None  # "stop" or "length" with the last chunk
    model: str = ""  # as the server names it


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


def read_event(event: dict[str, Any], characters: WholeCharacters) -> Chunk:
    """One event as a chunk. One without a choice (progress, usage) is an empty chunk.

    Raises:
        EngineBroken: it is none of the known dialects.
    """
    try:
        choice = (event.get("choices") or [{}])[0]
        tokens, logprobs = _tokens(choice)
        return Chunk(
            text=characters.feed(choice.get("text") or ""),
            tokens=tokens,
            logprobs=logprobs,
            finish_reason=choice.get("finish_reason"),
            model=str(event.get("model") or ""),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise EngineBroken(f"{error!r} in {str(event)[:200]}") from error


def error_of(status: int, detail: str) -> EngineError:
    """Our error for an HTTP status, or for the same number inside a stream."""
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
        code = told.get("code") if isinstance(told, dict) else None
        raise error_of(code if isinstance(code, int) else 500, str(told)[:500])
    return value


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

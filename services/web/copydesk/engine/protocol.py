"""What may be asked of the engine over HTTP, in OpenAI's words and ours; what is wrong is named by its field."""

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from copydesk.engine.sampling import LARGEST_SEED, Sampling, SamplingError, Strategy
from copydesk.engine.scheduler import RequestError
from copydesk.engine.ticket import Part

LARGEST_BODY = 2_000_000  # bytes
_LONGEST_TEXT = 200_000  # characters of a prompt that is no list of tokens
_MOST_TOKENS = 65_536  # in a list; the model's window is far smaller
_MOST_CONTINUATIONS = 64
_DEFAULTS = {"max_tokens": 16, "temperature": 1.0, "top_p": 1.0, "n": 1, "repetition_penalty": 1.0}  # OpenAI's
# OpenAI's fields that would change the text, with the value that doesn't. Others that we don't know are left aside.
_NOT_OFFERED: dict[str, tuple[Any, ...]] = {
    "presence_penalty": (0, None),
    "frequency_penalty": (0, None),
    "logit_bias": (None, {}),
    "suffix": (None, ""),
    "echo": (False, None),
    "best_of": (1, None),
}


@dataclass(frozen=True)
class CompletionQuestion:
    """A body of POST /v1/completions."""

    model: str  # "" the default
    prompt: str | list[int]
    sampling: Sampling
    keep: int
    stream: bool
    logprobs: bool


@dataclass(frozen=True)
class ScoreQuestion:
    """A body of POST /v1/scores."""

    model: str
    prompt: list[int]
    continuations: list[list[int]]


def read_json(body: bytes) -> dict[str, Any]:
    """A body as JSON.

    Raises:
        RequestError: it is none, or no object.
    """
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError("body", f"is no JSON: {error}") from error
    if not isinstance(values, dict):
        raise RequestError("body", "must be a JSON object")
    return values


def read_completion(values: Mapping[str, Any]) -> CompletionQuestion:
    """The question in a body.

    Raises:
        RequestError: a field is missing, of another kind, or out of bounds.
    """
    for name, harmless in _NOT_OFFERED.items():
        if values.get(name) not in harmless:
            raise RequestError(name, "is not offered by this engine")
    return CompletionQuestion(
        model=_text(values, "model"),
        prompt=_prompt(values),
        sampling=_sampling(values),
        keep=_number(values, "keep", 0, _MOST_TOKENS),
        stream=_flag(values, "stream"),
        logprobs=values.get("logprobs") not in (None, 0, False),
    )


def read_scores(values: Mapping[str, Any]) -> ScoreQuestion:
    """The question in a body. Raises as `read_completion` does."""
    given = values.get("continuations")
    if not isinstance(given, list) or not 0 < len(given) <= _MOST_CONTINUATIONS:
        raise RequestError("continuations", f"must be a list of 1 to {_MOST_CONTINUATIONS} lists of tokens")
    return ScoreQuestion(
        model=_text(values, "model"),
        prompt=_tokens("prompt", values.get("prompt")),
        continuations=[_tokens("continuations", tokens) for tokens in given],
    )


class Answers:
    """Events for one completion: all of them name the model and the engine."""

    def __init__(self, model: str, engine: str, logprobs: bool) -> None:
        self._logprobs = logprobs
        self.head = {
            "id": f"cmpl-{secrets.token_hex(12)}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": model,
            "engine": engine,
        }
        self._begin = json.dumps(self.head)[:-1]

    def events(self, parts: Sequence[Part]) -> bytes:
        """Server-sent events, as they go over the line."""
        return "".join(f"data: {self._begin}, {self._event(part)}}}\n\n" for part in parts).encode()

    def _event(self, part: Part) -> str:
        if part.progress is not None:
            return f'"choices": [], "progress": {json.dumps(part.progress)}'
        return f'"choices": [{json.dumps(self.choice(part))}]'

    def choice(self, part: Part) -> dict[str, Any]:
        """One of a completion's choices, or its next part."""
        return {
            "index": part.index,
            "text": part.text,
            "token_ids": part.tokens,
            "logprobs": {"token_logprobs": rounded(part.logprobs)} if self._logprobs else None,
            "finish_reason": part.finish_reason,
        }


def progress_event(progress: Mapping[str, Any]) -> bytes:
    """A sign of life, before there is a model to speak of."""
    return f"data: {json.dumps({'choices': [], 'progress': progress})}\n\n".encode()


def error_body(message: str, code: str, status: int, field: str = "") -> dict[str, Any]:
    """An error, in OpenAI's form; `status` is said again for those who read it inside a stream."""
    return {"error": {"message": message, "code": code, "status": status, "param": field or None}}


def rounded(logprobs: Sequence[float]) -> list[float]:
    """As they go over the line: float32 has no more digits."""
    return [round(value, 6) for value in logprobs]


def _sampling(values: Mapping[str, Any]) -> Sampling:
    fields: dict[str, Any] = {
        "max_new_tokens": _or_default(values, "max_tokens"),
        "repetition_penalty": _or_default(values, "repetition_penalty"),
        "n": _or_default(values, "n"),
        "no_repeat_ngram_size": values.get("no_repeat_ngram_size") or 0,
        "stop": _stops(values),
        "seed": _seed(values),
        **_strategy(values),
    }
    try:
        return Sampling.from_dict(fields)
    except SamplingError as error:
        field, _, rest = str(error).partition(" ")
        raise RequestError("max_tokens" if field == "max_new_tokens" else field, rest) from error


def _strategy(values: Mapping[str, Any]) -> dict[str, Any]:
    """How tokens are chosen: our `strategy` names it, without it OpenAI's fields do. What has no part is left aside."""
    top_k = values.get("top_k")
    top_k = None if top_k in (0, -1) else top_k  # other servers' ways to say: all of them
    top_p, temperature = _or_default(values, "top_p"), _or_default(values, "temperature")
    strategy = values.get("strategy")
    if strategy is None:
        if temperature == 0:
            strategy = Strategy.GREEDY
        elif top_k is None:
            strategy = Strategy.TOP_P
        elif top_p == 1:
            strategy = Strategy.TOP_K
        else:
            raise RequestError("top_k", "can't be combined with top_p here: name the strategy")
    if strategy == Strategy.TOP_P:
        return {"strategy": strategy, "temperature": temperature, "top_p": top_p}
    if strategy == Strategy.TOP_K:
        chosen = {} if top_k is None else {"top_k": top_k}
        return {"strategy": strategy, "temperature": temperature, **chosen}
    if strategy == Strategy.BEAM:
        beams = values.get("num_beams")
        return {"strategy": strategy, **({} if beams is None else {"num_beams": beams})}
    return {"strategy": strategy}


def _or_default(values: Mapping[str, Any], name: str) -> Any:
    value = values.get(name)
    return _DEFAULTS[name] if value is None else value


def _seed(values: Mapping[str, Any]) -> Any:
    seed = values.get("seed")
    return secrets.randbelow(LARGEST_SEED + 1) if seed is None else seed


def _stops(values: Mapping[str, Any]) -> Any:
    stop = values.get("stop")
    return [stop] if isinstance(stop, str) else [] if stop is None else stop


def _prompt(values: Mapping[str, Any]) -> str | list[int]:
    prompt = values.get("prompt")
    if not isinstance(prompt, str):
        return _tokens("prompt", prompt)
    if len(prompt) > _LONGEST_TEXT:
        raise RequestError("prompt", f"has {len(prompt)} characters, more than {_LONGEST_TEXT}")
    return prompt


def _tokens(field: str, value: Any) -> list[int]:
    if not isinstance(value, list) or not all(type(token) is int for token in value):
        raise RequestError(field, "must be one text or a list of tokens" if field == "prompt" else "must hold tokens")
    if len(value) > _MOST_TOKENS:
        raise RequestError(field, f"has {len(value)} tokens, more than {_MOST_TOKENS}")
    return value


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name) or ""
    if not isinstance(value, str) or len(value) > 300:
        raise RequestError(name, "must be a text of at most 300 characters")
    return value


def _number(values: Mapping[str, Any], name: str, low: int, high: int) -> int:
    value = values.get(name, low)
    if type(value) is not int or not low <= value <= high:
        raise RequestError(name, f"must be a number from {low} to {high}")
    return value


def _flag(values: Mapping[str, Any], name: str) -> bool:
    value = values.get(name) or False
    if not isinstance(value, bool):
        raise RequestError(name, "must be true or false")
    return value

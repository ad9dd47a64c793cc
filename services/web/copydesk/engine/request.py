"""The question that a completions server is asked: OpenAI's fields, ours, and what llama.cpp and vLLM call the rest."""

from collections.abc import Sequence
from typing import Any

from copydesk.engine.errors import EngineBadRequest
from copydesk.engine.sampling import Sampling, Strategy

_WHOLE_TEXT = 4096  # tokens, more than any GPT-2 sees; -1 for "all" is refused by some of llama.cpp's versions
_OFF = {  # llama.cpp's other ways to choose; said here so that none of its defaults has a part in the text
    "min_p": 0.0,
    "typical_p": 1.0,
    "top_n_sigma": -1.0,
    "xtc_probability": 0.0,
    "dry_multiplier": 0.0,
    "mirostat": 0,
    "dynatemp_range": 0.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "ignore_eos": False,
}


def completion_request(
    prompt: str | Sequence[int], sampling: Sampling, model: str = "", keep: int = 0
) -> dict[str, Any]:
    """The JSON of a streamed request to our own engine: nothing is left to its defaults."""
    question = {
        **sampling.to_dict(),
        "prompt": prompt if isinstance(prompt, str) else list(prompt),
        "max_tokens": sampling.max_new_tokens,
        "keep": keep,
        "logprobs": 1,
        "stream": True,
    }
    del question["max_new_tokens"]
    if model:
        question["model"] = model
    return question


def foreign_request(prompt: str | Sequence[int], sampling: Sampling, model: str = "") -> dict[str, Any]:
    """The JSON of a streamed request to another server. Those that don't know a field leave it aside.

    Raises:
        EngineBadRequest: this can't be asked of them; silently something else would be written.
    """
    if sampling.strategy is Strategy.BEAM:
        raise EngineBadRequest("beam search is offered by our own engine only")
    if sampling.no_repeat_ngram_size:
        raise EngineBadRequest("no_repeat_ngram_size is offered by our own engine only")
    question: dict[str, Any] = {
        "prompt": prompt if isinstance(prompt, str) else list(prompt),
        "max_tokens": sampling.max_new_tokens,
        "stop": list(sampling.stop),
        "seed": sampling.seed,
        "stream": True,
        "n": sampling.n,
        "logprobs": 1,
        **_choice(sampling),
        **_penalty(sampling),
        **_OFF,
        # llama.cpp: read the whole prompt afresh, since what is left of another text changes the last digits
        "cache_prompt": False,
        "return_progress": True,  # reading a long prompt is a sign of life
        "sse_ping_interval": -1,  # a ping is none
        "return_tokens": True,
        "return_token_ids": True,  # vLLM
    }
    if model:
        question["model"] = model
    return question


def _choice(sampling: Sampling) -> dict[str, Any]:
    """Which tokens may be chosen, in llama.cpp's order; 0 switches its top-k off, as -1 does vLLM's."""
    if sampling.strategy is Strategy.GREEDY:
        return {"temperature": 0.0, "top_p": 1.0, "top_k": 1, "samplers": ["penalties", "top_k"]}
    if sampling.strategy is Strategy.TOP_K:
        chain = ["penalties", "temperature", "top_k"]
        return {"temperature": sampling.temperature, "top_p": 1.0, "top_k": sampling.top_k, "samplers": chain}
    chain = ["penalties", "temperature", "top_p"]
    return {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0, "samplers": chain}


def _penalty(sampling: Sampling) -> dict[str, Any]:
    """Keskar et al. 2019, over the whole text so far, prompt included, as vLLM and transformers do it."""
    return {
        "repeat_penalty": sampling.repetition_penalty,
        "repetition_penalty": sampling.repetition_penalty,
        "repeat_last_n": _WHOLE_TEXT,
    }

"""llama.cpp's server as the wheel `xllamacpp` gives it, weights in q8_0, 32 slots; asked over HTTP."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import xllamacpp

from bench.completions import post
from bench.peers.protocol import Ask, Texts, arguments, serve
from copydesk.engine import models
from tests.peers.gguf_export import Precision, cached_gguf

SLOTS, ROOM = 32, 256  # tokens a slot
token = secrets.token_hex(16)


def start() -> xllamacpp.Server:
    parameters = xllamacpp.CommonParams()
    folder = models.read(Path(arguments()["model"]))
    parameters.model.path = str(cached_gguf(folder, Path(arguments()["work"]), Precision.Q8_0))
    parameters.hostnames, parameters.port, parameters.api_keys = ["127.0.0.1"], 0, [token]
    parameters.n_parallel, parameters.n_ctx = SLOTS, SLOTS * ROOM
    parameters.ui = False
    parameters.n_threads_http = 2 * SLOTS
    parameters.verbosity = 1  # errors
    return xllamacpp.Server(parameters)


server = start()
pool = ThreadPoolExecutor(SLOTS)


def write(ask: Ask) -> Texts:
    if ask.strategy == "beam":
        raise NotImplementedError("llama.cpp's server has no beam search")
    return list(pool.map(lambda pair: _one(ask, *pair), zip(ask.prompts, ask.seeds, strict=True)))


def _one(ask: Ask, prompt: list[int], seed: int) -> list[int]:
    greedy = ask.strategy == "greedy"
    question = {
        "prompt": prompt,
        "n_predict": ask.new,
        "ignore_eos": True,
        "seed": seed,
        "temperature": 0.0 if greedy else ask.temperature,
        "top_k": 1 if greedy else 0,
        "top_p": 1.0 if greedy else ask.top_p,
        "min_p": 0.0,
        "repeat_penalty": ask.repetition_penalty,
        "repeat_last_n": ROOM,
        "samplers": ["top_k"] if greedy else ["penalties", "temperature", "top_p"],
        "cache_prompt": False,
        "return_tokens": True,
        "stream": False,
    }
    answer = json.loads(post(str(server.listening_address), token, "/completion", question))
    return [int(number) for number in answer["tokens"]]


serve(write, f"xllamacpp {version('xllamacpp')}")

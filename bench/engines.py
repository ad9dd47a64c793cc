"""Tokens a second of the 124M architecture with seeded random weights: the engine and the TensorFlow reference."""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from copydesk.engine.client import EngineClient
from copydesk.engine.gguf_export import Precision
from copydesk.engine.models import ModelFolder
from copydesk.engine.reference import Reference
from copydesk.engine.sampling import Sampling, Strategy
from copydesk.engine.server import EngineSettings, running
from tests.integration.engine.gpt2_of_chance import make

PROMPT = list(range(1000, 1020))
NEW = 80
SLOTS = 8


def sampling(seed: int, strategy: Strategy = Strategy.TOP_P) -> Sampling:
    return Sampling(strategy=strategy, max_new_tokens=NEW, seed=seed)


def run(tokenizer: Path, work: Path, rounds: int = 2) -> list[dict[str, object]]:
    """One row a way of writing the same draft: alone, and `SLOTS` at once."""
    model = make(work / "gpt2-124m", tokenizer)
    rows = [row for precision in Precision for row in _engine(model, work, precision, rounds)]
    reference = Reference(model)
    alone = _rate(lambda seed: reference.write(PROMPT, sampling(seed, Strategy.TOP_K)), rounds=1)
    rows.append({"what": "KerasHub on TensorFlow, float32, top-k", "at once": 1, "tokens/s": alone})
    fastest = rows[0]["tokens/s"]
    return [row | {"of the default": round(float(row["tokens/s"]) / float(fastest), 2)} for row in rows]


def _engine(model: ModelFolder, work: Path, precision: Precision, rounds: int) -> list[dict[str, object]]:
    token = secrets.token_hex(16)
    settings = EngineSettings(model=model, token=token, cache_dir=work / "cache", slots=SLOTS, precision=precision)
    with running(settings) as url, ThreadPoolExecutor(SLOTS) as pool:
        client = EngineClient(url, token)

        def write(seed: int) -> list[int]:
            return [number for chunk in client.stream(PROMPT, sampling(seed)) for number in chunk.tokens]

        def together(seed: int) -> list[int]:
            texts = pool.map(write, range(seed * SLOTS, (seed + 1) * SLOTS))
            return [number for text in texts for number in text]

        name = f"llama.cpp, {precision}"
        return [
            {"what": name, "at once": 1, "tokens/s": _rate(write, rounds)},
            {"what": name, "at once": SLOTS, "tokens/s": _rate(together, rounds)},
        ]


def _rate(write: Callable[[int], list[int]], rounds: int) -> float:
    """The median rate of `rounds`, after one that warms up."""
    rates = []
    for seed in range(rounds + 1):
        started = time.perf_counter()
        written = len(write(seed))
        rates.append(written / (time.perf_counter() - started))
    return round(median(rates[1:]), 1)

"""What 8 bits cost: how well the seed model foretells held-out text in either precision, asked of the engine itself."""

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from copydesk.engine import models
from copydesk.engine.client import EngineClient
from copydesk.engine.models import ModelFolder
from copydesk.engine.tokens import load_tokenizer
from copydesk.training.corpus import Tokens, load_corpus
from tests.desk import free_port
from tests.integration.engine.engines import MODELS, engine

WINDOWS = 200


def run(corpus: Path, work: Path, *, quick: bool = False) -> dict[str, Any]:
    """Perplexity per token of the corpus' held-out part, each window read from its first token."""
    model = models.find("seed", MODELS)
    tokens = load_corpus(corpus, load_tokenizer(model.path), work / "corpus").held_out
    windows = _windows(tokens, model.context)
    chosen = windows[np.linspace(0, len(windows) - 1, min(len(windows), 40 if quick else WINDOWS), dtype=int)]
    losses = {precision: _loss(model, work, precision, chosen) for precision in ("f32", "int8")}
    perplexities = {precision: math.exp(loss) for precision, loss in losses.items()}
    return {
        "tokens": int(chosen[:, 1:].size),
        "perplexity": {precision: round(value, 3) for precision, value in perplexities.items()},
        "change_percent": round(100 * (perplexities["int8"] / perplexities["f32"] - 1), 3),
    }


def _windows(tokens: Tokens, context: int) -> Any:
    """(tokens,) → (windows, context), none overlapping; each token but the first of a window is foretold."""
    return tokens[: len(tokens) // context * context].reshape(-1, context)


def _loss(model: ModelFolder, work: Path, precision: str, windows: Any) -> float:
    """Nats a token."""
    work.mkdir(parents=True, exist_ok=True)
    with engine(work, free_port(), MODEL=str(model.path), ENGINE_PRECISION=precision) as running:
        client = EngineClient(running.url, running.token, 120)
        with ThreadPoolExecutor(4) as pool:
            scores = list(pool.map(lambda window: _score(client, window.tolist()), windows))
    return -sum(map(math.fsum, scores)) / sum(map(len, scores))


def _score(client: EngineClient, window: list[int]) -> list[float]:
    return client.score(window[:1], [window[1:]])[0]

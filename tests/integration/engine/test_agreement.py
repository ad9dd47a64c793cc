"""The engine agrees with the referee, KerasHub on TensorFlow in float32.

On 1,000 contexts, greedily for 200 prompts, and in 8 bits within stated bounds.
"""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from integration.engine import gpt2_of_chance
from integration.engine.engines import MODELS, ROOT
from numpy.typing import NDArray

from copydesk.engine import models
from copydesk.engine.backend import Work
from copydesk.engine.models import ModelFolder
from copydesk.engine.native.backend import NativeBackend
from copydesk.engine.precision import Precision
from copydesk.engine.reference import Reference
from copydesk.engine.tokens import Tokens

pytestmark = [pytest.mark.integration, pytest.mark.slow]

CONTEXTS = 1000
LENGTH = 100  # tokens of one text: each of them ends a context, the next one is asked for
PROMPTS, PROMPT, ANSWER = 200, 20, 40
AT_ONCE = 20

EXACT = 1e-3  # float32: the largest difference of any token's log-probability
# 8 bits, in log-probabilities over the 50 likeliest tokens of a context.
EIGHT_BITS_MEAN, EIGHT_BITS_MOST = 0.1, 1.0
EIGHT_BITS_PERPLEXITY = 1.01


class Pair(NamedTuple):
    model: ModelFolder
    reference: Reference


@pytest.fixture(scope="module", params=["seed", "124M"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """The model that comes along, and the published architecture with weights drawn by chance."""
    if request.param == "seed":
        model = models.find("seed", MODELS)
    else:
        model = gpt2_of_chance.make(tmp_path_factory.mktemp("models") / "gpt2", _tokenizer())
    return Pair(model, Reference(model))


def _tokenizer() -> Path:
    """GPT-2's own tokenizer, which is not part of the repository."""
    shared = Path(os.environ.get("COPYDESK_SHARED") or ROOT.parent / "shared")
    folder = shared / "data" / "gpt2-tokenizer"
    if not (folder / "vocab.json").is_file():
        missing = f"GPT-2's own tokenizer is not in {folder}; COPYDESK_SHARED says where to look"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return folder


def test_gpt2s_tokenizer_is_read_as_it_is_published(tmp_path: Path) -> None:
    model = gpt2_of_chance.make(tmp_path / "gpt2", _tokenizer())
    assert Tokens(model.path).encode("Hello world") == [15496, 995]
    assert model.parameters == 124_439_808
    assert 50256 not in Tokens(model.path).encode("<|endoftext|>")


def log_probabilities(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    exact = scores.astype(np.float64)
    exact -= exact.max(-1, keepdims=True)
    return exact - np.log(np.exp(exact).sum(-1, keepdims=True))


def read(backend: NativeBackend, tokens: list[int]) -> NDArray[np.float64]:
    sequence = backend.open()
    scores = log_probabilities(backend.step([Work(sequence, tokens, len(tokens))]))
    backend.close(sequence)
    return scores


def test_next_token_probabilities(pair: Pair) -> None:
    random = np.random.default_rng(11)
    exact = NativeBackend(pair.model, precision=Precision.F32, threads=2)
    eight = NativeBackend(pair.model, precision=Precision.INT8, threads=2)
    largest, differences = 0.0, []
    for _ in range(CONTEXTS // LENGTH):
        tokens = random.integers(0, pair.model.config["vocab_size"], LENGTH).tolist()
        expected = log_probabilities(pair.reference.logits(tokens))
        largest = max(largest, np.abs(read(exact, tokens) - expected).max())
        likeliest = np.argsort(expected, axis=-1)[:, -50:]
        off = np.abs(read(eight, tokens) - expected)
        differences.append(np.take_along_axis(off, likeliest, axis=-1))
    assert largest < EXACT
    assert np.mean(differences) < EIGHT_BITS_MEAN
    assert np.max(differences) < EIGHT_BITS_MOST


def test_greedy_text(pair: Pair) -> None:
    """Each of the engine's tokens is what the referee finds likeliest there, so it would have written the same."""
    random = np.random.default_rng(12)
    backend = NativeBackend(pair.model, precision=Precision.F32, threads=2)
    # All of them for the model that the referee reads in seconds; the large one takes minutes for as many.
    prompts = random.integers(
        0, pair.model.config["vocab_size"], (PROMPTS if pair.model.name == "seed" else 20, PROMPT)
    )
    for start in range(0, len(prompts), AT_ONCE):
        texts = _write(backend, prompts[start : start + AT_ONCE])
        likeliest = pair.reference.logits_of_all(texts)[:, PROMPT - 1 : -1].argmax(-1)
        assert np.array_equal(likeliest, texts[:, PROMPT:])


def _write(backend: NativeBackend, prompts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Greedy answers to all prompts at once: (prompts, prompt and answer)."""
    sequences = [backend.open() for _ in prompts]
    texts, new = prompts, prompts
    for _ in range(ANSWER):
        work = [Work(sequence, tokens.tolist(), 1) for sequence, tokens in zip(sequences, new, strict=True)]
        new = backend.step(work).argmax(-1)[:, None]
        texts = np.concatenate([texts, new], axis=1)
    for sequence in sequences:
        backend.close(sequence)
    return texts


def test_perplexity_in_eight_bits() -> None:
    """On English that the model was not trained on: this repository's own documents."""
    model = models.find("seed", MODELS)
    text = "\n\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").rglob("*.md")))
    tokens = Tokens(model.path).encode(text)[:12_000]
    assert len(tokens) > 8_000
    exact, eight = (
        _loss(NativeBackend(model, precision=precision, threads=2), tokens)
        for precision in (Precision.F32, Precision.INT8)
    )
    assert np.exp(eight - exact) < EIGHT_BITS_PERPLEXITY


def _loss(backend: NativeBackend, tokens: list[int]) -> float:
    """Mean negative log-probability of each next token, in windows of the model's context."""
    losses = []
    for start in range(0, len(tokens) - 1, backend.context - 1):
        window = tokens[start : start + backend.context]
        scores = read(backend, window)[:-1]
        losses.append(-scores[np.arange(len(window) - 1), window[1:]])
    return float(np.concatenate(losses).mean())

"""The fast engine agrees with the reference: KerasHub on TensorFlow and llama.cpp, float32, token by token."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from integration.engine import gpt2_of_chance
from integration.engine.engines import MODELS, ROOT, environment

from copydesk.engine import models, server
from copydesk.engine.client import EngineClient
from copydesk.engine.gguf_export import Precision
from copydesk.engine.models import ModelFolder
from copydesk.engine.prompt import PromptBuilder
from copydesk.engine.reference import Reference
from copydesk.engine.sampling import Sampling, Strategy

pytestmark = [pytest.mark.integration, pytest.mark.slow]

LENGTH = 64  # tokens of prompt and answer together: one shape, so that TensorFlow compiles once
PROMPTS = [
    "Hello world",
    "A review of a small show of ceramics in a converted bakery.",
    "She said: “no”, 1,024 times — and שלום 🎉",
]


@pytest.fixture(scope="session")
def tokenizer() -> Path:
    """GPT-2's own tokenizer, which is not part of the repository."""
    shared = Path(os.environ.get("COPYDESK_SHARED") or ROOT.parent / "shared")
    folder = shared / "data" / "gpt2-tokenizer"
    if not (folder / "vocab.json").is_file():
        missing = f"GPT-2's own tokenizer is not in {folder}; COPYDESK_SHARED says where to look"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return folder


@pytest.fixture(scope="session")
def gpt2(tokenizer: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """The 124M architecture with weights drawn by chance."""
    return gpt2_of_chance.make(tmp_path_factory.mktemp("models") / "gpt2", tokenizer)


def greedy(prompt: list[int]) -> Sampling:
    """KerasHub knows no penalty for repetition, so there is none."""
    return Sampling(strategy=Strategy.GREEDY, repetition_penalty=1.0, max_new_tokens=LENGTH - len(prompt))


@pytest.fixture(scope="session")
def exact(gpt2: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineClient]:
    settings = server.EngineSettings(gpt2, "t", tmp_path_factory.mktemp("f32"), slots=1, precision=Precision.F32)
    with server.running(settings) as url:
        yield EngineClient(url, "t", 60)


def test_gpt2s_tokenizer_is_read_as_it_is_published(gpt2: ModelFolder) -> None:
    builder = PromptBuilder(gpt2)
    assert builder.encode("Hello world") == [15496, 995]
    assert builder.model.parameters == 124_439_808
    assert 50256 not in builder.encode("<|endoftext|>")


def test_greedy_tokens_are_the_same(gpt2: ModelFolder, exact: EngineClient) -> None:
    builder, reference = PromptBuilder(gpt2), Reference(gpt2)
    for words in PROMPTS:
        prompt = builder.encode(words)
        expected = reference.write(prompt, greedy(prompt))
        assert len(expected) >= 32
        assert len(set(expected)) > len(expected) / 2  # no loop in which everybody would agree
        assert _closest_race(reference, prompt, expected) > 1e-3  # ten times what float32 sums differ by
        chunks = list(exact.stream(prompt, greedy(prompt)))
        written = [token for chunk in chunks for token in builder.name_tokens(chunk.text, chunk.tokens)]
        assert written == expected
        assert exact.tokenize(words) == prompt


def _closest_race(reference: Reference, prompt: list[int], answer: list[int]) -> float:
    """The smallest distance between the best and the second best score on the way."""
    scores = reference.logits(prompt + answer)[len(prompt) - 1 : -1]  # (answer, vocabulary)
    second, best = np.sort(scores, axis=-1)[:, -2:].T
    return float((best - second).min())


def test_the_reference_knows_all_four_strategies() -> None:
    model = models.find("seed", MODELS)
    builder, reference = PromptBuilder(model), Reference(model)
    prompt = builder.encode("The theatre was full when the curtain rose, and")
    texts = {}
    for strategy in Strategy:
        sampling = Sampling(strategy=strategy, seed=5, max_new_tokens=12, num_beams=3)
        texts[strategy] = reference.write(prompt, sampling)
        assert 0 < len(texts[strategy]) <= 12
        assert model.end_of_text not in texts[strategy]
        assert reference.write(prompt, sampling) == texts[strategy]
    likelier = [_likelihood(reference, prompt, texts[each]) for each in (Strategy.BEAM, Strategy.TOP_P)]
    assert likelier[0] > likelier[1]  # what beams are for


def _likelihood(reference: Reference, prompt: list[int], answer: list[int]) -> float:
    """The mean log probability of the answer's tokens."""
    scores = reference.logits(prompt + answer)[len(prompt) - 1 : -1].astype(np.float64)
    total = np.log(np.exp(scores - scores.max(-1, keepdims=True)).sum(-1)) + scores.max(-1)
    return float((scores[np.arange(len(answer)), answer] - total).mean())


def test_beam_on_the_command_line(tmp_path: Path) -> None:
    code = "from copydesk.engine.cli import write; write()"
    command = [sys.executable, "-c", code, "The theatre was full.", "--strategy", "beam", "--tokens", "10", "--json"]
    done = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, check=True)
    given = json.loads(done.stdout)
    assert given["sampling"]["strategy"] == "beam"
    assert given["engine"].startswith("keras-hub")
    assert given["tokens"] == 10
    assert done.stderr == ""

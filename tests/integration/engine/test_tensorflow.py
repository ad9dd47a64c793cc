"""The desk on KerasHub and TensorFlow: the same numbers as without a cache, and every way to decode."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from integration.engine.engines import MODELS, environment
from unit.engine.folders import tiny

from copydesk.engine import chooser, models
from copydesk.engine.backend import CacheFull, Work
from copydesk.engine.client import EngineClient
from copydesk.engine.models import ModelFolder
from copydesk.engine.reference import Reference
from copydesk.engine.sampling import Sampling, Strategy
from copydesk.engine.server import EngineSettings, running
from copydesk.engine.settings import BackendKind
from copydesk.engine.tensorflow_backend import TensorFlowBackend

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return tiny(tmp_path_factory.mktemp("models") / "tiny", context=160)


@pytest.fixture(scope="module")
def backend(model: ModelFolder) -> TensorFlowBackend:
    return TensorFlowBackend(model, cache_tokens=640)


@pytest.fixture(scope="module")
def exact(model: ModelFolder) -> Reference:
    return Reference(model)


def test_any_cut_and_any_fork_give_the_references_scores(backend: TensorFlowBackend, exact: Reference) -> None:
    tokens = np.random.default_rng(3).integers(0, backend.vocabulary, 130).tolist()
    expected = exact.logits(tokens)
    one, rows, start = backend.open(), [], 0
    for count in (1, 62, 1, 1, 60):
        rows.append(backend.step([Work(one, tokens[start : start + count], count)]))
        start += count
    np.testing.assert_allclose(np.concatenate(rows), expected[:start], atol=2e-3)
    other = backend.fork(one)
    with pytest.raises(ValueError, match="window"):
        backend.step([Work(other, [1] * 36, 1)])
    found = backend.step([Work(one, tokens[125:], 2), Work(other, [7, 8], 1)])
    np.testing.assert_allclose(found[:2], expected[-2:], atol=2e-3)
    np.testing.assert_allclose(found[2], exact.logits([*tokens[:125], 7, 8])[-1], atol=2e-3)
    for sequence in (one, other):
        backend.close(sequence)
    assert backend.room() == 640


def test_a_full_cache_is_told_before_anything_is_read(backend: TensorFlowBackend) -> None:
    texts = [backend.open() for _ in range(5)]
    for text in texts[:4]:
        backend.step([Work(text, [1] * 128, 0)])
    assert backend.room() == 128
    with pytest.raises(CacheFull):
        backend.step([Work(texts[4], [1] * 129, 1)])
    backend.step([Work(texts[4], [1] * 128, 1)])
    for text in texts:
        backend.close(text)


@pytest.fixture(scope="module")
def url(model: ModelFolder) -> Iterator[str]:
    with running(EngineSettings(model, "t", backend=BackendKind.TENSORFLOW, slots=4)) as address:
        yield address


@pytest.mark.parametrize("strategy", list(Strategy))
def test_every_strategy(url: str, strategy: Strategy, model: ModelFolder) -> None:
    client = EngineClient(url, "t", 60)
    sampling = Sampling(strategy=strategy, num_beams=3, n=2, seed=5, max_new_tokens=6)
    chunks = list(client.stream([1, 2, 3], sampling))
    assert chunks[0].engine.startswith("keras-hub")
    tokens = [[token for chunk in chunks if chunk.index == index for token in chunk.tokens] for index in range(2)]
    assert all(0 < len(text) <= 6 for text in tokens)


def test_greedy_tokens_are_the_references(url: str, exact: Reference) -> None:
    sampling = Sampling(strategy=Strategy.GREEDY, repetition_penalty=1.0, max_new_tokens=8)
    chunks = list(EngineClient(url, "t", 60).stream([4, 5, 6], sampling))
    tokens = [token for chunk in chunks for token in chunk.tokens]
    scores = exact.logits([4, 5, 6, *tokens])
    assert scores[2:-1].argmax(-1).tolist() == tokens
    logprobs = [logprob for chunk in chunks for logprob in chunk.logprobs]
    assert logprobs == pytest.approx(chooser.logprobs_of(scores[2:-1], tokens), abs=1e-4)


def test_on_the_command_line(tmp_path: Path) -> None:
    code = "from copydesk.engine.cli import write; write()"
    command = [sys.executable, "-c", code, "The theatre was full.", "--strategy", "beam", "--tokens", "5", "--json"]
    done = subprocess.run(
        command, env=environment(tmp_path, ENGINE="tensorflow"), capture_output=True, text=True, check=True
    )
    given = json.loads(done.stdout)
    assert given["sampling"]["strategy"] == "beam"
    assert given["engine"].startswith("keras-hub")
    assert (given["tokens"], given["sha256"]) == (5, models.find("seed", MODELS).sha256)
    assert done.stderr == ""

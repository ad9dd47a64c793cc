"""What the engine refuses before it loads anything, and what it finds out about the machine."""

import dataclasses
import socket
from pathlib import Path

import pytest
from unit.engine.folders import MODELS

from copydesk.engine import machine, models
from copydesk.engine.errors import EngineCannotStart, ModelTooLarge
from copydesk.engine.models import GPT2_SIZES, ModelFolder
from copydesk.engine.precision import Precision
from copydesk.engine.server import running
from copydesk.engine.settings import BackendKind, EngineSettings


@pytest.fixture
def settings() -> EngineSettings:
    return EngineSettings(models.find("seed", MODELS), token="t")


def xl(tmp_path: Path) -> ModelFolder:
    layers, width, heads = GPT2_SIZES["gpt2-xl"]
    config = {"n_layer": layers, "n_embd": width, "n_head": heads, "n_positions": 1024, "vocab_size": 50257}
    (tmp_path / models.WEIGHTS).touch()
    return ModelFolder("gpt2-xl", tmp_path, config, models.Card())


def test_no_token_no_engine(settings: EngineSettings) -> None:
    with pytest.raises(EngineCannotStart, match="ENGINE_TOKEN"), running(dataclasses.replace(settings, token="")):
        pass


def test_a_taken_port_is_named(settings: EngineSettings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EngineCannotStart, match=str(port)), running(dataclasses.replace(settings, port=port)):
            pass


def test_a_model_that_does_not_fit_is_refused_with_figures(
    settings: EngineSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "available_memory", lambda: 2_000_000_000)
    with (
        pytest.raises(ModelTooLarge, match=r"gpt2-xl needs 2\.\d GB.*2\.0 GB"),
        running(dataclasses.replace(settings, model=xl(tmp_path))),
    ):
        pass


def test_the_cache_holds_a_few_whole_texts(settings: EngineSettings) -> None:
    model = settings.model
    assert settings.cache_tokens(model) == 8 * model.context
    assert dataclasses.replace(settings, slots=1).cache_tokens(model) == model.context
    assert dataclasses.replace(settings, slots=6, context=100).cache_tokens(model) == 400
    assert dataclasses.replace(settings, context=9999).window(model) == model.context == 512


def test_tensorflow_computes_in_float32(settings: EngineSettings) -> None:
    assert settings.exactness is Precision.INT8
    assert dataclasses.replace(settings, backend=BackendKind.TENSORFLOW).exactness is Precision.F32


def test_a_containers_limits_count(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 16 kB\nMemAvailable:    8000 kB\n")
    assert machine.available_memory(tmp_path, tmp_path / "meminfo") == 8_192_000
    (tmp_path / "memory.max").write_text("5000000\n")
    (tmp_path / "memory.current").write_text("3000000\n")
    (tmp_path / "memory.stat").write_text("inactive_file 1000000\nactive_file 0\n")
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    assert machine.available_memory(tmp_path, tmp_path / "meminfo") == 3_000_000
    assert machine.available_cores(tmp_path) == 1
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert machine.available_memory(tmp_path, tmp_path / "meminfo") == 8_192_000
    assert machine.available_cores(tmp_path) >= 1
    assert machine.available_memory(tmp_path / "none", tmp_path / "none") is None

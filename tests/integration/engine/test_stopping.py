"""The engine is told to stop: what it was at is finished, and nothing else is begun. And what it tells of itself."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from integration.engine.engines import MODELS, Running, engine

from copydesk import request_ids
from copydesk.engine import models, server
from copydesk.engine.client import EngineClient
from copydesk.engine.errors import EngineBusy, EngineError
from copydesk.engine.sampling import Sampling
from copydesk.engine.settings import EngineSettings

pytestmark = pytest.mark.integration

LONG = 150  # tokens


def test_a_text_under_way_is_finished(folder: Path, new_port: Callable[[], int]) -> None:
    with engine(folder, new_port()) as running:
        words = running.client().stream("The theatre", Sampling(max_new_tokens=LONG, seed=1))
        tokens = len(next(words).tokens)
        running.process.send_signal(signal.SIGTERM)
        tokens += sum(len(chunk.tokens) for chunk in words)
        assert tokens == LONG
        assert running.process.wait(30) == 0
        assert "engine stops, 1 texts under way" in running.log.read_text()


def test_a_second_signal_ends_it_at_once(folder: Path, new_port: Callable[[], int]) -> None:
    with engine(folder, new_port()) as running:
        words = running.client().stream("The theatre", Sampling(max_new_tokens=8192, seed=1))
        next(words)
        running.process.send_signal(signal.SIGTERM)
        while "engine stops" not in running.log.read_text():
            next(words)
        os.kill(running.process.pid, signal.SIGTERM)
        with pytest.raises(EngineError):
            for _ in words:
                pass
        assert running.process.wait(30) == 0


def test_nothing_is_begun_while_it_stops() -> None:
    settings = EngineSettings(models.find("seed", MODELS), "t", models_dir=MODELS)
    with server._running(settings) as (url, running):
        client = EngineClient(url, "t")
        running.drain(threading.Event())
        answer = httpx.get(f"{url}/health", trust_env=False)
        assert (answer.status_code, answer.json()) == (503, {"status": "stopping"})
        with pytest.raises(EngineBusy):
            list(client.stream("The theatre", Sampling(max_new_tokens=4)))


def test_figures_and_the_requests_number(running: Running) -> None:
    number = request_ids.new()
    given = request_ids.current.set(number)
    try:
        list(running.client().stream("The theatre", Sampling(max_new_tokens=7, seed=1)))
    finally:
        request_ids.current.reset(given)
    assert f"request {number}" in running.log.read_text()
    figures = httpx.get(f"{running.url}/metrics", trust_env=False).text
    assert "copydesk_engine_ready 1.0" in figures
    assert 'copydesk_engine_questions_total{page="completions",status="2xx"}' in figures
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    assert httpx.get(f"{running.url}/metrics", headers=forwarded, trust_env=False).status_code == 404


@pytest.mark.parametrize("forged", ["A" * 32, "f" * 31, "x\x1b[2K"])
def test_what_is_no_number_is_not_logged(running: Running, forged: str) -> None:
    headers = {"Authorization": f"Bearer {running.token}", "X-Request-ID": forged.encode()}
    question = {"prompt": "The", "max_tokens": 1}
    answer = httpx.post(f"{running.url}/v1/completions", headers=headers, json=question, timeout=30, trust_env=False)
    assert answer.status_code in (200, 400)
    assert forged not in running.log.read_text()

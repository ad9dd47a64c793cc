"""The engine's pages over real sockets: OpenAI's clients, models that come and go, and those who hang up."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from integration.engine.engines import MODELS
from unit.engine.folders import tiny, write_card

from copydesk.engine import machine, model_pool, models
from copydesk.engine.client import EngineClient
from copydesk.engine.errors import (
    EngineBadRequest,
    EngineBroken,
    EngineError,
    EngineModelTooLarge,
    EngineModelUnknown,
)
from copydesk.engine.memory import needed_memory
from copydesk.engine.sampling import Sampling
from copydesk.engine.scheduler import Scheduler
from copydesk.engine.server import EngineSettings, running

pytestmark = pytest.mark.integration

KEY = {"Authorization": "Bearer t"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running(EngineSettings(models.find("seed", MODELS), "t", models_dir=MODELS)) as address:
        yield address


def post(url: str, question: object, page: str = "completions", headers: dict[str, str] = KEY) -> httpx.Response:
    content = question if isinstance(question, bytes) else json.dumps(question).encode()
    return httpx.post(f"{url}/v1/{page}", content=content, headers=headers, timeout=30, trust_env=False)


def test_health_wants_no_token_and_all_else_does(url: str) -> None:
    assert httpx.get(f"{url}/health", trust_env=False).json() == {"status": "ok"}
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer té"}, {"Authorization": "t"}):
        raw = {name: value.encode() for name, value in headers.items()}
        assert httpx.get(f"{url}/v1/models", headers=raw, trust_env=False).status_code == 401
        assert post(url, {"prompt": "x"}, headers=raw).status_code == 401
        assert post(url, b"x" * 3_000_000, "scores", headers=raw).status_code == 401


def test_a_whole_answer_in_openais_form(url: str) -> None:
    question = {"prompt": "The theatre was full", "max_tokens": 12, "n": 2, "seed": 4, "logprobs": 1}
    answer = post(url, question).json()
    assert [choice["index"] for choice in answer["choices"]] == [0, 1]
    assert all(len(choice["logprobs"]["token_logprobs"]) == 12 for choice in answer["choices"])
    assert answer["usage"]["completion_tokens"] == 24
    assert answer["object"] == "text_completion"
    alone = post(url, question | {"n": 1, "seed": 5}).json()
    assert alone["choices"][0]["token_ids"] == answer["choices"][1]["token_ids"]


def test_a_stream_has_the_same_text_and_an_end(url: str) -> None:
    question = {"prompt": "The theatre was full", "max_tokens": 40, "seed": 4}
    whole = post(url, question).json()["choices"][0]
    stream = post(url, question | {"stream": True})
    assert stream.headers["content-type"].startswith("text/event-stream")
    *events, done = [line.removeprefix("data: ") for line in stream.text.split("\n\n") if line]
    assert done == "[DONE]"
    choices = [json.loads(event)["choices"][0] for event in events]
    assert "".join(choice["text"] for choice in choices) == whole["text"]
    assert [token for choice in choices for token in choice["token_ids"]] == whole["token_ids"]
    assert [choice["finish_reason"] for choice in choices if choice["finish_reason"]] == ["length"]


@pytest.mark.parametrize(
    ("question", "status", "field"),
    [
        (b"no json", 400, "body"),
        (b" " * 2_000_001, 413, "body"),
        ({"prompt": [1] * 513}, 400, "prompt"),
        ({"prompt": "word " * 600}, 400, "prompt"),
        ({"prompt": [8192]}, 400, "prompt"),
        ({"prompt": "x", "temperature": 9}, 400, "temperature"),
        ({"prompt": "x", "model": "gpt9"}, 404, "model"),
        ({"prompt": "x", "model": "seed@0000000000000000"}, 404, "model"),
        ({"prompt": "x", "model": "../seed"}, 404, "model"),
        ({"prompt": "x", "model": str(MODELS / "seed")}, 404, "model"),
    ],
)
def test_a_wrong_question_is_answered_plainly(url: str, question: object, status: int, field: str) -> None:
    answer = post(url, question)
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, field)
    assert "Traceback" not in answer.text


def test_an_error_found_inside_a_stream_is_an_event(url: str) -> None:
    answer = post(url, {"prompt": "word " * 600, "stream": True})
    assert "prompt has" in json.loads(answer.text.removeprefix("data: "))["error"]["message"]
    with pytest.raises(EngineBadRequest, match="could not work with this request"):
        list(EngineClient(url, "t").stream("word " * 600, Sampling()))


def test_pages_that_are_not_there(url: str) -> None:
    assert httpx.get(f"{url}/v1/completions", headers=KEY, trust_env=False).status_code == 405
    assert httpx.get(f"{url}/v1/nothing", headers=KEY, trust_env=False).status_code == 404


def test_scores(url: str) -> None:
    client = EngineClient(url, "t")
    (mine,) = client.stream([5, 6, 7], Sampling(strategy="greedy", repetition_penalty=1.0, max_new_tokens=1))
    given = client.score([5, 6, 7], [[*mine.tokens], [*mine.tokens, 9], [1]])
    assert given[0] == [pytest.approx(mine.logprobs[0], abs=1e-5)]
    assert given[1][0] == given[0][0]
    assert given[2][0] < given[0][0]
    assert [len(one) for one in given] == [1, 2, 1]


class Slow:
    """A scheduler's choice of backend that takes its time, on top of the real one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        self.schedulers: list[Scheduler] = []
        real = model_pool.make_scheduler

        def make(*arguments: object) -> Scheduler:
            scheduler = real(*arguments)
            step = scheduler.backend.step

            def slow_step(work: object) -> object:
                time.sleep(seconds)
                return step(work)

            scheduler.backend.step = slow_step
            self.schedulers.append(scheduler)
            return scheduler

        monkeypatch.setattr(model_pool, "make_scheduler", make)

    def wait_until_idle(self) -> None:
        deadline = time.monotonic() + 5
        while any(scheduler.busy for scheduler in self.schedulers):
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    return Slow(monkeypatch, 0.02)


@pytest.mark.parametrize("stream", [True, False])
def test_who_hangs_up_frees_the_slot(slow: Slow, stream: bool) -> None:
    settings = EngineSettings(models.find("seed", MODELS), "t", slots=1)
    with running(settings) as url:
        place = httpx.URL(url)
        body = json.dumps({"prompt": "x", "max_tokens": 8000, "stream": stream}).encode()
        head = f"POST /v1/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Length: {len(body)}\r\n"
        with socket.create_connection((place.host, place.port)) as line:
            line.sendall(f"{head}\r\n".encode() + body)
            while not slow.schedulers[0].busy:
                time.sleep(0.01)
        slow.wait_until_idle()
        assert EngineClient(url, "t").score([1], [[2]])


def test_health_answers_while_hundreds_wait(slow: Slow) -> None:
    settings = EngineSettings(models.find("seed", MODELS), "t", slots=2)
    with running(settings) as url, ThreadPoolExecutor(120) as together:
        stop = threading.Event()

        def wait() -> None:
            for _ in EngineClient(url, "t", 60).stream("x", Sampling(max_new_tokens=500)):
                if stop.is_set():
                    return

        waiting = [together.submit(wait) for _ in range(120)]
        time.sleep(0.5)
        for _ in range(5):
            assert httpx.get(f"{url}/health", timeout=2, trust_env=False).is_success
        stop.set()
        for one in waiting:
            one.result()
        slow.wait_until_idle()


def test_stopping_cuts_the_lines(slow: Slow) -> None:
    with running(EngineSettings(models.find("seed", MODELS), "t")) as url:
        chunks = EngineClient(url, "t").stream("x", Sampling(max_new_tokens=5000))
        next(chunks)
    started = time.monotonic()
    with pytest.raises(EngineError):
        list(chunks)
    assert time.monotonic() - started < 5


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Three small models."""
    for number, name in enumerate(("one", "two", "three"), 2):
        tiny(tmp_path / name, width=64 * number)
    return tmp_path


def memory_for(*names: str, shelf: Path, settings: EngineSettings) -> Callable[[], int]:
    """A machine that has room for these models at once, whatever it has otherwise."""
    total = sum(_least(models.find(name, shelf), settings) for name in names)

    def available() -> int:
        return total - sum(loaded.bytes for loaded in model_pool_of.loaded())

    return available


def _least(model: models.ModelFolder, settings: EngineSettings) -> int:
    return needed_memory(model, settings.exactness, tokens=settings.least_cache_tokens(model))


class model_pool_of:  # noqa: N801
    """The pool that was made last."""

    pool: model_pool.ModelPool

    @classmethod
    def loaded(cls) -> list[model_pool.Loaded]:
        return [*cls.pool._loaded.values()]


@pytest.fixture
def pooled(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> EngineSettings:
    begin = model_pool.ModelPool.__init__

    def remember(self: model_pool.ModelPool, settings: EngineSettings) -> None:
        begin(self, settings)
        model_pool_of.pool = self

    monkeypatch.setattr(model_pool.ModelPool, "__init__", remember)
    return EngineSettings(models.find("one", shelf), "t", models_dir=shelf, slots=1)


def ask(url: str, model: str, tokens: int = 5) -> str:
    chunks = list(EngineClient(url, "t", 30).stream([1, 2], Sampling(max_new_tokens=tokens), model=model))
    return chunks[-1].model.partition("@")[0]


def test_a_model_is_loaded_when_it_is_asked_for(pooled: EngineSettings) -> None:
    with running(pooled) as url:
        client = EngineClient(url, "t")
        before = {row.name: row.loaded for row in client.models().rows}
        assert before == {"one": True, "two": False, "three": False, "seed": False}
        assert ask(url, "two") == "two"
        rows = {row.name: row for row in client.models().rows}
        assert rows["two"].loaded
        assert ask(url, rows["two"].id) == "two"
        assert (rows["one"].default, rows["two"].default, rows["one"].context) == (True, False, 64)
        assert client.models().available_bytes
        with pytest.raises(EngineModelUnknown, match="four"):
            ask(url, "four")


def test_the_least_used_leaves_when_room_is_short(
    pooled: EngineSettings, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "available_memory", memory_for("two", "three", shelf=shelf, settings=pooled))
    with running(pooled) as url:
        assert [ask(url, name) for name in ("one", "two", "one", "three")] == ["one", "two", "one", "three"]
        assert {loaded.model.name for loaded in model_pool_of.loaded()} == {"one", "three"}
        assert httpx.get(f"{url}/health", trust_env=False).is_success
        assert ask(url, "") == "one"


def test_a_model_that_never_fits_is_refused_before_it_is_loaded(
    pooled: EngineSettings, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "available_memory", memory_for("one", shelf=shelf, settings=pooled))
    with running(pooled) as url:
        with pytest.raises(EngineModelTooLarge, match="three needs"):
            ask(url, "three")
        answer = post(url, {"prompt": [1], "model": "three"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (507, "model_too_large")
        row = next(row for row in EngineClient(url, "t").models().rows if row.name == "three")
        assert (row.fits, row.loaded) == (False, False)
        assert ask(url, "one") == "one"


def test_switching_back_and_forth_loses_nobody(
    pooled: EngineSettings, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "available_memory", memory_for("three", shelf=shelf, settings=pooled))
    names = ["one", "two", "three"] * 6
    with running(pooled) as url, ThreadPoolExecutor(len(names)) as together:
        assert list(together.map(lambda name: ask(url, name, 30), names)) == names


def test_loading_shows_signs_of_life(pooled: EngineSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copydesk.engine.app._LOADING_SIGN", 0.05)
    real = model_pool.make_scheduler

    def slowly(*arguments: object) -> Scheduler:
        time.sleep(0.4)
        return real(*arguments)

    monkeypatch.setattr(model_pool, "make_scheduler", slowly)
    with running(pooled) as url:
        chunks = list(EngineClient(url, "t", 0.3).stream([1], Sampling(max_new_tokens=3), model="two"))
        assert next(chunk.progress for chunk in chunks) == {"loading": 0.05}
        assert chunks[-1].finish_reason


def test_who_hangs_up_while_a_model_is_loaded_leaves_it_whole(
    pooled: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copydesk.engine.app._LOADING_SIGN", 0.01)
    real = model_pool.make_scheduler

    def slowly(*arguments: object) -> Scheduler:
        time.sleep(0.3)
        return real(*arguments)

    with running(pooled) as url:
        monkeypatch.setattr(model_pool, "make_scheduler", slowly)
        chunks = EngineClient(url, "t").stream([1], Sampling(max_new_tokens=3), model="two")
        next(chunks)
        chunks.close()
        assert ask(url, "two") == "two"
        assert [loaded.users for loaded in model_pool_of.loaded()] == [0, 0]


def test_a_broken_model_is_told_and_the_engine_goes_on(pooled: EngineSettings, shelf: Path) -> None:
    (shelf / "two" / models.WEIGHTS).write_bytes(b"no weights")
    write_card(shelf / "two")
    with running(pooled) as url:
        with pytest.raises(EngineBroken):
            ask(url, "two")
        assert ask(url, "one") == "one"


def test_a_smaller_cache_where_memory_is_short(
    pooled: EngineSettings, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(pooled, slots=8)
    monkeypatch.setattr(machine, "available_memory", lambda: _least(models.find("one", shelf), settings))
    with running(settings) as url:
        assert model_pool_of.loaded()[0].scheduler.backend.room() == 64
        with ThreadPoolExecutor(8) as together:
            assert list(together.map(lambda _: ask(url, "one", 50), range(8))) == ["one"] * 8

"""Who is measured: our engine, in a process of its own and asked over HTTP, and the peers, each in its own Python."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil

from bench import completions, venvs
from bench.drafts import Ask
from copydesk.engine.models import ModelFolder
from copydesk.engine.request import completion_request
from copydesk.engine.sampling import Sampling
from tests.desk import free_port
from tests.integration.engine.engines import engine

ROOT = Path(__file__).resolve().parent.parent


class CannotRun(Exception):
    """This one can't be measured here; the message says why."""


@dataclass(frozen=True)
class Answer:
    """Drafts, and how long they took together."""

    seconds: float
    texts: list[list[int]]

    @property
    def tokens(self) -> int:
        return sum(len(text) for text in self.texts)

    @property
    def rate(self) -> float:
        return self.tokens / self.seconds


class Contestant(Protocol):
    """One way to write."""

    name: str
    version: str

    def write(self, ask: Ask) -> Answer:
        """Write all drafts of `ask` at once. Raises `CannotRun`."""

    def memory(self) -> dict[str, int]:
        """`held_bytes`, and `peak_bytes`: the most that it ever held."""

    def close(self) -> None:
        """It is not needed any more."""


class Ours:
    """The engine as the desk runs it: its own process, asked over HTTP by as many as there are drafts."""

    def __init__(self, model: ModelFolder, work: Path, precision: str, slots: int = 32) -> None:
        self.name = f"Copydesk {precision}"
        self._stack = ExitStack()
        variables = {"MODEL": str(model.path), "ENGINE_SLOTS": str(slots), "ENGINE_PRECISION": precision}
        work.mkdir(parents=True, exist_ok=True)
        self._running = self._stack.enter_context(engine(work, free_port(), **variables))
        self._pool = self._stack.enter_context(ThreadPoolExecutor(slots))
        self.version = self._running.client().describe().engine

    def write(self, ask: Ask) -> Answer:
        questions = [completion_request(prompt, _sampling(ask, seed)) for prompt, seed in _pairs(ask)]
        started = time.perf_counter()
        try:
            streams = list(self._pool.map(self._post, questions))
        except (OSError, completions.Refused) as error:
            raise CannotRun(repr(error)) from error
        seconds = time.perf_counter() - started
        return Answer(seconds, [completions.tokens(stream) for stream in streams])

    def _post(self, question: dict[str, Any]) -> bytes:
        return completions.post(self._running.url, self._running.token, "/v1/completions", question)

    def memory(self) -> dict[str, int]:
        process = psutil.Process(self._running.process.pid)
        every = [status(one.pid) for one in (process, *process.children(recursive=True))]
        return {
            name: sum(one[field] for one in every) for name, field in (("held_bytes", "VmRSS"), ("peak_bytes", "VmHWM"))
        }

    def close(self) -> None:
        self._stack.close()


class Peer:
    """A module of `bench.peers`, run by its own Python; see `peers/protocol.py`."""

    def __init__(self, name: str, module: str, python: Path, model: ModelFolder, work: Path) -> None:
        self.name = name
        self._memory = {"held_bytes": 0, "peak_bytes": 0}
        arguments = json.dumps({"model": str(model.path), "work": str(work)})
        work.mkdir(parents=True, exist_ok=True)
        self._log = work / f"{module}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  ours
                [str(python), "-m", f"bench.peers.{module}", arguments],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                env=os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"},
            )  # fmt: skip
        self.version = str(self._hear()["version"])

    def write(self, ask: Ask) -> Answer:
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(ask.to_dict()) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise CannotRun(self._last_words()) from error
        answer = self._hear()
        if "error" in answer:
            raise CannotRun(answer["error"])
        self._memory = {name: answer[name] for name in self._memory}
        return Answer(answer["seconds"], answer["texts"])

    def memory(self) -> dict[str, int]:
        return self._memory

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self._process.wait(60)
            raise CannotRun(self._last_words())
        return dict(json.loads(line))

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines() or ["it ended without a word"]
        return lines[-1][:300]

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()


@dataclass(frozen=True)
class Kind:
    """A peer that can be started: its name in the tables, its module, whose Python."""

    name: str
    module: str
    venv: str = ""  # "": ours
    cases: tuple[str, ...] = ()  # keys of those that it writes; empty: all
    converted: bool = False  # reads what PyTorch's environment made of the folder

    def start(self, model: ModelFolder, work: Path) -> Peer:
        """Install and start it.

        Raises:
            CannotRun: with the reason.
        """
        try:
            if self.converted:
                _convert(model, work)
            python = venvs.python_of(self.venv) if self.venv else Path(sys.executable)
        except venvs.CannotInstall as error:
            raise CannotRun(str(error)) from error
        return Peer(self.name, self.module, python, model, work)


def _convert(model: ModelFolder, work: Path) -> None:
    """Once for each model."""
    arguments = json.dumps({"model": str(model.path), "work": str(work)})
    command = [str(venvs.python_of("pytorch")), "-m", "bench.peers.convert", arguments]
    work.mkdir(parents=True, exist_ok=True)
    with (work / "convert.log").open("ab") as log:
        done = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False)  # noqa: S603  ours
        if done.returncode:
            raise CannotRun(f"the model could not be converted, see {log.name}")


def _pairs(ask: Ask) -> Iterator[tuple[list[int], int]]:
    """Each draft's prompt and seed."""
    return zip(ask.prompts, ask.seeds, strict=True)


def _sampling(ask: Ask, seed: int) -> Sampling:
    return Sampling(
        strategy=ask.strategy,
        temperature=ask.temperature,
        top_p=ask.top_p,
        num_beams=ask.num_beams,
        repetition_penalty=ask.repetition_penalty,
        no_repeat_ngram_size=ask.no_repeat_ngram_size,
        max_new_tokens=ask.new,
        seed=seed,
    )


def status(pid: int) -> dict[str, int]:
    """A process's memory figures in bytes, as Linux names them."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return {line.partition(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith(" kB")}

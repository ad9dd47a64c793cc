"""A text for a prompt, in one call: starts an engine on a free port, asks it, and stops it again."""

import logging
import os
import random
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from copydesk.engine import server
from copydesk.engine.client import EngineClient
from copydesk.engine.gguf_export import Precision
from copydesk.engine.models import ModelFolder
from copydesk.engine.prompt import PromptBuilder
from copydesk.engine.sampling import LARGEST_SEED, Sampling, Strategy
from copydesk.engine.trim import trim_to_sentence

PATIENCE = 300.0  # seconds for the next word; a large model reads a long prompt slowly


_Answer = tuple[str, list[int], float, str]  # text, tokens, seconds, engine


@dataclass(frozen=True)
class Written:
    """What was written, and everything that it takes to write it again."""

    text: str
    trimmed: str  # what stood after the last full sentence
    model: str
    sha256: str
    seed: int
    tokens: int  # written, the trimmed ones included
    seconds: float  # from prompt to last word, without starting the engine
    sampling: Sampling
    read_from_char: int
    engine: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "sampling": self.sampling.to_dict()}


def new_seed() -> int:
    """A seed for who gave none."""
    return random.SystemRandom().randint(0, LARGEST_SEED)


def write(model: ModelFolder, brief: str, sampling: Sampling, cache_dir: Path) -> Written:
    """Write on from `brief`; by the engine, or by the reference where only that can do it.

    Raises:
        ValueError: the answer leaves no room for the brief.
        EngineError, EngineCannotStart, ModelError, ReferenceMissing: as they say.
    """
    builder = PromptBuilder(model)
    prompt = builder.build(brief, max_new_tokens=sampling.max_new_tokens)
    by: Callable[..., _Answer] = _by_engine
    if sampling.strategy is Strategy.BEAM:
        by, sampling = _by_reference, replace(sampling, repetition_penalty=1.0)  # it knows no penalty
    text, tokens, seconds, engine = by(builder, prompt.tokens, sampling, cache_dir)
    trimmed = trim_to_sentence(text.strip())
    return Written(
        text=trimmed.kept,
        trimmed=trimmed.cut,
        model=model.name,
        sha256=model.sha256,
        seed=sampling.seed,
        tokens=len(tokens),
        seconds=round(seconds, 3),
        sampling=sampling,
        read_from_char=prompt.read_from_char,
        engine=engine,
    )


def _by_engine(builder: PromptBuilder, prompt: list[int], sampling: Sampling, cache_dir: Path) -> _Answer:
    token = secrets.token_urlsafe(24)
    settings = server.EngineSettings(builder.model, token, cache_dir, slots=1)
    with server.running(settings) as url:
        client = EngineClient(url, token, timeout=PATIENCE)
        started = time.monotonic()
        text, tokens = "", []
        with closing(client.stream(prompt, sampling)) as chunks:  # also on Ctrl-C: the server waits for open streams
            for chunk in chunks:
                text += chunk.text
                tokens += builder.name_tokens(chunk.text, chunk.tokens)
        seconds = time.monotonic() - started
    return text, tokens, seconds, f"{server.engine_version()} {Precision.Q8_0}"


@contextmanager
def _silence() -> Iterator[None]:
    """TensorFlow writes to standard error from below Python, and before it can be told not to."""
    if logging.getLogger(__name__).isEnabledFor(logging.DEBUG):
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  a device
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _by_reference(builder: PromptBuilder, prompt: list[int], sampling: Sampling, cache_dir: Path) -> _Answer:
    from importlib.metadata import version

    from copydesk.engine.reference import Reference

    with _silence():
        reference = Reference(builder.model)
        started = time.monotonic()
        tokens = reference.write(prompt, sampling)
        seconds = time.monotonic() - started
    return builder.decode(tokens), tokens, seconds, f"keras-hub {version('keras-hub')} f32"

"""One text for one prompt, whole: for the command line, and for whoever does not need to watch."""

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from copydesk.engine.client import EngineClient
from copydesk.engine.gguf_export import Precision
from copydesk.engine.models import ModelFolder
from copydesk.engine.prompt import PromptBuilder
from copydesk.engine.sampling import Sampling, Strategy
from copydesk.engine.server import Engine, EngineSettings
from copydesk.engine.trim import trim_to_sentence


@dataclass(frozen=True)
class Text:
    """What was written; `seconds` is the writing alone, without loading."""

    text: str
    trimmed: str
    tokens: tuple[int, ...]
    seconds: float


def write(model: ModelFolder, prompt: str, sampling: Sampling, cache_dir: Path) -> Text:
    """Write on from `prompt`: with llama.cpp, or with the TensorFlow reference what it can't do (beam search)."""
    builder = PromptBuilder(model)
    tokens = builder.build(prompt, max_new_tokens=sampling.max_new_tokens).tokens
    started = time.perf_counter()
    if sampling.strategy is Strategy.BEAM:
        from copydesk.engine.reference import Reference

        reference = Reference(model)
        started = time.perf_counter()
        output = reference.generate(tokens, sampling)
        text = builder.decode(output)
    else:
        token = secrets.token_urlsafe(24)
        settings = EngineSettings(model, cache_dir, token, port=0, slots=1, precision=Precision.Q8_0)
        with Engine(settings) as engine:
            client = EngineClient(engine.url, token)
            started = time.perf_counter()
            chunks = list(client.stream(tokens, sampling))
            client.close()
        output = [number for chunk in chunks for number in chunk.tokens]
        text = "".join(chunk.text for chunk in chunks)
    trimmed = trim_to_sentence(text.strip())
    return Text(trimmed.kept, trimmed.cut, tuple(output), time.perf_counter() - started)

"""A text for a prompt, in one call: the engine without its server, in the process that asks."""

import logging
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any

from copydesk.engine import machine
from copydesk.engine.backends import make_scheduler
from copydesk.engine.memory import check_fits
from copydesk.engine.prompt import PromptBuilder
from copydesk.engine.sampling import LARGEST_SEED, Sampling
from copydesk.engine.settings import BackendKind, EngineSettings
from copydesk.engine.ticket import Completion, Part
from copydesk.engine.trim import clean, trim_to_sentence

_LONGEST_STOP = 64  # characters; a longer text to cut at is looked for afterwards


@dataclass(frozen=True)
class Affixes:
    """What stands before a text and what ends it, as in gpt-2-simple."""

    prefix: str = ""  # the text's first words, which the model goes on from
    truncate: str = ""  # where the text is cut: before the first of these that the model writes
    include_prefix: bool = True  # or leave it out of the text

    def finish(self, written: str) -> tuple[str, str]:
        """What a person reads of what the model wrote, and what was cut off."""
        written = clean(written)
        head, found, rest = written.partition(self.truncate) if self.truncate else (written, "", "")
        begin = self.prefix if self.include_prefix else ""
        if found:
            return (begin + head).strip(), found + rest
        trimmed = trim_to_sentence((begin + written).strip())
        return trimmed.kept, trimmed.cut


@dataclass(frozen=True)
class Written:
    """What was written, and everything that it takes to write it again."""

    text: str
    trimmed: str  # what was cut off after the text's end
    model: str
    sha256: str
    seed: int
    tokens: int  # written, the trimmed ones included
    seconds: float  # from prompt to last word, without loading the model
    sampling: Sampling
    read_from_char: int
    engine: str
    texts: tuple[str, ...] = ()  # all of them, where several were asked for

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        values = {**asdict(self), "sampling": self.sampling.to_dict(), "texts": list(self.texts)}
        if not self.texts:
            del values["texts"]
        return values


def new_seed() -> int:
    """A seed for who gave none."""
    return random.SystemRandom().randint(0, LARGEST_SEED)


def write(settings: EngineSettings, brief: str, sampling: Sampling, affixes: Affixes | None = None) -> Written:
    """Write on from `brief`.

    Raises:
        ValueError: the question can't be answered by this model.
        EngineCannotStart, ModelError, ReferenceMissing: as they say.
    """
    affixes = affixes or Affixes()
    model = settings.model
    builder = PromptBuilder(model)
    prompt = builder.build(brief, max_new_tokens=sampling.max_new_tokens, prefix=affixes.prefix)
    cache_tokens = settings.cache_tokens(model)
    check_fits(model, settings.exactness, settings.slots, machine.available_memory(), cache_tokens)
    with _quiet(settings.backend):
        scheduler = make_scheduler(settings, model, cache_tokens)
        try:
            started = time.monotonic()
            parts = scheduler.submit(Completion(prompt.tokens, _stopping(sampling, affixes), prompt.keep)).parts()
            written = _collect(parts, sampling.n)
            seconds = time.monotonic() - started
        finally:
            scheduler.stop()
    finished = [affixes.finish(part.text) for part in written]
    return Written(
        text=finished[0][0],
        trimmed=finished[0][1],
        model=model.name,
        sha256=model.sha256,
        seed=sampling.seed,
        tokens=sum(len(part.tokens) for part in written),
        seconds=round(seconds, 3),
        sampling=sampling,
        read_from_char=prompt.read_from_char,
        engine=scheduler.backend.description,
        texts=tuple(text for text, _ in finished) if sampling.n > 1 else (),
    )


def _stopping(sampling: Sampling, affixes: Affixes) -> Sampling:
    """With a stop at the text to cut at: what would be cut off need not be written."""
    cut = affixes.truncate
    if not cut or len(cut) > _LONGEST_STOP or len(sampling.stop) == 8:
        return sampling
    return Sampling.from_dict({**sampling.to_dict(), "stop": [*sampling.stop, cut]})


def _collect(parts: Iterator[Part], n: int) -> list[Part]:
    whole = [Part(index) for index in range(n)]
    for part in parts:
        if part.progress is None:
            whole[part.index].text += part.text
            whole[part.index].tokens += part.tokens
            whole[part.index].finish_reason = part.finish_reason
    return whole


@contextmanager
def _silence() -> Iterator[None]:
    """TensorFlow writes to standard error from below Python, and before it can be told not to."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  a device
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _quiet(backend: BackendKind) -> Any:
    debugging = logging.getLogger(__name__).isEnabledFor(logging.DEBUG)
    return _silence() if backend is BackendKind.TENSORFLOW and not debugging else nullcontext()

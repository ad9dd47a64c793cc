"""How the bench talks with a peer: one JSON line asks, one answers. Standard library alone: each has its own Python.

The first argument is JSON too: `model` is the folder to read, `work` one to write into.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Texts = list[list[int]]


@dataclass(frozen=True)
class Ask:
    """Drafts to write at once: a prompt and a seed each, exactly `new` tokens to each, no end of text before."""

    prompts: Texts
    seeds: list[int]
    new: int
    strategy: str  # "greedy", "top-p", "beam"
    temperature: float
    top_p: float
    repetition_penalty: float
    num_beams: int
    no_repeat_ngram_size: int


def arguments() -> Any:
    return json.loads(sys.argv[1])


def serve(write: Callable[[Ask], Texts], version: str) -> None:
    """Answer until the bench hangs up. Whatever a library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(**answer: Any) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    say(version=version)
    for line in sys.stdin:
        try:
            ask = Ask(**json.loads(line))
            started = time.perf_counter()
            texts = write(ask)
            seconds = time.perf_counter() - started
        except Exception as error:  # the bench says which peer could not do what
            say(error=f"{type(error).__name__}: {str(error)[:500]}")
        else:
            say(seconds=seconds, texts=[text[-ask.new :] for text in texts], **memory())


def memory() -> dict[str, int]:
    """Bytes that this process holds, and the most that it ever held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = {line.partition(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith(" kB")}
    return {"held_bytes": found["VmRSS"], "peak_bytes": found["VmHWM"]}

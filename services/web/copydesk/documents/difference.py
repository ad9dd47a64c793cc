"""The difference of two texts, word by word, in character positions."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
# Above this many changed words difflib needs its heuristic for frequent ones: without it, time grows with the square.
EXACT_BELOW = 2_000


@dataclass(frozen=True)
class Change:
    """Characters `before[i1:i2]` became `after[j1:j2]`; for `same` both are equal."""

    op: Literal["same", "replace"]
    i1: int
    i2: int
    j1: int
    j2: int


def changes(before: str, after: str) -> list[Change]:
    """Changes in order that tile both texts exactly."""
    a, b = _TOKEN.findall(before), _TOKEN.findall(after)
    head = _common(a, b)
    tail = _common(a[head:][::-1], b[head:][::-1])
    middle_a, middle_b = a[head : len(a) - tail], b[head : len(b) - tail]
    offsets_a, offsets_b = _offsets(a), _offsets(b)
    autojunk = max(len(middle_a), len(middle_b)) > EXACT_BELOW
    matcher = difflib.SequenceMatcher(None, middle_a, middle_b, autojunk=autojunk)
    blocks = [("equal", 0, head, 0, head)]
    blocks += [(op, i1 + head, i2 + head, j1 + head, j2 + head) for op, i1, i2, j1, j2 in matcher.get_opcodes()]
    blocks.append(("equal", len(a) - tail, len(a), len(b) - tail, len(b)))
    return [
        Change("same" if op == "equal" else "replace", offsets_a[i1], offsets_a[i2], offsets_b[j1], offsets_b[j2])
        for op, i1, i2, j1, j2 in blocks
        if i2 > i1 or j2 > j1
    ]


def readable(before: str, after: str) -> list[dict[str, str]]:
    """For a page: `[{op: same | removed | added, text}]`, from which both texts can be read off whole."""
    parts = []
    for change in changes(before, after):
        if change.op == "same":
            parts.append({"op": "same", "text": before[change.i1 : change.i2]})
            continue
        if change.i2 > change.i1:
            parts.append({"op": "removed", "text": before[change.i1 : change.i2]})
        if change.j2 > change.j1:
            parts.append({"op": "added", "text": after[change.j1 : change.j2]})
    return parts


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """How many words both begin with."""
    for index, (one, other) in enumerate(zip(a, b, strict=False)):
        if one != other:
            return index
    return min(len(a), len(b))


def _offsets(tokens: Sequence[str]) -> list[int]:
    offsets = [0]
    for token in tokens:
        offsets.append(offsets[-1] + len(token))
    return offsets

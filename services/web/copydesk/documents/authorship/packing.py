"""Spans as bytes, to be kept: a table row a revision, and back exactly."""

import json
import zlib
from collections.abc import Sequence
from typing import cast

from copydesk.documents.authorship.spans import Origin, Span


def pack(spans: Sequence[Span]) -> bytes:
    """Where each begins follows from where the last one ended."""
    rows = [(one.end - one.start, one.origin, one.author_id, one.revision, one.autodoc_id, one.at) for one in spans]
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode())


def unpack(packed: bytes) -> list[Span]:
    start, spans = 0, []
    for length, origin, *rest in json.loads(zlib.decompress(packed)):
        spans.append(Span(start, start + length, cast(Origin, origin), *rest))
        start += length
    return spans

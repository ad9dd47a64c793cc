"""Log-probabilities of tokens, kept compactly: 16-bit floats, little-endian, two bytes a token (about 3 digits)."""

import struct
from collections.abc import Sequence

_LOWEST = -65504.0  # the least that 16 bits hold; stands for "impossible", too


def pack(values: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(values)}e", *(max(value, _LOWEST) for value in values))


def unpack(raw: bytes) -> list[float]:
    return [round(value, 4) for value in struct.unpack(f"<{len(raw) // 2}e", raw)]

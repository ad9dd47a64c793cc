"""How exactly the engine computes."""

from enum import StrEnum


class Precision(StrEnum):
    INT8 = "int8"  # weights in 8 bits: the default
    F32 = "f32"  # as exact as the reference

"""The kernel's library in Python: loads the one for this processor, and says what its functions take."""

import ctypes
from ctypes import POINTER, c_char_p, c_float, c_int, c_int32, c_int64, c_void_p
from functools import cache
from pathlib import Path

import numpy as np

from copydesk.engine.errors import EngineCannotStart
from copydesk.engine.native import build

PAGE_POSITIONS = 16  # positions that one page of the cache holds
VERSION = "1"  # of the results: another number, another text for the same seed

_CPUINFO = Path("/proc/cpuinfo")


class Shape(ctypes.Structure):
    """`gpt2_shape` of gpt2.h."""

    _fields_ = [
        *((name, c_int32) for name in ("layers", "width", "heads", "inner", "context", "vocabulary")),
        ("epsilon", c_float),
        *((name, c_int32) for name in ("exact", "pages", "threads", "tokens")),
    ]


# `choice` of choosing.h; an array of these is what the kernel fills.
CHOICE = np.dtype(
    [
        ("history", np.uint64),
        ("top_p", np.float64),
        ("chance", np.uint64),
        ("temperature", np.float32),
        ("repetition_penalty", np.float32),
        *((name, np.int32) for name in ("history_length", "strategy", "top_k", "no_repeat_ngram_size", "token")),
        ("logprob", np.float32),
    ],
    align=True,
)


@cache
def kernel() -> ctypes.CDLL:
    """The library for this processor; compiled first where that has not been done and the compiler is there.

    Raises:
        EngineCannotStart: there is none, and it can't be made.
    """
    try:
        build.build()
    except (build.BuildFailed, OSError) as error:
        raise EngineCannotStart(str(error)) from error
    flags = processor_flags()
    chosen = next((variant for variant in build.variants() if variant.needs <= flags), None)
    if chosen is None:
        raise EngineCannotStart("The engine needs a processor with SSE 4.2 or newer; ENGINE=tensorflow runs on others.")
    return load(chosen)


def load(variant: build.Variant) -> ctypes.CDLL:
    """The library for one kind of processor, which has to be this machine's."""
    return _declared(ctypes.CDLL(str(variant.library)))


def processor_flags(cpuinfo: Path = _CPUINFO) -> frozenset[str]:
    """What this processor can do, as Linux names it; empty elsewhere."""
    if not cpuinfo.is_file():
        return frozenset()
    for line in cpuinfo.read_text(encoding="ascii", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "flags":
            return frozenset(value.split())
    return frozenset()


def description(precision: str) -> str:
    """For the record: version of the results, the sources, and the precision."""
    return f"copydesk-gpt2 {VERSION}+{build.sources_sha256()[:8]} {precision}"


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    integers, floats = c_void_p, c_void_p  # addresses of numpy arrays: converting them to typed pointers takes longer
    library.gpt2_new.argtypes, library.gpt2_new.restype = [POINTER(Shape)], c_void_p
    library.gpt2_free.argtypes, library.gpt2_free.restype = [c_void_p], None
    library.gpt2_set.argtypes, library.gpt2_set.restype = [c_void_p, c_int, c_int, floats], c_int
    library.gpt2_set_embeddings.argtypes = [c_void_p, c_int, c_int, floats]
    library.gpt2_set_embeddings.restype = c_int
    library.gpt2_bytes.argtypes, library.gpt2_bytes.restype = [c_void_p], c_int64
    library.gpt2_processor.argtypes, library.gpt2_processor.restype = [], c_char_p
    library.gpt2_copy_page.argtypes, library.gpt2_copy_page.restype = [c_void_p, c_int32, c_int32], None
    library.gpt2_step.argtypes = [
        c_void_p, c_int, integers, integers, integers, integers, c_int, c_int, integers, floats, c_int64,
    ]  # fmt: skip
    library.gpt2_step.restype = None
    # model, rows, scores, stride, vocabulary, and what to fill
    library.gpt2_choose.argtypes = [c_void_p, c_int, floats, c_int64, c_int, c_void_p]
    library.gpt2_choose.restype = c_int
    library.gpt2_logprobs.argtypes = [c_void_p, c_int, floats, c_int64, c_int, integers, floats]
    library.gpt2_logprobs.restype = c_int
    library.gpt2_likeliest.argtypes = [floats, c_int, c_void_p, c_int, integers, floats, floats]
    library.gpt2_likeliest.restype = c_int
    return library

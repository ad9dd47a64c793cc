"""What the figures were measured on, and how fast its memory can be read."""

import ctypes
import mmap
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from copydesk.engine.machine import available_cores

OUT = Path(__file__).resolve().parent.parent / "var" / "bench"
_BLOCK = 512 * 1024**2  # bytes a thread, far more than any cache holds
_ROUNDS = 8


def describe() -> dict[str, object]:
    """The machine in words: figures of another one can't be compared with these, ratios can."""
    return {
        "cpu": next(_models(), platform.processor()),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "load_before": load(),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def load() -> float:
    """How many processes wanted a core in the last minute; with more than there are cores, figures are rough."""
    return round(os.getloadavg()[0], 2)


def _models() -> Iterator[str]:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            yield line.partition(":")[2].strip()


def read_bandwidth(threads: int) -> list[float]:
    """GB/s of `threads` that each read memory of their own, several times over."""
    blocks = [_block() for _ in range(threads)]
    read = ctypes.CDLL(str(_reader())).read_memory
    read.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    addresses = [ctypes.addressof(ctypes.c_char.from_buffer(block)) for block in blocks]
    rates = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(_ROUNDS + 1):
            started = time.perf_counter()
            list(pool.map(lambda address: read(address, _BLOCK), addresses))
            rates.append(threads * _BLOCK / (time.perf_counter() - started) / 1e9)
    return rates[1:]


def _reader() -> Path:
    """`read_memory.c` for this very processor, by the compiler that the engine is built with."""
    source, library = Path(__file__).with_name("read_memory.c"), OUT / "read_memory.so"
    OUT.mkdir(parents=True, exist_ok=True)
    options = ["-O3", "-mcpu=native", "-mprefer-vector-width=512", "-shared", "-fPIC", "-o", str(library)]
    subprocess.run([sys.executable, "-m", "ziglang", "cc", *options, str(source)], check=True)  # noqa: S603  ours
    return library


def _block() -> mmap.mmap:
    """Zeros on pages of their own: unwritten ones would all be the same page. Large pages, as an engine asks for."""
    block = mmap.mmap(-1, _BLOCK, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        block.madvise(mmap.MADV_HUGEPAGE)
    page = bytes(mmap.PAGESIZE)
    for start in range(0, _BLOCK, mmap.PAGESIZE):
        block[start : start + mmap.PAGESIZE] = page
    return block


def bandwidth() -> dict[str, dict[str, object]]:
    """Read bandwidth with one thread and with all; the best round counts, since others can only slow it down."""
    found = {}
    for name, threads in (("one thread", 1), ("all threads", available_cores())):
        rates = read_bandwidth(threads)
        found[name] = {
            "threads": threads,
            "gb_per_s": round(max(rates), 2),
            "rounds": [round(rate, 2) for rate in rates],
        }
    return found

"""Compile the kernel, once for each kind of processor: `python -m copydesk.engine.native.build`. All give the same.

The compiler is clang out of the wheel `ziglang`, so that nothing has to be installed on the machine, and everybody's
library is the same for the same sources.
"""

import hashlib
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE / "build"
STAMP = "sources.sha256"
_FLAGS = (
    *("-O3", "-std=c11", "-fPIC", "-shared", "-fvisibility=hidden", "-pthread", "-Wall", "-Wextra", "-Werror"),
    # Nothing may be computed otherwise than it is written: that is what makes results equal everywhere.
    *("-ffp-contract=off", "-fno-fast-math", "-fno-math-errno"),
)


@dataclass(frozen=True)
class Variant:
    """The library for one kind of processor."""

    name: str
    processor: str  # as clang names it
    needs: frozenset[str] = frozenset()  # flags of /proc/cpuinfo

    @property
    def library(self) -> Path:
        return BUILT / f"gpt2-{self.name}.so"


# The best first.
_X86 = (
    Variant(
        "avx512",
        "x86_64_v4+avx512vnni",
        frozenset(("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512_vnni", "fma", "f16c", "bmi2")),
    ),
    Variant("avx2", "x86_64_v3", frozenset(("avx2", "fma", "f16c", "bmi1", "bmi2", "movbe"))),
    Variant("sse4", "x86_64_v2", frozenset(("sse4_2", "ssse3", "popcnt"))),
)
_ARM = (Variant("arm64", "baseline"),)


class BuildFailed(Exception):
    """The engine's kernel could not be compiled."""


def variants() -> tuple[Variant, ...]:
    """Those for this machine's architecture, the fastest first."""
    return _ARM if platform.machine() in ("aarch64", "arm64") else _X86


def sources_sha256() -> str:
    """What the library is made of: every source file and the flags."""
    digest = hashlib.sha256(" ".join(_FLAGS).encode())
    for path in sorted([*HERE.glob("*.c"), *HERE.glob("*.h")]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def is_built() -> bool:
    """Are the libraries there, of the present sources?"""
    stamp = BUILT / STAMP
    fresh = stamp.is_file() and stamp.read_text(encoding="ascii") == sources_sha256()
    return fresh and all(variant.library.is_file() for variant in variants())


def build() -> None:
    """Compile what is missing or older than its sources. Another process may do the same at the same time.

    Raises:
        BuildFailed: no compiler, or what it said.
    """
    if is_built():
        return
    if find_spec("ziglang") is None:
        raise BuildFailed("The engine's kernel is not compiled, and the compiler (the wheel ziglang) is not installed.")
    BUILT.mkdir(exist_ok=True)
    (BUILT / STAMP).unlink(missing_ok=True)
    for variant in variants():
        _compile(variant)
    stamp = BUILT / f"{STAMP}.new"
    stamp.write_text(sources_sha256(), encoding="ascii")
    stamp.replace(BUILT / STAMP)


def _compile(variant: Variant) -> None:
    new = variant.library.with_suffix(f".{os.getpid()}.new")
    sources = [str(path) for path in sorted(HERE.glob("*.c"))]
    command = [sys.executable, "-m", "ziglang", "cc", *_target(), f"-mcpu={variant.processor}", *_FLAGS, *sources]
    done = subprocess.run(  # noqa: S603  our own sources
        [*command, "-o", str(new), "-lm"], capture_output=True, text=True, check=False, cwd=HERE
    )
    if done.returncode:
        raise BuildFailed(f"The engine's kernel could not be compiled for {variant.name}:\n{done.stderr[-2000:]}")
    new.replace(variant.library)  # in one piece, also beside another process


def _target() -> list[str]:
    """On Linux for any distribution of the last ten years; elsewhere for this machine."""
    if sys.platform != "linux":
        return []
    return ["-target", f"{'aarch64' if variants() is _ARM else 'x86_64'}-linux-gnu.2.17"]


if __name__ == "__main__":
    try:
        build()
    except BuildFailed as error:
        sys.exit(str(error))

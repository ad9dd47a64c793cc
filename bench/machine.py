"""What the figures were measured on."""

import os
import platform
from pathlib import Path

import psutil


def describe() -> dict[str, object]:
    """The machine in words: figures of another one can't be compared with these, ratios can."""
    names = (line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    return {
        "cpu": next(names, platform.processor()).partition(":")[2].strip(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": platform.platform(),
    }

"""Each image starts with the libraries of its own lock file alone."""

import re
import subprocess
import sys

import pytest

from tests.desk import ROOT

REQUIREMENTS = ROOT / "services/web/requirements"
# What each image runs; everything that is imported from there has to be in it.
ROOMS = {
    "web": ("copydesk.cli", "copydesk.web", "copydesk.backup"),  # the image `backup` is this one and a program
    "worker": ("copydesk.cli", "copydesk.worker"),
    "engine": ("copydesk.cli", "copydesk.engine"),
}
SCRIPT = """
import importlib, importlib.metadata, pkgutil, re, sys
locked, rooms = set(sys.argv[1].split()), sys.argv[2].split()
normal = lambda name: re.sub("[-_.]+", "-", name).lower()
missing = {
    module for module, names in importlib.metadata.packages_distributions().items()
    if not {normal(name) for name in names} & (locked | {"copydesk"})
}
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
for room in rooms:
    found = importlib.import_module(room)
    for module in pkgutil.walk_packages(getattr(found, "__path__", []), room + "."):
        importlib.import_module(module.name)
print("whole")
"""


@pytest.mark.parametrize("image", ROOMS)
def test_nothing_is_imported_that_the_image_has_not(image):
    lock = (REQUIREMENTS / f"{image}.txt").read_text(encoding="utf-8")
    locked = re.findall(r"^([a-z0-9._-]+)(?:\[\S+\])?==", lock, re.M)
    command = [sys.executable, "-c", SCRIPT, " ".join(locked), " ".join(ROOMS[image])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "whole", done.stderr[-1500:]

"""The room is a leaf and its door is light."""

import subprocess
import sys

SCRIPT = """
import sys
import copydesk.training, copydesk.training.cli
heavy = {"tensorflow", "keras", "keras_hub", "numpy", "tokenizers", "transformers", "safetensors"} & set(sys.modules)
rooms = {name for name in sys.modules if name.startswith("copydesk.") and not name.startswith("copydesk.training")}
assert not heavy, heavy
assert not rooms, rooms
"""


def test_importing_the_room_loads_no_library_and_no_other_room() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

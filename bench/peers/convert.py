"""Run in PyTorch's environment: the model folder in CTranslate2's and in OpenVINO's form, both in 8 bits."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.peers.protocol import arguments


def ctranslate2(model: str, folder: Path) -> None:
    from ctranslate2.converters import TransformersConverter

    TransformersConverter(model).convert(str(folder), quantization="int8")


def openvino(model: str, folder: Path) -> None:
    command = [str(Path(sys.executable).parent / "optimum-cli"), "export", "openvino", "--model", model]
    task = ["--task", "text-generation-with-past", "--weight-format", "int8", str(folder)]
    subprocess.run([*command, *task], check=True, env=os.environ | {"HF_HUB_OFFLINE": "1"})  # noqa: S603  ours


for name, convert in (("ctranslate2", ctranslate2), ("openvino", openvino)):
    folder = Path(arguments()["work"]) / name
    if not folder.exists():
        partial = folder.with_suffix(".partial")  # one that was cut off is not taken for a whole one
        shutil.rmtree(partial, ignore_errors=True)
        convert(arguments()["model"], partial)
        partial.rename(folder)

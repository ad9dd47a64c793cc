"""A training run on disk, in one file that is replaced whole: weights, optimizer, and where the run stood."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.numpy import save_file

from copydesk.training.backend import values
from copydesk.training.errors import CheckpointMismatchError
from copydesk.training.files import replace_file

NAME = "checkpoint.safetensors"


@dataclass
class Progress:
    """Where a run stands. The next batch follows from `step` alone (see `corpus.batch_windows`)."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0  # of training, over all sittings
    loss: float | None = None  # moving average, nats per token


def save_checkpoint(folder: Path, model: Any, optimizer: Any, progress: Progress) -> None:
    """Write the run's state so that a kill at any moment leaves this checkpoint or the one before."""
    tensors = {name: values(variable) for name, variable in _variables(model, optimizer).items()}
    metadata = {"progress": json.dumps(asdict(progress))}
    replace_file(folder / NAME, lambda path: save_file(tensors, str(path), metadata=metadata))


def restore_checkpoint(folder: Path, model: Any, optimizer: Any) -> Progress:
    """Put the stored weights and optimizer state into place, and tell where the run stood."""
    variables = _variables(model, optimizer)
    with safe_open(str(folder / NAME), framework="np") as stored:
        shapes = {name: tuple(stored.get_slice(name).get_shape()) for name in stored.keys()}  # noqa: SIM118
        if shapes != {name: tuple(variable.shape) for name, variable in variables.items()}:
            raise CheckpointMismatchError(str(folder / NAME))
        for name, variable in variables.items():
            variable.assign(stored.get_tensor(name))
        return Progress(**json.loads(stored.metadata()["progress"]))


def has_checkpoint(folder: Path) -> bool:
    """Whether the folder holds a run that can be resumed."""
    return (folder / NAME).exists()


def _variables(model: Any, optimizer: Any) -> dict[str, Any]:
    """Every variable by a name that stays the same between processes (Keras numbers layers as they come)."""
    named = {f"model.{number:04}": variable for number, variable in enumerate(model.variables)}
    return named | {f"optimizer.{number:04}": variable for number, variable in enumerate(optimizer.variables)}

"""What can be wrong with a training run, as named exceptions whose docstring is the message."""


class TrainingError(Exception):
    """The training run cannot go on."""

    def __init__(self, detail: str = "") -> None:
        message = (type(self).__doc__ or "").strip()
        super().__init__(f"{message} {detail}".strip())


class NoBooksError(TrainingError):
    """The corpus folder holds no .txt file with text in it."""


class CorpusTooSmallError(TrainingError):
    """The corpus has fewer tokens than one window of the model's context; use a shorter context or more text."""


class RunExistsError(TrainingError):
    """The folder already holds a training run: resume it, or choose another folder."""


class NoRunError(TrainingError):
    """The folder holds no training run to resume."""


class CorpusChangedError(TrainingError):
    """The corpus or the tokenizer is not the one that this run began with."""


class CheckpointMismatchError(TrainingError):
    """The checkpoint belongs to another architecture or optimizer."""


class NotAModelError(TrainingError):
    """The folder is not a GPT-2 model folder (config.json, model.safetensors, tokenizer.json)."""


class NotRelatedError(TrainingError):
    """Only a model and one that it was continued from can be blended."""


class DivergedError(TrainingError):
    """The loss is no number any more: begin again with lower rates. The last checkpoint is kept."""

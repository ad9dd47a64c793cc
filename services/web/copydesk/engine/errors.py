"""What can go wrong with the engine. The docstring is the message that a person reads."""


class EngineError(Exception):
    """Something went wrong in the engine."""

    worth_retrying = False  # may the same request succeed a moment later?

    def __init__(self, detail: str = "") -> None:
        super().__init__(self.__doc__)
        self.detail = detail  # for the log


class EngineUnreachable(EngineError):
    """The engine does not answer."""

    worth_retrying = True


class EngineBusy(EngineError):
    """The engine has no room for another text at the moment."""

    worth_retrying = True


class EngineTimeout(EngineError):
    """The engine stopped writing in the middle of the text and did not go on."""

    worth_retrying = True


class EngineBroken(EngineError):
    """The engine broke off before the text was finished."""

    worth_retrying = True


class EngineRefused(EngineError):
    """The engine did not accept this desk's token. An admin has to check ENGINE_TOKEN."""


class EngineBadRequest(EngineError):
    """The engine could not work with this request. An admin finds the reason in the log."""


class _EngineTold(EngineError):
    """The server's own sentence is what a person needs to read: it has the figures, or the names."""

    def __init__(self, detail: str = "", message: str = "") -> None:
        super().__init__(detail)
        self.message = message

    def __str__(self) -> str:
        return self.message or str(self.__doc__)


class EngineModelTooLarge(_EngineTold):
    """The model does not fit into the memory that is available to the engine."""


class EngineModelUnknown(_EngineTold):
    """The engine has no model of this name. An admin has to fetch it, or choose another one."""


class EngineOtherModel(EngineError):
    """The engine serves another model than the one this draft was asked of. An admin has to check MODEL."""


class EngineCannotStart(Exception):
    """The engine can't start."""


class ReferenceMissing(Exception):
    """KerasHub on TensorFlow is not installed here: `make test` installs it, or
    `pip install -r services/web/requirements/training.txt`."""

    def __init__(self) -> None:
        super().__init__(" ".join((self.__doc__ or "").split()))


class ModelError(Exception):
    """Something about this model is not right."""


class ModelNotFound(ModelError):
    """There is no such model."""


class ModelBroken(ModelError):
    """The model's folder is incomplete or damaged."""


class ModelTooLarge(ModelError):
    """The model does not fit into this machine's memory."""


class ModelPullError(ModelError):
    """The model could not be fetched."""

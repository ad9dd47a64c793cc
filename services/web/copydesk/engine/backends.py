"""Which backend drives a model, and who chooses its tokens. Heavy libraries are imported by the one that needs them."""

from copydesk.engine.backend import Backend
from copydesk.engine.chooser import Chooser
from copydesk.engine.models import ModelFolder
from copydesk.engine.scheduler import Scheduler
from copydesk.engine.settings import BackendKind, EngineSettings
from copydesk.engine.tokens import Tokens


def make_backend(settings: EngineSettings, model: ModelFolder, cache_tokens: int) -> Backend:
    """Load `model`.

    Raises:
        EngineCannotStart: the kernel or a library is missing.
        ModelError: the model's folder is damaged.
    """
    from copydesk.engine import machine

    if settings.backend is BackendKind.TENSORFLOW:
        from copydesk.engine.tensorflow_backend import TensorFlowBackend

        return TensorFlowBackend(model, cache_tokens=cache_tokens)
    from copydesk.engine.native.backend import NativeBackend

    return NativeBackend(
        model,
        precision=settings.precision,
        threads=settings.threads or machine.available_cores(),
        cache_tokens=cache_tokens,
    )


def make_chooser(backend: Backend) -> Chooser:
    """The kernel's own where it is the backend, else the one in numpy."""
    from copydesk.engine.native.backend import NativeBackend

    if isinstance(backend, NativeBackend):
        from copydesk.engine.native.choosing import NativeChooser

        return NativeChooser(backend)
    from copydesk.engine import chooser

    return chooser


def make_scheduler(settings: EngineSettings, model: ModelFolder, cache_tokens: int) -> Scheduler:
    """A scheduler at work on `model`. Raises as `make_backend` does."""
    backend = make_backend(settings, model, cache_tokens)
    bytes_of = Tokens(model.path).bytes_of
    return Scheduler(backend, make_chooser(backend), bytes_of, slots=settings.slots, context=settings.context)

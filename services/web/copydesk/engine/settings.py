"""What the engine serves, where, and to how many at once."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from copydesk.engine.models import ModelFolder
from copydesk.engine.precision import Precision

_LEAST_TEXTS = 4  # whole windows that the cache holds, whatever the number of slots
_SLOTS_A_TEXT = 4  # most texts are far shorter than the window


class BackendKind(StrEnum):
    NATIVE = "native"  # our own kernel
    TENSORFLOW = "tensorflow"  # KerasHub: slow, exact, wherever TensorFlow runs


@dataclass(frozen=True)
class EngineSettings:
    """An empty token is refused."""

    model: ModelFolder  # the default; others of `models_dir` are loaded when they are asked for
    token: str
    host: str = "127.0.0.1"
    port: int = 0  # 0: any free one
    slots: int = 32  # texts written at the same time
    threads: int = 0  # 0: as many as there are cores
    context: int = 0  # tokens that a text's window holds; 0: all that the model can
    precision: Precision = Precision.INT8
    models_dir: Path | None = None  # None: the default alone
    backend: BackendKind = BackendKind.NATIVE
    metrics_token: str = ""  # who reads the figures from another machine; empty: nobody

    @property
    def exactness(self) -> Precision:
        """What the backend computes in."""
        return Precision.F32 if self.backend is BackendKind.TENSORFLOW else self.precision

    def window(self, model: ModelFolder) -> int:
        """Tokens that a text's window holds."""
        return min(self.context or model.context, model.context)

    def cache_tokens(self, model: ModelFolder) -> int:
        """Tokens that the cache should hold, all texts together; where they are more, the youngest text waits."""
        return self.window(model) * max(min(self.slots, _LEAST_TEXTS), self.slots // _SLOTS_A_TEXT)

    def least_cache_tokens(self, model: ModelFolder) -> int:
        """Tokens that the cache must hold: one text's."""
        return self.window(model)

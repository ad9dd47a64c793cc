"""How the next word is chosen: one value with the field's names, checked when it is made."""

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self

LARGEST_SEED = 2**31 - 1


class Strategy(StrEnum):
    GREEDY = "greedy"  # always the likeliest token
    BEAM = "beam"  # the likeliest of several texts written side by side
    TOP_K = "top-k"  # by chance among the k likeliest
    TOP_P = "top-p"  # by chance among the likeliest that together reach probability p


class SamplingError(ValueError):
    """A value is out of bounds; the message names the field."""


@dataclass(frozen=True)
class Sampling:
    """Bounds are those of the table below; `SamplingError` names the field that breaks them.

    The default suits small GPT-2 models: a little cooler than the model, a little against repetition.
    """

    strategy: Strategy = Strategy.TOP_P
    temperature: float = 0.7
    top_k: int = 50
    top_p: float = 0.92
    num_beams: int = 5
    repetition_penalty: float = 1.1
    no_repeat_ngram_size: int = 0  # no run of so many tokens comes twice; 0: may
    max_new_tokens: int = 160
    stop: tuple[str, ...] = ()
    seed: int = 0
    n: int = 1  # texts for one prompt; the i-th is what seed + i gives alone

    def __post_init__(self) -> None:
        object.__setattr__(self, "strategy", self._strategy())
        for name, (kind, low, high) in _BOUNDS.items():
            value: Any = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, kind):
                raise SamplingError(f"{name} must be a number, not {value!r}")
            if not low <= float(value) <= high:
                raise SamplingError(f"{name} must be between {low} and {high}, not {value}")
        if len(self.stop) > 8 or not all(0 < len(text) <= 64 for text in self.stop):
            raise SamplingError("stop must be at most 8 texts of 1 to 64 characters")

    def _strategy(self) -> Strategy:
        try:
            return Strategy(self.strategy)
        except ValueError:
            known = ", ".join(Strategy)
            raise SamplingError(f"strategy must be one of {known}, not {self.strategy!r}") from None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "strategy": self.strategy.value, "stop": list(self.stop)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The value that `to_dict` was made of; unknown names are refused."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise SamplingError(f"{sorted(unknown)[0]} is not a field of sampling")
        stop = values.get("stop", ())
        if not isinstance(stop, list | tuple) or not all(isinstance(text, str) for text in stop):
            raise SamplingError(f"stop must be a list of texts, not {stop!r}")
        return cls(**{**values, "stop": tuple(stop)})


_BOUNDS: dict[str, tuple[type[int] | tuple[type[int], type[float]], float, float]] = {
    "temperature": ((int, float), 0.05, 2.0),
    "top_k": (int, 1, 1000),
    "top_p": ((int, float), 0.01, 1.0),
    "num_beams": (int, 1, 16),
    "repetition_penalty": ((int, float), 1.0, 2.0),
    "no_repeat_ngram_size": (int, 0, 20),
    "max_new_tokens": (int, 1, 8192),
    "seed": (int, 0, LARGEST_SEED),
    "n": (int, 1, 8),
}

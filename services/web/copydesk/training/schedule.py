"""How fast to learn when: warm up, hold, then fall to zero; by steps or by the clock, whichever ends first."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """What a run may spend. With both given, the one that is used up first ends it."""

    seconds: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        if not self.seconds and not self.steps:
            raise ValueError("a budget needs seconds or steps")

    def spent(self, *, step: int, seconds: float) -> float:
        """The share of the budget that is used, from 0 to 1."""
        by_clock = seconds / self.seconds if self.seconds else 0.0
        by_step = step / self.steps if self.steps else 0.0
        return min(1.0, max(by_clock, by_step))

    def seconds_left(self, *, step: int, seconds: float) -> float:
        """How long the run will still take, at the pace so far."""
        spent = self.spent(step=step, seconds=seconds)
        return seconds * (1 - spent) / spent if spent > 0 else self.seconds or 0.0


def rate_factor(spent: float, step: int, *, warmup_steps: int, stable_share: float) -> float:
    """What to multiply the peak learning rates by, from 0 to 1.

    Warmup-stable-decay (Hu et al. 2024, MiniCPM): linear from zero over the first steps, one until `stable_share`
    of the budget is spent, then linear to zero at its end.
    """
    warmup = min(1.0, (step + 1) / max(1, warmup_steps))
    decay = 1.0 if spent <= stable_share else (1 - spent) / (1 - stable_share)
    return warmup * max(0.0, decay)

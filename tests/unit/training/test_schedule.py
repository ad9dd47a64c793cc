"""The schedule: warm up, hold, fall to zero; by the clock or by steps."""

import pytest

from copydesk.training.schedule import Budget, rate_factor


def factor(spent: float, step: int = 1000) -> float:
    return rate_factor(spent, step, warmup_steps=100, stable_share=0.4)


def test_the_rate_rises_over_the_first_steps() -> None:
    assert [factor(0.0, step) for step in (0, 49, 99, 100)] == pytest.approx([0.01, 0.5, 1.0, 1.0])


def test_the_rate_holds_and_then_falls_to_zero() -> None:
    assert [factor(spent) for spent in (0.1, 0.4, 0.7, 1.0)] == pytest.approx([1.0, 1.0, 0.5, 0.0])


def test_a_long_warmup_never_holds_up_the_decay() -> None:
    assert factor(0.99, step=10) < 0.02


def test_no_warmup_starts_at_the_peak() -> None:
    assert rate_factor(0.0, 0, warmup_steps=0, stable_share=0.4) == 1.0


def test_whichever_runs_out_first_ends_the_run() -> None:
    budget = Budget(seconds=100, steps=10)
    assert budget.spent(step=1, seconds=50) == 0.5
    assert budget.spent(step=9, seconds=50) == 0.9
    assert budget.spent(step=3, seconds=500) == 1.0


def test_time_left_is_told_at_the_pace_so_far() -> None:
    assert Budget(seconds=100).seconds_left(step=7, seconds=25) == pytest.approx(75)
    assert Budget(steps=100).seconds_left(step=20, seconds=10) == pytest.approx(40)
    assert Budget(seconds=100).seconds_left(step=0, seconds=0) == 100


def test_a_budget_has_to_be_given() -> None:
    with pytest.raises(ValueError, match="seconds or steps"):
        Budget()

"""How the next token is chosen."""

import numpy as np

from copydesk.training.sampling import Sampling, choose

SCORES = np.array([1.0, 4.0, 3.0, -2.0], np.float32)


def draws(sampling: Sampling, seen: list[int] | None = None, scores: np.ndarray = SCORES) -> list[int]:
    random = np.random.default_rng(0)
    return [choose(scores, seen or [], sampling, random) for _ in range(200)]


def test_a_narrow_nucleus_is_greedy() -> None:
    assert set(draws(Sampling(top_p=0.01, repetition_penalty=1.0))) == {1}


def test_the_nucleus_leaves_out_the_unlikely() -> None:
    assert set(draws(Sampling(temperature=1.0, top_p=0.9, repetition_penalty=1.0))) == {1, 2}


def test_the_whole_distribution_is_open_at_one() -> None:
    assert set(draws(Sampling(temperature=5.0, top_p=1.0, repetition_penalty=1.0))) == {0, 1, 2, 3}


def test_what_was_said_already_is_less_likely_whatever_its_sign() -> None:
    strict = Sampling(top_p=0.01, repetition_penalty=2.0)
    assert set(draws(strict, seen=[1, 1])) == {2}
    assert set(draws(strict, seen=[0], scores=np.array([-1.0, -1.5], np.float32))) == {1}


def test_the_same_seed_draws_the_same() -> None:
    assert draws(Sampling(temperature=2.0)) == draws(Sampling(temperature=2.0))

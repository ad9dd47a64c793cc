"""How a token is chosen: transformers' processors and warpers written down again, and frequencies held against p."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.engine import chooser
from copydesk.engine.chooser import Ask, uniform
from copydesk.engine.sampling import Sampling, Strategy

PLAIN = Sampling(temperature=1.0, top_p=1.0, repetition_penalty=1.0)
rows = st.lists(st.floats(-20, 20, width=32), min_size=2, max_size=40)


Weighted = list[tuple[float, int]]


def processed(row: list[float], history: list[int], sampling: Sampling) -> dict[int, float]:
    """The scores of the tokens that are allowed, token by token, as the names say it."""
    scores = dict(enumerate(row))
    for token in set(history):
        over = scores[token] > 0
        scores[token] = (
            scores[token] / sampling.repetition_penalty if over else scores[token] * sampling.repetition_penalty
        )
    size = sampling.no_repeat_ngram_size
    seen = {tuple(history[place : place + size]) for place in range(len(history) - size + 1)} if size else set()
    latest = history[len(history) - size + 1 :]
    allowed = {token: score for token, score in scores.items() if (*latest, token) not in seen} if size else scores
    return allowed or scores


def kept(row: list[float], history: list[int], sampling: Sampling) -> Weighted:
    """What may be drawn, best first, with its weight."""
    allowed = processed(row, history, sampling)
    best = sorted(allowed, key=lambda token: (-allowed[token], token))
    if sampling.strategy is Strategy.GREEDY:
        return [(1.0, best[0])]
    top = allowed[best[0]]
    weighted = [(math.exp((allowed[token] - top) / sampling.temperature), token) for token in best]
    if sampling.strategy is Strategy.TOP_K:
        return weighted[: sampling.top_k]
    total, reached, chosen = math.fsum(weight for weight, _ in weighted), 0.0, []
    for weight, token in weighted:
        chosen.append((weight, token))
        reached += weight
        if sampling.top_p < 1 and reached >= sampling.top_p * total:
            break
    return chosen


def first_beyond(weighted: Weighted, u: float) -> tuple[int, float]:
    """The token that `u` falls on, and how near it is to another, of the whole."""
    target, reached, token = u * math.fsum(weight for weight, _ in weighted), 0.0, -1
    for weight, token in weighted:  # noqa: B007  the last one counts
        before, reached = reached, reached + weight
        if reached > target:
            break
    return token, min(abs(target - before) if before else 1.0, abs(target - reached)) / reached


def drawn(row: list[float], history: list[int], sampling: Sampling, index: int) -> tuple[int, float]:
    """The token, and how near rounding could have made it another."""
    best = kept(row, history, sampling)
    if sampling.strategy is not Strategy.TOP_P:
        return first_beyond(best, uniform(sampling.seed, index))
    everything = kept(row, history, Sampling.from_dict(sampling.to_dict() | {"top_p": 1.0}))
    total = math.fsum(weight for weight, _ in everything)
    share = math.fsum(weight for weight, _ in best) / total
    edge = min(abs(share - sampling.top_p), abs(share - best[-1][0] / total - sampling.top_p))
    in_order = sorted(everything, key=lambda one: one[1])
    for attempt in range(chooser.ATTEMPTS):
        token, near = first_beyond(in_order, uniform(sampling.seed, index, attempt))
        edge = min(edge, near)
        if token in {one for _, one in best}:
            return token, edge
    return best[0][1], edge


@settings(deadline=None, max_examples=300)
@given(rows, st.data())
def test_a_choice_is_what_the_definition_says(row: list[float], data: st.DataObject) -> None:
    history = data.draw(st.lists(st.integers(0, len(row) - 1), max_size=30))
    sampling = Sampling(
        strategy=data.draw(st.sampled_from([Strategy.GREEDY, Strategy.TOP_K, Strategy.TOP_P])),
        temperature=data.draw(st.floats(0.05, 2.0)),
        top_k=data.draw(st.integers(1, 60)),
        top_p=data.draw(st.floats(0.01, 1.0)),
        repetition_penalty=data.draw(st.floats(1.0, 2.0)),
        no_repeat_ngram_size=data.draw(st.integers(0, 4)),
        seed=data.draw(st.integers(0, 2**31 - 1)),
    )
    index = data.draw(st.integers(0, 8191))
    ask = Ask(np.array(history, np.int32), sampling, index)
    scores = np.array([row], np.float32)
    ((token, logprob),) = chooser.choose(scores, [ask])
    expected, edge = drawn(scores[0].tolist(), history, sampling, index)
    assert token == expected or edge < 1e-9
    whole = math.fsum(math.exp(value) for value in scores[0].tolist())
    assert logprob == pytest.approx(float(scores[0][token]) - math.log(whole), abs=1e-9)


def test_bans_and_penalties_by_hand() -> None:
    row = np.array([[2.0, 1.0, -1.0, 0.5]], np.float32)

    def greedy(history: list[int], **fields: object) -> int:
        sampling = Sampling(**{"strategy": Strategy.GREEDY, "repetition_penalty": 1.0, **fields})
        return chooser.choose(row, [Ask(np.array(history, np.int32), sampling, 0)])[0].token

    assert greedy([]) == 0
    assert greedy([0, 0, 0], repetition_penalty=1.9) == 0  # once, however often it was said
    assert greedy([0, 1], repetition_penalty=2.0) == 0  # 1.0 and 0.5
    assert greedy([3, 0, 3], no_repeat_ngram_size=2) == 1  # "3 0" was said
    assert greedy([0, 1], no_repeat_ngram_size=1) == 3
    assert greedy([0, 1, 2, 3], no_repeat_ngram_size=1) == 0  # nothing would be left
    assert greedy([3, 0], no_repeat_ngram_size=3) == 0  # too short to repeat anything
    tie = np.array([[1.0, 3.0, 3.0]], np.float32)
    ask = Ask(np.array([], np.int32), Sampling(strategy=Strategy.TOP_K, top_k=1), 0)
    assert chooser.choose(tie, [ask])[0].token == 1  # of equals the lower number


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(strategy=Strategy.TOP_K, top_k=12, temperature=1.3, repetition_penalty=1.2),
        Sampling(strategy=Strategy.TOP_P, top_p=0.8, temperature=0.9, repetition_penalty=1.2),
        Sampling(strategy=Strategy.TOP_P, top_p=1.0, temperature=1.5, repetition_penalty=1.0),
    ],
    ids=["top-k", "top-p", "everything"],
)
@pytest.mark.parametrize("seeds", [True, False], ids=["over seeds", "over places"])
def test_frequencies_match_the_distribution(sampling: Sampling, seeds: bool) -> None:
    """Chi-square of 6,000 draws; the seeds are fixed, so that it is the same each time."""
    draws, history = 6_000, [3, 5, 5, 8]
    row = np.random.default_rng(5).standard_normal(40).astype(np.float32) * 2
    candidates = kept(row.tolist(), history, sampling)
    total = math.fsum(weight for weight, _ in candidates)
    counts = dict.fromkeys((token for _, token in candidates), 0)
    past = np.array(history, np.int32)
    for number in range(draws):
        values = sampling.to_dict() | {"seed": number if seeds else 17}
        ask = Ask(past, Sampling.from_dict(values), 0 if seeds else number)
        counts[chooser.choose(row[None], [ask])[0].token] += 1
    expected = {token: draws * weight / total for weight, token in candidates}
    likely = [token for token in counts if expected[token] >= 5]
    rare = set(counts) - set(likely)
    statistic = sum((counts[token] - expected[token]) ** 2 / expected[token] for token in likely)
    if sum(expected[token] for token in rare) >= 5:
        together = sum(expected[token] for token in rare)
        statistic += (sum(counts[token] for token in rare) - together) ** 2 / together
    freedom = len(likely) - 1 + bool(rare)
    # Wilson and Hilferty 1931: the 99.9th percentile of chi-square.
    limit = freedom * (1 - 2 / (9 * freedom) + 3.09 * math.sqrt(2 / (9 * freedom))) ** 3
    assert statistic < limit


def test_chance_is_splitmix64() -> None:
    assert chooser._mix(0 + chooser.GAMMA) == 0xE220A8397B1DCDAF  # its first number for the state 0, as published
    values = [uniform(seed, index) for seed in range(100) for index in range(100)]
    assert len(set(values)) == 10_000
    assert all(0 <= value < 1 and (value * 2**53).is_integer() for value in values)
    assert abs(sum(values) / 10_000 - 0.5) < 0.01


@given(rows, st.data())
@settings(deadline=None)
def test_candidates_of_beams(row: list[float], data: st.DataObject) -> None:
    history = data.draw(st.lists(st.integers(0, len(row) - 1), max_size=20))
    sampling = Sampling(
        strategy=Strategy.BEAM,
        repetition_penalty=data.draw(st.floats(1.0, 2.0)),
        no_repeat_ngram_size=data.draw(st.integers(0, 3)),
    )
    scores = np.array(row, np.float32)
    logs = scores.astype(np.float64) - np.log(np.exp(scores.astype(np.float64)).sum())
    found = chooser.likeliest(scores, 6, np.array(history, np.int32), sampling)
    as_greedy = Sampling.from_dict(sampling.to_dict() | {"strategy": "top-k", "temperature": 1.0, "top_k": 6})
    expected = kept(logs.tolist(), history, as_greedy)
    assert found.tokens.tolist() == [token for _, token in expected] or np.ptp(found.scores) < 1e-9 or _close(found)
    np.testing.assert_allclose(found.logprobs, logs[found.tokens], atol=1e-9)
    assert (np.diff(found.scores) <= 0).all()


def _close(found: chooser.Candidates) -> bool:
    """Two so near each other that rounding decides which is first."""
    return bool((np.abs(np.diff(found.scores)) < 1e-9).any())


def test_log_probabilities_of_given_tokens() -> None:
    scores = np.random.default_rng(1).standard_normal((3, 9)).astype(np.float32)
    by_hand = [
        math.log(math.exp(scores[place][token]) / np.exp(scores[place].astype(float)).sum())
        for place, token in enumerate([4, 0, 8])
    ]
    assert chooser.logprobs_of(scores, [4, 0, 8]) == pytest.approx(by_hand)

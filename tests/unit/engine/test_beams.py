"""Beam search against two that know nothing of it: transformers' vectors written down again, and trying every text."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from unit.engine.test_scheduler import FREE, Text, collect, running
from unit.engine.toy import END, Toy, bytes_of

from copydesk.engine.sampling import Sampling, Strategy
from copydesk.engine.ticket import Completion

BEAMS = replace(FREE, strategy=Strategy.BEAM, num_beams=4, max_new_tokens=12)
NEVER = -1.0e9


def log_softmax(row: np.ndarray) -> np.ndarray:
    row = row.astype(np.float64) - row.max()
    return row - np.log(np.exp(row).sum())


def penalised(scores: np.ndarray, history: list[int], sampling: Sampling) -> np.ndarray:
    """transformers' RepetitionPenaltyLogitsProcessor and NoRepeatNGramLogitsProcessor."""
    scores = scores.copy()
    for token in set(history):
        scores[token] *= sampling.repetition_penalty if scores[token] < 0 else 1 / sampling.repetition_penalty
    size = sampling.no_repeat_ngram_size
    for start in range(len(history) - size + 1 if size else 0):
        run = history[start : start + size]
        if run[:-1] == history[len(history) - size + 1 :]:
            scores[run[-1]] = -np.inf
    return scores


def vectorised(toy: Toy, prompt: list[int], sampling: Sampling) -> list[tuple[float, list[int]]]:
    """`GenerationMixin._beam_search` of transformers 5, for one prompt, as it stands there."""
    width, longest = sampling.num_beams, sampling.max_new_tokens
    running_sequences = [[*prompt] for _ in range(width)]
    running_scores = np.array([0.0] + [NEVER] * (width - 1))
    sequences: list[list[int]] = [[] for _ in range(width)]
    beam_scores, is_finished = np.full(width, NEVER), np.zeros(width, bool)
    for length in range(longest):
        rows = [penalised(log_softmax(toy.scores(one)), one, sampling) for one in running_sequences]
        flat = (np.array(rows) + running_scores[:, None]).reshape(-1)
        best = np.argsort(-flat, kind="stable")[: 2 * width]
        scores = flat[best]
        grown = [running_sequences[place // toy.vocabulary] + [int(place % toy.vocabulary)] for place in best]
        hits = np.array([one[-1] == END or length + 1 == longest for one in grown])
        going_on = np.argsort(-(scores + hits * NEVER), kind="stable")[:width]
        running_sequences = [grown[place] for place in going_on]
        running_scores = (scores + hits * NEVER)[going_on]
        just_finished = hits & (np.arange(2 * width) < width)
        merged_scores = np.concatenate((beam_scores, scores / (length + 1) + ~just_finished * NEVER))
        merged = sequences + grown
        merged_finished = np.concatenate((is_finished, just_finished))
        chosen = np.argsort(-merged_scores, kind="stable")[:width]
        sequences = [merged[place] for place in chosen]
        beam_scores, is_finished = merged_scores[chosen], merged_finished[chosen]
        worst = np.where(is_finished, beam_scores.min(), NEVER)
        if hits.all() or not (running_scores[0] / (length + 1) > worst).any():
            break
    return [
        (float(score), one[len(prompt) :])
        for score, one, done in zip(beam_scores, sequences, is_finished, strict=True)
        if done
    ]


def found(toy: Toy, prompt: list[int], sampling: Sampling, **options: int) -> list[Text]:
    with running(toy, **options) as scheduler:
        return collect(scheduler.submit(Completion(prompt, sampling)))


def tokens_of(text: Text) -> list[int]:
    return text.tokens + [END] * (text.reason == "stop")


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("end", [-2.0, 1.0, 4.0])
def test_it_finds_what_transformers_finds(seed: int, end: float) -> None:
    prompt = [seed + 1, 2 * seed + 1, 3]
    sampling = replace(
        BEAMS,
        num_beams=[1, 2, 4, 7][seed % 4],
        n=[1, 2, 3, 4][seed % 4],
        repetition_penalty=[1.0, 1.3][seed % 2],
        no_repeat_ngram_size=[0, 1, 2][seed % 3],
    )
    expected = vectorised(Toy(end=end), prompt, sampling)[: sampling.n]
    texts = found(Toy(end=end), prompt, sampling)
    assert [tokens_of(text) for text in texts] == [tokens for _, tokens in expected]
    assert all(len(text.logprobs) == len(text.tokens) for text in texts)


@pytest.mark.parametrize("seed", range(5))
def test_sixteen_beams_find_the_best_of_all_texts(seed: int) -> None:
    toy, prompt = Toy(end=-99.0), [seed % 3 + 1, 2]
    toy.vocabulary, whole = 4, toy.scores
    toy.scores = lambda tokens: whole(tokens)[:4]

    def likelihood(text: tuple[int, ...]) -> float:
        return float(
            np.mean([log_softmax(toy.scores([*prompt, *text[:place]]))[token] for place, token in enumerate(text)])
        )

    best = max(itertools.product((1, 2, 3), repeat=3), key=likelihood)
    (text,) = found(toy, prompt, replace(BEAMS, num_beams=16, max_new_tokens=3))
    assert tuple(text.tokens) == best
    assert np.mean(text.logprobs) == pytest.approx(likelihood(best))


def test_log_probabilities_are_those_before_penalties() -> None:
    toy, prompt = Toy(end=-99.0), [1, 2, 3]
    (text,) = found(toy, prompt, replace(BEAMS, repetition_penalty=1.5))
    by_hand = [log_softmax(toy.scores(prompt + text.tokens[:place]))[token] for place, token in enumerate(text.tokens)]
    assert text.logprobs == pytest.approx(by_hand)


@pytest.mark.parametrize("capacity", [60, 80, 120])
def test_company_and_little_room_change_nothing(capacity: int) -> None:
    prompts = [[seed + 1, 2, 3, 4, 5, 6] for seed in range(6)]
    sampling = replace(BEAMS, num_beams=3)
    alone = [found(Toy(end=0.0), prompt, sampling) for prompt in prompts]
    toy = Toy(capacity=capacity, end=0.0)
    with running(toy, slots=12) as scheduler:
        sampled = scheduler.submit(Completion([1], FREE))
        tickets = [scheduler.submit(Completion(prompt, sampling)) for prompt in prompts]
        assert [collect(ticket) for ticket in tickets] == alone
        collect(sampled)
    assert toy.most <= capacity


def test_the_common_beginning_is_read_and_kept_once() -> None:
    toy, prompt = Toy(end=-99.0), [*range(1, 31)]
    found(toy, prompt, BEAMS)
    assert [size for step in toy.steps for size in step if size > 1] == [30]
    assert toy.most <= 30 + 4 * 12


def test_beams_slide_with_their_window() -> None:
    def slid(history: list[int], keep: int, context: int, prompt: int) -> list[int]:
        view = history[:prompt]
        for token in history[prompt:]:
            view = [*view, token]
            if len(view) > context:
                rest = view[keep:]
                view = view[:keep] + rest[-(len(rest) // 2) :]
        return view

    class Windowed(Toy):
        def scores(self, tokens: list[int]) -> np.ndarray:
            return super().scores(slid([*tokens], 4, 16, 6))

    prompt, sampling = [1, 2, 3, 4, 5, 6], replace(BEAMS, max_new_tokens=40)
    ((_, expected), *_) = vectorised(Windowed(end=-99.0), prompt, sampling)
    for capacity in (10_000, 66):
        toy = Toy(context=16, end=-99.0, capacity=capacity)
        with running(toy) as scheduler:
            (text,) = collect(scheduler.submit(Completion(prompt, sampling, keep=4)))
        assert text.tokens == expected


def test_a_stop_text_finishes_a_beam() -> None:
    toy, prompt = Toy(end=-99.0), [1, 2, 3]
    (free,) = found(toy, prompt, BEAMS)
    (text,) = found(toy, prompt, replace(BEAMS, stop=(free.text[4:6],)))
    assert free.text[4:6] not in text.text
    assert text.reason in ("stop", "length")
    if text.reason == "stop":
        assert free.text[4:6].encode() in b"".join(map(bytes_of, text.tokens))


def test_it_shows_its_steps() -> None:
    toy = Toy(end=-99.0)
    with running(toy) as scheduler:
        ticket = scheduler.submit(Completion([1], BEAMS))
        first = next(part.progress for part in ticket.parts() if part.progress)
    assert first == {"beam": 1, "of": 12}

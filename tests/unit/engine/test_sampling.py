"""Sampling: bounds name the field, values survive JSON, and what a server is asked says everything."""

import json

import pytest

from copydesk.engine.errors import EngineBadRequest
from copydesk.engine.protocol import read_completion
from copydesk.engine.request import completion_request, foreign_request
from copydesk.engine.sampling import LARGEST_SEED, Sampling, SamplingError, Strategy

WRONG = {
    "strategy": ["warm", "", None],
    "temperature": [0, -1, 2.1, float("nan"), "hot", True, None],
    "top_k": [0, 1.5, 1001],
    "top_p": [0, 1.01, float("nan")],
    "num_beams": [0, 17],
    "repetition_penalty": [0.9, 2.1],
    "no_repeat_ngram_size": [-1, 21],
    "max_new_tokens": [0, 8193, 1.0],
    "n": [0, 9, 1.5],
    "seed": [-1, LARGEST_SEED + 1, 1.0],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_value_out_of_bounds_is_named(name: str, value: object) -> None:
    with pytest.raises(SamplingError, match=name):
        Sampling(**{name: value})


@pytest.mark.parametrize("stop", [("",), ("x" * 65,), tuple("abcdefghi")])
def test_stops_are_few_and_short(stop: tuple[str, ...]) -> None:
    with pytest.raises(SamplingError, match="stop"):
        Sampling(stop=stop)


def test_json_there_and_back() -> None:
    sampling = Sampling(strategy=Strategy.TOP_K, top_k=7, stop=("\n\n",), seed=3)
    assert Sampling.from_dict(json.loads(json.dumps(sampling.to_dict()))) == sampling


@pytest.mark.parametrize("values", [{"warmth": 1}, {"stop": "abc"}, {"stop": [1]}])
def test_unknown_values_are_refused(values: dict) -> None:
    with pytest.raises(SamplingError):
        Sampling.from_dict(values)


def test_the_question_to_another_server_leaves_nothing_to_its_defaults() -> None:
    question = foreign_request([1, 2], Sampling(temperature=0.7, top_p=0.9, repetition_penalty=1.2, seed=5), "m")
    assert question["prompt"] == [1, 2]
    assert question["samplers"] == ["penalties", "temperature", "top_p"]
    expected = {"temperature": 0.7, "top_p": 0.9, "top_k": 0, "min_p": 0.0, "seed": 5, "model": "m", "stream": True}
    assert expected.items() <= question.items()
    assert question["repeat_penalty"] == question["repetition_penalty"] == 1.2
    assert question["cache_prompt"] is False


def test_greedy_and_top_k_are_what_they_say() -> None:
    assert foreign_request("x", Sampling(strategy="greedy"))["top_k"] == 1
    top_k = foreign_request("x", Sampling(strategy="top-k", top_k=9))
    assert (top_k["top_k"], top_k["top_p"], top_k["samplers"][-1]) == (9, 1.0, "top_k")
    assert "model" not in top_k


def test_no_other_server_is_asked_for_beams() -> None:
    with pytest.raises(EngineBadRequest):
        foreign_request("x", Sampling(strategy="beam"))


def test_our_engine_understands_what_it_is_asked() -> None:
    for strategy in Strategy:
        sampling = Sampling(strategy=strategy, temperature=0.3, top_k=7, top_p=0.4, num_beams=3, stop=("a",), seed=9)
        asked = read_completion(json.loads(json.dumps(completion_request([1, 2], sampling, "gpt2", keep=1))))
        assert (asked.model, asked.prompt, asked.keep, asked.stream, asked.logprobs) == ("gpt2", [1, 2], 1, True, True)
        matters = {"strategy", "repetition_penalty", "no_repeat_ngram_size", "max_new_tokens", "stop", "seed", "n"}
        matters |= {"beam": {"num_beams"}, "top-k": {"temperature", "top_k"}, "top-p": {"temperature", "top_p"}}.get(
            strategy, set()
        )
        understood = asked.sampling.to_dict()
        assert {name: understood[name] for name in matters} == {name: sampling.to_dict()[name] for name in matters}

"""What may be asked over HTTP: OpenAI's fields mean what they mean there, and what is wrong is named."""

import json

import pytest

from copydesk.engine.protocol import Answers, read_completion, read_json, read_scores
from copydesk.engine.sampling import Strategy
from copydesk.engine.scheduler import RequestError
from copydesk.engine.ticket import Part


def test_openais_defaults() -> None:
    asked = read_completion({"prompt": "x"})
    assert (asked.sampling.max_new_tokens, asked.sampling.temperature, asked.sampling.top_p) == (16, 1.0, 1.0)
    assert (asked.sampling.strategy, asked.sampling.repetition_penalty, asked.sampling.n) == (Strategy.TOP_P, 1.0, 1)
    assert (asked.stream, asked.logprobs, asked.model, asked.keep) == (False, False, "", 0)
    assert read_completion({"prompt": "x"}).sampling.seed != asked.sampling.seed
    assert read_completion({"prompt": "x", "user": "me", "stop": "a", "seed": 3}).sampling.stop == ("a",)


@pytest.mark.parametrize(
    ("fields", "strategy"),
    [
        ({"temperature": 0}, "greedy"),
        ({"temperature": 0.5}, "top-p"),
        ({"top_p": 0.5, "top_k": -1}, "top-p"),
        ({"top_k": 7}, "top-k"),
        ({"top_k": 7, "top_p": 0.5, "strategy": "top-p"}, "top-p"),
        ({"strategy": "greedy", "temperature": 0}, "greedy"),
        ({"strategy": "beam", "num_beams": 2, "temperature": 0}, "beam"),
    ],
)
def test_how_tokens_are_chosen(fields: dict, strategy: str) -> None:
    assert read_completion({"prompt": [1], **fields}).sampling.strategy == strategy


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": ["two", "texts"]}, "prompt"),
        ({"prompt": [1, True]}, "prompt"),
        ({"prompt": [1.0]}, "prompt"),
        ({"prompt": "x" * 200_001}, "prompt"),
        ({"prompt": [1] * 65_537}, "prompt"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "9"}, "max_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"top_k": 7, "top_p": 0.5}, "top_k"),
        ({"top_p": 0}, "top_p"),
        ({"strategy": "warm"}, "strategy"),
        ({"strategy": "beam", "num_beams": 17}, "num_beams"),
        ({"n": 9}, "n"),
        ({"seed": -1}, "seed"),
        ({"stop": [""]}, "stop"),
        ({"stop": [1]}, "stop"),
        ({"repetition_penalty": 0.5}, "repetition_penalty"),
        ({"no_repeat_ngram_size": 21}, "no_repeat_ngram_size"),
        ({"keep": -1}, "keep"),
        ({"keep": True}, "keep"),
        ({"model": 5}, "model"),
        ({"stream": "yes"}, "stream"),
        ({"echo": True}, "echo"),
        ({"logit_bias": {"5": 1}}, "logit_bias"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
    ],
)
def test_what_is_wrong_is_named(fields: dict, field: str) -> None:
    with pytest.raises(RequestError, match=f"^{field} ") as caught:
        read_completion({"prompt": "x", **fields})
    assert caught.value.field == field


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000])
def test_a_body_that_is_no_object(body: bytes) -> None:
    with pytest.raises(RequestError, match="body"):
        read_json(body)


def test_continuations_are_lists_of_tokens() -> None:
    assert read_scores({"prompt": [1], "continuations": [[2], []]}).continuations == [[2], []]
    for wrong in (None, [], [1], [["a"]], [[1]] * 65):
        with pytest.raises(RequestError, match="continuations"):
            read_scores({"prompt": [1], "continuations": wrong})
    with pytest.raises(RequestError, match="prompt"):
        read_scores({"prompt": "text", "continuations": [[1]]})


def test_events_name_every_token() -> None:
    answers = Answers("seed@01", "ours 1", logprobs=True)
    parts = [Part(1, "é\n", [5, 6], [-0.5, -0.25]), Part(progress={"read": 1, "of": 2})]
    words, sign, rest = answers.events(parts).decode().split("\n\n")
    assert rest == ""
    event = json.loads(words.removeprefix("data: "))
    assert (event["model"], event["engine"]) == ("seed@01", "ours 1")
    assert event["choices"] == [
        {
            "index": 1,
            "text": "é\n",
            "token_ids": [5, 6],
            "logprobs": {"token_logprobs": [-0.5, -0.25]},
            "finish_reason": None,
        }
    ]
    assert json.loads(sign.removeprefix("data: "))["progress"] == {"read": 1, "of": 2}
    assert Answers("m", "e", logprobs=False).choice(parts[0])["logprobs"] is None

"""The client against servers that misbehave: each way of failing has its own error, and no text is ever broken."""

import itertools
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.engine.badserver import answer, begin, send, serving, word

from copydesk.engine.characters import WholeCharacters
from copydesk.engine.client import EngineClient
from copydesk.engine.errors import (
    EngineBadRequest,
    EngineBroken,
    EngineBusy,
    EngineError,
    EngineModelTooLarge,
    EngineModelUnknown,
    EngineRefused,
    EngineTimeout,
    EngineUnreachable,
)
from copydesk.engine.sampling import Sampling

DONE = b"data: [DONE]\n\n"


def ask(url: str, timeout: float = 5.0, prompt: str | list[int] = "x") -> list:
    return list(EngineClient(url, "token", timeout).stream(prompt, Sampling()))


def script(*events: object):
    def run(handler) -> None:
        begin(handler)
        send(handler, *events)

    return run


def text_of(*events: object) -> str:
    with serving(script(*events)) as url:
        return "".join(chunk.text for chunk in ask(url))


def test_words_tokens_and_the_end_arrive() -> None:
    entries = {"content": [{"id": 7, "logprob": -0.5}]}
    with serving(script(word("One", logprobs=entries), word(" two"), word("", "length"), DONE)) as url:
        chunks = ask(url)
    assert [chunk.text for chunk in chunks] == ["One", " two", ""]
    assert (chunks[0].tokens, chunks[0].logprobs, chunks[0].model) == ((7,), (-0.5,), "stub")
    assert chunks[-1].finish_reason == "length"


def test_vllm_names_tokens_its_own_way() -> None:
    columns = {"tokens": ["One"], "token_logprobs": [-0.25], "top_logprobs": None}
    with serving(script(word("One", token_ids=[9], logprobs=columns), word("", "stop"))) as url:
        first = ask(url)[0]
    assert (first.tokens, first.logprobs) == ((9,), (-0.25,))


def test_token_and_model_are_sent() -> None:
    seen = {}

    def models(handler) -> None:
        answer(handler, {"data": [{"id": "theirs"}]})

    def run(handler) -> None:
        seen.update(handler.question, authorization=handler.headers["Authorization"])
        script(word("a", "stop"))(handler)

    with serving(run, models) as url:
        ask(url, prompt=[1, 2])
    assert (seen["model"], seen["prompt"], seen["authorization"]) == ("theirs", [1, 2], "Bearer token")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, EngineRefused),
        (403, EngineRefused),
        (400, EngineBadRequest),
        (404, EngineBadRequest),
        (302, EngineBadRequest),
        (429, EngineBusy),
        (503, EngineBusy),
        (500, EngineBroken),
        (502, EngineBroken),
    ],
)
def test_each_status_has_its_error(status: int, error: type[EngineError]) -> None:
    refusal = {"error": "words for the log"}
    with serving(lambda handler: answer(handler, refusal, status)) as url, pytest.raises(error) as caught:
        ask(url)
    assert "words for the log" in caught.value.detail
    assert "words for the log" not in str(caught.value)


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (b"data: {not json\n\n", EngineBroken),
        (b"data: [1]\n\n", EngineBroken),
        (b'data: {"choices": "no"}\n\n', EngineBroken),
        (b'data: {"choices": [{"text": 5}]}\n\n', EngineBroken),
        (b"\xff\xfe\x00garbage", EngineBroken),
        (b"", EngineBroken),
        (DONE, EngineBroken),
        (b'data: {"error": {"code": 503, "message": "slot"}}\n\n', EngineBusy),
        (b'error: {"code": 500, "message": "oops"}\n\n', EngineBroken),
        (b'data: {"error": "oops"}\n\n', EngineBroken),
    ],
)
def test_a_stream_that_cannot_be_read_is_broken(broken: bytes, error: type[EngineError]) -> None:
    with serving(script(word("One"), broken)) as url, pytest.raises(error):
        ask(url)


def test_a_connection_that_ends_early_is_broken() -> None:
    def run(handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "5000")
        handler.end_headers()
        send(handler, word("One"))

    with serving(run) as url, pytest.raises(EngineBroken):
        ask(url)


def test_a_connection_that_ends_without_an_answer_is_no_engine() -> None:
    with serving(lambda handler: None) as url, pytest.raises(EngineUnreachable):
        ask(url)


def test_no_word_at_all_means_busy_and_silence_afterwards_a_timeout() -> None:
    gone = threading.Event()

    def silent(handler) -> None:
        gone.wait(5)

    def silent_after_a_word(handler) -> None:
        begin(handler)
        send(handler, word("One"))
        gone.wait(5)

    def pings_only(handler) -> None:
        begin(handler)
        send(handler, word("One"))
        while not gone.wait(0.05):
            send(handler, b": ping\n\n")

    for run, error in ((silent, EngineBusy), (silent_after_a_word, EngineTimeout), (pings_only, EngineTimeout)):
        with serving(run) as url, pytest.raises(error):
            ask(url, timeout=0.3)
    gone.set()


def test_progress_is_a_sign_of_life_but_no_word() -> None:
    def run(handler) -> None:
        begin(handler)
        for _ in range(6):
            send(handler, {**word(""), "prompt_progress": {"processed": 1, "total": 6}})
            time.sleep(0.1)
        send(handler, {"choices": [], "progress": {"beam": 1, "of": 9}}, word("One", "stop"))

    with serving(run) as url:
        chunks = ask(url, timeout=0.4)
    assert [chunk.text for chunk in chunks] == [""] * 7 + ["One"]
    assert [chunk.progress for chunk in chunks[5:]] == [{"read": 1, "of": 6}, {"beam": 1, "of": 9}, None]


def test_the_callers_own_time_is_not_the_engines() -> None:
    with serving(script(word("One"), word(" two"), word("", "stop"))) as url:
        chunks = EngineClient(url, "token", 0.2).stream("x", Sampling())
        assert next(chunks).text == "One"
        time.sleep(0.4)
        assert "".join(chunk.text for chunk in chunks) == " two"


def test_closing_the_generator_closes_the_connection() -> None:
    closed = threading.Event()

    def run(handler) -> None:
        begin(handler)
        try:
            while True:
                send(handler, word("and "))
                time.sleep(0.01)
        except OSError:
            closed.set()

    with serving(run) as url:
        chunks = EngineClient(url, "token", 5).stream("x", Sampling())
        next(chunks)
        chunks.close()
        assert closed.wait(5)


def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        for call in (lambda: ask(url), EngineClient(url, "t").health, EngineClient(url, "t").describe):
            with pytest.raises(EngineUnreachable):
                call()


def test_health_and_description_of_other_servers() -> None:
    def models(handler) -> None:
        answer(handler, {"data": [{"id": "gpt2", "owned_by": "vllm", "max_model_len": 1024}]})

    with serving(lambda handler: None, models) as url:
        client = EngineClient(url + "/v1/", "t")
        assert client.health()
        described = client.describe()
    assert (described.model, described.engine, described.context) == ("gpt2", "vllm", 1024)
    with serving(lambda handler: None, lambda handler: answer(handler, [])) as url, pytest.raises(EngineBroken):
        EngineClient(url, "t").health()


OURS = {"data": [{"id": "seed@0123", "name": "seed", "context": 512}], "engine": "ours 1", "slots": 32}


def our_models(handler) -> None:
    answer(handler, OURS)


def test_our_own_engine_is_asked_everything() -> None:
    seen = {}

    def run(handler) -> None:
        seen.update(handler.question)
        script({**word("a", "stop"), "engine": "ours 1"})(handler)

    sampling = Sampling(strategy="beam", num_beams=3, no_repeat_ngram_size=2, max_new_tokens=9, stop=("x",), seed=4)
    with serving(run, our_models) as url:
        chunks = list(EngineClient(url, "t").stream([1, 2], sampling, model="gpt2", keep=2))
    assert chunks[0].engine == "ours 1"
    expected = sampling.to_dict() | {"prompt": [1, 2], "model": "gpt2", "keep": 2, "max_tokens": 9, "stream": True}
    assert seen == {key: value for key, value in expected.items() if key != "max_new_tokens"} | {"logprobs": 1}


@pytest.mark.parametrize("fields", [{"strategy": "beam"}, {"no_repeat_ngram_size": 2}])
def test_others_are_not_asked_for_what_they_would_leave_out(fields: dict) -> None:
    with serving(script(word("a", "stop"))) as url, pytest.raises(EngineBadRequest):
        list(EngineClient(url, "t").stream("x", Sampling(**fields)))


def test_several_texts_are_told_apart() -> None:
    def half(index: int, text: str, finish: str | None = None) -> dict:
        return {"choices": [{"index": index, "text": text, "finish_reason": finish}]}

    events = [half(0, "a\ud83c"), half(1, "b"), half(1, "", "stop"), half(0, "\udf89", "length")]
    with serving(script(*events), our_models) as url:
        chunks = list(EngineClient(url, "t").stream("x", Sampling(n=2)))
        texts = {index: "".join(chunk.text for chunk in chunks if chunk.index == index) for index in (0, 1)}
        assert texts == {0: "a🎉", 1: "b"}
    with serving(script(*events[:3], DONE), our_models) as url, pytest.raises(EngineBroken):
        list(EngineClient(url, "t").stream("x", Sampling(n=2)))


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [("model_too_large", 507, EngineModelTooLarge), ("model_not_found", 404, EngineModelUnknown)],
)
def test_what_is_wrong_with_a_model_is_said_in_the_engines_words(
    code: str, status: int, error: type[EngineError]
) -> None:
    told = {"error": {"message": "gpt2-xl needs 6.4 GB", "code": code, "status": status}}
    with (
        serving(lambda handler: answer(handler, told, status), our_models) as url,
        pytest.raises(error, match="needs 6"),
    ):
        ask(url)
    with serving(script(told), our_models) as url, pytest.raises(error, match="needs 6"):
        ask(url)


def test_scores_come_for_every_token() -> None:
    given = {"scores": [{"token_logprobs": [-1.0, -2.0]}, {"token_logprobs": []}]}
    with serving(lambda handler: answer(handler, given), our_models) as url:
        assert EngineClient(url, "t").score([1], [[2, 3], []]) == [[-1.0, -2.0], []]
        with pytest.raises(EngineBroken):
            EngineClient(url, "t").score([1], [[2, 3]])
    with serving(lambda handler: answer(handler, {}, 404)) as url, pytest.raises(EngineBadRequest):
        EngineClient(url, "t").score([1], [[2]])


def test_models_of_our_engine_and_of_others() -> None:
    with serving(lambda handler: None, our_models) as url:
        client = EngineClient(url, "t")
        assert [(row.id, row.name, row.context) for row in client.models().rows] == [("seed@0123", "seed", 512)]
        described = client.describe()
    assert (described.model, described.engine, described.context, described.slots) == ("seed@0123", "ours 1", 512, 32)
    with serving(lambda handler: None, lambda handler: answer(handler, {"data": [{"id": "theirs"}]})) as url:
        known = EngineClient(url, "t").models()
    assert (known.rows[0].name, known.engine) == ("theirs", "")


def test_an_engine_that_is_still_loading_is_busy() -> None:
    class Loading(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self, {"status": "loading"}, 503)

        def log_message(self, *words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Loading) as server:
        threading.Thread(target=server.handle_request).start()
        with pytest.raises(EngineBusy):
            EngineClient(f"http://127.0.0.1:{server.server_port}", "t").health()


def test_characters_cut_in_two_are_put_together() -> None:
    raw = json.dumps(word("é🎉"), ensure_ascii=False).encode()
    for place in range(len(raw)):
        if raw[place] & 0xC0 == 0x80:  # cut by the network
            assert text_of(b"data: " + raw[:place], raw[place:] + b"\n\n", word("", "stop")) == "é🎉"
    halves = [b'data: {"choices":[{"text":"' + half + b'"}]}\n\n' for half in ("🎉".encode()[:2], "🎉".encode()[2:])]
    assert text_of(*halves, word("", "stop")) == "🎉"  # cut by the server, in bytes
    assert text_of(word("a\ud83c"), word("\udf89b"), word("", "stop")) == "a🎉b"  # in surrogates
    assert text_of(word("a\ufffd"), word("b\ud83c"), word("", "stop")) == "ab"  # never to be whole


def test_other_line_ends_inside_a_text_are_text() -> None:
    for ending in ("\u2028", "\u2029", "\x85"):
        raw = b'data: {"choices":[{"text":"a' + ending.encode() + b'b"}]}\r\n\r\n'
        assert text_of(raw, word("", "stop")) == f"a{ending}b"


@given(st.text(max_size=20), st.lists(st.integers(0, 80), max_size=6))
def test_any_cut_gives_the_same_characters(text: str, cuts: list[int]) -> None:
    raw = text.replace("\ufffd", "").encode()
    places = sorted({0, len(raw), *(cut for cut in cuts if cut <= len(raw))})
    pieces = [raw[a:b].decode("utf-8", "surrogateescape") for a, b in itertools.pairwise(places)]
    characters = WholeCharacters()
    assert "".join(characters.feed(piece) for piece in pieces) == raw.decode()


def test_every_error_is_a_sentence_for_people() -> None:
    for error in EngineError.__subclasses__():
        assert str(error("x")).endswith(".")
        assert "\n" not in str(error("x"))

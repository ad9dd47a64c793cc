"""The engine as the desk runs it: the same seed, the same text; who leaves frees the slot; without a token, nothing."""

import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from integration.engine.engines import Running, engine
from unit.engine.folders import tiny

from copydesk.engine import models
from copydesk.engine.client import EngineClient
from copydesk.engine.errors import EngineBadRequest, EngineBroken, EngineRefused, EngineUnreachable
from copydesk.engine.prompt import PromptBuilder
from copydesk.engine.request import completion_request
from copydesk.engine.sampling import Sampling, Strategy

pytestmark = pytest.mark.integration

BRIEFS = [
    "A review of a small show of ceramics in a converted bakery.",
    "The theatre was full when the curtain rose, and nobody spoke.",
    "Of the letters of Keats there is little to be said that",
    "שלום — “hello” <|endoftext|> \x00 🎉",
]


def write(running: Running, builder: PromptBuilder, brief: str, **fields: object) -> tuple[str, list[int], str]:
    sampling = Sampling(**{"max_new_tokens": 60, **fields})
    prompt = builder.build(brief, max_new_tokens=sampling.max_new_tokens)
    text, tokens, reason = "", [], ""
    for chunk in running.client().stream(prompt.tokens, sampling):
        text += chunk.text
        tokens += builder.name_tokens(chunk.text, chunk.tokens)
        reason = chunk.finish_reason or reason
    return text, tokens, reason


def busy(running: Running) -> int:
    """How many slots are at work."""
    headers = {"Authorization": f"Bearer {running.token}"}
    slots = httpx.get(f"{running.url}/slots", headers=headers, timeout=30, trust_env=False).json()
    return sum(slot["is_processing"] for slot in slots)


def test_it_says_who_it_is(running: Running, builder: PromptBuilder) -> None:
    described = running.client().describe()
    assert described.model == builder.model.alias
    assert described.engine.startswith("xllamacpp 20")
    assert described.engine.endswith("Q8_0")
    assert (described.context, described.slots) == (builder.model.context, 4)  # each slot has the whole window
    assert running.log.read_text().count("engine ready at http://127.0.0.1:") == 1
    assert len(running.log.read_text().splitlines()) == 1  # llama.cpp itself says nothing


def test_it_starts_quickly(running: Running) -> None:
    assert running.seconds < 15  # 1 s on two idle cores


def test_the_same_seed_gives_the_same_text_alone_and_among_others(running: Running, builder: PromptBuilder) -> None:
    alone = [write(running, builder, brief, seed=number) for number, brief in enumerate(BRIEFS)]
    assert [write(running, builder, brief, seed=number) for number, brief in enumerate(BRIEFS)] == alone
    with ThreadPoolExecutor(4) as together:
        for _ in range(3):
            texts = together.map(lambda place: write(running, builder, BRIEFS[place], seed=place), range(4))
            assert list(texts) == alone
    assert write(running, builder, BRIEFS[0], seed=99)[0] != alone[0][0]


@pytest.mark.parametrize("which", ["running", "slow"])
def test_probabilities_are_the_same_to_the_last_digit(
    which: str, builder: PromptBuilder, request: pytest.FixtureRequest
) -> None:
    """Prompts of unequal length are read together: with flash attention the longest came out different."""
    one: Running = request.getfixturevalue(which)
    prompts = [builder.encode(words) for words in ("Hello " * 40, "word and another " * 30, "The theatre", BRIEFS[0])]

    def ask(place: int) -> list[tuple]:
        chunks = one.client(120).stream(prompts[place], Sampling(seed=place, max_new_tokens=12))
        return [(chunk.tokens, chunk.logprobs) for chunk in chunks]

    alone = [ask(place) for place in range(4)]
    with ThreadPoolExecutor(4) as together:
        assert list(together.map(ask, range(4))) == alone


def test_more_texts_than_slots_wait_for_their_turn(running: Running, builder: PromptBuilder) -> None:
    alone = write(running, builder, BRIEFS[0], seed=1)
    with ThreadPoolExecutor(10) as together:
        assert list(together.map(lambda _: write(running, builder, BRIEFS[0], seed=1), range(10))) == [alone] * 10


def test_each_field_has_its_say(running: Running, builder: PromptBuilder) -> None:
    free = {"repetition_penalty": 1.0}
    greedy = write(running, builder, BRIEFS[1], strategy=Strategy.GREEDY, seed=1, **free)
    assert write(running, builder, BRIEFS[1], strategy=Strategy.GREEDY, seed=2, **free) == greedy
    assert write(running, builder, BRIEFS[1], strategy=Strategy.TOP_K, top_k=1, seed=3, **free) == greedy
    assert write(running, builder, BRIEFS[1], top_p=0.01, seed=4, **free) == greedy
    assert write(running, builder, BRIEFS[1], strategy=Strategy.GREEDY, repetition_penalty=1.3) != greedy
    assert write(running, builder, BRIEFS[1], temperature=1.9, top_p=1.0) != write(running, builder, BRIEFS[1])
    text, tokens, reason = write(running, builder, BRIEFS[1], max_new_tokens=7)
    assert (len(tokens), reason) == (7, "length")
    text, _, reason = write(running, builder, BRIEFS[1], stop=("the",), strategy=Strategy.GREEDY)
    assert reason == "stop"
    assert "the" not in text


def test_the_whole_window_can_be_used(running: Running, builder: PromptBuilder) -> None:
    _, tokens, _ = write(running, builder, "word after word " * 5000, max_new_tokens=100)
    assert len(tokens) == 100
    with pytest.raises(EngineBadRequest):
        list(running.client().stream([1] * (builder.model.context + 1), Sampling(max_new_tokens=1)))


def test_prompts_are_the_same_tokens_on_both_sides(running: Running, builder: PromptBuilder) -> None:
    for brief in [*BRIEFS[:3], "naïve “quotes” 漢字 🎉👩‍👩‍👧 ש 1,024 don't <|endoftext|>", "  two  spaces\n\n\nlines"]:
        assert running.client().tokenize(brief) == builder.encode(brief)


def test_tokens_that_the_stream_leaves_out_are_named_again(running: Running, builder: PromptBuilder) -> None:
    """Against the answer that is not streamed, which lists them all; the grammar makes it write characters of many."""
    headers = {"Authorization": f"Bearer {running.token}"}
    grammar = 'root ::= [a-z ]* "“🎉é漢” "  [a-z ]* "ש"+'
    for seed in range(3):
        question = completion_request(builder.encode(BRIEFS[0]), Sampling(seed=seed, max_new_tokens=50))
        question |= {"grammar": grammar, "stream": False}
        whole = httpx.post(
            f"{running.url}/completion", json=question, headers=headers, timeout=30, trust_env=False
        ).json()
        client = running.client()
        named: list[int] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("copydesk.engine.client.completion_request", lambda *_, q=question: q | {"stream": True})
            for chunk in client.stream([], Sampling()):
                named += builder.name_tokens(chunk.text, chunk.tokens)
        if "\ufffd" not in whole["content"]:  # cut off inside a character
            assert builder.decode(named) == builder.decode(whole["tokens"])
            assert named == whole["tokens"]


@pytest.mark.parametrize("token", ["", "wrong"])
def test_who_has_no_token_gets_nothing(running: Running, token: str) -> None:
    client = EngineClient(running.url, token)
    for call in (client.health, client.describe, lambda: list(client.stream("x", Sampling()))):
        with pytest.raises(EngineRefused):
            call()


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory, new_port: Callable[[], int]):
    """An engine on a model that takes its time: the seed's tokenizer, a body of 100 million numbers drawn by chance."""
    folder = tmp_path_factory.mktemp("slow")
    tiny(folder / "slow", width=1024, n_layer=8, n_head=16, context=1024)
    with engine(folder, new_port(), MODEL="slow", MODELS_DIR=str(folder), ENGINE_SLOTS="4") as one:
        yield one


def test_leaving_frees_the_slot(slow: Running, builder: PromptBuilder) -> None:
    chunks = slow.client().stream(builder.encode(BRIEFS[0]), Sampling(max_new_tokens=1000, temperature=2.0, top_p=1.0))
    for _ in range(3):
        next(chunks)
    assert busy(slow) == 1
    started = time.monotonic()
    chunks.close()
    while busy(slow):
        assert time.monotonic() - started < 5
        time.sleep(0.02)
    assert next(slow.client().stream(builder.encode(BRIEFS[1]), Sampling())).tokens  # and the next one is served


def test_health_answers_while_others_wait_for_a_slot(slow: Running, builder: PromptBuilder) -> None:
    stop = threading.Event()

    def wait_for_words() -> None:
        for _ in slow.client(60).stream(builder.encode(BRIEFS[0]), Sampling(max_new_tokens=30)):
            if stop.is_set():
                return

    with ThreadPoolExecutor(12) as together:
        waiting = [together.submit(wait_for_words) for _ in range(12)]
        assert EngineClient(slow.url, slow.token, 5).health()
        stop.set()
        for one in waiting:
            one.result()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_an_engine_that_ends_breaks_the_stream(
    number: signal.Signals, slow: Running, folder: Path, builder: PromptBuilder, new_port: Callable[[], int]
) -> None:
    model = models.find("slow", slow.log.parent)
    with engine(folder, new_port(), MODEL=str(model.path), CACHE_DIR=str(slow.log.parent / "cache")) as one:
        chunks = one.client().stream(builder.encode(BRIEFS[0]), Sampling(max_new_tokens=900))
        next(chunks)
        one.process.send_signal(number)
        with pytest.raises(EngineBroken):
            list(chunks)
        assert one.process.wait(10) == (-number if number == signal.SIGKILL else 0)
        with pytest.raises(EngineUnreachable):
            one.client().health()

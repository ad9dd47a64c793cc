"""The engine as the desk runs it: the same seed, the same text; who leaves frees the slot; without a token, nothing."""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from integration.engine.engines import Running, engine
from unit.engine.folders import tiny

from copydesk.engine import models
from copydesk.engine.client import EngineClient
from copydesk.engine.errors import EngineBadRequest, EngineBroken, EngineRefused, EngineUnreachable
from copydesk.engine.prompt import PromptBuilder
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


def test_it_says_who_it_is(running: Running, builder: PromptBuilder) -> None:
    described = running.client().describe()
    assert described.model == builder.model.alias
    assert described.engine.startswith("copydesk-gpt2 ")
    assert described.engine.endswith(" int8")
    assert (described.context, described.slots) == (builder.model.context, 32)
    assert running.log.read_text().count("engine ready at http://127.0.0.1:") == 1
    assert len(running.log.read_text().splitlines()) == 1


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


def test_thirty_two_at_once_are_what_each_is_alone(running: Running, builder: PromptBuilder) -> None:
    """Tokens, text and probabilities, to the last digit that is sent; prompts of many lengths, all ways to choose."""
    kinds = ["top-p", "top-k", "greedy", "beam"]
    texts = [BRIEFS[number % 4] + " word and another" * (number * 7 % 40) for number in range(32)]
    prompts = [builder.encode(text) for text in texts]

    def ask(place: int) -> list[tuple]:
        sampling = Sampling(strategy=kinds[place // 4 % 4], num_beams=3, seed=place, max_new_tokens=24)
        found = [
            (token, logprob, chunk.finish_reason)
            for chunk in running.client(120).stream(prompts[place], sampling)
            for token, logprob in zip(chunk.tokens, chunk.logprobs, strict=True)
        ]
        return [(token, logprob) for token, logprob, _ in found]

    alone = [ask(place) for place in range(32)]
    with ThreadPoolExecutor(32) as together:
        assert list(together.map(ask, range(32))) == alone


def test_more_texts_than_slots_wait_for_their_turn(running: Running, builder: PromptBuilder) -> None:
    alone = write(running, builder, BRIEFS[0], seed=1)
    with ThreadPoolExecutor(50) as together:
        assert list(together.map(lambda _: write(running, builder, BRIEFS[0], seed=1), range(50))) == [alone] * 50


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


def test_n_texts_are_what_their_seeds_give(running: Running, builder: PromptBuilder) -> None:
    prompt = builder.build(BRIEFS[2], max_new_tokens=60).tokens
    texts = ["", "", ""]
    for chunk in running.client().stream(prompt, Sampling(n=3, seed=8, max_new_tokens=60)):
        texts[chunk.index] += chunk.text
    assert texts == [write(running, builder, BRIEFS[2], seed=8 + number)[0] for number in range(3)]


def test_the_whole_window_can_be_used_and_outgrown(running: Running, builder: PromptBuilder) -> None:
    context = builder.model.context
    with pytest.raises(EngineBadRequest):
        list(running.client().stream([1] * (context + 1), Sampling(max_new_tokens=1)))
    prompt = builder.encode(BRIEFS[0])
    sampling = Sampling(max_new_tokens=context + 300, seed=3)
    first, again = (
        [token for chunk in running.client().stream(prompt, sampling, keep=len(prompt)) for token in chunk.tokens]
        for _ in range(2)
    )
    assert first == again
    assert len(first) == context + 300


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
    with engine(folder, new_port(), MODEL=str(model.path)) as one:
        chunks = one.client().stream(builder.encode(BRIEFS[0]), Sampling(max_new_tokens=900))
        next(chunks)
        one.process.send_signal(number)
        with pytest.raises(EngineBroken):
            list(chunks)
        assert one.process.wait(10) == (-number if number == signal.SIGKILL else 0)
        with pytest.raises(EngineUnreachable):
            one.client().health()


def test_pages_go_before_drafts_on_a_shared_machine(running: Running) -> None:
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, running.process.pid) == min(19, ours + 5)

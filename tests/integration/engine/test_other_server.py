"""Another server than ours, for real: llama.cpp's, in a process of its own, asked with the same client."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.engine.engines import MODELS
from peers import llama_server

from copydesk.engine import models
from copydesk.engine.client import EngineClient
from copydesk.engine.errors import EngineBadRequest, EngineRefused
from copydesk.engine.prompt import PromptBuilder
from copydesk.engine.sampling import Sampling, Strategy

pytestmark = pytest.mark.integration

PROMPT = "A review of a small show of ceramics in a converted bakery."


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, new_port: Callable[[], int]) -> Iterator[str]:
    cache: Path = tmp_path_factory.mktemp("gguf")
    with llama_server.serving(models.find("seed", MODELS).path, cache, new_port(), "key") as address:
        yield address


def write(url: str, **fields: object) -> tuple[str, str | None]:
    chunks = list(EngineClient(url, "key").stream(PROMPT, Sampling(**{"max_new_tokens": 40, **fields})))
    assert {chunk.engine for chunk in chunks} == {""}
    return "".join(chunk.text for chunk in chunks), chunks[-1].finish_reason


def test_it_says_who_it_is(url: str) -> None:
    client = EngineClient(url + "/v1", "key")
    assert client.health()
    assert client.describe().model == llama_server.ALIAS
    assert client.describe().slots == llama_server.SLOTS
    assert [row.id for row in client.models().rows] == [llama_server.ALIAS]


def test_a_text_goes_on_and_the_same_seed_gives_it_again(url: str) -> None:
    text, reason = write(url, seed=3)
    assert len(text.split()) > 10
    assert reason == "length"
    assert write(url, seed=3) == (text, reason)
    assert write(url, seed=4) != (text, reason)


@pytest.mark.parametrize("strategy", [Strategy.GREEDY, Strategy.TOP_K, Strategy.TOP_P])
def test_ways_to_choose(url: str, strategy: Strategy) -> None:
    assert write(url, strategy=strategy)[0]


def test_a_stop_text_is_heeded(url: str) -> None:
    text, reason = write(url, strategy=Strategy.GREEDY, stop=("the",))
    assert "the" not in text
    assert reason == "stop"


def test_what_it_has_not_is_refused_here(url: str) -> None:
    client = EngineClient(url, "key")
    for sampling in (Sampling(strategy=Strategy.BEAM), Sampling(no_repeat_ngram_size=2)):
        with pytest.raises(EngineBadRequest):
            list(client.stream(PROMPT, sampling))
    with pytest.raises(EngineBadRequest):
        client.score([1], [[2]])


def test_a_wrong_key_is_refused(url: str) -> None:
    with pytest.raises(EngineRefused):
        list(EngineClient(url, "wrong").stream(PROMPT, Sampling()))


def test_tokens_that_it_leaves_out_are_named_again(url: str) -> None:
    """It names only the last of the tokens that make up one character."""
    builder = PromptBuilder(models.find("seed", MODELS))
    for seed in range(3):
        text, named = "", []
        for chunk in EngineClient(url, "key").stream("“Oh, “yes”, he said — “", Sampling(seed=seed, max_new_tokens=60)):
            text += chunk.text
            named += builder.name_tokens(chunk.text, chunk.tokens)
        assert builder.decode(named).replace("\ufffd", "") == text

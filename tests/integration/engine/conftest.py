"""One engine on the model that came along, for the tests that do not stop it."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.engine.engines import MODELS, Running, engine

from copydesk.engine import models
from copydesk.engine.prompt import PromptBuilder


@pytest.fixture(scope="session")
def new_port() -> Callable[[], int]:
    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, new_port: Callable[[], int]) -> Iterator[Running]:
    with engine(tmp_path_factory.mktemp("engine"), new_port()) as one:
        yield one


@pytest.fixture(scope="session")
def builder() -> PromptBuilder:
    return PromptBuilder(models.find("seed", MODELS))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path

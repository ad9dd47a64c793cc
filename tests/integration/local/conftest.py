"""Desks of stand-ins, stopped at the end of the test whatever happened to them."""

import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from integration.local.desks import Desk

from copydesk.local.checks import free_port


@pytest.fixture
def start_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def start(data_dir: Path | None = None, port: int | None = None, under: Sequence[str] = ()) -> Desk:
        desk = Desk(data_dir or tmp_path / "var", port or free_port(), under)
        desks.append(desk)
        return desk

    yield start
    for desk in desks:
        if desk.process.poll() is None:
            desk.stop(signal.SIGTERM)

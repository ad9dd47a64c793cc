"""Unit tests reach this machine alone: a test that would ask the internet fails, wherever it runs."""

import socket

import pytest


def test_the_network_is_blocked():
    with socket.socket() as outside:
        outside.settimeout(1)
        with pytest.raises(UserWarning, match=r"tried to use socket\.socket\.connect"):
            outside.connect(("192.0.2.1", 80))

"""Unit tests reach this machine alone: a test that would ask the internet fails, wherever it runs."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


def test_the_network_is_blocked():
    with socket.socket() as outside, pytest.raises(SocketConnectBlockedError):
        outside.settimeout(1)
        outside.connect(("192.0.2.1", 80))

"""Addresses of other servers: what is taken for one, what is refused, and which key goes where."""

import pytest

from copydesk.engine.remote import NotRemote, Remote, is_remote

KEYS = {"https://a.example/v1": "a-key", "http://lan.example:11434": "lan-key"}


@pytest.mark.parametrize(
    ("typed", "name", "model"),
    [
        ("https://host.example/v1", "https://host.example/v1", ""),
        (" HTTPS://Host.Example/v1/#gpt2 ", "https://host.example/v1#gpt2", "gpt2"),
        ("http://127.0.0.1:11434/v1#openai-community/gpt2", "http://127.0.0.1:11434/v1#openai-community/gpt2", None),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1", ""),
    ],
)
def test_an_address_has_one_form(typed: str, name: str, model: str | None) -> None:
    assert is_remote(typed)
    remote = Remote.parse(typed)
    assert remote.name == name
    assert Remote.parse(remote.name) == remote
    assert model is None or remote.model == model


@pytest.mark.parametrize(
    "typed",
    [
        "seed",
        "ftp://host/v1",
        "https://",
        "https://user:secret@host/v1",
        "https://host/v1?key=secret",
        "https://host:port/v1",
        "https://host/v1#a model",
        "https://host/v1#" + "m" * 300,
        "https://[::1/v1",
    ],
)
def test_what_is_none_is_refused_and_secrets_are_not_repeated(typed: str) -> None:
    with pytest.raises(NotRemote) as refused:
        Remote.parse(typed)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://a.example/v1", "a-key"),
        ("https://A.example", "a-key"),
        ("http://lan.example:11434/v1", "lan-key"),
        ("https://b.example/v1", "for-all"),
        ("http://b.example/v1", ""),  # the key for all is not sent where anybody can read it
        ("https://a.example.evil/v1", "for-all"),
        ("https://a.example:8443/v1", "for-all"),
    ],
)
def test_each_server_gets_its_own_key(url: str, key: str) -> None:
    assert Remote.parse(url).key(KEYS, "for-all") == key
    assert Remote.parse("https://b.example/v1").key(KEYS) == ""

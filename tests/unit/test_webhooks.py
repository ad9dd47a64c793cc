"""Webhooks without a network: signatures that another implementation accepts, addresses that are refused, pauses."""

import base64
import datetime as dt
import socket

import pytest
import standardwebhooks

from copydesk.webhooks import addresses, delivering, signing
from copydesk.webhooks.addresses import Allowed, Refused

KEY, BODY = "the desk's own key", '{"type":"test","data":{"title":"Töpfe"}}'.encode()
PUBLIC, DEVELOPMENT, OWN_NETWORK = Allowed(), Allowed(loopback=True), Allowed(private=True)


def signed(*nonces, at=None):
    keys = [signing.secret(KEY, nonce) for nonce in nonces]
    at = at or dt.datetime.now(dt.UTC)
    return signing.headers(keys, "msg_1", int(at.timestamp()), BODY)


def verifier(nonce):
    return standardwebhooks.Webhook(signing.shown(signing.secret(KEY, nonce)))


def test_another_implementation_accepts_the_signature():
    assert verifier("a").verify(BODY, signed("a"))["data"] == {"title": "Töpfe"}


@pytest.mark.parametrize("change", ["body", "id", "time", "secret", "old"])
def test_whatever_was_changed_is_refused(change):
    headers, body, one = signed("a"), BODY, verifier("a")
    if change == "body":
        body = BODY + b" "
    elif change == "id":
        headers["webhook-id"] = "msg_2"
    elif change == "time":
        headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) + 1)
    elif change == "secret":
        one = verifier("b")
    else:
        headers = signed("a", at=dt.datetime.now(dt.UTC) - dt.timedelta(hours=1))
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        one.verify(body, headers)


def test_while_two_secrets_are_in_use_each_of_them_fits():
    headers = signed("new", "old")
    for nonce in ("new", "old"):
        verifier(nonce).verify(BODY, headers)


def test_a_secret_is_long_and_needs_the_desks_key():
    nonce = signing.new_nonce()
    one = signing.secret(KEY, nonce)
    assert len(base64.b64decode(signing.shown(one).removeprefix("whsec_"))) == 32
    assert one != signing.secret("another key", nonce)
    assert nonce not in signing.shown(one)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://example.org", "https://example.org/"),
        (" https://Example.org:8443/hook?a=1#part ", "https://example.org:8443/hook?a=1"),
        ("https://bücher.example/hook", "https://xn--bcher-kva.example/hook"),
        ("https://[2001:4860:4860::8888]/", "https://[2001:4860:4860::8888]/"),
    ],
)
def test_an_address_is_kept_in_one_form(typed, kept):
    assert addresses.clean(typed, PUBLIC) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "", "example.org", "ftp://example.org/", "http://example.org/", "https://", "https://user:word@example.org/",
        "https://exa mple.org/", "https://example.org:99999/", "file:///etc/passwd", "https://" + "a" * 500 + ".org",
        "http://127.0.0.1/", "https://[::1",
    ],
)  # fmt: skip
def test_an_address_that_can_not_be_called_is_refused(typed):
    with pytest.raises(Refused):
        addresses.clean(typed, PUBLIC)


def test_plain_http_is_for_this_machine_in_development_alone():
    assert addresses.clean("http://127.0.0.1:9000/hook", DEVELOPMENT) == "http://127.0.0.1:9000/hook"
    for allowed in (PUBLIC, OWN_NETWORK):
        with pytest.raises(Refused):
            addresses.clean("http://127.0.0.1:9000/hook", allowed)
    with pytest.raises(Refused):
        addresses.clean("http://192.168.1.1/hook", DEVELOPMENT)


LOCAL = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]
PRIVATE = ["10.0.0.1", "172.16.0.1", "192.168.1.1", "fd00::1", "100.64.0.1", "::ffff:10.0.0.1", "198.18.0.1"]
NEVER = [
    "169.254.169.254", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "224.0.0.1", "ff02::1", "0.0.0.0", "::",
    "240.0.0.1", "255.255.255.255", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:a00:1::",
]  # fmt: skip


@pytest.mark.parametrize("address", LOCAL + PRIVATE + NEVER)
def test_nothing_but_public_addresses_is_called(address):
    with pytest.raises(Refused):
        addresses.check(address, PUBLIC)


def test_what_whoever_runs_the_desk_may_allow():
    for address in LOCAL:
        addresses.check(address, DEVELOPMENT)
        addresses.check(address, OWN_NETWORK)
    for address in PRIVATE:
        addresses.check(address, OWN_NETWORK)
        with pytest.raises(Refused):
            addresses.check(address, DEVELOPMENT)
    for address in NEVER:
        with pytest.raises(Refused):
            addresses.check(address, Allowed(loopback=True, private=True))
    for address in ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"):
        addresses.check(address, PUBLIC)


def test_a_name_with_one_private_address_is_not_called_at_all(monkeypatch):
    def answer(*addresses_of_it):
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in addresses_of_it]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    answer("93.184.216.34", "93.184.216.34")
    assert addresses.resolve("example.org", 443, PUBLIC) == ["93.184.216.34"]
    answer("93.184.216.34", "10.0.0.1")
    with pytest.raises(Refused):
        addresses.resolve("example.org", 443, PUBLIC)


def test_pauses_grow_and_end():
    pauses = [delivering.pause_after(tries) for tries in range(1, len(delivering.PAUSES) + 2)]
    assert pauses[-1] is None
    assert pauses[:-1] == sorted(pauses[:-1])
    assert dt.timedelta(days=3) < sum(pauses[:-1], dt.timedelta()) < dt.timedelta(days=4)

"""Where a webhook may go: never into the desk's own network, unless whoever runs the desk allows it."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST = 500
LOOPBACK_NAMES = {"localhost", "127.0.0.1", "::1"}
# Addresses that stand for others: what they lead to could be anything.
_TRANSLATED = [ipaddress.ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]


class Refused(Exception):
    """It must not be called; the words say why."""


@dataclass(frozen=True)
class Allowed:
    """What this desk allows beyond public addresses."""

    loopback: bool = False  # in development and tests
    private: bool = False  # WEBHOOK_ALLOW_PRIVATE


def clean(url: str, allowed: Allowed) -> str:
    """The address as it is kept.

    Raises:
        Refused: no address that could be called.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        ascii_host = host.encode("ascii").decode() if ":" in host else host.encode("idna").decode()
    except (ValueError, UnicodeError):
        raise Refused("This does not look like an address.") from None
    if not host or len(url) > LONGEST or any(char.isspace() for char in url):
        raise Refused("This does not look like an address.")
    if parts.username or parts.password:
        raise Refused("Please leave name and password out. The signature says that it is this desk.")
    if parts.scheme != "https" and not (parts.scheme == "http" and allowed.loopback and host in LOOPBACK_NAMES):
        raise Refused("The address has to begin with https://.")
    shown = f"[{ascii_host}]" if ":" in ascii_host else ascii_host
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path or '/'}{query}"


def resolve(host: str, port: int, allowed: Allowed) -> list[str]:
    """The addresses behind a name, each of which may be called.

    Raises:
        Refused: one of them may not; the name is not trusted then at all.
        OSError: there is no such name.
    """
    found = dict.fromkeys(str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    for address in found:
        check(address, allowed)
    return list(found)


def check(address: str, allowed: Allowed) -> None:
    """Raises: Refused."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if ip.is_loopback:
        fine = allowed.loopback or allowed.private
    elif ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved:
        fine = False  # also where private ones are allowed: clouds keep their keys at a link-local address
    elif any(ip.version == one.version and ip in one for one in _TRANSLATED):
        fine = False
    else:
        fine = ip.is_global or allowed.private
    if not fine:
        raise Refused("It leads into a private network, and this desk does not call there.")

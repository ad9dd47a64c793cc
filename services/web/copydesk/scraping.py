"""Who may read a process's figures: this machine itself, or whoever has the token. Everybody else finds nothing there.

Standard library only: every process has this module.
"""

import hmac
import ipaddress

TYPE = "text/plain; version=0.0.4; charset=utf-8"


def allowed(*, peer: str | None, forwarded: bool, authorization: str, token: str) -> bool:
    """May this request see the figures?

    Args:
        peer: the address at the other end of the connection, not what a header claims.
        forwarded: does a header say that somebody else is behind the peer? A proxy on this machine is not this machine.
        authorization: the header, such as `Bearer 5f0c…`.
        token: the desk's own; empty: nobody has one.
    """
    if token and hmac.compare_digest(authorization.encode("utf-8", "replace"), f"Bearer {token}".encode()):
        return True
    return not forwarded and _is_loopback(peer)


def _is_loopback(peer: str | None) -> bool:
    try:
        address = ipaddress.ip_address(peer or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback

"""Cookies: under what names, and how they are signed."""

import hashlib

from flask import request
from flask.sessions import SecureCookieSessionInterface


def host_name(name: str) -> str:
    """The cookie's name where the line is secure: browsers take `__Host-` from this host alone, for all of it.

    Script gives its cookies the same names; see `cookies.ts`.
    """
    return f"__Host-{name}" if request.is_secure else name


class SignedSessions(SecureCookieSessionInterface):
    """Flask's own, signed with HMAC-SHA-256 instead of HMAC-SHA-1."""

    digest_method = staticmethod(hashlib.sha256)

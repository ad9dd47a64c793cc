"""A cookie by which a browser shows that somebody has logged in with it before.

Whoever guesses passwords of an account from elsewhere uses up the attempts of strange browsers, and those alone: the
account's own people still get in. The idea is OWASP's “device cookie”.
"""

import datetime as dt
import hashlib
import secrets

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from copydesk.accounts.models import User

LASTS = dt.timedelta(days=365)
MOST = 8  # people of one browser


def of(email: str) -> str | None:
    """The browser's own name, if this account was logged in with it before."""
    name, accounts = _read()
    return name if _hidden(email) in accounts else None


def remember(user: User) -> None:
    """The answer to this request tells the browser that it is known to the account."""
    name, accounts = _read()
    account = _hidden(user.email)
    value = _serializer().dumps([name, [account, *(one for one in accounts if one != account)][:MOST]])

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            _cookie(),
            value,
            max_age=LASTS,
            httponly=True,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            samesite="Lax",
        )
        return response


def _read() -> tuple[str, list[str]]:
    try:
        name, accounts = _serializer().loads(request.cookies.get(_cookie(), ""), max_age=int(LASTS.total_seconds()))
    except (BadData, ValueError, TypeError):
        return secrets.token_hex(12), []
    return name, accounts


def _hidden(email: str) -> str:
    key = current_app.config["SECRET_KEY"]
    return hashlib.sha256(f"{key}{email.strip().lower()}".encode()).hexdigest()[:24]


def _serializer() -> URLSafeTimedSerializer:
    digest = {"digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="copydesk.known-browser", signer_kwargs=digest)


def _cookie() -> str:
    return "__Host-known" if current_app.config["SESSION_COOKIE_SECURE"] else "known"

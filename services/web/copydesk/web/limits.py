"""How often one person, or one address, may ask for what: above it the answer is 429, with when to come back.

Ordinary work stays far below. Quotas of drafting are the queue's (`autodocs.limits`).
"""

import ipaddress
import time
from collections.abc import Callable
from typing import TypeVar

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter, RequestLimit
from flask_login import current_user
from limits import RateLimitItem, parse

from copydesk.config import Settings
from copydesk.web import count_storage, metrics  # noqa: F401  the first makes the storage known

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

CHANGES = "600/minute"  # all that is sent, typing included: a page in use sends one or two in a second
ASKING = "30/hour"  # for access, of one address: a whole house may begin on one day
LETTERS = "30/hour"  # for letters with a link, of one address
LETTERS_TO_ONE = parse("5/hour")  # of those to one account, whoever asks
LOGGING_IN = "60/15 minutes"  # that went wrong, of one address
LOGGING_IN_AS_ONE = parse("10/15 minutes")  # that went wrong for one account, of browsers that it does not know
LOGGING_IN_FROM_ONE = parse("10/15 minutes")  # the same, of one browser that it knows
SECOND_STEPS = parse("10/15 minutes")  # codes that were wrong, of one account
LOG_IN = "copydesk.log_in"  # among an application's extensions: the view behind the limit
COSTLY = "120/minute"  # pages that are much work: exports, comparisons, searches


def whoever_asks() -> str:
    """The person; of strangers their address, of IPv6 the network that one household or house has."""
    if current_user.is_authenticated:
        return f"person:{current_user.id}"
    return f"address:{network()}"


def network() -> str:
    address = ipaddress.ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104  # nosec B104  # no address to listen on
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


limiter = Limiter(
    whoever_asks,
    default_limits=[CHANGES],
    default_limits_per_method=False,
    default_limits_exempt_when=lambda: request.method in ("GET", "HEAD", "OPTIONS"),
    storage_uri="copydesk://",
    strategy="fixed-window",
    headers_enabled=False,
)


@limiter.limit(LOGGING_IN, key_func=network, methods=["POST"], deduct_when=lambda answer: answer.status_code != 302)
def log_in() -> ResponseReturnValue:
    """Flask-Security's view, counted. The limiter belongs to the module: what an application would add to it, the next
    one in the same process would add once more, and each attempt would count twice.
    """
    view: Callable[[], ResponseReturnValue] = current_app.extensions[LOG_IN]
    return view()


def install(app: Flask, settings: Settings) -> None:
    app.config["RATELIMIT_ENABLED"] = settings.limits
    limiter.init_app(app)
    app.extensions[LOG_IN] = app.view_functions["security.login"]
    app.view_functions["security.login"] = log_in

    @app.after_request
    def say_when(response: Response) -> Response:
        again = g.pop("come_back_in", None)
        if again is not None:
            metrics.LIMITS_HIT.inc()
            response.status_code = 429  # also where a page says it beside its form
            response.headers["Retry-After"] = str(again)
        return response


def reached(item: RateLimitItem, *names: str) -> bool:
    """Has this been counted as often as it may be? Says when to come back."""
    if not limiter.enabled:
        return False
    if limiter.limiter.test(item, *names):
        return False
    come_back(limiter.limiter.get_window_stats(item, *names).reset_time)
    return True


def once_more(item: RateLimitItem, *names: str) -> bool:
    """May it be done once more? Counts it; whoever asked is not told."""
    return not limiter.enabled or limiter.limiter.hit(item, *names)


def count(item: RateLimitItem, *names: str) -> None:
    if limiter.enabled:
        limiter.limiter.hit(item, *names)


def forget(item: RateLimitItem, *names: str) -> None:
    if limiter.enabled:
        limiter.limiter.clear(item, *names)


def come_back(at: float) -> int:
    """For the header of a 429, in whole seconds."""
    g.come_back_in = max(1, int(at - time.time()) + 1)
    return int(g.come_back_in)


def when() -> int:
    """In how many seconds to come back, of the limit that was `reached`."""
    return int(g.come_back_in)


def in_words(seconds: int) -> str:
    """“in 40 seconds”, “in 12 minutes”."""
    if seconds < 90:
        return f"in {seconds} seconds" if seconds != 1 else "in a second"
    return f"in {round(seconds / 60)} minutes"


def breached(limit: RequestLimit | None) -> int:
    """Seconds until the limit that a request ran into lets more through."""
    return come_back(limit.reset_at if limit is not None else time.time() + 60)

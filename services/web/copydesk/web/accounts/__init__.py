"""Accounts in the browser: asking for access, one's address and password, where one is logged in."""

from copydesk.web.accounts import (  # noqa: F401  they register their routes
    addresses,
    page,
    passwords,
    personal,
    second_step,
    sessions,
    signup,
    two_steps,
    waiting,
)
from copydesk.web.accounts.routes import blueprint

__all__ = ["blueprint"]

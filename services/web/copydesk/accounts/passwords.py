"""Which passwords are good enough: long rather than full of rules, and none that everybody tries first."""

import hashlib
import re
from collections.abc import Iterable

import httpx
import structlog
from zxcvbn import zxcvbn

log = structlog.get_logger(__name__)

LEAST, MOST = 8, 256
GOOD = 3  # of zxcvbn's 0 to 4: ten thousand million guesses are not enough
ELSE = 4  # letters or digits besides the person's own words
LOOKED_AT = 72  # zxcvbn's time grows with the square of the length, and nothing longer is weak
PATIENCE = 2.0  # seconds for the list of stolen passwords; people do not wait for it longer

WEAK = "This password is easy to guess. Several words that have nothing to do with each other are better."
OWN_WORDS = (
    "This password is easy to guess for whoever knows you. Please leave out your name, address and organization."
)
STOLEN = "This password is on lists of stolen ones, which are tried everywhere. Please choose another."


def fault(password: str, about: Iterable[str] = (), *, stolen_url: str = "") -> str | None:
    """What is wrong with it as a person's password, in words for them; None: it is good.

    Args:
        about: what is known of the person (name, address, organization), which others would try.
        stolen_url: where lists of stolen passwords are asked; nothing: they are not.
    """
    if len(password) < LEAST:
        return f"At least {LEAST} characters, please."
    if len(password) > MOST:
        return f"At most {MOST} characters."
    if _score(password, []) < GOOD:
        return WEAK
    known = [word for one in about for word in (one, *re.split(r"[\W_]+", one)) if len(word) > 2]
    if _score(password, known) < GOOD or len(_without(password, known)) < ELSE:
        return OWN_WORDS
    return STOLEN if stolen_url and stolen(password, stolen_url) else None


def stolen(password: str, url: str) -> bool:
    """Is it on the lists behind `url`, which speaks the range protocol of Have I Been Pwned?

    Only five letters of its hash leave the desk. A list that does not answer says no: a person must get in.
    """
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    try:
        answer = httpx.get(f"{url.rstrip('/')}/{digest[:5]}", headers={"Add-Padding": "true"}, timeout=PATIENCE)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        log.warning("passwords.list_does_not_answer", error=type(error).__name__)
        return False
    for line in answer.text.splitlines():
        suffix, _, count = line.strip().partition(":")
        if suffix == digest[5:]:
            return count.strip() != "0"  # a padded line
    return False


def _without(password: str, known: list[str]) -> str:
    """The letters and digits that are left when what is known of the person is struck out."""
    rest = password.casefold()
    for word in sorted((word.casefold() for word in known), key=len, reverse=True):
        rest = rest.replace(word, "")
    return re.sub(r"[\W_]+", "", rest)


def _score(password: str, known: list[str]) -> int:
    return int(zxcvbn(password[:LOOKED_AT], user_inputs=["copydesk", *known])["score"])

"""What no log line may hold: secrets, the words behind a database's complaint, and characters that would forge a line.

The last step before a line is written, in every process; so a careless `log.info(…)` is caught as well as a library's.
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from structlog.typing import EventDict, Processor

HIDDEN = "[hidden]"
LEAST = 8  # characters; a shorter “secret” would be found in ordinary words

# How addresses begin that go on with a secret: the links of letters. nginx has the same list, and a test compares.
SECRET_PLACES = ("address", "confirm", "join", "reset", "sign", "unsubscribe")

_NAMES_OF_SECRETS = (
    r"authorization|cookie|set-cookie|password\w*|passwd|secret\w*|\w*_secret|\w*_?token|api[-_]?key|dsn|x-csrftoken|"
    r"recovery_codes?|smtp_url|database_url"
)
_NAME = re.compile(rf"(?i)(?:{_NAMES_OF_SECRETS})")
_IN_ADDRESS = re.compile(rf"(?i)((?:/|%2f)(?:{'|'.join(SECRET_PLACES)})(?:/|%2f)+)[^\s\"'<>?#&]+")
_IN_QUERY = re.compile(r"(?i)([?&](?:[\w.-]*token|key|code|password|secret|next)=)[^\s&\"'<>#]+")
_IN_URL = re.compile(r"(\w://)[^\s/@\"']+@")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")
_NAMED = re.compile(
    rf"""(?ix) (["']? \b (?:{_NAMES_OF_SECRETS}) \b ["']? \s* [:=] \s*) (?: "[^"\n]*" | '[^'\n]*' | [^\s,;)}}\]]+ )"""
)
# PostgreSQL quotes the row that it refuses, and the statement with what was put into it.
_QUOTED_ROW = re.compile(
    r"(?ms)^(\s*(?:DETAIL|CONTEXT|LINE\ \d+|QUERY|STATEMENT|\[parameters):?).*?"
    r"(?=^\s*(?:DETAIL|HINT|CONTEXT|LINE\ \d+|QUERY|STATEMENT|\[SQL|\[parameters|\(Background\ on)|^Traceback|"
    r"^The\ above|^During\ handling|\Z)"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


class Guard:
    """Takes secrets out of log lines. `secrets`: their values, which are then found wherever they stand."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({one for one in secrets if len(one) >= LEAST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def hide(self, text: str) -> str:
        """`text` without secrets."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        text = _QUOTED_ROW.sub(rf"\1 {HIDDEN}\n", text) if "\n" in text or "DETAIL" in text else text
        text = _IN_ADDRESS.sub(r"\1…", text)
        text = _IN_QUERY.sub(r"\1…", text)
        text = _IN_URL.sub(r"\1…@", text)
        text = _BEARER.sub(rf"\1 {HIDDEN}", text)
        return _NAMED.sub(rf"\1{HIDDEN}", text)

    def guard(self, value: Any, clean: Callable[[str], str]) -> Any:
        """The same for what a line's field may be: text, numbers, lists and mappings, anything with a `str`."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {
                clean(str(name)): HIDDEN if _NAME.fullmatch(str(name)) else self.guard(inner, clean)
                for name, inner in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.guard(inner, clean) for inner in value]
        return clean(self.hide(value if isinstance(value, str) else str(value)))


def on_one_line(text: str) -> str:
    """Control characters, line breaks and changes of direction as `\\x0a`: what a stranger sent can't begin a line."""
    return _CONTROL.sub(_escaped, text)


def indented(text: str) -> str:
    """A traceback, whose lines are its own: each is marked, so that none can be taken for a line of the log."""
    return "\n".join("  | " + on_one_line(line) for line in re.split(r"\r\n|\r|\n", text))


def processor(secrets: Iterable[str], *, json: bool) -> Processor:
    """The last step of structlog's before the renderer. JSON escapes control characters by itself."""
    guard = Guard(secrets)

    def clean_event(_logger: Any, _method: str, event: EventDict) -> EventDict:
        traceback = event.pop("exception", None)
        cleaned = guard.guard(event, _as_it_is if json else on_one_line)
        if traceback is not None:
            cleaned["exception"] = guard.hide(traceback) if json else indented(guard.hide(traceback))
        return cleaned  # type: ignore[no-any-return]

    return clean_event


class GuardedFormatter(logging.Formatter):
    """For a process that writes its lines without structlog."""

    def __init__(self, form: str, secrets: Iterable[str] = ()) -> None:
        super().__init__(form)
        self._guard = Guard(secrets)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the library's name
        return on_one_line(self._guard.hide(super().formatMessage(record)))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return indented(self._guard.hide(super().formatException(ei)))


def _as_it_is(text: str) -> str:
    return text


def _escaped(found: re.Match[str]) -> str:
    number = ord(found.group())
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"

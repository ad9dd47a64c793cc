"""What was sent before its sender had shown who they are: kept in their cookie, and offered to be done afterwards."""

import json
import re
import time
from dataclasses import dataclass

from flask import request, session
from flask_login import current_user

KEY = "postponed"
LASTS = 900  # seconds; as long as it is known who somebody is
MOST = 2_000  # characters: a browser takes 4,096 bytes of a cookie, and the rest of it needs some of them
# Not ours to keep: the browser would get it back in a cookie that it can read.
SECRET = re.compile(r"password|credential|code|token", re.IGNORECASE)


@dataclass(frozen=True)
class Postponed:
    """A form that was sent: where to, what it does in words, and its fields in order."""

    path: str
    what: str
    back: str
    fields: list[tuple[str, str]]

    @property
    def typed(self) -> list[str]:
        """What a person knows again: not where the form stood, nor ticks."""
        return [value for name, value in self.fields if name != "from" and len(value.strip()) > 1]


def keep(what: str, back: str) -> bool:
    """Keep this request; False: it is too long, or holds a secret, and has to be typed again."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    size = len(json.dumps([request.path, what, back, fields]))
    if request.files or size > MOST or any(SECRET.search(name) for name, _ in fields):
        session.pop(KEY, None)
        return False
    session[KEY] = {
        "user": current_user.id,
        "at": int(time.time()),
        "path": request.path,
        "what": what,
        "back": back,
        "fields": fields,
    }
    return True


def kept() -> Postponed | None:
    """What this person sent a moment ago and is still to be done."""
    found = session.get(KEY)
    if not isinstance(found, dict) or found.get("user") != current_user.id:
        return None
    if not 0 <= time.time() - found.get("at", 0) <= LASTS:
        return None
    fields = [(str(name), str(value)) for name, value in found["fields"]]
    return Postponed(found["path"], found["what"], found["back"], fields)


def done(path: str) -> None:
    """It was sent again."""
    if session.get(KEY, {}).get("path") == path:
        del session[KEY]

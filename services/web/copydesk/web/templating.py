"""What every template knows: the theme, the built assets, words for states, times, and what the person may do."""

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, request, url_for
from flask_login import current_user
from markupsafe import Markup

from copydesk.config import Settings
from copydesk.documents import policy
from copydesk.documents.models import Document, State
from copydesk.documents.workflow import Act
from copydesk.web.machine_words import by_paragraph
from copydesk.web.pausing import drafting_pause

DIST = Path(__file__).parent / "static" / "dist"
THEMES = ("auto", "light", "dark")

STATE_LABELS = {
    State.DRAFTING: "Drafting",
    State.DRAFT_FAILED: "Draft failed",
    State.CHOOSING: "Choosing",
    State.UNASSIGNED: "Waits for an editor",
    State.EDITING: "Editing",
    State.QUESTION: "Question",
    State.SIGNOFF: "Sign-off",
    State.APPROVED: "Approved",
    State.PUBLISHED: "Published",
    State.RETRACTED: "Retracted",
    State.WITHDRAWN: "Withdrawn",
}
STATE_CHIPS = {
    State.DRAFTING: "",
    State.DRAFT_FAILED: "bad",
    State.CHOOSING: "wait",
    State.UNASSIGNED: "wait",
    State.EDITING: "on",
    State.QUESTION: "wait",
    State.SIGNOFF: "wait",
    State.APPROVED: "ok",
    State.PUBLISHED: "ok",
    State.RETRACTED: "bad",
    State.WITHDRAWN: "",
}

ACTS = {
    "publish_in_an_emergency": Act.PUBLISH_IN_EMERGENCY,
    "keep_the_edition": Act.KEEP_EDITION,
    "approve": Act.SIGN,
    "brief": Act.EDIT_BRIEF,
    "redraft_passage": Act.ASK_PASSAGE,
}

AGO = (
    (86400, "yesterday", "{} days ago"),
    (3600, "an hour ago", "{} hours ago"),
    (60, "a minute ago", "{} minutes ago"),
)


class Can:
    """`can.save(document)` in a template: may the person of this request do this now?"""

    def __init__(self, claiming: bool) -> None:
        self.claiming = claiming

    def __getattr__(self, name: str) -> Any:
        if name == "create":
            return lambda: current_user.is_authenticated and policy.can_create(current_user)
        act = ACTS.get(name) or Act(name.replace("_", " "))
        return lambda document: self._may(act, document)

    def _may(self, act: Act, document: Document) -> bool:
        return current_user.is_authenticated and policy.can(act, current_user, document, claiming=self.claiming)


def install(app: Flask) -> None:
    settings: Settings = app.config["COPYDESK"]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(when=when, ago=ago, machine_words=by_paragraph)
    can = Can(settings.claiming)

    @app.context_processor
    def common() -> dict[str, Any]:
        theme = request.cookies.get("theme", "auto")
        return {
            "theme": theme if theme in THEMES else "auto",
            "asset": asset,
            "can": can,
            "state_label": lambda state: STATE_LABELS[State(state)],
            "chip_class": lambda state: STATE_CHIPS[State(state)],
            "claiming": settings.claiming,
            "drafting_pause": drafting_pause,
        }


def asset(source: str) -> dict[str, Any]:
    """The built files of one front-end entry or chunk, by Vite's manifest; nothing when the front end is not built.

    `modules`: what else the script imports, to be fetched at the same time.
    """
    manifest = _manifest(_manifest_time())
    entry = manifest.get(source)
    if entry is None:
        return {"js": None, "css": [], "modules": []}
    chunks = [entry, *(manifest[name] for name in entry.get("imports", []))]
    # Another entry that it imports stands on the page already.
    own = [chunk for chunk in chunks if chunk is entry or not chunk.get("isEntry")]
    return {
        "js": _static(entry["file"]),
        "css": [_static(name) for chunk in own for name in chunk.get("css", [])],
        "modules": [_static(chunk["file"]) for chunk in own[1:]],
    }


def when(value: dt.datetime | None) -> Markup:
    """A moment as a person would say it, with the exact time for machines."""
    if value is None:
        return Markup("")
    now = dt.datetime.now(dt.UTC)
    pattern = "%-d %b, %H:%M" if value.year == now.year else "%-d %b %Y, %H:%M"
    return _time(value, value.astimezone(dt.UTC).strftime(pattern))


def ago(value: dt.datetime | None) -> Markup:
    """How long ago, in words."""
    if value is None:
        return Markup("")
    seconds = max(0, int((dt.datetime.now(dt.UTC) - value).total_seconds()))
    for size, one, many in AGO:
        if seconds >= size:
            return _time(value, one if seconds // size == 1 else many.format(seconds // size))
    return _time(value, "just now")


def _time(value: dt.datetime, words: str) -> Markup:
    utc = value.astimezone(dt.UTC)
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        utc.isoformat(timespec="seconds"), utc.strftime("%-d %B %Y, %H:%M:%S"), words
    )


def _static(name: str) -> str:
    return url_for("static", filename=f"dist/{name}")


def _manifest_time() -> float:
    path = DIST / "manifest.json"
    return path.stat().st_mtime if path.exists() else 0.0


@cache
def _manifest(modified: float) -> dict[str, Any]:
    """Read once a build: the modification time is the cache's key."""
    path = DIST / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if modified else {}
